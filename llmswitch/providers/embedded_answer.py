"""llama.cpp's Chat Completions chunks, as plain dicts, read into our events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmswitch.catalog import Model
from llmswitch.conversation import (
    Event,
    Finish,
    FinishReason,
    Progress,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    UsageReport,
)
from llmswitch.errors import BadRequestError, ContextTooLongError, ProtocolError, ProviderError
from llmswitch.providers.chat_usage import usage_of

LONG_PROMPT = 256
"""Tokens from which on reading the prompt is worth a progress line."""
_FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length", "tool_calls": "tool_use"}


@dataclass(slots=True)
class EmbeddedAnswer:
    """The stream so far. `finished` is set once llama.cpp has said why it stops; the usage follows."""

    model: str
    finished: str | None = None
    calls: dict[int, dict[str, str]] = field(default_factory=dict)

    def read(self, chunk: Mapping[str, Any]) -> list[Event]:
        """Our events for one chunk."""
        out: list[Event] = []
        if progress := chunk.get("prompt_progress"):
            out.extend(self._prompt(progress))
        for choice in chunk.get("choices", ()):
            delta = choice.get("delta", {})
            if thought := delta.get("reasoning_content"):
                out.append(ThinkingDelta(thought))
            if text := delta.get("content"):
                out.append(TextDelta(text))
            for part in delta.get("tool_calls") or ():
                self._tool_part(part)
            self.finished = choice.get("finish_reason") or self.finished
        if usage := chunk.get("usage"):
            out.append(UsageReport(usage_of(usage), usage))
        return out

    def _prompt(self, progress: Mapping[str, int]) -> list[Event]:
        total = progress["total"] - progress["cache"]
        done = progress["processed"] - progress["cache"]
        if total < LONG_PROMPT or done >= total:
            return []
        return [Progress(f"{self.model} reads the prompt", max(0, done), total, "tokens")]

    def _tool_part(self, part: Mapping[str, Any]) -> None:
        call = self.calls.setdefault(part.get("index", 0), {"id": "", "name": "", "arguments": ""})
        function = part.get("function", {})
        call["id"] = call["id"] or part.get("id") or ""
        call["name"] = call["name"] or function.get("name") or ""
        call["arguments"] += function.get("arguments") or ""

    def end(self) -> list[Event]:
        """The tool calls and the `Finish`, after the last chunk. Raises ProtocolError where the end was not the end."""
        if self.finished is None:
            raise ProtocolError(f"llama.cpp stopped in the middle of the answer of {self.model}")
        out: list[Event] = [
            ToolCall(call["id"] or f"call_{index}", call["name"], self._arguments(call))
            for index, call in sorted(self.calls.items())
        ]
        return [*out, Finish(_FINISH.get(self.finished, "other"), {"finish_reason": self.finished})]

    def _arguments(self, call: Mapping[str, str]) -> dict[str, Any]:
        try:
            arguments = json.loads(call["arguments"] or "{}")
        except ValueError:
            arguments = None
        if not isinstance(arguments, dict):
            raise ProtocolError(f"{self.model} called the tool {call['name']!r} with arguments that are no JSON object")
        return arguments


def counted_tokens(chunk: Mapping[str, Any]) -> int:
    """How many tokens llama.cpp counts in the prompt, where `chunk` says so; else 0."""
    count = chunk.get("prompt_progress", {}).get("total") or chunk.get("error", {}).get("n_prompt_tokens")
    return count if isinstance(count, int) else 0


def refusal(failure: Mapping[str, Any], model: Model) -> ProviderError:
    """The error for llama.cpp's own error object."""
    if failure.get("type") == "exceed_context_size_error":
        tokens, window = failure.get("n_prompt_tokens", 0), failure.get("n_ctx", model.context)
        return ContextTooLongError(
            f"the prompt is {tokens:,} tokens long and the window of {model.name!r} holds {window:,}"
        )
    message = str(failure.get("message", failure))[:300]
    if failure.get("code") == 400:
        return BadRequestError(f"llama.cpp refused the request: {message}")
    return ProtocolError(f"llama.cpp failed: {message}")
