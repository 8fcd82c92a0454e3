"""Words and phrases that hint at a cue, English and Japanese: data only.

English entries are single words (matched with their usual endings) or two or three words joined by `_`; Japanese ones
are substrings. A cue is only a feature: what it counts for is learned."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    "can you": "can_you could_you would_you will_you can_u can_we could_we",
    "should": "should_i should_we should_it should_this should_that should_the shall_we better_to",
    "which": "which",
    "how to": "how_do how_can how_would how_to how_should how_does how_is",
    "what is": "what_is what_are what_does what_do what's whats difference",
    "why": "why reason cause",
    "explain": "explain tell_me understand meaning mean clarify",
    "want": "i_want i_need i'd_like i_would we_want we_need wish want_to need_to",
    "options": "or vs versus rather_than instead_of alternatively either",
    "broken": (
        "fail failure error broken crash bug doesn't doesnt isn't isnt don't_work not_working stuck hang "
        "wrong issue exception undefined null nan freeze leak timeout throw incorrect unexpected missing "
        "weird still won't wont can't cannot never refuse segfault deadlock flicker blank disappear lost "
        "corrupt mismatch"
    ),
    "still": "still again anymore suddenly since_the since_upgrading after_upgrading used_to worked_before stopped",
    "autonomy": (
        "until unattended overnight don't_stop don't_ask don't_wait without_asking keep_going end_to_end "
        "on_your_own autonomously autonomous in_parallel work_through your_way go_through one_by_one one_at_a "
        "one_after all_of_them until_all until_everything come_back loop iterate repeat the_lot nonstop "
        "report_back report_at when_you're_done when_done back_when each_one walk_through batch subagents"
    ),
    "every": "every each everything whole entire across the_rest all_the all_of all_our remaining everywhere",
    "then": ("then after_that afterwards finally and_commit and_push as_you_go open_a_pr commit_after next and_then"),
    "judge": (
        "review check verify validate sanity correct ok okay make_sense missing thoughts opinion feedback "
        "critique audit look_at look_over anything_wrong problem hole concern risky safe overlook miss forget "
        "good_enough approve lgtm am_i did_i does_this is_this are_these is_it assess evaluate second_pair "
        "eyes ready_to merge ship"
    ),
    "tests": (
        "test spec coverage cover mock stub fixture assert pytest jest vitest rspec junit e2e playwright "
        "cypress edge_case regression flaky snapshot unittest testing testcase mocha scenario property fuzz "
        "parametrize"
    ),
    "docs": (
        "doc document readme comment docstring changelog commit_message commit_msg pr_description pr_text "
        "pr_body pr_title release_note summary summarize summarise write_up describe jsdoc javadoc tutorial "
        "guide wiki runbook adr documentation annotate wording paragraph howto faq onboarding note draft "
        "explain_in prose rephrase announcement"
    ),
    "restructure": (
        "refactor extract split decouple move migrate port rewrite convert simplify clean_up cleanup "
        "restructure reorganise reorganize dedup duplicate duplication inline optimise optimize faster speed "
        "replace untangle consolidate unify modular modularize pull_out break_up break_out switch_from "
        "get_rid into_a hoist lift collapse flatten modernise modernize swap_out copy_paste copypasted "
        "abstract performance quicker slow"
    ),
    "tiny": (
        "rename typo spelling indent format sort bump version color colour label wording capitalize "
        "capitalise lowercase uppercase import unused semicolon whitespace prettier lint swap remove delete "
        "px replace change s/ trailing comma misspelled spelled quote alphabetical alphabetically order "
        "constant bold padding margin"
    ),
    "make": (
        "write create add make implement build generate support code develop script provide give_me set_up "
        "setup let_the let_users allow enable hook_up wire show display expose introduce include extend "
        "handle program need_a write_me write_a create_a"
    ),
    "shape": (
        "design architect architecture schema structure approach trade_off tradeoff strategy plan pattern "
        "model boundary requirement decide decision organise organize layout separate own owner ownership "
        "convention propose proposal lifecycle topology pick choose choice commit_to scale scalability "
        "monolith microservice tenant multi_tenant granularity contract rollout should_live belong "
        "where_should how_should how_would"
    ),
    "survey": (
        "research compare comparison survey look_up find_out find_me find_papers find_sources alternative "
        "option state_of pricing price license licence market vendor benchmark paper literature source latest "
        "who_uses cost trend as_of currently landscape overview publication study studies gather collect "
        "list_of maintained adoption citation cite report investigate what's_out release roadmap deprecated "
        "eol going_rate"
    ),
    "code word": (
        "function class method script endpoint component query regex hook module file repo button table "
        "column command config server database api app page code cli service handler job model route form "
        "variable"
    ),
    "life": (
        "recipe story poem essay travel movie song history country health doctor email letter president "
        "language book game character marketing customer person people company product student school "
        "business blog article"
    ),
    "role": "you_are act_as as_an pretend",
    "please": "please pls plz kindly",
    "thanks": "thanks thank_you thx cheers great_job nice_work lol haha awesome perfect",
    "same behaviour": (
        "same_behaviour same_behavior same_output same_result same_api behaviour_stays behavior_stays "
        "no_behaviour no_behavior no_functional without_changing public_api stays_the keep_the identical "
        "unchanged must_not_change nothing_else"
    ),
    "follow up": (
        "same_for now_the now_do also_the do_the_same and_the try_again like_before as_before go_ahead do_it "
        "you_just you_changed you_wrote you_did you_made we_discussed above previous last_one other_one"
    ),
    "only": "only just nothing_else single one_line oneliner quick quickly tiny small",
}

JAPANESE: dict[str, str] = {
    "should": (
        "べき した方が したほうが 方がいい ほうがいい 方が良 ほうが良 いいですか よいでしょうか いいかな 良いですか"
    ),
    "which": "どっち どちら どれが どれを どの 迷って 悩んで",
    "how to": "どうやって どうすれば どうしたら やり方 方法 どう書 使い方 書き方",
    "what is": "とは って何 ってなに の意味 の違い 違いは 何ですか なんですか って何の って、何",
    "why": "なぜ なんで どうして 原因 理由 何故",
    "explain": "教えて 説明して 解説 知りたい わからない 分からない 仕組み",
    "want": "欲しい ほしい したい たいです たいのです",
    "options": "それとも もしくは あるいは 案A A案 vs または 選択肢",
    "broken": (
        "エラー 落ち 動か おかし 失敗 できない されない ならない 出ない バグ 直ら 例外 止ま 消え 崩れ 壊れ "
        "遅い 効かない ずれ 文字化け 重複して 反映され 固ま 無限 取れない 通らない なぜか 真っ白 表示されな "
        "合わない 返ってこ 届かない 直して 修正して 不具合 再現 たまに 突然 急に 増え続け タイムアウト 404 "
        "500 502"
    ),
    "still": "まだ また まったく 変わらない 直ってない 前は 昨日まで さっきまで から動か 相変わらず やっぱり",
    "autonomy": (
        "まで繰り返 まで続け まで全部 最後まで 全部やって 順番に 順に ひとつずつ 一つずつ 1つずつ 一件ずつ "
        "1件ずつ 一括 止まらず 聞かず 確認不要 確認はいら 勝手に進 黙って 放置 自走 片っ端 ループ 通るまで "
        "なくなるまで 緑になるまで 途中で止 寝て 朝まで 報告 お任せ まかせ 任せ 進めて 通しで 並列 自律 "
        "回して 完了まで 終わるまで 手分け 質問しない 止めずに 全自動"
    ),
    "every": "すべて 全て 全部 全件 ごと それぞれ 全体 残り 各 あらゆる 全ファイル 全ページ 横断 丸ごと まとめて",
    "then": "その後 してから 終わったら できたら コミット PR 順で 次に そのあと 上で、 まで済",
    "judge": (
        "レビュー 確認して 確認お チェック 問題ない 問題あ 大丈夫 妥当 見て 抜け 漏れ 指摘 評価 合って "
        "あってる あってます どう思 見落とし 危な 穴 まずい 気になる 懸念 正しい マージして 検証して 検証し "
        "率直 ツッコ 突っ込 粗 足りて 満たし 適切 ヤバ 査読 突き合わせ"
    ),
    "tests": (
        "テスト カバレッジ モック 境界値 異常系 正常系 フィクスチャ アサー スタブ ケース 網羅 再現するやつ "
        "単体 結合 E2E e2e"
    ),
    "docs": (
        "ドキュメント コメント README readme 説明文 手順書 変更履歴 要約 まとめ 議事録 リリースノート "
        "マニュアル docstring JSDoc 文章 コミットメッセージ 説明を書 変更点 概要 追記 記載 書き起こ 補足 注釈 "
        "手順を 引き継ぎ 資料 PR本文 PRの説明 CHANGELOG Wiki FAQ 文面"
    ),
    "restructure": (
        "リファクタ 切り出 共通化 分割 書き換え 移行 移植 整理 高速化 速く 置き換え 統一 重複 分離 抽出 "
        "切り離 外に出 責務 まとめたい 寄せ 剥が ほどい ばら 読みやす 見通し すっきり きれいに 綺麗に 短く "
        "リライト 乗り換え 差し替え 軽く 早く 集約 依存を コピペ ネスト 肥大 DRY 脱 化して 化したい 最適化 "
        "パフォーマンス"
    ),
    "tiny": (
        "リネーム 誤字 脱字 整形 インデント 文言 改行 並び替 並べ替 並び順 色を スペース タイポ に変えて "
        "に変更 消して 削除して 名前を 表記 全角 半角 句点 末尾 余白 太字 にして だけ直 typo 1行 大文字 "
        "小文字 未使用 import バージョン上げ 上げて 揃えて 直すだけ 赤く 定数"
    ),
    "make": (
        "作って 作成 追加 実装 書いて 対応させ 対応して 生成 出力 組んで つくって 作りたい コードを 足して "
        "付けて つけて できるように 表示して 入れて 用意して 設定して 作り 導入 欲しい ようにして"
    ),
    "shape": (
        "設計 方針 構成 アーキ スキーマ 要件 責務 戦略 切り分け データモデル 持たせ どう分け どう切 どう持 "
        "どこに置 決め 境界 命名規則 運用 分け方 持ち方 単位 拡張性 将来 スケール トレードオフ 構造 粒度 "
        "テーブル マイクロサービス モノリス 移行計画 たたき台 検討"
    ),
    "survey": (
        "調べ 比較 調査 動向 最新 事例 市場 価格 料金 ライセンス 論文 出典 リサーチ 候補 一覧 現状 相場 "
        "シェア 各社 代替 公式 情報源 2026 2025 何がある 主要 製品 サービスの 動き 採用 実績 サポート期限 "
        "ベンダ 国内 海外 文献 統計 違いを表 メリット"
    ),
    "code word": (
        "関数 クラス メソッド スクリプト エンドポイント コンポーネント クエリ ボタン 画面 モジュール ファイル "
        "コード 設定 変数 API バッチ サーバ フォーム テーブル コマンド"
    ),
    "life": (
        "物語 旅行 歴史 料理 メール 俳句 小説 英訳 翻訳 和訳 クイズ 社内 先生 会社 営業 顧客 上司 同僚 "
        "イベント 健康 時代 学生 詩 川柳 企画 キャッチ 名前の由来 雑談 転職 勉強"
    ),
    "role": "あなたは として振る舞 として回答",
    "please": "お願い ください 下さい もらえ いただけ 頼む よろしく",
    "thanks": "ありがと 助かり 助かった 笑 サンキュ おつかれ お疲れ",
    "same behaviour": (
        "挙動は 挙動を 動作は 動作を 結果は同じ 変えず 維持 そのままで 変えない 中身は同じ 互換 公開API "
        "インターフェースは 同じまま"
    ),
    "follow up": (
        "さっき 同じように それも これも 今の それで 続き さきほど 先ほど 前回 やっぱ 同様に そっち 上の "
        "この調子 そこ ついでに"
    ),
    "only": "だけ のみ 以外は さくっと サクッと ちょっと 軽く 一言 ざっくり",
}

JAPANESE_ENDINGS: dict[str, str] = {
    "te": "して って いて んで きて けて めて えて せて れて みて じて べて てね てよ げて ねて しといて",
    "kudasai": (
        "ください 下さい くださいませ くれ ちょうだい 頂戴 もらえます もらえる いただけます 頂けます くれます "
        "くれる もらえません"
    ),
    "onegai": "お願い お願いします おねがいします お願いいたします お願い致します 頼む 頼みます よろしく",
    "desuka": "ですか ますか でしょうか だろうか んですか かな かね のか なの っけ の か",
    "tai": "たい たいです たいんですけど たいんですが たいのですが ほしい 欲しい ほしいです 欲しいです",
    "nai": "ない ません なくなった ないです ないんだが ないんですが ないんですけど ないのだが",
    "ta": (
        "した った ました いた えた れた んだ ている てる てます ています なる なります される されます 出る 出ます"
    ),
}
"""Endings of a sentence that tell a request, a question, a wish and a report apart."""

GREETINGS = (
    "actually afternoon ah all alright also and btw but cheers cool everyone folks good great hello hey "
    "hi hiya hmm just looks morning next nice no now oh ok okay perfect please pls plz quick right so "
    "sorry sure team thank thanks then there thx um well work yeah yep yes you"
)
"""Words that come before the point."""

JAPANESE_GREETINGS = (
    "ありがとうございます ありがとう すみません すいません お疲れ様です お疲れさまです おつかれさまです "
    "では じゃあ 次に 次 あと はい いいね 了解です 了解 なるほど こんにちは おはようございます "
    "お世話になっております お世話になります ごめん えっと とりあえず ちなみに で、"
)
