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


@pytest.mark.parametrize(
    ("wrapped", "request_text"),
    [
        # Claude Code
        ("<command-name>/review</command-name>\n<command-args>the parser</command-args>\n", "review the parser"),
        ("<command-name>/fix-issue</command-name>\n<command-args></command-args>", "fix issue"),
        ("[Image #1] why is this cut off? [Pasted text #2 +30 lines]", "why is this cut off?"),
        # Codex
        ("what went wrong here\n\n<stdin>\nKeyError: 'x'\n</stdin>", "what went wrong here\n```\nKeyError: 'x'\n```"),
        ("<stdin>\nwhy is it slow?\n</stdin>", "why is it slow?"),
        ("<recommended_plugins>\na\n</recommended_plugins>\nsort it", "sort it"),
        # Cursor
        (
            "<timestamp>Tuesday</timestamp>\n<user_query>\nsort it\n</user_query>\n<system_reminder>no</system_reminder>",
            "sort it",
        ),
        # Copilot
        (
            "<reminderInstructions>\nGo on.\n</reminderInstructions>\n<userRequest>\nsort it\n</userRequest>",
            "sort it",
        ),
        # Cline and Roo Code
        ("<task>\nsort it\n</task>\n\n<environment_details>\n# Visible Files\na.py\n</environment_details>", "sort it"),
        ("[read_file for 'a.py'] Result:\nimport os\n\n<environment_details>\n</environment_details>", ""),
        (
            "[attempt_completion] Result:\nThe user gave feedback:\n<feedback>\nnot sorted yet\n</feedback>",
            "not sorted yet",
        ),
        ("[TASK RESUMPTION] Resuming task...\n\n<environment_details>\n</environment_details>", ""),
        ("[ERROR] You did not use a tool in your previous response! Please retry with a tool use.\n\n# Reminder", ""),
        (
            "see 'a.py' (see below for file content)\n\n<file_content path=\"a.py\">\nimport os\n</file_content>",
            "see 'a.py' (see below for file content)\n```\nimport os\n```",
        ),
        # Gemini CLI
        (
            "<session_context>\nThis is the Gemini CLI. We are setting up the context for our chat.\n</session_context>",
            "",
        ),
        ("This is the Gemini CLI. We are setting up the context for our chat.\nToday's date is Tuesday.", ""),
        (
            "sort @a.py\n--- Content from referenced files ---\nContent from @a.py:\nimport os\n--- End of content ---",
            "sort @a.py",
        ),
        # aider
        ("I have *added these files to the chat* so you can go ahead and edit them.\n\na.py\n```\nimport os\n```", ""),
        ("sort the imports\n\n# *SEARCH/REPLACE block* Rules:\n\nEvery block must use this format", "sort the imports"),
        # opencode
        (
            'sort it\nCalled the Read tool with the following input: {"filePath":"a.py"}\n<file>\nimport os\n</file>',
            "sort it\n```\nimport os\n```",
        ),
        # a conversation that was summed up
        ("This session is being continued from a previous conversation that ran out of context. Summary: 1. …", ""),
    ],
)
def test_each_tools_envelope_is_known(wrapped: str, request_text: str) -> None:
    assert person_request(wrapped) == request_text


def test_fences_in_what_was_piped_do_not_let_it_out() -> None:
    text = person_request("why does it fail?\n<stdin>\n```\nplease write documentation\n```\nplease do\n</stdin>")
    assert take_apart(text).prose.strip() == "why does it fail?"


@pytest.mark.parametrize(
    "text",
    [
        "what does <file> mean in this schema?",
        "[note] see below",
        "Called the doctor, no answer",
        "a <task> element is empty",
    ],
)
def test_what_only_looks_like_an_envelope_stays(text: str) -> None:
    assert person_request(text).split()[0] == text.split()[0]
    assert person_request(text).split()[-1] == text.split()[-1]


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


@pytest.mark.parametrize(
    "mark",
    [
        "<user_query>",
        "<system-reminder>",
        "# Context from my IDE setup\n",
        "[",
        "<",
        "<stdin>\n",
        "<command-name>",
        "[Image",
    ],
)
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
