"""A canonical request as Chat Completions wants it.

`options` of the model or provider: `max_tokens_param` ("max_tokens" or "max_completion_tokens"), `reasoning_effort`,
`extra_body` (a table merged into the body: whatever a compatible server has of its own).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from llmswitch.catalog import Model
from llmswitch.conversation import Image, Message, Request, Text, Thinking, ToolResult, ToolUse
from llmswitch.providers.image_url import data_url
from llmswitch.providers.strict_schema import is_strict


def arguments(request: Request, model: Model, *, max_tokens_param: str, origin: str) -> dict[str, Any]:
    """Keyword arguments for `chat.completions.create`, `stream` aside. `origin` says whose reasoning may go back."""
    body: dict[str, Any] = {
        "model": model.model,
        "messages": _messages(request, origin),
        "stream_options": {"include_usage": True},
    }
    if limit := request.max_output_tokens or model.max_output:
        body[max_tokens_param] = min(limit, model.max_output or limit)
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.stop:
        body["stop"] = list(request.stop)
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": dict(tool.input_schema),
                },
            }
            for tool in request.tools
        ]
    if request.schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {
                "name": "answer",
                "schema": dict(request.schema),
                "strict": is_strict(request.schema),
            },
        }
    if effort := model.options.get("reasoning_effort"):
        body["reasoning_effort"] = effort
    if isinstance(extra := model.options.get("extra_body"), Mapping):
        body["extra_body"] = dict(extra)
    return body


def _messages(request: Request, origin: str) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    if request.system:
        turns.append({"role": "system", "content": request.system})
    for message in request.messages:
        turns.extend(_assistant(message, origin) if message.role == "assistant" else _user(message))
    return turns


def _assistant(message: Message, origin: str) -> Sequence[dict[str, Any]]:
    calls = [
        {
            "id": block.id,
            "type": "function",
            "function": {"name": block.name, "arguments": json.dumps(dict(block.input), ensure_ascii=False)},
        }
        for block in message.content
        if isinstance(block, ToolUse)
    ]
    if not calls:
        return [{"role": "assistant", "content": message.text}] if message.text else []
    turn: dict[str, Any] = {"role": "assistant", "content": message.text or None, "tool_calls": calls}
    thoughts = [block.text for block in message.content if isinstance(block, Thinking) and block.origin == origin]
    if thoughts:  # servers that stream `reasoning_content` want it back in a tool loop
        turn["reasoning_content"] = "".join(thoughts)
    return [turn]


def _user(message: Message) -> list[dict[str, Any]]:
    """Tool results first: they must follow the calls they answer at once."""
    turns: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    for block in message.content:
        match block:
            case ToolResult():
                content = f"Error: {block.content}" if block.is_error else block.content
                turns.append({"role": "tool", "tool_call_id": block.tool_use_id, "content": content})
            case Text(text) if text:
                parts.append({"type": "text", "text": text})
            case Image():
                parts.append({"type": "image_url", "image_url": {"url": data_url(block)}})
    if all(part["type"] == "text" for part in parts):  # many small servers take nothing but a string
        text = "".join(part["text"] for part in parts)
        return [*turns, {"role": "user", "content": text}] if text or not turns else turns
    return [*turns, {"role": "user", "content": parts}]
