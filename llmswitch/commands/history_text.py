"""A session as Markdown for people and as objects for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from llmswitch.conversation import Block, Image, Text, Thinking, ToolResult, ToolUse
from llmswitch.engine.memory import BROKE_OFF
from llmswitch.ledger.history import Session, Turn, counted
from llmswitch.ledger.turn_json import as_object


def markdown(session: Session, turns: Sequence[Turn]) -> Iterator[str]:
    """The session in pieces: a title, then each turn under who said it and when (local time)."""
    pinned = f", pinned to {session.pinned}" if session.pinned else ""
    yield f"# {session.name}\n\n{counted(turns)}{pinned}\n\n"
    for turn in turns:
        who = "You" if turn.message.role == "user" else turn.model or "Assistant"
        said = datetime.fromtimestamp(turn.created_at / 1e6, UTC).astimezone()
        yield f"## {who}, {said:%Y-%m-%d %H:%M}\n\n"
        parts = [shown for block in turn.message.content if (shown := _shown(block))]
        yield "\n\n".join([*parts, *([f"*{BROKE_OFF}*"] if turn.partial else [])]).strip("\n") + "\n\n"


def _shown(block: Block) -> str:
    match block:
        case Text(text):
            return text
        case Image(media_type, data):
            return f"*[{media_type}, {len(data):,} bytes]*"
        case ToolUse():
            return (
                f"*[calls {block.name}]*\n\n```json\n{json.dumps(dict(block.input), ensure_ascii=False, indent=1)}\n```"
            )
        case ToolResult():
            return f"*[result]*\n\n```\n{block.content}\n```"
        case Thinking():
            return ""  # signed for its model, not written for people


def turn_object(turn: Turn) -> dict[str, Any]:
    """One turn of `history show --json`."""
    return {
        "turn": turn.ordinal,
        "role": turn.message.role,
        "text": turn.message.text,
        "content": [as_object(block) for block in turn.message.content],
        "partial": turn.partial,
        "task": turn.task,
        "model": turn.model,
        "provider": turn.provider,
        "dispatch_id": turn.dispatch_id,
        "created_at": instant(turn.created_at),
    }


def instant(microseconds: int) -> str:
    """ISO 8601, UTC."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC).isoformat()
