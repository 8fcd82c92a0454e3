"""`llmswitch batch`: order, one row each, resume, estimate, and what stops it."""

from __future__ import annotations

import json
import os
import pty
import signal
import sqlite3
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command import Command, command_for
from upstream import Reply, Upstream

from llmswitch.commands.batch_journal import Journal
from llmswitch.errors import UsageError


@pytest.fixture
def command(home: Path, upstream: Upstream) -> Command:
    return command_for(home, upstream)


def write(home: Path, lines: Sequence[Mapping[str, Any] | str]) -> Path:
    path = home / "in.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"prompt": f"prompt number {n}", "id": n} for n in range(1, count + 1)]


def results(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def calls(upstream: Upstream) -> list[str]:
    return [json.dumps(seen.body) for seen in upstream.requests if seen.method == "POST"]


def rows(home: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(home / ".local/share/llmswitch/ledger.db")) as ledger:
        return ledger.execute("SELECT kind, status FROM dispatches").fetchall()


def test_results_come_in_the_order_of_the_input_with_one_row_each(home: Path, command: Command) -> None:
    done = command("batch", str(write(home, numbered(12))), "--yes", "-j", "5")
    assert done.code == 0, done.err
    assert [one["id"] for one in results(done.out)] == list(range(1, 13))
    assert rows(home) == [("batch", "ok")] * 12


def test_a_slow_line_does_not_change_the_order(home: Path, command: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="slow", first_delay_s=1.5), model="claude-haiku-4-5")
    done = command("batch", str(write(home, numbered(6))), "--yes", "-j", "3")
    assert [one["id"] for one in results(done.out)] == [1, 2, 3, 4, 5, 6]


def test_what_a_line_says_holds_for_that_line(home: Path, command: Command, upstream: Upstream) -> None:
    lines: list[Mapping[str, Any]] = [
        {"prompt": "a", "task": "review", "system": "be brief", "max_tokens": 77, "metadata": {"k": [1]}},
        {"prompt": "b", "model": "second"},
    ]
    first, second = results(command("batch", str(write(home, lines)), "--yes", "-j", "1").out)
    assert (first["task"], first["metadata"], second["model"]) == ("review", {"k": [1]}, "second")
    assert '"max_tokens": 77' in calls(upstream)[0]


def test_a_template_s_variables_come_from_the_line(home: Path, command: Command, upstream: Upstream) -> None:
    path = write(home, [{"prompt": "good morning", "vars": {"to": "Japanese"}}])
    assert command("batch", str(path), "-t", "translate", "--yes").code == 0
    assert "into Japanese" in calls(upstream)[-1]


def test_standard_input_is_a_file_too(command: Command) -> None:
    done = command("batch", "-", "--yes", stdin='{"prompt": "a\u2028b"}\n\n{"prompt": "c"}'.encode())
    assert [one["line"] for one in results(done.out)] == [1, 3]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "in.jsonl:2: this is not JSON"),
        ("[1]", "must be an object"),
        ('{"promt": "x"}', "did you mean 'prompt'"),
        ('{"prompt": 3}', "wrong type"),
        ('{"prompt": "x", "max_tokens": true}', "wrong type"),
        ('{"prompt": " "}', "no prompt"),
        ('{"prompt": "x", "task": "dance"}', "not a task"),
        ('{"prompt": "x", "model": "nobody"}', "nobody"),
        ('{"prompt": "x", "max_tokens": 0}', "1 or more"),
        ('{"prompt": "x", "schema": {"type": 3}}', "JSON Schema"),
        ('{"prompt": "x", "vars": {}}', "name one with -t"),
    ],
)
def test_a_line_that_is_wrong_is_told_before_anything_is_sent(
    home: Path, command: Command, upstream: Upstream, line: str, told: str
) -> None:
    lines: list[Mapping[str, Any] | str] = [{"prompt": "fine"}, line]
    done = command("batch", str(write(home, lines)), "--yes")
    assert done.code == 2
    assert told in done.err
    assert "in.jsonl:2: " in done.err
    assert calls(upstream) == []


def test_without_anybody_to_ask_it_does_not_begin(home: Path, command: Command, upstream: Upstream) -> None:
    done = command("batch", str(write(home, numbered(2))))
    assert done.code == 2
    assert "--yes" in done.err
    assert calls(upstream) == []


def test_a_dry_run_shows_the_estimate_and_sends_nothing(home: Path, command: Command, upstream: Upstream) -> None:
    done = command("batch", str(write(home, numbered(3))), "--dry-run", "-o", str(home / "out.jsonl"))
    assert done.code == 0
    assert "3 prompts, 4 at a time: about $" in done.err
    assert calls(upstream) == []
    assert not list(home.glob("out.jsonl*"))


@pytest.mark.parametrize(("typed", "code", "made"), [(b"y\n", 0, 2), (b"n\n", 1, 0)])
def test_on_a_terminal_it_asks(
    home: Path, command: Command, upstream: Upstream, typed: bytes, code: int, made: int
) -> None:
    path = write(home, numbered(2))
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command.argv("batch", str(path)),
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=command.environment,
        cwd=home,
    ) as process:
        os.close(theirs)
        shown = b""
        while b"[y/N]" not in shown:
            shown += os.read(ours, 1000)
        os.write(ours, typed)
        assert process.wait(60) == code
    os.close(ours)
    assert len(calls(upstream)) == made


def test_failed_lines_are_told_kept_apart_and_tried_again(home: Path, command: Command, upstream: Upstream) -> None:
    upstream.script(Reply(status=400), model="claude-haiku-4-5", times=2)
    path, out = write(home, numbered(5)), home / "out.jsonl"
    argv = ("batch", str(path), "-o", str(out), "--yes", "-m", "first", "-j", "1")
    done = command(*argv)
    assert done.code == 1
    assert "2 of 5 prompts failed" in done.err
    assert ["error" in one for one in results(out.read_text())] == [True, True, False, False, False]
    before = len(calls(upstream))
    assert command(*argv).code == 0
    assert len(calls(upstream)) - before == 2
    assert [one["id"] for one in results(out.read_text())] == [1, 2, 3, 4, 5]
    assert not any("error" in one for one in results(out.read_text()))
    assert not (home / "out.jsonl.part").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_after_an_interruption_the_same_command_asks_only_what_is_left(
    home: Path, command: Command, upstream: Upstream, number: int
) -> None:
    upstream.script(Reply(first_delay_s=0.3), times=None)
    out = home / "out.jsonl"
    argv = ("batch", str(write(home, numbered(20))), "-o", str(out), "--yes", "-j", "2")
    process = command.start(*argv)
    while len(calls(upstream)) < 7:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert not out.exists()
    if number == signal.SIGINT:
        assert b"the same command goes on" in told
    answered = len((home / "out.jsonl.part").read_text().splitlines()) - 1
    assert 1 <= answered < 20
    before = len(calls(upstream))
    done = command(*argv)
    assert done.code == 0, done.err
    assert f"going on: {answered} of 20" in done.err
    assert len(calls(upstream)) - before == 20 - answered
    assert [one["id"] for one in results(out.read_text())] == list(range(1, 21))


def test_other_options_do_not_go_on_with_what_was_begun(home: Path, command: Command, upstream: Upstream) -> None:
    upstream.script(Reply(status=400), model="claude-haiku-4-5", times=None)
    argv = ("batch", str(write(home, numbered(2))), "-o", str(home / "out.jsonl"), "--yes", "-m", "first")
    command(*argv)
    done = command(*argv, "-s", "be brief")
    assert done.code == 2
    assert "another batch" in done.err


def test_an_output_that_is_there_is_not_replaced(home: Path, command: Command, upstream: Upstream) -> None:
    out = home / "out.jsonl"
    out.write_text("precious")
    done = command("batch", str(write(home, numbered(2))), "-o", str(out), "--yes")
    assert (done.code, out.read_text(), calls(upstream)) == (2, "precious", [])


def test_a_line_that_a_kill_tore_is_asked_again(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with Journal(out, "d") as journal:
        journal.add(1, {"text": "one"})
    with journal.path.open("ab") as file:
        file.write(b'{"line": 2, "resu')
    with Journal(out, "d") as journal:
        assert journal.answered == {1}
        journal.add(2, {"text": "two"})
    with Journal(out, "d") as journal:
        assert journal.answered == {1, 2}


def test_two_batches_can_not_write_the_same_output(tmp_path: Path) -> None:
    with Journal(tmp_path / "out.jsonl", "d"), pytest.raises(UsageError, match="another batch is writing"):
        Journal(tmp_path / "out.jsonl", "d")


def test_a_budget_that_is_used_up_stops_the_rest(home: Path, command: Command, upstream: Upstream) -> None:
    done = command(
        "batch", str(write(home, numbered(50))), "--yes", "-j", "1", "-m", "first", "--max-cost", "0.0013", stdin=None
    )
    assert done.code == 79
    assert "stopped: " in done.err
    assert 0 <= len(calls(upstream)) < 50


def test_the_same_failure_ten_times_in_a_row_stops_the_rest(home: Path, command: Command, upstream: Upstream) -> None:
    upstream.script(Reply(status=400), model="claude-haiku-4-5", times=None)
    done = command("batch", str(write(home, numbered(40))), "--yes", "-j", "1", "-m", "first")
    assert done.code == 1
    assert len(calls(upstream)) == 10
    assert "with -o OUT.jsonl" in done.err


def test_a_prompt_that_takes_too_long_fails_alone(home: Path, command: Command, upstream: Upstream) -> None:
    upstream.script(Reply(first_delay_s=100), model="claude-haiku-4-5")
    done = command("batch", str(write(home, numbered(3))), "--yes", "-j", "1", "--timeout", "10")
    assert done.code == 1
    assert ["error" in one for one in results(done.out)] == [True, False, False]


def test_a_reader_that_goes_away_ends_it(home: Path, command: Command) -> None:
    with command.start("batch", str(write(home, numbered(300))), "--yes", stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(100) == 141
