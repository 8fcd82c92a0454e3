"""Which requests meet in the cache, and which prompts never do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from llmswitch.cache.scope import language_of, looks_secret, scope_of, uncacheable
from llmswitch.cache.volatile import volatile
from llmswitch.conversation import Image, Message, Request, Text, Tool

WORDS = "explain this"
ATTACHED = '<file path="a.py">\nx = 1\n</file>'


def request(words: str = WORDS, attachment: str = "", *blocks: Image, **more: Any) -> Request:
    text = "\n\n".join(part for part in (words, attachment) if part)
    return Request((Message("user", (*blocks, Text(text))),), **more)


def scope(
    asked: Request, words: str = WORDS, attachment: str = "", task: str = "docs", models: tuple[str, ...] = ("p:m",)
) -> str:
    return scope_of(asked, words, attachment, task=task, models=models)


PLAIN = scope(request())


def test_other_words_are_of_the_same_scope() -> None:
    assert scope(request("what is this?"), "what is this?") == PLAIN


@pytest.mark.parametrize(
    "other",
    [
        scope(request(system="be brief")),
        scope(request(max_output_tokens=10)),
        scope(request(temperature=0.5)),
        scope(request(stop=("END",))),
        scope(request(schema={"type": "object"})),
        scope(request(thinking=True)),
        scope(request(WORDS, ATTACHED), attachment=ATTACHED),
        scope(request(WORDS, "", Image("image/png", b"one"))),
        scope(request("これを説明して"), "これを説明して"),
        scope(request(), task="review"),
        scope(request(), models=("p:other",)),
        scope(request(), models=("p:m", "p:other")),
        scope(request(f"a template around: {WORDS}")),
    ],
)
def test_what_shapes_the_answer_makes_another_scope(other: str) -> None:
    assert other != PLAIN


def test_images_are_told_apart_by_their_content() -> None:
    one, two = (scope(request(WORDS, "", Image("image/png", data))) for data in (b"one", b"two"))
    assert one != two


def test_the_order_of_the_models_does_not_matter() -> None:
    assert scope(request(), models=("a", "b")) == scope(request(), models=("b", "a"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hello", "latin"),
        ("これは何", "ja"),
        ("설명해", "ko"),
        ("解释", "zh"),
        ("объясни", "cyrillic"),
        ("設計の見直し", "ja"),
    ],
)
def test_the_script_of_a_prompt(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "words",
    [
        "what's new today?",
        "What is the latest version of Django",
        "who is the current president",
        "is it raining right now?",
        "what is the weather in Tokyo",
        "what day is it?",
        "今日の天気は?",
        "最新のリリースを教えて",
        "現在の円相場は?",
        "give me another one",
        "try a different approach",
        "pick a random number",
        "もう一つ例を出して",
        "別の案をください",
        "ランダムな名前を考えて",
        "what did I change?",
        "summarise my uncommitted work",
        "what does git status say about my branch",
        "このブランチの変更をまとめて",
        "go on",
        "続けて",
        "yes, please",
    ],
)
def test_what_does_not_hold_is_noticed(words: str) -> None:
    assert volatile(words) is not None


@pytest.mark.parametrize(
    "words",
    [
        "how do I list all files in the current directory?",
        "現在のディレクトリのファイルを一覧表示するには?",
        "what does Date.now() return?",
        "what is the time complexity of quicksort?",
        "what is the difference between a mutex and a semaphore?",
        "how is a list different from a tuple?",
        "copy the file to another directory with rsync",
        "別のディレクトリにコピーする方法",
        "what does git diff --cached show?",
        "how does git stash work?",
        "git rebaseとは何ですか?",
        "説明しています、この文章を直してください",
        "write a function that reverses a string",
    ],
)
def test_what_holds_is_left_alone(words: str) -> None:
    assert volatile(words) is None


def test_the_state_of_things_is_no_matter_where_it_is_attached() -> None:
    assert volatile("review my staged changes", attached=True) is None


def test_a_named_file_that_is_there_is_noticed_and_one_that_is_not_is_a_name() -> None:
    assert volatile("explain parser.py", exists=lambda name: name == "parser.py") is not None
    assert volatile("explain parser.py", exists=lambda _: False) is None


@pytest.mark.parametrize(
    "asked",
    [
        Request(
            (Message("user", (Text("a question"),)), Message("assistant", (Text("b"),)), Message("user", (Text("c"),)))
        ),
        replace(request(), tools=(Tool("t", "d", {}),)),
    ],
)
def test_conversations_and_tools_have_no_part(asked: Request) -> None:
    assert uncacheable(asked, WORDS) is not None


@pytest.mark.parametrize(("words", "reason"), [("?", "too short"), ("x" * 20_001, "it is long")])
def test_what_is_too_short_or_too_long_has_no_part(words: str, reason: str) -> None:
    assert reason in (uncacheable(request(words), words) or "")


def test_agentic_work_has_no_part_unless_asked_for() -> None:
    assert uncacheable(request(), WORDS, task="agentic") is not None
    assert uncacheable(request(), WORDS, task="agentic", tasks={"agentic": True}) is None


@pytest.mark.parametrize(
    "text",
    ["sk-ant-REDACTED", "AKIAABCDEFGHIJKLMNOP", "-----BEGIN RSA PRIVATE KEY-----", "bearer abcdefghijklmnopqrstuvwx"],
)
def test_keys_are_seen(text: str) -> None:
    assert looks_secret(f"here: {text.replace('REDACTED', 'abcdefghijkl0123456789')}.")


def test_plain_talk_of_keys_is_none() -> None:
    assert not looks_secret("how do I store an api_key in the keyring? it begins with sk-")
