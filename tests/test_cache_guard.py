"""What the guard takes for the same question and what not, one pair a kind; the held-out pairs hold the bulk to its word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llmswitch.cache.guard import LONGEST, guard

HELD_OUT = Path(__file__).parent.parent / "benchmarks" / "cache" / "held_out.jsonl"

SAME = {
    "politeness": ("List the open ports", "Hi, could you please list the open ports? Thanks!"),
    "how": ("How do I squash commits?", "Tell me how to squash commits"),
    "best way": ("How can I parse XML?", "What's the best way to parse XML?"),
    "articles and plural": ("Delete the temporary file", "delete temporary files"),
    "fronted phrase": ("In Rust, how do I read a file?", "How do I read a file in Rust?"),
    "passive": ("Which courses does Dr. Gray teach?", "Which courses are taught by Dr. Gray?"),
    "symmetric relation": ("Is Ann married to Bob?", "Is Bob married to Ann?"),
    "members of a list": ("Compare tea and coffee", "Compare coffee and tea"),
    "number word": ("Show three examples", "Show 3 examples"),
    "American and British": ("Change the colour", "Change the color"),
    "contraction": ("Why doesn't it start?", "Why does it not start?"),
    "obligation": ("Do I have to sign the form?", "Am I required to sign the form?"),
    "unit written apart": ("Set the limit to 10MB", "Set the limit to 10 MB"),
    "Japanese endings": ("テストを書いて", "テストを書いていただけますか?"),
    "Japanese how": ("ファイルを削除する方法を教えて", "ファイルを削除するにはどうすればいいですか"),
    "Japanese synonyms": ("フォルダを作成して", "ディレクトリを作ってください"),
    "Japanese order": ("東京から大阪まで行く", "大阪まで東京から行く"),
    "full width": ("１２３を変換して", "123を変換して"),
    "Japanese numerals": ("三つの例", "3つの例"),
}
OTHER = {
    "number": ("Explain error 403", "Explain error 404"),
    "version": ("What is new in 3.11?", "What is new in 3.12?"),
    "path": ("Read /etc/hosts", "Read /etc/fstab"),
    "flag": ("What does -r do?", "What does -R do?"),
    "quoted": ('Replace "a b" by nothing', 'Replace "a c" by nothing'),
    "code": ("Explain `a & b`", "Explain `a && b`"),
    "operator": ("What is 7 / 2?", "What is 7 // 2?"),
    "indentation": ("fix:\n  def f():\n      a\n      b", "fix:\n  def f():\n      a\n  b"),
    "negation": ("Files that contain tabs", "Files that do not contain tabs"),
    "scope of a negation": ("Tests with mocks but no fixtures", "Tests with fixtures but no mocks"),
    "direction": ("Merge main into topic", "Merge topic into main"),
    "before and after": ("Stop it 3 days before", "Stop it 3 days after"),
    "than": ("Is Go faster than Rust?", "Is Rust faster than Go?"),
    "doer": ("Did the dog chase the cat?", "Did the cat chase the dog?"),
    "wrong passive": ("Does Ann trust Ben?", "Is Ann trusted by Ben?"),
    "copula": ("Is a square a rectangle?", "Is a rectangle a square?"),
    "values of a list": ("Set x to 1 and y to 2", "Set x to 2 and y to 1"),
    "arguments": ("Is f(a, b) right?", "Is f(b, a) right?"),
    "and, or": ("Rows with red and blue", "Rows with red or blue"),
    "all, some": ("Delete all rows", "Delete some rows"),
    "only": ("Admins can only delete", "Only admins can delete"),
    "past": ("Is the shop open?", "Was the shop open?"),
    "kind of question": ("When was it built?", "Where was it built?"),
    "pronouns": ("What did he tell her?", "What did she tell him?"),
    "an added condition": ("List all users", "List all active users"),
    "language": ("What is a mutex?", "ミューテックスとは何ですか?"),
    "Japanese direction": ("英語から日本語に訳して", "日本語から英語に訳して"),
    "Japanese negation": ("再帰を使って書いて", "再帰を使わずに書いて"),
    "Japanese roles": ("猫が犬を追う", "犬が猫を追う"),
    "Japanese quantity": ("5行以上", "5行以下"),
    "Japanese past": ("店は開いていますか", "店は開いていましたか"),
    "Japanese words in kana": ("はしの作り方", "あしの作り方"),
}


LONG_RUNS = [
    text * (LONGEST // len(text)) for text in ("?", "*", "a-", "[*", "a.", "/", "'", "1,", "漢", "あ", "(f", "~/")
]
"""Over which a careless pattern would sit for minutes."""


@pytest.mark.parametrize("pair", SAME.values(), ids=SAME)
def test_the_same_question_in_other_words_is_the_same(pair: tuple[str, str]) -> None:
    assert (guard(*pair).kind, guard(*reversed(pair)).kind) == ("same", "same")


@pytest.mark.parametrize("pair", OTHER.values(), ids=OTHER)
def test_another_question_in_nearly_the_same_words_is_not(pair: tuple[str, str]) -> None:
    assert guard(*pair).kind != "same"
    assert guard(*reversed(pair)).kind != "same"


def test_an_ordinary_word_more_is_a_doubt_and_named() -> None:
    verdict = guard("List all the users of the shop", "List all the active users of the shop")
    assert (verdict.kind, verdict.reason) == ("doubtful", "only one of them says “active”")


@pytest.mark.parametrize("text", ["", " ", "?!", "\udce9", "```", "'", "（", "a" * 100_000, "\x00", "🙂", *LONG_RUNS])
def test_any_text_can_be_compared(text: str) -> None:
    assert guard(text, text).kind == "same"
    assert guard(text, "list all files").kind != "same"


def test_a_long_prompt_is_the_same_only_as_its_repeat() -> None:
    long = "explain this\n" + "word " * LONGEST
    assert guard(long, long + "\n").kind == "same"
    assert guard(long, "please " + long).kind == "different"


def test_no_near_miss_of_our_own_pairs_is_served_and_nine_in_ten_repeats_are() -> None:
    pairs = [json.loads(line) for line in HELD_OUT.read_text(encoding="utf-8").splitlines()]
    same = [(pair, guard(pair["a"], pair["b"]).kind == "same") for pair in pairs]
    assert [pair for pair, served in same if served and not pair["duplicate"]] == []
    repeats = [served for pair, served in same if pair["duplicate"]]
    assert sum(repeats) >= 0.9 * len(repeats)
