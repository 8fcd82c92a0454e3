"""A canonical request as the Messages API wants it.

Choices where the API leaves one:
- `max_tokens` is mandatory there: what was asked for, never above the model's own limit, else DEFAULT_MAX_TOKENS.
- Thinking is adaptive from Claude 4.6 on (the model decides how much), else enabled with half the output as its budget,
  16,000 tokens at most. The profile's `options.thinking` ("adaptive", "enabled", "off") overrides. Temperature is left
  out with thinking and from Claude 4.7 on, where the API refuses it.
- A schema goes as `output_config` from Claude 4.5 on, else as an instruction; `options.structured` ("native",
  "instruction") overrides.
- `cache_control` marks the system prompt and the end of the turns before the newest, once that prefix is worth it;
  `options.prompt_cache = false` turns it off.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from llmswitch.catalog import Model
from llmswitch.conversation import Block, Image, Message, Request, Text, Thinking, ToolResult, ToolUse
from llmswitch.tokens import estimate_blocks, estimate_text

DEFAULT_MAX_TOKENS = 16_384
CACHEABLE_TOKENS = 1_024
MIN_BUDGET = 1_024
MAX_BUDGET = 16_000
_EPHEMERAL = {"type": "ephemeral"}
_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:-(\d{1,2}))?(?!\d)")
_LONG_CONTEXT = "[1m]"


def version(model_id: str) -> tuple[int, int] | None:
    """(4, 6) of `claude-opus-4-6`, (4, 0) of `claude-sonnet-4-20250514`; None for what is not a Claude."""
    match = _VERSION.search(model_id)
    return (int(match.group(1)), int(match.group(2) or 0)) if match else None


def wire_model(model: Model) -> str:
    """The id to send: the routing suffix for the long window is ours and Claude Code's, not the API's."""
    return model.model.removesuffix(_LONG_CONTEXT)


def beta_headers(model: Model) -> dict[str, str]:
    """The header that opens the long window, where the profile asks for it with the `[1m]` suffix."""
    return {"anthropic-beta": "context-1m-2025-08-07"} if model.model.endswith(_LONG_CONTEXT) else {}


def arguments(request: Request, model: Model, origin: str) -> dict[str, Any]:
    """Keyword arguments for `messages.create`, `model` and `stream` aside. `origin` says whose thinking may go back."""
    max_tokens = min(request.max_output_tokens or DEFAULT_MAX_TOKENS, model.max_output or model.context)
    if not request.max_output_tokens and model.max_output:
        max_tokens = model.max_output
    thinking = _thinking(request, model, max_tokens, origin)
    native = schema_is_native(model)
    body: dict[str, Any] = {
        "max_tokens": max_tokens,
        "messages": _messages(request.messages, origin),
        "extra_body": {"model": wire_model(model), **_sampling(request, model, thinking is not None)},
    }
    system = request.system or ""
    if request.schema is not None and not native:
        system = f"{system}\n\n{schema_instruction(request.schema)}".strip()
    if system:
        body["system"] = [{"type": "text", "text": system}]
    if request.schema is not None and native:
        body["output_config"] = {"format": {"type": "json_schema", "schema": dict(request.schema)}}
    if thinking:
        body["thinking"] = thinking
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    if request.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": dict(tool.input_schema)}
            for tool in request.tools
        ]
    if model.options.get("prompt_cache", True):
        _mark_cache(body, request)
    return body


def schema_is_native(model: Model) -> bool:
    """Whether the model takes a JSON Schema as such."""
    chosen = model.options.get("structured")
    return chosen == "native" if chosen else (version(model.model) or (0, 0)) >= (4, 5)


def schema_instruction(schema: Mapping[str, Any]) -> str:
    """The schema as words, for models that take it no other way."""
    return (
        "Answer with one JSON value that is valid under the following JSON Schema, and with nothing else: no Markdown "
        f"fence, no explanation.\n{json.dumps(dict(schema), ensure_ascii=False)}"
    )


def _sampling(request: Request, model: Model, thinks: bool) -> dict[str, Any]:
    refuses = (version(model.model) or (0, 0)) >= (4, 7)
    return {} if request.temperature is None or thinks or refuses else {"temperature": request.temperature}


def _thinking(request: Request, model: Model, max_tokens: int, origin: str) -> dict[str, Any] | None:
    mode = model.options.get("thinking")
    if not request.thinking or mode == "off":
        return None
    if mode == "adaptive" or (mode is None and (version(model.model) or (0, 0)) >= (4, 6)):
        return {"type": "adaptive", "display": "summarized"}
    if max_tokens < 2 * MIN_BUDGET or _tool_loop_without_thinking(request.messages, origin):
        return None  # no room for it, or the API would refuse a tool loop whose thinking is missing
    return {"type": "enabled", "budget_tokens": min(MAX_BUDGET, max(MIN_BUDGET, max_tokens // 2))}


def _tool_loop_without_thinking(messages: Sequence[Message], origin: str) -> bool:
    """Whether the model waits for tool results on a turn whose own thinking can't be sent back to it."""
    for message in reversed(messages):
        if message.role == "assistant":
            calls = any(isinstance(block, ToolUse) for block in message.content)
            return calls and not any(_sendable(block, origin) for block in message.content)
        if not any(isinstance(block, ToolResult) for block in message.content):
            return False
    return False


def _sendable(block: Block, origin: str) -> bool:
    return isinstance(block, Thinking) and block.signature is not None and block.origin == origin


def _messages(messages: Sequence[Message], origin: str) -> list[dict[str, Any]]:
    turns = []
    for message in messages:
        content = [wire for block in message.content if (wire := _block(block, origin)) is not None]
        if content:  # a turn that was only another model's thinking
            turns.append({"role": message.role, "content": content})
    return turns


def _block(block: Block, origin: str) -> dict[str, Any] | None:
    match block:
        case Text(text):
            return {"type": "text", "text": text} if text.strip() else None  # the API refuses blank text
        case Image(media_type, data):
            source = {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode("ascii")}
            return {"type": "image", "source": source}
        case ToolUse():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": dict(block.input)}
        case ToolResult():
            return {
                "type": "tool_result",
                "tool_use_id": block.tool_use_id,
                "content": block.content,
                **({"is_error": True} if block.is_error else {}),
            }
        case Thinking():
            if not _sendable(block, origin):
                return None
            return {"type": "thinking", "thinking": block.text, "signature": block.signature}


def _mark_cache(body: dict[str, Any], request: Request) -> None:
    """Mark the two prefixes that the next turn will send again, where they are long enough to be kept."""
    size = sum(estimate_text(f"{tool.name}{tool.description}{dict(tool.input_schema)}") for tool in request.tools)
    if system := body.get("system"):
        size += estimate_text(system[0]["text"])
        if size > CACHEABLE_TOKENS:
            system[0]["cache_control"] = _EPHEMERAL
    if len(body["messages"]) < 2:
        return
    size += sum(estimate_blocks(message.content) for message in request.messages[:-1])
    before = body["messages"][-2]["content"]
    last = next((block for block in reversed(before) if block["type"] != "thinking"), None)
    if size > CACHEABLE_TOKENS and last is not None:
        last["cache_control"] = _EPHEMERAL
