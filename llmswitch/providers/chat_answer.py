"""A stream of Chat Completions chunks, read into our events."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llmswitch.conversation import (
    CostReport,
    Event,
    Finish,
    FinishReason,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    Usage,
    UsageReport,
)
from llmswitch.providers.call_site import CallSite

FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
}
_REASONING = ("reasoning_content", "reasoning", "thinking")
"""What servers call visible reasoning; OpenAI's own chunks have none of them."""

ReadUsage = Callable[[Mapping[str, Any]], Usage]
ReadCost = Callable[[Mapping[str, Any]], CostReport | None]


@dataclass(slots=True)
class _Call:
    id: str
    name: str
    parts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ChatAnswer:
    """The stream so far. `finished` is set once the server has said why it stops; the usage may still follow."""

    site: CallSite
    read_usage: ReadUsage
    read_cost: ReadCost = lambda raw: None  # noqa: ARG005
    finished: str | None = None
    refusal: str = ""
    calls: list[_Call] = field(default_factory=list)
    by_index: dict[int, _Call] = field(default_factory=dict)

    def read(self, chunk: Any) -> list[Event]:
        """Our events for one chunk."""
        out: list[Event] = []
        if chunk.usage is not None:
            raw = chunk.usage.to_dict()
            out.append(UsageReport(self.read_usage(raw), raw))
            if (cost := self.read_cost(raw)) is not None:
                out.append(cost)
        for choice in chunk.choices or ():
            if choice.delta is not None:
                out.extend(self._delta(choice.delta))
            if choice.finish_reason:
                self.finished = choice.finish_reason
        return out

    def _delta(self, delta: Any) -> list[Event]:
        out: list[Event] = []
        extra = delta.model_extra or {}
        thought = next((extra[name] for name in _REASONING if isinstance(extra.get(name), str) and extra[name]), "")
        if thought:
            out.append(ThinkingDelta(thought))
        if delta.content:
            out.append(TextDelta(delta.content))
        if delta.refusal:
            self.refusal += delta.refusal
        for part in delta.tool_calls or ():
            self._tool_part(part)
        return out

    def _tool_part(self, part: Any) -> None:
        call = self.by_index.get(part.index)
        function = part.function
        # some servers give every parallel call the index 0 and tell them apart by id alone
        if call is None or (part.id and call.id and part.id != call.id and function is not None and function.name):
            call = _Call(part.id or f"call_{len(self.calls)}", "")
            self.by_index[part.index] = call
            self.calls.append(call)
        if function is not None:
            call.name = call.name or function.name or ""
            if function.arguments:
                call.parts.append(function.arguments)

    def end(self) -> list[Event]:
        """The tool calls and the `Finish`, after the last chunk. Raises ProviderError where the end was not the end."""
        if self.finished is None:
            raise self.site.ended_early()
        if self.finished == "error":
            raise self.site.wire(None, {"error": {"message": "the provider stopped with an error", "code": 502}}, {})
        reason = FINISH.get(self.finished, "other")
        if self.calls and reason == "stop":  # several servers say "stop" after a tool call
            reason = "tool_use"
        raw: dict[str, Any] = {"finish_reason": self.finished}
        if self.refusal:
            reason, raw["refusal"] = "refusal", self.refusal
        return [*(self._tool_call(call) for call in self.calls), Finish(reason, raw)]

    def _tool_call(self, call: _Call) -> ToolCall:
        arguments = json.loads("".join(call.parts) or "{}")
        if not isinstance(arguments, dict):
            raise self.site.protocol(f"the arguments of tool {call.name!r} are not an object")
        return ToolCall(call.id, call.name, arguments)
