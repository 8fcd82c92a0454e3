"""What a prompt's words say about how long its answer holds: not at all where they ask about now, about what lies on this
machine, or for something else than last time. In English and Japanese. Pure, but for `exists`.

A word too many here costs one call that could have been saved; a word too few serves yesterday's answer. So the rules are
wide, and what is idiom ("the current directory", "two different files") is taken out again by name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

_NOW = re.compile(
    r"""\b(?:
        today(?:'s)? | tonight | yesterday | tomorrow | nowadays | latest | newest | most\ recent | recent(?:ly)?
        | current(?:ly)? | at\ the\ moment | at\ present | these\ days | up[ -]to[ -]date | so\ far | as\ of
        | (?:this|last|next)\ (?:week|weekend|month|quarter|year|season|monday|tuesday|wednesday|thursday|friday
            |saturday|sunday)
        | what(?:'s|\ is)?\ (?:the\ )?(?:time|date|day)(?!\s+(?:complexity|format|zone|type|series|stamp))
        | weather | news | (?<![.\w])now(?!\s*\()
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_NOW_IDIOM = re.compile(
    r"""\b(?:
        current(?:\ (?:working|active|selected|open))?\s+(?:dir(?:ectory)?|directories|folder|path|pwd|line|word|character|char
            |cursor|buffer|position|index|iteration|element|node|item|row|column|cell|record|value|state\ machine|scope
            |thread|process|shell|terminal|session|user|function|method|class|object|instance|module|package|frame
            |context|selection|page|tab|window|view|loop|block)
        | from\ now | until\ now | up\ to\ now | now\ that | recent\ call\ last
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_NOW_JAPANESE = re.compile(
    r"今日|本日|昨日|明日|今朝|今夜|今晩|今週|今月|今年|先週|先月|昨年|来週|来月|来年|最新|最近|直近|現在|現時点|現状|ただいま"
    r"|今すぐ|今(?=[、のはに])|何時|何日|何曜日|天気|ニュース"
)
_NOW_IDIOM_JAPANESE = re.compile(
    r"現在の?(?:作業)?(?:ディレクトリ|フォルダ|行|カーソル|ユーザ|シェル|パス|位置|ノード|要素)"
    r"|今のところ|何時間|何日間|時間計算量"
)

_STATE = re.compile(
    r"""\b(?:
        git\ (?:status|diff|log|stash|show|blame|branch) | (?:un)?staged | uncommitted | working\ tree | (?-i:HEAD)
        | (?:my|our|this|these|the\ last|the\ previous)\ (?:\w+\ )?(?:changes?|commits?|branch|diff|repo(?:sitory)?|codebase
            |project|pull\ request|PR|working\ copy|machine|computer|directory|folder)
        | what\ (?:did|have)\ (?:I|we)\ chang\w+
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_STATE_JAPANESE = re.compile(
    r"(?:この|私の|うちの|直前の|最後の)(?:変更|コミット|ブランチ|差分|リポジトリ|プロジェクト|フォルダ|ディレクトリ|マシン|PC)"
    r"|未コミット|ステージ(?:した|された|済み)"
)
_GENERAL = re.compile(
    r"^\W*(?:how\ (?:do|can|to|does|should|would)\b|what\ (?:does|do|is)\b|what's\b|explain\b|when\ should\b|why\ does\b"
    r"|(?:the\ )?difference\ between\b)|とは|違い|使い方|方法|どうやって|意味",
    re.IGNORECASE,
)
"""A question about the thing as such ("what does git diff --cached show?"), which needs nobody's repository."""
_OWN = re.compile(r"\b(?:my|our|this|these)\b|この|私の", re.IGNORECASE)

_VARIETY = re.compile(
    r"""\b(?:
        another | different | random(?:ly)? | again | one\ more | some\ more | something\ (?:else|new) | anything\ else
        | alternatives? | surprise\ me | regenerate | reword | rephrase | variations? | other\ (?:options?|ideas?
            |examples?|ways?|suggestions?|names?|versions?|answers?) | more\ (?:ideas?|examples?|options?|suggestions?|names?)
        | new\ (?:one|idea|example|joke|story|poem|suggestion)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_VARIETY_IDIOM = re.compile(
    r"""\b(?:
        another\ (?:dir(?:ectory)?|folder|file|path|host|machine|server|computer|user|branch|table|column|process|thread|shell
            |string|list|array|dict(?:ionary)?|object|class|function|module|package|repo(?:sitory)?|remote|container|disk
            |device|drive|location|place|command|program|variable|database|schema|account|element|component)
        | (?:how|is|are|was|were|be|two|three|multiple|many|several|all|no|the|in|on|with|from|between|of|for)\ different
        | different\ (?:from|than|to) | over\ and\ over\ again | again\ and\ again
        | random\ (?:access|forests?|walks?|variables?|seed|effects?|number\ generators?)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_VARIETY_JAPANESE = re.compile(
    r"別の|別な|別案|他の(?=案|例|方法|やり方|候補|言い方|アイデア|答え|選択肢)|ほかの(?=案|例|方法|やり方|候補|言い方|アイデア|答え)"
    r"|もう(?:一つ|ひとつ|1つ|1つ|一度|いちど|1度|一回|少し)|違う(?=案|例|方法|やり方|言い方|もの|答え)|再度|再生成|ランダム|無作為"
    r"|代替案|バリエーション|やり直し"
)
_VARIETY_IDIOM_JAPANESE = re.compile(
    r"別の(?:ディレクトリ|フォルダ|ファイル|サーバ|ホスト|マシン|ユーザ|ブランチ|プロセス|テーブル|場所|リポジトリ)"
)

_LEANS_ON_BEFORE = re.compile(
    r"^\W*(?:y|yes|yep|no|nope|ok(?:ay)?|sure|continue|go on|go ahead|carry on|proceed|do it|more|next|why|thanks?|thank you"
    r"|please|same|はい|いいえ|うん|続けて|続き|次|次へ|もっと|お願いします|なぜ|同じ|了解|ありがとう)(?:,?\s+please)?\W*$",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?<![\w/.~-])(?:~|\.{1,2})?/?(?:[\w.@+-]+/)*[\w@+-][\w.@+-]*")
_MOST_PATHS = 64


def volatile(words: str, *, attached: bool = False, exists: Callable[[str], bool] | None = None) -> str | None:
    """Why the answer to `words` may not hold for the next time, or None. `attached`: contents came along with the words, so
    that "this diff" means those; `exists` says whether a name in the words is a file or folder here (None: nobody looks)."""
    if _LEANS_ON_BEFORE.match(words):
        return "it leans on what was said before"
    if found := _said(words, (_NOW, _NOW_IDIOM), (_NOW_JAPANESE, _NOW_IDIOM_JAPANESE)):
        return f"it depends on now ({found!r})"
    if found := _said(words, (_VARIETY, _VARIETY_IDIOM), (_VARIETY_JAPANESE, _VARIETY_IDIOM_JAPANESE)):
        return f"it asks for variety ({found!r})"
    if attached:
        return None
    if found := _state(words):
        return f"it depends on the state of things here ({found!r})"
    if exists is not None and (named := _present_file(words, exists)):
        return f"it names a file that may change ({named!r}); -f attaches it by its content"
    return None


def _said(words: str, *pairs: tuple[re.Pattern[str], re.Pattern[str]]) -> str | None:
    """The first words that a pattern finds once its idioms are taken out."""
    for pattern, idiom in pairs:
        if found := pattern.search(idiom.sub(" ", words)):
            return found[0]
    return None


def _state(words: str) -> str | None:
    found = _STATE.search(words) or _STATE_JAPANESE.search(words)
    if found is None or (_GENERAL.search(words) and not _OWN.search(words)):
        return None
    return found[0]


def _present_file(words: str, exists: Callable[[str], bool]) -> str | None:
    """The first name in `words` that is one of a file here. Plain words are names only where they look like one (a dot, a
    slash, or all capitals as in README)."""
    for number, found in enumerate(_PATH.finditer(words)):
        name = found[0].rstrip(".")
        if number >= _MOST_PATHS:
            return None
        looks_like_one = "/" in name or "." in name.strip(".") or (len(name) > 3 and name.isupper()) or name in _KNOWN
        if looks_like_one and name not in (".", "..", "/") and exists(os.path.expanduser(name)):  # noqa: PTH111 - text in, text out
            return name
    return None


_KNOWN = frozenset({"Makefile", "Dockerfile", "Justfile", "Rakefile", "Gemfile", "Procfile"})
