"""`--schema`, `--second-opinion`, `--compare`, `models pull` as processes."""

from __future__ import annotations

import json
import os
import pty
import sys
from pathlib import Path

import pytest
from command import Command, command_for
from test_cli_ask import rows
from upstream import DEFAULT_TEXT, Reply, Upstream

SCHEMA = '{"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}'


@pytest.fixture
def llmswitch(home: Path, upstream: Upstream) -> Command:
    return command_for(home, upstream)


def test_a_schema_makes_stdout_valid_json_and_nothing_else(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text='Sure:\n```json\n{"n": 3}\n```'))
    done = llmswitch("ask", "--schema", SCHEMA, "how many?")
    assert (done.code, json.loads(done.out)) == (0, {"n": 3})


def test_a_schema_that_is_not_met_is_exit_1_with_the_errors(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text='{"n": "x"}'), Reply(text='{"n": "y"}'))
    done = llmswitch("ask", "--schema", SCHEMA, "how many?")
    assert (done.code, done.out) == (1, "")
    assert "$.n: 'y' is not of type 'integer'" in done.err
    assert len(rows(llmswitch)) == 2


def test_a_broken_schema_is_a_usage_error(llmswitch: Command, upstream: Upstream) -> None:
    assert llmswitch("ask", "--schema", "{", "x").code == 2
    assert upstream.requests == []


def test_a_second_opinion_comes_from_another_family_and_sees_the_answer(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="FIRST"), model="claude-haiku-4-5")
    upstream.script(Reply(text="SECOND"), model="gpt-5.4-mini")
    done = llmswitch("ask", "--second-opinion", "is 7 prime?")
    assert done.code == 0
    assert done.out.index("FIRST") < done.out.index("SECOND")
    assert "FIRST" in json.dumps(upstream.last.body)
    assert [row[0] for row in rows(llmswitch)] == ["first", "second"]


def test_a_second_opinion_can_be_asked_of_a_named_model(llmswitch: Command) -> None:
    llmswitch("ask", "--second-opinion=third", "is 7 prime?")
    assert [row[0] for row in rows(llmswitch)] == ["first", "third"]


def test_compare_prints_every_answer_under_its_models_name(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="FIRST"), model="claude-haiku-4-5")
    upstream.script(Reply(text="THIRD"), model="glm-4.7")
    done = llmswitch("ask", "--compare", "first,third", "is 7 prime?")
    assert done.code == 0
    positions = [done.out.index(part) for part in ("## first", "FIRST", "## third", "THIRD")]
    assert positions == sorted(positions)
    assert "local" in done.err
    assert {row[0] for row in rows(llmswitch)} == {"first", "third"}


def test_compare_as_json_is_a_list_of_the_usual_objects(llmswitch: Command) -> None:
    done = llmswitch("ask", "--json", "--compare", "first,third", "x")
    assert [(one["model"], one["text"]) for one in json.loads(done.out)] == [
        ("first", DEFAULT_TEXT),
        ("third", DEFAULT_TEXT),
    ]


@pytest.mark.parametrize(
    "arguments",
    [("--compare", "first"), ("--compare", "first,second", "-m", "third"), ("--compare", "a,b", "--second-opinion")],
)
def test_options_that_make_no_sense_together_are_refused(
    llmswitch: Command, upstream: Upstream, arguments: tuple[str, ...]
) -> None:
    assert llmswitch("ask", *arguments, "x").code == 2
    assert upstream.requests == []


def test_ollama_can_be_made_to_pull_a_model(llmswitch: Command, upstream: Upstream) -> None:
    done = llmswitch("models", "pull", "third")
    assert done.code == 0
    assert upstream.last.path == "/api/pull"
    assert upstream.last.model == "glm-4.7"
    assert "glm-4.7" in done.err


def test_only_ollama_pulls(llmswitch: Command) -> None:
    done = llmswitch("models", "pull", "first")
    assert done.code == 2
    assert "only Ollama" in done.err


@pytest.mark.parametrize(("typed", "code", "pulled"), [("y\n", 0, True), ("\n", 1, False)])
def test_a_model_that_ollama_lacks_is_pulled_when_the_person_says_yes(
    llmswitch: Command, upstream: Upstream, typed: str, code: int, pulled: bool
) -> None:
    upstream.script(Reply(status=404, body='{"error": "model \'glm-4.7\' not found"}'), path="/api/chat")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(llmswitch.home)
        os.execve(sys.executable, llmswitch.argv("ask", "-m", "third", "hello"), llmswitch.environment)
    shown = read_until(terminal, b"[y/N] ")
    os.write(terminal, typed.encode())
    shown += read_until(terminal, None)
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == code
    assert ("/api/pull" in [seen.path for seen in upstream.requests]) == pulled
    assert (DEFAULT_TEXT.encode() in shown) == pulled


def read_until(terminal: int, end: bytes | None) -> bytes:
    """What the process shows up to `end`, or to its exit."""
    shown = b""
    while end is None or end not in shown:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # Linux's way to say that the other side is closed
            break
        if not piece:
            break
        shown += piece
    return shown
