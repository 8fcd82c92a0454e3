"""What counts as the person's request."""

from __future__ import annotations

import time

import pytest

from llmswitch.classify.prose import take_apart
from llmswitch.classify.request_text import person_request


@pytest.mark.parametrize(
    ("wrapped", "request_text"),
    [
        ("fix the login\n<system-reminder>\nWrite tests and docs.\n</system-reminder>", "fix the login"),
        ("<environment_context>\n  <cwd>/srv/app</cwd>\n</environment_context>\n\nrename foo", "rename foo"),
        ("<user_instructions>\nAlways review.\n</user_instructions>\nadd a button", "add a button"),
        ("<command-name>/clear</command-name>\n<command-args></command-args>\nwhat is a monad?", "what is a monad?"),
        ("# AGENTS.md instructions for /srv/app\n\n<INSTRUCTIONS>\nBe terse.\n</INSTRUCTIONS>\n\n直して", "直して"),
        ("<tool_result>\n3 failed\n</tool_result>\ncontinue", "continue"),
        ("<user_query>\nwhy is it slow\n</user_query>\n<attached_files>x</attached_files>", "why is it slow"),
        ("# Context from my IDE setup:\n\n## Open tabs:\n- a.py\n\n## My request for Codex:\nsort imports", "sort imports"),
        ("[Request interrupted by user]\nno, the other file", "no, the other file"),
        ("<system-reminder>one</system-reminder>a<system-reminder>two</system-reminder>", "a"),
    ],
)  # fmt: skip
def test_an_envelope_is_not_the_request(wrapped: str, request_text: str) -> None:
    assert person_request(wrapped) == request_text


def test_a_prompt_that_is_only_an_envelope_leaves_nothing() -> None:
    assert person_request("<system-reminder>The file changed.</system-reminder>") == ""


def test_an_envelope_that_is_cut_off_leaves_nothing() -> None:
    assert person_request("<system-reminder>The file changed and") == ""


def test_a_person_who_writes_about_a_tag_is_not_cut() -> None:
    text = "why does <system-reminder> show up in my log?"
    assert person_request(text) == text


def test_html_and_generics_are_left_alone() -> None:
    text = "center <div class='a'><b>x</b></div> and type List<String>"
    assert person_request(text) == text


@pytest.mark.parametrize("mark", ["<user_query>", "<system-reminder>", "# Context from my IDE setup\n", "[", "<"])
def test_a_text_full_of_open_marks_takes_no_quadratic_time(mark: str) -> None:
    started = time.process_time()
    person_request(mark * (10_000_000 // len(mark)))
    assert time.process_time() - started < 20  # quadratic would be hours


def test_pasted_code_is_told_from_the_wish() -> None:
    parts = take_apart("why is this empty?\n\ndef f(x):\n    return [y for y in x if y]\nprint(f(None))")
    assert parts.prose.strip() == "why is this empty?"
    assert "def f(x):" in parts.paste


def test_a_quoted_ticket_is_not_prose() -> None:
    parts = take_apart("see what he wrote\n> please write the documentation\nfix the crash instead")
    assert parts.prose == "see what he wrote\nfix the crash instead"


def test_a_sentence_that_begins_like_code_is_prose() -> None:
    parts = take_apart("if it fails (as it did before), please do try again;\nfor each of the files run it")
    assert parts.paste == ""


def test_japanese_with_brackets_is_prose() -> None:
    parts = take_apart("次の関数を直して(急ぎ):\n認証(OAuth)が通らない。")
    assert parts.paste == ""
