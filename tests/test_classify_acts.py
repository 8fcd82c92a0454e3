"""What a sentence asks for."""

from __future__ import annotations

import pytest

from llmswitch.classify.acts import act_names, english


@pytest.mark.parametrize(
    ("sentence", "form", "verb"),
    [
        ("Can you review this class?", "ask", "review"),
        ("please just rename it", "do", "rename"),
        ("Hi, thanks! add a retry", "do", "add"),
        ("how do I mock a module?", "how", "mock"),
        ("I want to split this file", "want", "split"),
        ("should we move the cache into its own service?", "should", "move"),
    ],
)
def test_the_wish_of_a_sentence_has_a_form_and_a_verb(sentence: str, form: str, verb: str) -> None:
    assert (form, verb) in [(act.form, act.verb) for act in english(sentence)]


def test_a_report_has_no_wish() -> None:
    assert english("the total is off by one at night") == []


def test_a_question_without_a_verb_has_a_form_only() -> None:
    assert english("can you?")[-1].verb == ""


def test_the_object_tells_two_wishes_with_one_verb_apart() -> None:
    of_error, of_class = act_names("can you review this error?"), act_names("can you review this class?")
    assert "<judge> of broken" in of_error
    assert "<judge> of broken" not in of_class


def test_japanese_says_it_at_the_end() -> None:
    names = act_names("ログイン画面のエラーを直してください")
    assert {"last ends 直して", "polite ください", "verb 直し"} <= names


def test_a_long_prompt_is_read_at_both_ends() -> None:
    names = act_names("add a test. " + "the log says nothing of it. " * 500 + "Then rename the module.")
    assert {"first do", "last rename|"} <= names
