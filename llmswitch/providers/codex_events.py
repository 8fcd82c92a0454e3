"""The lines of `codex exec --json`, read into our events.

{"type": "thread.started", "thread_id": …}   {"type": "turn.started"}
{"type": "item.started" | "item.updated" | "item.completed", "item": {"id", "type", …}}
    agent_message {text} · reasoning {text} · command_execution {command} · error {message}: a warning
{"type": "turn.completed", "usage": {input_tokens, cached_input_tokens, cache_write_input_tokens, output_tokens, …}}
{"type": "error", "message": "Reconnecting... 1/5 (…)"}   {"type": "turn.failed", "error": {"message": …}}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmswitch.conversation import Event, Finish, Progress, TextDelta, ThinkingDelta, Usage, UsageReport
from llmswitch.errors import ProviderError
from llmswitch.providers import codex_failure
from llmswitch.providers.call_site import CallSite
from llmswitch.providers.redaction import excerpt

_RECONNECTING = re.compile(r"^Reconnecting\.*\s*[^(]*(?:\((.*)\))?$", re.DOTALL)
_WORK = {"command_execution": "command", "mcp_tool_call": "tool", "web_search": "query", "file_change": "changes"}


@dataclass(slots=True)
class Answer:
    """The run so far. `structured`: only the last message is the answer, and it must stand alone."""

    site: CallSite
    structured: bool = False
    finish: Finish | None = None
    failure: ProviderError | None = None
    _texts: dict[str, str] = field(default_factory=dict)
    _thread: str = ""

    def read(self, event: Mapping[str, Any]) -> list[Event]:
        """Our events for one line. Sets `finish` or `failure` at the end."""
        match event.get("type"):
            case "thread.started":
                self._thread = str(event.get("thread_id") or "")
            case "item.started" | "item.updated" | "item.completed":
                item = event.get("item")
                return self._item(item, str(event["type"])) if isinstance(item, Mapping) else []
            case "turn.completed":
                return self._end(event.get("usage"))
            case "turn.failed":
                error = event.get("error")
                said = error.get("message") if isinstance(error, Mapping) else error
                self.failure = codex_failure.failure(str(said or "the turn failed"), self.site)
            case "error":
                self._error(str(event.get("message") or ""))
        return []

    def _error(self, said: str) -> None:
        """A retry that it has begun is a failure already: the engine decides what is tried next. Other errors too: their
        `turn.failed` only repeats them."""
        retry = _RECONNECTING.match(said)
        self.failure = codex_failure.failure((retry.group(1) or "stream disconnected") if retry else said, self.site)

    def _item(self, item: Mapping[str, Any], stage: str) -> list[Event]:
        kind = item.get("type")
        text = str(item.get("text") or "")
        if kind == "agent_message":
            return self._message(str(item.get("id") or ""), text)
        if kind == "reasoning" and stage == "item.completed" and text:
            return [ThinkingDelta(text + "\n\n")]
        if kind in _WORK and stage == "item.started":
            what = item.get(_WORK[kind])
            return [
                Progress(
                    excerpt(f"{self.site.provider}: {what if isinstance(what, str) else kind}", limit=80), unit=kind
                )
            ]
        return []

    def _message(self, identifier: str, text: str) -> list[Event]:
        """What is new of a message: all of it, as these items come whole; versions that update one would stream."""
        known = self._texts.get(identifier)
        if self.structured:
            self._texts[identifier] = text
            return [TextDelta("")]  # a sign of life
        if known is not None and not text.startswith(known):
            return []
        first = known is None and any(self._texts.values())
        self._texts[identifier] = text
        new = text[len(known or "") :]
        return [TextDelta(("\n\n" if first else "") + new)] if new else []

    def _end(self, said: object) -> list[Event]:
        events: list[Event] = []
        if self.structured and self._texts:
            events.append(TextDelta(list(self._texts.values())[-1]))
        if isinstance(said, Mapping):
            events.append(UsageReport(usage_of(said), dict(said)))
        self.finish = Finish("stop", {"thread_id": self._thread})
        return events


def usage_of(raw: Mapping[str, Any]) -> Usage:
    """Counts are of the whole thread so far. Each run has a thread of its own, so they are the run's. `input_tokens`
    includes what was read from and written to the cache; reasoning is inside the output."""
    read, written = _count(raw.get("cached_input_tokens")), _count(raw.get("cache_write_input_tokens"))
    fresh = _count(raw.get("input_tokens"))
    return Usage(
        input_tokens=None if fresh is None else max(0, fresh - (read or 0) - (written or 0)),
        cache_read_tokens=read,
        cache_write_5m_tokens=written,
        output_tokens=_count(raw.get("output_tokens")),
        reasoning_tokens=_count(raw.get("reasoning_output_tokens")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
