"""A canonical request as OpenAI's Responses API wants it.

Nothing is stored on their side (`store: false`), so reasoning travels with us: with `thinking` its encrypted form is asked
for, kept as the signature of the thinking block, and sent back to the same provider and model only.
`options.reasoning_effort` of the model is passed on. Stop sequences do not exist in this API.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from llmswitch.catalog import Model
from llmswitch.conversation import Image, Message, Request, Text, Thinking, ToolResult, ToolUse
from llmswitch.providers.image_url import data_url
from llmswitch.providers.strict_schema import is_strict


def arguments(request: Request, model: Model, origin: str) -> dict[str, Any]:
    """Keyword arguments for `responses.create`, `stream` aside. `origin` says whose reasoning may go back."""
    body: dict[str, Any] = {
        "model": model.model,
        "store": False,
        "input": [item for message in request.messages for item in _items(message, origin)],
    }
    if request.system:
        body["instructions"] = request.system
    if limit := request.max_output_tokens or model.max_output:
        body["max_output_tokens"] = min(limit, model.max_output or limit)
    if request.temperature is not None:
        body["temperature"] = request.temperature
    reasoning: dict[str, Any] = {"summary": "auto"} if request.thinking else {}
    if effort := model.options.get("reasoning_effort"):
        reasoning["effort"] = effort
    if reasoning:
        body["reasoning"] = reasoning
    if request.thinking:
        body["include"] = ["reasoning.encrypted_content"]
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.input_schema),
                "strict": False,
            }
            for tool in request.tools
        ]
    if request.schema is not None:
        strict = is_strict(request.schema)
        answer = {"type": "json_schema", "name": "answer", "schema": dict(request.schema), "strict": strict}
        body["text"] = {"format": answer}
    if isinstance(extra := model.options.get("extra_body"), Mapping):
        body["extra_body"] = dict(extra)
    return body


def _items(message: Message, origin: str) -> Iterator[dict[str, Any]]:
    """A turn as input items: reasoning, calls and results are items of their own, between the messages."""
    parts: list[dict[str, Any]] = []
    for block in message.content:
        match block:
            case Text(text) if text:
                kind = "output_text" if message.role == "assistant" else "input_text"
                parts.append({"type": kind, "text": text})
                continue
            case Image():
                parts.append({"type": "input_image", "detail": "auto", "image_url": data_url(block)})
                continue
        if (item := _item(block, origin)) is not None:
            if parts:
                yield {"role": message.role, "content": parts}
                parts = []
            yield item
    if parts:
        yield {"role": message.role, "content": parts}


def _item(block: object, origin: str) -> dict[str, Any] | None:
    match block:
        case ToolUse():
            arguments = json.dumps(dict(block.input), ensure_ascii=False)
            return {"type": "function_call", "call_id": block.id, "name": block.name, "arguments": arguments}
        case ToolResult():
            output = f"Error: {block.content}" if block.is_error else block.content
            return {"type": "function_call_output", "call_id": block.tool_use_id, "output": output}
        case Thinking(text, str(signature), block_origin) if block_origin == origin:
            sealed = json.loads(signature)
            summary = [{"type": "summary_text", "text": text}] if text else []
            return {"type": "reasoning", "summary": summary, **sealed}
    return None
