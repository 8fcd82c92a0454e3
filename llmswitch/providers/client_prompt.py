"""A conversation as the one prompt that a vendor's program takes. Pure.

One user turn goes as it is. Several turns go as tagged blocks, oldest first, with a line that says what is asked. A turn
that begins with `/` is tagged too: the programs would take it for a command of theirs and answer by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from llmswitch.conversation import Message, Request, Text, ToolResult, ToolUse

SEVERAL = "This is a conversation, oldest turn first. Write the next turn of the assistant, without tags."
ONE = "Answer what the user writes here."


def prompt(request: Request) -> str:
    """The whole conversation as text, without the system prompt. Thinking is left out: it belongs to another model."""
    turns = [(message.role, _turn(message)) for message in request.messages]
    if len(turns) == 1 and not turns[0][1].lstrip().startswith("/"):
        return turns[0][1]
    suffix = ""
    while any(f"<{role}{suffix}>" in text or f"</{role}{suffix}>" in text for role in _ROLES for _, text in turns):
        suffix += "-turn"  # a tag that is quoted inside a turn must not end it
    blocks = [f"<{role}{suffix}>\n{text}\n</{role}{suffix}>" for role, text in turns]
    return "\n\n".join([SEVERAL if len(turns) > 1 else ONE, *blocks])


_ROLES = ("user", "assistant")


def _turn(message: Message) -> str:
    parts = []
    for block in message.content:
        match block:
            case Text(text):
                parts.append(text)
            case ToolUse():
                parts.append(f"[called {block.name} with {json.dumps(dict(block.input), ensure_ascii=False)}]")
            case ToolResult():
                parts.append(f"[{'failed' if block.is_error else 'result'}: {block.content}]")
    return "\n".join(parts)


def schema_instruction(schema: Mapping[str, Any]) -> str:
    """The schema as words, where a program can't be given it in another way."""
    return (
        "Answer with one JSON value that is valid against this JSON Schema, and nothing else: no Markdown fence, no "
        f"explanation.\n{json.dumps(dict(schema), ensure_ascii=False)}"
    )
