"""A canonical request as Ollama's `/api/chat` wants it.

`num_ctx` is the point: Ollama's default is small, and a longer prompt is cut silently. It is sized from the prompt plus
room for the answer and rounded up to a step, since every change of it reloads the model. `options` of the profile's model:
`num_ctx`, `keep_alive` (default 10m), `think` (true, false, "low", "medium", "high"), and any of Ollama's own such as `top_k`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from llmswitch.catalog import Model
from llmswitch.conversation import Image, Message, Request, ToolResult, ToolUse
from llmswitch.tokens import estimate_request

STEPS = tuple(k * 1024 for k in (4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024))
ANSWER_ROOM = 4_096
MARGIN = 1.25
"""Over the estimate: a prompt that is cut off unseen is worse than a window with room to spare."""
KEEP_ALIVE = "10m"
_OURS = frozenset({"keep_alive", "think", "num_ctx", "prefer"})
_PROPERTY_KEYS = frozenset({"type", "items", "description", "enum"})


def window(request: Request, model: Model) -> int:
    """`num_ctx` in tokens: the smallest step that holds the prompt and its answer, at most the model's own window."""
    if isinstance(fixed := model.options.get("num_ctx"), int):
        return fixed
    needed = round(MARGIN * estimate_request(request)) + (request.max_output_tokens or model.max_output or ANSWER_ROOM)
    return min(next((step for step in STEPS if step >= needed), model.context), model.context)


def arguments(request: Request, model: Model, num_ctx: int) -> dict[str, Any]:
    """Keyword arguments for `AsyncClient.chat`, `stream` aside."""
    options: dict[str, Any] = {"num_ctx": num_ctx}
    if limit := request.max_output_tokens or model.max_output:
        options["num_predict"] = min(limit, model.max_output or limit)
    if request.temperature is not None:
        options["temperature"] = request.temperature
    if request.stop:
        options["stop"] = list(request.stop)
    options |= {name: value for name, value in model.options.items() if name not in _OURS}
    body: dict[str, Any] = {
        "model": model.model,
        "messages": list(_messages(request)),
        "options": options,
        "keep_alive": model.options.get("keep_alive", KEEP_ALIVE),
    }
    if request.tools:
        body["tools"] = [_tool(tool.name, tool.description, dict(tool.input_schema)) for tool in request.tools]
    if request.schema is not None:
        body["format"] = dict(request.schema)
    think = model.options.get("think", True if request.thinking else None)
    if think is not None:
        body["think"] = think
    return body


def _tool(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A tool. Ollama and its SDK keep only a property's type, items, description and enum: what they would drop is told
    in the description."""
    properties = schema.get("properties")
    nested = isinstance(properties, Mapping) and any(
        isinstance(part, Mapping) and set(part) - _PROPERTY_KEYS for part in properties.values()
    )
    if nested:
        description = f"{description}\nJSON Schema of the arguments: {json.dumps(schema, ensure_ascii=False)}"
    return {"type": "function", "function": {"name": name, "description": description, "parameters": dict(schema)}}


def _messages(request: Request) -> Iterator[dict[str, Any]]:
    if request.system:
        yield {"role": "system", "content": request.system}
    names: dict[str, str] = {}
    for message in request.messages:
        names |= {block.id: block.name for block in message.content if isinstance(block, ToolUse)}
        yield from _results(message, names)
        yield from _turn(message)


def _results(message: Message, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for block in message.content:
        if isinstance(block, ToolResult):
            content = f"Error: {block.content}" if block.is_error else block.content
            yield {"role": "tool", "content": content, "tool_name": names.get(block.tool_use_id, block.tool_use_id)}


def _turn(message: Message) -> Iterator[dict[str, Any]]:
    turn: dict[str, Any] = {"role": message.role, "content": message.text}
    if images := [block.data for block in message.content if isinstance(block, Image)]:
        turn["images"] = images
    if calls := [block for block in message.content if isinstance(block, ToolUse)]:
        turn["tool_calls"] = [{"function": {"name": call.name, "arguments": dict(call.input)}} for call in calls]
    if message.text or images or calls:
        yield turn
