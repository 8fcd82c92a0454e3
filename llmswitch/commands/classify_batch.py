"""`llmswitch classify --batch`: JSONL in, one label a line out, in order.

A line is `{"prompt": "…"}`, with `"previous_task"` where it follows a turn of that task, or `{"messages": […]}`: a conversation as
coding tools send it, of which the person's last turn is labelled.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from llmswitch.classify import Classifier, Label, inherit
from llmswitch.classify.conversation_turns import label_of, turns
from llmswitch.commands.classify import as_line
from llmswitch.errors import InputError
from llmswitch.tasks import TASKS
from llmswitch.tokens import estimate_text


@dataclass(frozen=True, slots=True)
class Line:
    """One prompt, or the person's turns of a conversation, the last of which is meant."""

    said: tuple[str, ...]
    previous_task: str | None = None


def label_lines(classifier: Classifier, earlier: Classifier) -> None:
    """Label standard input. `earlier` labels the turns before the last. Raises InputError at a line that can't be read."""
    out = sys.stdout
    for line in read(sys.stdin.buffer):
        out.write(as_line(_label(line, classifier, earlier)))
        out.flush()


def read(lines: Iterable[bytes]) -> Iterator[Line]:
    """Each JSONL line; blank ones are passed over. Raises InputError with the line's number."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"line {number} is not JSON: {error}") from None
        yield _line(entry, number)


def _line(entry: Any, number: int) -> Line:
    said = entry if isinstance(entry, dict) else {}
    prompt, messages, task = said.get("prompt"), said.get("messages"), said.get("previous_task")
    if task is not None and task not in TASKS:
        raise InputError(f"line {number}: {task!r} is not a task", hint=f"one of {', '.join(TASKS)}")
    if isinstance(prompt, str):
        return Line((prompt,), task)
    if not isinstance(messages, list):
        raise InputError(f'line {number} has no "prompt" text')
    typed = turns(one for one in messages if isinstance(one, dict))
    if not typed:
        raise InputError(f"line {number}: nobody typed anything in its messages")
    return Line(tuple(typed), task)


def _label(line: Line, classifier: Classifier, earlier: Classifier) -> Label:
    tokens = estimate_text(line.said[-1])
    if len(line.said) > 1:
        return label_of(line.said, classifier, earlier, tokens)
    return inherit(line.previous_task, classifier.label(line.said[0], "", tokens), line.said[0])
