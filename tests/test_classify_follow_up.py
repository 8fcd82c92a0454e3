"""Follow-up turns."""

from __future__ import annotations

import pytest

from llmswitch.classify import Label, inherit
from llmswitch.classify.linear import Linear


@pytest.mark.parametrize(
    "turn",
    [
        "yes, do it",
        "ok",
        "go ahead",
        "はい、お願いします",
        "続けて",
        "yes please, the second one",
        "LGTM!",
        "それで進めて。",
        "y",
        "n",
        "2",
        "why?",
        "なぜ?",
        "ok, go on!",
        "お願いします",
    ],
)
def test_a_bare_answer_goes_on_with_the_task(turn: str) -> None:
    assert inherit("refactor", Label("chat", 0.99), turn).task == "refactor"


def test_a_clear_change_is_followed() -> None:
    text = "ok, now write unit tests for the date parser with pytest, cover the leap years and the empty input"
    assert inherit("refactor", Linear().label(text), text).task == "test"


def test_an_unclear_turn_stays() -> None:
    label = inherit(
        "refactor", Label("chat", 0.4), "and the same for the other endpoint, but keep the old flag as it was"
    )
    assert label.task == "refactor"
    assert label.opinions[-1].by == "conversation"


def test_without_a_conversation_the_label_stands() -> None:
    label = Label("chat", 0.2)
    assert inherit(None, label, "yes") is label


def test_what_the_user_said_is_not_overruled() -> None:
    label = Label("docs", 1.0, mode="flag")
    assert inherit("refactor", label, "yes") is label


def test_a_very_large_turn_is_still_longcontext() -> None:
    label = Label("longcontext", 1.0, mode="size")
    assert inherit("chat", label, "ok") is label


@pytest.mark.parametrize(
    "turn",
    [
        "same for the other endpoint",
        "now do the same in users.py",
        "and on Windows too",
        "revert that",
        "what about the admin page?",
        "もう一つの方も同じように",
        "他のファイルも同様に",
        "そっちも",
        "それもお願い",
    ],
)
def test_a_turn_that_leans_on_the_one_before_goes_on_with_it(turn: str) -> None:
    assert inherit("refactor", Label("implement", 0.99), turn).task == "refactor"


@pytest.mark.parametrize("turn", ["thanks!", "perfect, thank you", "ありがとうございます!", "助かりました"])
def test_mere_thanks_are_not_sent_where_the_work_went(turn: str) -> None:
    assert inherit("design", Linear().label(turn), turn).task == "chat"


@pytest.mark.parametrize(
    ("turn", "task"),
    [
        ("テストも書いて", "test"),
        ("thanks, now write the tests for it", "test"),
        ("次はドキュメントを書いて", "docs"),
        ("yes please, and update the changelog as well", "docs"),
    ],
)
def test_a_short_change_is_followed_where_it_is_clear(turn: str, task: str) -> None:
    assert inherit("refactor", Linear().label(turn), turn).task == task


def test_a_long_text_of_nods_takes_no_time() -> None:
    text = "yes " * 100_000 + "?!x"
    assert inherit("refactor", Label("chat", 0.99), text).task == "chat"
