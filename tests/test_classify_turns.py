"""Conversations as coding tools send them: what the person typed, and the task it has come to."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command import Command, command_for
from upstream import Upstream

from llmswitch.classify import Label
from llmswitch.classify.conversation_turns import label_of, turns
from llmswitch.classify.linear import Linear

FIRST, SECOND = "fix the crash in the date parser", "yes, do it"
_WAIT_S = 120


@pytest.fixture
def llmswitch(home: Path) -> Command:
    return command_for(home, None)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose instruction files ask for something else."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("CLAUDE.md", "AGENTS.md"):
        (folder / name).write_text("Write tests and documentation for everything.\n")
    return folder


def run(command: list[str], folder: Path, stdin: str = "", **variables: str) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=_WAIT_S,
    )
    assert done.returncode == 0, done.stderr


def sent(upstream: Upstream) -> list[Any]:
    """The conversation of the newest call of a model."""
    body = next(one.body for one in reversed(upstream.requests) if one.method == "POST")
    found: list[Any] = body.get("messages") or body["input"]
    return found


def claude(program: str, upstream: Upstream, folder: Path, *arguments: str, stdin: str = "") -> list[Any]:
    run([program, "-p", *arguments], folder, stdin, ANTHROPIC_BASE_URL=upstream.url, ANTHROPIC_AUTH_TOKEN="none")
    return sent(upstream)


def codex(program: str, upstream: Upstream, folder: Path, *arguments: str, stdin: str = "") -> list[Any]:
    server = f'{{name="mock",base_url="{upstream.openai_url}",wire_api="responses",requires_openai_auth=true}}'
    mock = ["-c", f"model_providers.mock={server}", "-c", "model_provider=mock", "--skip-git-repo-check"]
    run([program, "exec", *mock, *arguments], folder, stdin)
    return sent(upstream)


def test_the_person_is_found_in_what_claude_code_sends(claude_program: str, upstream: Upstream, project: Path) -> None:
    assert turns(claude(claude_program, upstream, project, FIRST)) == [FIRST]
    said = turns(claude(claude_program, upstream, project, "-c", SECOND))
    assert said == [FIRST, SECOND]
    assert label_of(said, Linear(), Linear()).task == Linear().label(FIRST).task


def test_piped_text_follows_the_words_in_claude_code(claude_program: str, upstream: Upstream, project: Path) -> None:
    sent_ = claude(claude_program, upstream, project, "what went wrong here", stdin="KeyError: 'x'\n")
    assert turns(sent_)[0].splitlines() == ["what went wrong here", "KeyError: 'x'"]


def test_a_command_of_claude_code_is_what_its_name_says(claude_program: str, upstream: Upstream, project: Path) -> None:
    said = turns(claude(claude_program, upstream, project, "/review the parser"))
    assert said[0].startswith("review the parser\n")
    assert len(said[0]) < 300


def test_the_person_is_found_in_what_codex_sends(
    codex_program: str, codex_upstream: Upstream, chatgpt_login: str, project: Path
) -> None:
    assert turns(codex(codex_program, codex_upstream, project, FIRST)) == [FIRST]
    assert turns(codex(codex_program, codex_upstream, project, "resume", "--last", SECOND)) == [FIRST, SECOND]


def test_piped_text_is_fenced_off_in_codex(
    codex_program: str, codex_upstream: Upstream, chatgpt_login: str, project: Path
) -> None:
    said = turns(codex(codex_program, codex_upstream, project, "what went wrong here", stdin="KeyError: 'x'\n"))
    assert said == ["what went wrong here\n```\nKeyError: 'x'\n```"]


def test_results_of_tools_are_nobodys_words() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": FIRST},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "Read", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "write the docs"}]},
        {"role": "assistant", "content": "Shall I?"},
        {"role": "tool", "content": "write the docs"},
        {"role": "user", "content": [{"type": "text", "text": "<system-reminder>x</system-reminder>"}]},
        {"role": "user", "content": [{"type": "text", "text": SECOND}]},
    ]
    assert turns(messages) == [FIRST, SECOND]


@pytest.mark.parametrize("content", [None, 3, {}, [3], [{"type": "text"}], [{"type": "image", "source": {}}], ""])
def test_a_message_without_words_is_no_turn(content: Any) -> None:
    assert turns([{"role": "user", "content": content}]) == []


def test_a_change_of_task_in_the_middle_is_inherited_from_there() -> None:
    class Told:
        def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
            return Label(request.split()[0], 0.99)

    said = ["design the thing, please, as a service of its own", "docs for all of it, with an example for each", "ok"]
    assert label_of(said, Told(), Told()).task == "docs"


def test_a_conversation_is_labelled_in_a_batch(llmswitch: Command) -> None:
    messages = [
        {"role": "user", "content": "write unit tests for the parser"},
        {"role": "assistant", "content": "Shall I?"},
        {"role": "user", "content": "yes, do it"},
    ]
    lines = [{"messages": messages}, {"prompt": "続けて", "previous_task": "refactor"}, {"prompt": "続けて"}]
    done = llmswitch("classify", "--batch", stdin="\n".join(json.dumps(line) for line in lines).encode())
    assert [json.loads(line)["task"] for line in done.out.splitlines()][:2] == ["test", "refactor"]


@pytest.mark.parametrize(
    "bad", ['{"messages": []}', '{"messages": "x"}', '{"prompt": "x", "previous_task": "cooking"}']
)
def test_a_line_that_says_nothing_is_named(llmswitch: Command, bad: str) -> None:
    done = llmswitch("classify", "--batch", stdin=f'{{"prompt": "a"}}\n{bad}\n'.encode())
    assert done.code == 2
    assert "line 2" in done.err
