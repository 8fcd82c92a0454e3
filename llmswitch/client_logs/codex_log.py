"""Codex's session logs: `sessions/YYYY/MM/DD/rollout-<time>-<thread>.jsonl`.

{"timestamp", "type": "session_meta", "payload": {"id", "cwd", "forked_from_id"?}}            the first line; a copy's parent
{"type": "turn_context", "payload": {"turn_id", "model", "cwd"}}                              before each turn's requests
{"type": "event_msg", "payload": {"type": "task_started", "turn_id"}}
{"type": "token_usage_record", "payload": {"thread_id", "turn_id", "usage", "thread_token_usage"}}    newer: one a request
{"type": "event_msg", "payload": {"type": "token_count", "info": {"total_token_usage", "last_token_usage"}}}

Totals are of the whole thread. They are written again without a new request; a fork repeats its parent's lines with new
times, or begins at its parent's total without them; a subagent's log may do either. So a call is known by its turn and by
the total it led to, and what it took is the record's own `usage`, else the difference to the total before it. A log that
forks from another and shows no total before its first one goes by `last_token_usage`. `input_tokens` includes what was
read from and written to the cache; reasoning is inside the output.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from llmswitch.client_logs.instant import microseconds
from llmswitch.ledger.logged_call import Counts, LoggedCall, key_of

SOURCE = "codex"
UNKNOWN_MODEL = "unknown"
"""Logs of early versions do not name the model."""

_HEAD = 320
_WANTED = re.compile(rb'"(token_count|token_usage_record|turn_context|session_meta|task_started)"')
_TOTAL = b'"total_token_usage":'
_FIELDS = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "output_tokens",
    "reasoning_output_tokens",
)
_Total = tuple[int, int, int, int, int]


class CodexLog:
    """Reads one file, or the rest of one: `state` is what the reading before left, `head` the file's first line."""

    def __init__(self, state: str | None = None, head: bytes = b"") -> None:
        kept = json.loads(state) if state else {}
        self._model: str = kept.get("model", UNKNOWN_MODEL)
        self._turn: str = kept.get("turn", "")
        self._total: _Total | None = tuple(kept["total"]) if kept.get("total") else None
        self._thread, self._cwd, self._said = "", "", b""
        self._parents: dict[str, str] = kept.get("parents", {})
        if state and _WANTED.search(head, 0, _HEAD):
            self._meta(_payload(json.loads(head)))

    @property
    def state(self) -> str | None:
        """What the next reading of this file has to know; no path and no word of the conversation."""
        return json.dumps({"model": self._model, "turn": self._turn, "total": self._total, "parents": self._parents})

    def read(self, line: bytes) -> Iterator[LoggedCall]:
        """The call of one line, if it has one. Raises ValueError for a line that is no JSON."""
        wanted = _WANTED.search(line, 0, _HEAD)
        if wanted is None or (wanted[1] == b"token_count" and self._said_before(line)):
            return
        record = json.loads(line.decode("utf-8", "replace"))
        if not isinstance(record, dict):
            return
        payload, kind = _payload(record), record.get("type")
        if kind == "event_msg":
            kind = payload.get("type")
        match kind:
            case "session_meta":
                self._meta(payload)
            case "turn_context":
                self._turn = str(payload.get("turn_id") or self._turn)
                self._model = str(payload.get("model") or self._model)
                self._cwd = str(payload.get("cwd") or self._cwd)
            case "task_started":
                self._turn = str(payload.get("turn_id") or "")
            case "token_usage_record":
                yield from self._record(payload, microseconds(record.get("timestamp")))
            case "token_count":
                yield from self._count(_table(payload.get("info")), microseconds(record.get("timestamp")))

    def _said_before(self, line: bytes) -> bool:
        """Whether a count has the total of the one before, to the letter: most are written twice."""
        start = line.find(_TOTAL)
        said = line[start : line.find(b"}", start)] if start >= 0 else b""
        before, self._said = self._said, said
        return bool(said) and said == before

    def _meta(self, payload: Mapping[str, Any]) -> None:
        """The first one is the file's own; those that follow were copied from what it forks from."""
        thread = str(payload.get("id") or "")
        spawned = _table(_table(_table(payload.get("source")).get("subagent")).get("thread_spawn"))
        parent = payload.get("forked_from_id") or payload.get("parent_thread_id") or spawned.get("parent_thread_id")
        if parent:
            self._parents[thread] = str(parent)
        if not self._thread:
            self._thread, self._cwd = thread, str(payload.get("cwd") or self._cwd)
        elif thread != self._thread and self._thread not in self._parents:
            self._parents[self._thread] = thread

    def _record(self, payload: Mapping[str, Any], at: int | None) -> Iterator[LoggedCall]:
        used, total = _total(payload.get("usage")), _total(payload.get("thread_token_usage"))
        if used is None:
            return
        turn = str(payload.get("turn_id") or self._turn)
        self._total = total or tuple(map(sum, zip(self._total or (0,) * 5, used, strict=True)))  # type: ignore[assignment]  # 5
        if at is not None and self._total is not None:
            yield self._call(at, used, turn, self._total)

    def _count(self, info: Mapping[str, Any], at: int | None) -> Iterator[LoggedCall]:
        total, last = _total(info.get("total_token_usage")), _total(info.get("last_token_usage"))
        if total is None or at is None:
            return
        before, self._total = self._total, total
        if before is None:
            used = last if last and self._thread in self._parents else total
        else:
            used = tuple(now - then for now, then in zip(total, before, strict=True))  # type: ignore[assignment]  # 5
            if min(used) < 0:  # it began anew
                used = last or total
        if any(used):
            yield self._call(at, used, self._turn, total)

    def _call(self, at: int, used: _Total, turn: str, total: _Total) -> LoggedCall:
        fresh, read, written, output, reasoning = used
        counts = Counts(max(0, fresh - read - written), read, written, None, output, reasoning)
        within = turn or self._root()
        reached = ",".join(str(total[number]) for number in (0, 1, 3, 4))
        return LoggedCall(key_of("codex", within, reached), at, self._model, self._thread, self._cwd, counts)

    def _root(self) -> str:
        """The thread that everything goes back to, where turns have no names."""
        seen = [self._thread]
        while (parent := self._parents.get(seen[-1])) and parent not in seen:
            seen.append(parent)
        return seen[-1]


def _total(value: object) -> _Total | None:
    """The five counts in order; one that is left out is 0."""
    if not isinstance(value, dict):
        return None
    fresh, read, written, output, reasoning = [value.get(name, 0) for name in _FIELDS]
    counts = (fresh, read, written, output, reasoning)
    return counts if all(type(count) is int for count in counts) else None


def _payload(record: Any) -> Mapping[str, Any]:
    return _table(record.get("payload")) if isinstance(record, dict) else {}


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
