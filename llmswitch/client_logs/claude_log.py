"""Claude Code's session logs: `projects/<folder>/<session>.jsonl`, subagents in `<session>/subagents/agent-*.jsonl`.

{"type": "assistant", "timestamp", "sessionId", "cwd", "requestId", "message": {"id", "model", "usage": {…}}}
{"type": "progress", "data": {"message": {a line such as the one above}}}      a subagent's, within its parent's log

An answer has a line for each of its blocks, each with the usage as far as it was known; a resumed, forked or subagent's
session repeats the lines of another. So one call is one `message.id`, and
the largest of each count is the true one. `usage` leaves out what an advisor took: another model that was asked on the
way, with an entry of its own in `usage.iterations`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from llmswitch.client_logs.instant import microseconds
from llmswitch.ledger.logged_call import Counts, LoggedCall, key_of

SOURCE = "claude-code"
_NO_MODEL = "<synthetic>"
_UNIQUE = 16
_STANDARD = (None, "", "standard")


class ClaudeLog:
    """Reads one file, or the rest of one. Nothing has to be known of the lines before."""

    def __init__(self, state: str | None = None, head: bytes = b"") -> None:
        del state, head

    @property
    def state(self) -> str | None:
        """What the next reading of this file has to know."""
        return None

    def read(self, line: bytes) -> Iterator[LoggedCall]:
        """The calls of one line. Raises ValueError for one that is no JSON."""
        if b'"usage":' not in line or b'"assistant"' not in line:
            return
        record = json.loads(line.decode("utf-8", "replace"))
        if not isinstance(record, dict):
            return
        outer = record
        if record.get("type") == "progress":
            record = _table(_table(record.get("data")).get("message"))
        if record.get("type") == "assistant":
            yield from _calls(record, outer)


def message_key(message_id: str, request_id: str = "") -> int:
    """The key of an answer. A server whose ids are too short to be unique is asked for the request's as well."""
    return key_of("claude", message_id, request_id if len(message_id) < _UNIQUE else "")


def _calls(record: Mapping[str, Any], outer: Mapping[str, Any]) -> Iterator[LoggedCall]:
    message = _table(record.get("message"))
    usage = _table(message.get("usage"))
    model = message.get("model")
    at = microseconds(record.get("timestamp") or outer.get("timestamp"))
    if not usage or at is None or not isinstance(model, str) or model in ("", _NO_MODEL):
        return
    identity = str(message.get("id") or record.get("uuid") or ""), str(record.get("requestId") or "")
    session = str(outer.get("sessionId") or record.get("sessionId") or "")
    cwd = str(outer.get("cwd") or record.get("cwd") or "")
    unusual = usage.get("speed") not in _STANDARD
    if counts := _counts(usage):
        yield LoggedCall(message_key(*identity), at, model, session, cwd, counts, unusual)
    iterations = usage.get("iterations")
    for number, step in enumerate(iterations if isinstance(iterations, list) else ()):
        step = _table(step)
        if step.get("type") == "advisor_message" and isinstance(step.get("model"), str) and (counts := _counts(step)):
            key = key_of(str(message_key(*identity)), f"advisor {number}")
            yield LoggedCall(key, at, step["model"], session, cwd, counts, unusual)


def _counts(usage: Mapping[str, Any]) -> Counts:
    """`input_tokens` excludes the cache. A creation that is larger than its split was not split in full."""
    split = _table(usage.get("cache_creation"))
    short, hour = _count(split.get("ephemeral_5m_input_tokens")), _count(split.get("ephemeral_1h_input_tokens"))
    written = _count(usage.get("cache_creation_input_tokens"))
    if short is not None or hour is not None:
        written = max(written or 0, (short or 0) + (hour or 0))
    return Counts(
        _count(usage.get("input_tokens")),
        _count(usage.get("cache_read_input_tokens")),
        written,
        hour,
        _count(usage.get("output_tokens")),
        _count(_table(usage.get("output_tokens_details")).get("thinking_tokens")),
    )


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
