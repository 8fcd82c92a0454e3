"""A trial of the local model: it is asked about prompts whose task is known, and what it says is remembered as its trust."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from llmswitch.classify.local_model import Answer, LocalModel
from llmswitch.classify.trust import Trust
from llmswitch.errors import LlmSwitchError, NoCandidateError
from llmswitch.tasks import TASKS

SAMPLE = Path(__file__).with_name("sample.jsonl")
EACH = 8
"""Prompts of each task that a trial asks about."""
PATIENCE_MS = 60_000
"""A trial finds out what the model knows, not how fast it is: the first question may have to wait until it is loaded."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it: who was asked, how often it was right, milliseconds a question, and how many took longer than the
    deadline of every day. Without an answer a question counts as wrong."""

    model: str
    trust: Trust
    asked: int
    right: int
    median_ms: float
    too_slow: int


def sample(each: int = EACH) -> list[tuple[str, str]]:
    """The first `each` shipped prompts of every task, with their task."""
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    found: list[tuple[str, str]] = []
    for task in TASKS:
        found += [(row["prompt"], task) for row in rows if row["label"] == task][:each]
    return found


def trial(model: LocalModel, rows: Iterable[tuple[str, str]], told: Callable[[int], None] = lambda _: None) -> Trial:
    """Ask `model` about `rows` of (prompt, task); `told` hears how many are done. Raises NoCandidateError when nobody
    answers, and LlmSwitchError when the model says nothing of use."""
    patient = replace(model, deadline_ms=PATIENCE_MS, only_trusted=False)
    said: dict[str, dict[str, int]] = {}
    name, times, right, asked = "", [], 0, 0
    last = Answer(None)
    for asked, (prompt, truth) in enumerate(rows, start=1):
        last = patient.ask(prompt)
        if last.outcome in ("away", "missing"):
            raise NoCandidateError(f"the local model can't be asked: {last.reason}", hint="is Ollama running?")
        if last.task is not None:
            name = last.model
            counts = said.setdefault(truth, {})
            counts[last.task] = counts.get(last.task, 0) + 1
            right += last.task == truth
        if last.outcome != "remembered":
            times.append(last.ms)
        told(asked)
    if not name:
        raise LlmSwitchError(f"the local model said nothing of use: {last.reason}")
    slow = sum(ms > model.deadline_ms for ms in times)
    return Trial(name, Trust(said), asked, right, statistics.median(times or [0.0]), slow)
