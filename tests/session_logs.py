"""Session logs of Claude Code and Codex as those programs write them, for tests of `ledger import`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from llmswitch.client_logs.log_files import SOURCES
from llmswitch.client_logs.read import Outcome, import_logs
from llmswitch.ledger.imported import Pricing
from llmswitch.ledger.store import Ledger

MESSAGE = "msg_01XFDUDYJgAACzvnptvVoYEL"


def usage(output: int = 10, **counts: Any) -> dict[str, Any]:
    """Anthropic's usage object."""
    return {"input_tokens": 3, "cache_read_input_tokens": 0, "output_tokens": output, **counts}


def answer(
    message: str = MESSAGE,
    *,
    counts: dict[str, Any] | None = None,
    model: str | None = "claude-opus-4-6",
    **changes: Any,
) -> dict[str, Any]:
    """A line of Claude Code's log: a block of an answer."""
    return {
        "type": "assistant",
        "uuid": "u1",
        "timestamp": "2026-11-02T10:00:00.000Z",
        "sessionId": "s1",
        "cwd": "/nowhere/demo",
        "requestId": "req_1",
        "message": {"id": message, "model": model, "role": "assistant", "usage": counts or usage()},
        **changes,
    }


def rollout(kind: str, payload: dict[str, Any], at: str = "2026-11-02T10:00:00.000Z") -> dict[str, Any]:
    """A line of Codex's log."""
    return {"timestamp": at, "type": kind, "payload": payload}


def meta(thread: str, **changes: Any) -> dict[str, Any]:
    """The first line of a thread's log."""
    return rollout("session_meta", {"id": thread, "cwd": "/nowhere/demo", **changes})


def turn(identifier: str, model: str = "gpt-5.3-codex") -> dict[str, Any]:
    """The beginning of a turn."""
    return rollout("turn_context", {"turn_id": identifier, "model": model, "cwd": "/nowhere/demo"})


def counted(
    total: tuple[int, int, int], last: tuple[int, int, int], at: str = "2026-11-02T10:00:00Z"
) -> dict[str, Any]:
    """A `token_count`: input, of it cached, output."""
    info = {"total_token_usage": tokens(*total), "last_token_usage": tokens(*last)}
    return rollout("event_msg", {"type": "token_count", "info": info}, at)


def recorded(thread: str, turn_id: str, used: tuple[int, int, int], total: tuple[int, int, int]) -> dict[str, Any]:
    """A `token_usage_record` of newer versions."""
    about = {"thread_id": thread, "turn_id": turn_id, "response_id": "resp_1"}
    return rollout("token_usage_record", {**about, "usage": tokens(*used), "thread_token_usage": tokens(*total)})


def tokens(fresh: int, cached: int, output: int, written: int = 0, reasoning: int = 0) -> dict[str, int]:
    """Codex's usage object."""
    return {
        "input_tokens": fresh,
        "cached_input_tokens": cached,
        "cache_write_input_tokens": written,
        "output_tokens": output,
        "reasoning_output_tokens": reasoning,
    }


def write(path: Path, *records: dict[str, Any], end: str = "\n") -> Path:
    """A log of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(record, separators=(",", ":"), ensure_ascii=False) for record in records]
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    return path


def append(path: Path, *records: dict[str, Any], end: str = "\n") -> None:
    """More lines of a log."""
    with path.open("a", encoding="utf-8") as file:
        file.write("\n".join(json.dumps(record, separators=(",", ":")) for record in records) + end)


def take_in(ledger: Path, program: str, folder: Path, **pricing: Any) -> Outcome:
    """Import the logs below `folder`, as a new process would."""
    with Ledger.open(ledger) as opened:
        return import_logs(opened, SOURCES[program], [folder], lambda: Pricing(program, **pricing))


def rows(ledger: Path, columns: str = "*", table: str = "attempts") -> list[tuple[Any, ...]]:
    """What is in the ledger, in the order it happened."""
    order = "started_at, id"
    with closing(sqlite3.connect(ledger)) as connection:
        return connection.execute(f"SELECT {columns} FROM {table} ORDER BY {order}").fetchall()


def calls(ledger: Path) -> list[tuple[Any, ...]]:
    """Fresh input, cache read, cache written for 5 minutes and for an hour, output: of each call."""
    names = ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens")
    return rows(ledger, ", ".join(names))
