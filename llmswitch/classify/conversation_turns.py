"""The person's turns in a conversation as a coding tool sends it, and the task it has come to.

Each request of a chat protocol has the whole conversation. Most of its messages with the role `user` are the tool's: results,
reminders, files. A turn is what the person typed since the last answer; a follow-up inherits the task of the turn before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from llmswitch.classify.follow_up import inherit
from llmswitch.classify.label import Classifier, Label
from llmswitch.classify.request_text import person_request

_TEXTS = ("text", "input_text")
_COMMAND = "<command-name>"
EXPANSION = 200
"""Characters of a text that a command of Claude Code stands for: pages of instructions, not what the person typed."""


def turns(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the person typed, turn by turn, from `messages` of Anthropic's, Chat Completions' or Responses' shape: each with a
    `role`, and a `content` that is text or a list of blocks."""
    found: list[str] = []
    said: list[str] = []
    for message in messages:
        role = message.get("role")
        if role == "user":
            said += _typed(_texts(message.get("content")))
        elif role == "assistant" and said:
            found.append("\n".join(said))
            said = []
    return [*found, "\n".join(said)] if said else found


def label_of(said: Sequence[str], classifier: Classifier, earlier: Classifier, tokens: int | None = None) -> Label:
    """The label of the last turn of a conversation. `earlier` labels those before it, which may be many; `tokens` is the
    estimated size of the last one."""
    task: str | None = None
    for turn in said[:-1]:
        task = inherit(task, earlier.label(turn), turn).task
    last = said[-1] if said else ""
    return inherit(task, classifier.label(last, "", tokens), last)


def _typed(texts: Sequence[str]) -> list[str]:
    words = [person_request(text) for text in texts]
    first = next((place for place, text in enumerate(texts) if _COMMAND in text), None)
    if first is not None and words[first]:
        words = [*words[: first + 1], *(after[:EXPANSION] for after in words[first + 1 :])]
    return [one for one in words if one]


def _texts(content: object) -> list[str]:
    """The texts among a message's blocks; results of tools and images are none."""
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        return []
    blocks = [block for block in content if isinstance(block, dict) and block.get("type") in _TEXTS]
    return [str(block.get("text") or "") for block in blocks]
