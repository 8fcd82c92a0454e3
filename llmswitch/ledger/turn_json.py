"""Content blocks as JSON, as the `turns` table keeps them: an array of objects, each with its `type`."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from llmswitch.conversation import Block, Image, Text, Thinking, ToolResult, ToolUse


def encode(blocks: Sequence[Block]) -> str:
    """The blocks as a JSON array in readable UTF-8; what UTF-8 can't carry (a lone surrogate) becomes `?`."""
    text = json.dumps([as_object(block) for block in blocks], ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode("utf-8")


def decode(text: str) -> tuple[Block, ...]:
    """The blocks of `encode`'s array. Raises ValueError or KeyError for anything else."""
    return tuple(_block(value) for value in json.loads(text))


def as_object(block: Block) -> dict[str, Any]:
    """One block as an object of JSON types; an image's bytes as base64."""
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(media_type, data):
            return {"type": "image", "media_type": media_type, "data": base64.b64encode(data).decode("ascii")}
        case Thinking(text, signature, origin):
            return {"type": "thinking", "text": text, "signature": signature, "origin": origin}
        case ToolUse():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": dict(block.input)}
        case ToolResult(tool_use_id, content, is_error):
            return {"type": "tool_result", "tool_use_id": tool_use_id, "content": content, "is_error": is_error}


def _block(value: dict[str, Any]) -> Block:
    match value["type"]:
        case "text":
            return Text(value["text"])
        case "image":
            return Image(value["media_type"], base64.b64decode(value["data"], validate=True))
        case "thinking":
            return Thinking(value["text"], value["signature"], value["origin"])
        case "tool_use":
            return ToolUse(value["id"], value["name"], value["input"])
        case "tool_result":
            return ToolResult(value["tool_use_id"], value["content"], value["is_error"])
        case other:
            raise ValueError(f"no content block is called {other!r}")
