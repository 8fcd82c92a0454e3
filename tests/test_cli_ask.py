"""`llmswitch ask` as a process: output, exit codes, signals, pipes, the ledger afterwards."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from command import Command, command_for
from upstream import DEFAULT_TEXT, Reply, Upstream

SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "ask.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def llmswitch(home: Path, upstream: Upstream) -> Command:
    return command_for(home, upstream)


def rows(command: Command, columns: str = "model, status") -> list[tuple[Any, ...]]:
    path = command.home / ".local/share/llmswitch/ledger.db"
    if not path.exists():
        return []
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"SELECT {columns} FROM attempts ORDER BY id").fetchall()
    finally:
        connection.close()


def wait_for(condition: Any) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_stdout_is_the_answer_and_nothing_else(llmswitch: Command) -> None:
    done = llmswitch("ask", "hello")
    assert (done.code, done.out) == (0, DEFAULT_TEXT)


def test_the_summary_is_one_line_on_stderr(llmswitch: Command) -> None:
    done = llmswitch("ask", "--task", "docs", "hello")
    [line] = done.err.strip().splitlines()
    assert "docs" in line
    assert "first" in line
    assert "$" in line


def test_quiet_leaves_stderr_empty(llmswitch: Command) -> None:
    assert llmswitch("ask", "-q", "hello").err == ""


@pytest.mark.parametrize(
    ("name", "path"), [("first", "/v1/messages"), ("second", "/v1/responses"), ("third", "/api/chat")]
)
def test_each_protocol_streams_with_usage_in_the_ledger(
    llmswitch: Command, upstream: Upstream, name: str, path: str
) -> None:
    done = llmswitch("ask", "-m", name, "hello")
    assert done.out == DEFAULT_TEXT
    assert upstream.last.path.partition("?")[0] == path
    assert rows(llmswitch, "model, status, input_tokens, output_tokens") == [(name, "ok", 12, 9)]


def test_json_is_one_object_of_the_published_schema(llmswitch: Command) -> None:
    done = llmswitch("ask", "--json", "hello")
    body = json.loads(done.out)
    jsonschema.validate(body, SCHEMA)
    assert body["text"] == DEFAULT_TEXT
    assert body["usage"]["input_tokens"] == 12
    assert body["cost_source"] == "list"


def test_json_of_a_failure_is_of_the_same_schema(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(status=401), times=None)
    done = llmswitch("ask", "--json", "hello")
    body = json.loads(done.out)
    jsonschema.validate(body, SCHEMA)
    assert done.code == body["error"]["exit_code"] == 77
    assert [attempt["status"] for attempt in body["attempts"]] == ["failed"] * 3


def test_json_stream_is_events_and_at_last_the_object_without_text(llmswitch: Command) -> None:
    events = [json.loads(line) for line in llmswitch("ask", "--json-stream", "hello").out.splitlines()]
    assert "".join(event["text"] for event in events if event["event"] == "text") == DEFAULT_TEXT
    last = {name: value for name, value in events[-1].items() if name != "event"}
    jsonschema.validate({"text": "", **last}, SCHEMA)
    assert "text" not in last


def test_a_pipe_gets_each_piece_as_it_comes_and_unchanged(llmswitch: Command, upstream: Upstream) -> None:
    text = "# Title\n\n" + "a very long line " * 20 + "\n**bold** `code` 日本語\n"
    upstream.script(Reply(text=text, chunks=4, hold_after=2))
    process = llmswitch.start("ask", "hello")
    assert process.stdout is not None
    early = os.read(process.stdout.fileno(), 1 << 16).decode()
    upstream.release()
    rest, _ = process.communicate(timeout=60)
    assert text.startswith(early)
    assert 0 < len(early) < len(text)
    assert early + rest.decode() == text


def test_piped_text_follows_the_argument(llmswitch: Command, upstream: Upstream) -> None:
    llmswitch("ask", "what could break?", stdin="diff --git a b\n変更\n".encode())
    [message] = upstream.last.body["messages"]
    content = message["content"]
    text = content if isinstance(content, str) else "".join(block["text"] for block in content)
    assert text == "what could break?\n\n<stdin>\ndiff --git a b\n変更\n</stdin>"


@pytest.mark.parametrize("stdin", [b"", b" \n"])
def test_empty_input_is_a_usage_error_and_calls_nothing(llmswitch: Command, upstream: Upstream, stdin: bytes) -> None:
    done = llmswitch("ask", stdin=stdin)
    assert done.code == 2
    assert done.out == ""
    assert "empty" in done.err
    assert upstream.requests == []


def test_an_open_stdin_without_data_does_not_hang_a_call_with_an_argument(llmswitch: Command) -> None:
    process = llmswitch.start("ask", "hello", stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert process.wait(timeout=60) == 0
        assert process.stdout.read().decode() == DEFAULT_TEXT
        assert "waiting for input on stdin" in process.stderr.read().decode()
    finally:
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def test_a_slow_writer_in_a_pipeline_is_waited_for(llmswitch: Command, upstream: Upstream, tmp_path: Path) -> None:
    script = f"(sleep 4; echo late) | {' '.join(llmswitch.argv('ask', 'hello'))}"
    done = subprocess.run(
        ["sh", "-c", script], env=llmswitch.environment, cwd=tmp_path, capture_output=True, timeout=60, check=True
    )
    assert "waiting for input on stdin" in done.stderr.decode()
    assert "late" in json.dumps(upstream.last.body)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("ask", "--task", "nonsense", "x"), 2, "did you mean"),
        (("ask", "-m", "frist", "x"), 78, "did you mean 'first'"),
        (("ask", "-P", "nowhere", "x"), 78, "no profile"),
        (("ask", "-f", "missing.txt", "x"), 2, "missing.txt"),
        (("ask", "--nonsense"), 2, "nonsense"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_wrong_input_says_what_and_exits_with_its_code(
    llmswitch: Command, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = llmswitch(*arguments)
    assert done.code == code
    assert words.partition("did you mean")[2] in done.err
    assert "Traceback" not in done.err


def test_rate_limits_everywhere_mean_try_later(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(status=429, headers={"retry-after": "300"}), times=None)
    done = llmswitch("ask", "hello")
    assert (done.code, done.out) == (75, "")
    assert {row[1] for row in rows(llmswitch)} == {"failed"}
    assert list(dict.fromkeys(row[0] for row in rows(llmswitch))) == ["first", "second", "third"]


def test_nothing_configured_and_nobody_there_is_exit_69(home: Path) -> None:
    (home / "p.toml").write_text('[models.a]\nprovider = "ollama"\nmodel = "x"\n[routes]\ndefault = ["a"]\n')
    done = command_for(home, None)("ask", "-P", "p.toml", "hello", OLLAMA_HOST="127.0.0.1:1")
    assert done.code == 69
    assert "Ollama is not running" in done.err


def test_a_missing_key_is_exit_77_and_names_the_variable(home: Path) -> None:
    (home / "p.toml").write_text('[models.a]\nprovider = "anthropic"\nmodel = "x"\n[routes]\ndefault = ["a"]\n')
    done = command_for(home, None)("ask", "-P", "p.toml", "hello")
    assert done.code == 77
    assert "ANTHROPIC_API_KEY" in done.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_ends_at_once_and_records_the_spend(
    llmswitch: Command, upstream: Upstream, number: signal.Signals, code: int
) -> None:
    upstream.script(Reply(stall_after=2))
    process = llmswitch.start("ask", "hello")
    assert process.stdout is not None
    first = os.read(process.stdout.fileno(), 100)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert DEFAULT_TEXT.startswith((first + out).decode().strip())
    assert "Traceback" not in err.decode()
    assert rows(llmswitch, "status, cost_source") == [("cancelled", "estimate")]
    assert upstream.wait_until_client_left()


def test_an_interrupt_before_the_first_content_records_the_attempt(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(stall_after=0))
    process = llmswitch.start("ask", "hello")
    assert wait_for(lambda: upstream.requests)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert rows(llmswitch, "status") == [("cancelled",)]


def test_a_reader_that_closes_the_pipe_ends_it_quietly(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="line\n" * 2000, chunks=400, delay_s=0.005))
    process = llmswitch.start("ask", "hello")
    assert process.stdout is not None
    assert process.stderr is not None
    os.read(process.stdout.fileno(), 5)
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()
    assert rows(llmswitch, "status") == [("cancelled",)]


def test_a_broken_answer_keeps_what_came_and_says_so(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(drop_after=3))
    done = llmswitch("ask", "hello")
    assert done.code == 1
    assert done.out != ""
    assert DEFAULT_TEXT.startswith(done.out.strip())
    assert rows(llmswitch) == [("first", "partial")]


def test_an_image_goes_to_a_model_that_reads_images(llmswitch: Command, upstream: Upstream) -> None:
    (llmswitch.home / "shot.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    llmswitch("ask", "-f", "shot.png", "what is this?")
    assert "image/png" in json.dumps(upstream.last.body)


def test_a_system_prompt_is_sent_as_one(llmswitch: Command, upstream: Upstream) -> None:
    llmswitch("ask", "-s", "Answer in French.", "hello")
    assert "Answer in French." in json.dumps(upstream.last.body["system"])


def test_explain_shows_every_candidate_and_calls_nothing(llmswitch: Command, upstream: Upstream) -> None:
    done = llmswitch("ask", "--explain", "fix the typo in the README", ANTHROPIC_API_KEY="", ANTHROPIC_BASE_URL="")
    assert done.code == 0
    assert "quickfix" in done.out
    assert all(name in done.out for name in ("first", "second", "third"))
    assert "ANTHROPIC_API_KEY" in done.out
    assert [seen for seen in upstream.requests if seen.method == "POST"] == []
    assert rows(llmswitch) == []


def test_cost_shows_the_calls_just_made(llmswitch: Command) -> None:
    llmswitch("ask", "hello")
    llmswitch("ask", "-m", "third", "hello")
    done = llmswitch("cost", "--month")
    assert done.code == 0
    assert "first" in done.out
    assert "third" in done.out
    body = json.loads(llmswitch("cost", "--month", "--json").out)
    schema = json.loads((Path(__file__).parent.parent / "docs" / "cost.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(body, schema)
    assert body["calls"] == 2


def test_a_bug_is_one_line_and_a_log_without_keys(llmswitch: Command) -> None:
    (llmswitch.home / "sitecustomize.py").write_text(
        "import llmswitch.commands.ask_run as r\n"
        "def broken(*_): raise RuntimeError('lost sk-ant-test-0123456789 here')\n"
        "r.run = broken\n"
    )
    done = llmswitch("ask", "hello", PYTHONPATH=str(llmswitch.home))
    assert done.code == 1
    assert "Traceback" not in done.err
    [log] = (llmswitch.home / ".local/state/llmswitch").glob("crash-*.log")
    assert str(log) in done.err
    text = log.read_text()
    assert "RuntimeError" in text
    assert "0123456789" not in text + done.err
    assert log.stat().st_mode & 0o777 == 0o600


def test_everything_written_is_private(llmswitch: Command) -> None:
    llmswitch("ask", "hello")
    for path in (llmswitch.home / ".local").rglob("*"):
        if "llmswitch" in path.parts:
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_wrong_label_can_be_corrected_and_learned_from(llmswitch: Command) -> None:
    llmswitch("ask", "please tidy the frobnicator up a bit")
    corrected = llmswitch("wrong", "refactor")
    assert (corrected.code, "refactor" in corrected.out) == (0, True)
    learned = llmswitch("classify", "--learn")
    assert learned.code == 0
    stored = b"".join(path.read_bytes() for path in llmswitch.home.rglob("*") if path.is_file())
    assert b"frobnicator" not in stored
