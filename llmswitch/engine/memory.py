"""What of an earlier conversation is sent to which model, and what it means for the next turn's label. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llmswitch.catalog import Model
from llmswitch.classify import Classifier, Label
from llmswitch.conversation import Block, Message, Request, Text, Thinking, ToolResult, ToolUse

if TYPE_CHECKING:
    from llmswitch.ledger.history import Turn

BROKE_OFF = "[the answer broke off here]"
"""Stands after what arrived of an answer, so that the next model does not take it for complete."""


def recalled(turns: Iterable[Turn]) -> tuple[Message, ...]:
    """Stored turns as messages for a request to any model; an answer that broke off is marked."""
    return tuple(
        Message(turn.message.role, (*turn.message.content, Text(f"\n\n{BROKE_OFF}"))) if turn.partial else turn.message
        for turn in turns
    )


def origin_of(model: Model) -> str:
    """What `Thinking.origin` holds for this model, as the adapters compare it (`providers.base.origin`)."""
    return f"{model.provider}:{model.model}"


def request_for(request: Request, model: Model) -> Request:
    """`request` with its turns as `model` can take them."""
    return replace(request, messages=messages_for(request.messages, model))


def messages_for(turns: Sequence[Message], model: Model) -> tuple[Message, ...]:
    """The turns as `model` can take them: without another model's thinking and tool uses that nothing answered; turns of
    one side that follow each other become one."""
    answered = {block.tool_use_id for turn in turns for block in turn.content if isinstance(block, ToolResult)}
    origin = origin_of(model)
    merged: list[Message] = []
    for turn in turns:
        content = tuple(block for block in turn.content if _takes(block, origin, answered))
        if not content:
            continue
        if merged and merged[-1].role == turn.role:
            merged[-1] = Message(turn.role, _joined(merged[-1].content, content))
        else:
            merged.append(turn if content == turn.content else Message(turn.role, content))
    return tuple(merged)


def _takes(block: Block, origin: str, answered: set[str]) -> bool:
    match block:
        case Thinking():
            return block.origin == origin
        case ToolUse():
            return block.id in answered
        case _:
            return True


def _joined(before: tuple[Block, ...], after: tuple[Block, ...]) -> tuple[Block, ...]:
    """Both, with an empty line between text and text: adapters set text blocks of one turn end to end."""
    match before[-1], after[0]:
        case Text(one), Text(other):
            return (*before[:-1], Text(f"{one}\n\n{other}"), *after[1:])
        case _:
            return before + after


def last_task(turns: Sequence[Turn]) -> str | None:
    """The task of the newest turn that has one."""
    return next((turn.task for turn in reversed(turns) if turn.task), None)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A classifier for a turn after `previous_task`: "yes, do it" goes on with that."""

    classifier: Classifier
    previous_task: str

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The label of the turn by itself, or the one it inherits."""
        from llmswitch.classify import inherit

        return inherit(self.previous_task, self.classifier.label(request, attachment, tokens), request)
