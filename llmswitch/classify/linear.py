"""The embedded classifier: features, one sum over the weights file, a calibrated softmax. No numpy, no download."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from llmswitch.classify.features import Features, features
from llmswitch.classify.label import Label, Opinion
from llmswitch.classify.weights import SHIPPED, Weights, load
from llmswitch.tasks import TASKS

DIFFICULTIES: tuple[Literal["easy", "normal", "hard"], ...] = ("easy", "normal", "hard")
LONGCONTEXT_TOKENS = 120_000
NEGLIGIBLE = 1e-4
"""A chance that can't tip a decision."""
NOTHING_SAID = "chat"
"""The task of a prompt without a word."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Logits before calibration: one a task, in the order of TASKS, and one a difficulty."""

    tasks: list[float]
    difficulty: list[float]


def score(found: Features, weights: Weights) -> Scores:
    """The logits of `found`: each group's weighted sum over the length of its vector, plus the bias."""
    header = weights.header
    totals = [*header["bias"]]
    for group, numbers in (("grams", found.grams), ("cues", found.cues), ("head", found.head)):
        known, lanes = weights.add_up(numbers)
        if not known:
            continue
        scale = header[group]["scale"] / math.sqrt(lanes[15] * header["square"])
        zero = known * header["zero"]
        for lane in range(15):
            totals[lane] += (lanes[lane] - zero) * scale
    return Scores(totals[:12], totals[12:])


def softmax(logits: list[float]) -> list[float]:
    """Probabilities of `logits`."""
    top = max(logits)
    powers = [math.exp(logit - top) for logit in logits]
    total = sum(powers)
    return [power / total for power in powers]


UNSURE = 0.3
GREETING_CHARS = 16
"""A few letters that say nothing of a task ("hi", "ok?") are `chat`, whatever the features would guess."""


@dataclass(slots=True)
class Linear:
    """`linear`. The weights are opened when the first prompt comes. `delta`, when given, adds what the user taught: it
    maps the features to one number a task that is added to the logits."""

    longcontext_tokens: int = LONGCONTEXT_TOKENS
    path: Path = SHIPPED
    delta: Callable[[Features], list[float]] | None = None
    _weights: Weights | None = field(default=None, repr=False)

    @property
    def weights(self) -> Weights:
        """The open weights file."""
        if self._weights is None:
            self._weights = load(self.path)
        return self._weights

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The label of `request`; never raises for any text."""
        started = time.perf_counter()
        found = features(request, attachment)
        label = self.of(found)
        if label.confidence < UNSURE and len(request.strip()) <= GREETING_CHARS:
            label = Label(NOTHING_SAID, label.scores[NOTHING_SAID], "easy", "linear", label.scores)
        ms = (time.perf_counter() - started) * 1000
        opinion = Opinion("linear", label.task, label.confidence, ms)
        if tokens is not None and tokens >= self.longcontext_tokens:
            size = Opinion("size", "longcontext", 1.0, 0.0, f"{tokens} tokens")
            return Label("longcontext", 1.0, label.difficulty, "size", label.scores, (opinion, size))
        return Label(label.task, label.confidence, label.difficulty, "linear", label.scores, (opinion,))

    def of(self, found: Features) -> Label:
        """The label of features."""
        if not found.grams:
            return Label(NOTHING_SAID, 1 / len(TASKS), "easy", "linear", dict.fromkeys(TASKS, 1 / len(TASKS)))
        header = self.weights.header
        raw = score(found, self.weights)
        logits = raw.tasks
        if self.delta is not None:
            logits = [one + other for one, other in zip(logits, self.delta(found), strict=True)]
        chances = softmax([logit * header["sharpness"] for logit in logits])
        best = decide(chances, header["cost"])
        hard = softmax([logit * header["sharpness_difficulty"] for logit in raw.difficulty])
        difficulty = DIFFICULTIES[max(range(3), key=lambda place: hard[place])]
        return Label(TASKS[best], chances[best], difficulty, "linear", dict(zip(TASKS, chances, strict=True)))


def decide(chances: list[float], cost: list[list[float]]) -> int:
    """The task with the least expected cost; `cost[truth][said]` is 0 on the diagonal."""
    expected = [0.0] * len(chances)
    for chance, costs in zip(chances, cost, strict=True):
        if chance > NEGLIGIBLE:
            expected = [total + chance * one for total, one in zip(expected, costs, strict=True)]
    return expected.index(min(expected))
