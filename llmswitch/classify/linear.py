"""The embedded classifier: features, one sum over the weights file, a calibrated softmax. No numpy, no download."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from operator import mul
from os import PathLike
from typing import Any, Literal, NamedTuple

from llmswitch.classify.features import GROUPS, Features, Named, named, numbered, numbers_of_word, whole
from llmswitch.classify.label import Label, Opinion
from llmswitch.classify.remembered import Remembered
from llmswitch.classify.structure import as_long_run, meant
from llmswitch.classify.weights import SHIPPED, Weights, lanes_of, load, number_of, numbers_of
from llmswitch.tasks import TASKS

DIFFICULTIES: tuple[Literal["easy", "normal", "hard"], ...] = ("easy", "normal", "hard")
LONGCONTEXT_TOKENS = 120_000
STARTS = tuple(map(number_of, GROUPS.values()))
NEGLIGIBLE = 1e-3
"""A chance that can't tip a decision."""
NOTHING_SAID = "chat"
"""The task of a prompt without a word."""
UNSURE = 0.3
GREETING_CHARS = 16
"""A few letters that say nothing of a task ("hi", "ok?") are `chat`, whatever the features would guess."""


class Scores(NamedTuple):
    """Logits before calibration: one a task, in the order of TASKS, and one a difficulty."""

    tasks: list[float]
    difficulty: list[float]


class Linear:
    """`linear`. The weights are opened when the first prompt comes. `delta`, when given, adds what the user taught: it
    maps the features to one number a task that is added to the logits."""

    __slots__ = ("_of_head_word", "_of_word", "_weights", "delta", "longcontext_tokens", "path")

    def __init__(
        self,
        longcontext_tokens: int = LONGCONTEXT_TOKENS,
        path: str | PathLike[str] = SHIPPED,
        delta: Callable[[Features], list[float]] | None = None,
        weights: Weights | None = None,
    ) -> None:
        self.longcontext_tokens, self.path, self.delta = longcontext_tokens, path, delta
        self._weights = weights
        self._of_word = Remembered(self._total_of_word)
        self._of_head_word = Remembered(self._row_in_head)

    @property
    def weights(self) -> Weights:
        """The open weights file."""
        if self._weights is None:
            self._weights = load(self.path)
        return self._weights

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The label of `request`; never raises for any text."""
        started = time.perf_counter()
        request, attachment = meant(request, attachment)
        label = self._named(named(request, attachment))
        if label.confidence < UNSURE and len(request.strip()) <= GREETING_CHARS:
            label = Label(NOTHING_SAID, label.scores[NOTHING_SAID], "easy", "linear", label.scores)
        ms = (time.perf_counter() - started) * 1000
        opinion = Opinion("linear", label.task, label.confidence, ms)
        if tokens is not None and tokens >= self.longcontext_tokens:
            size = Opinion("size", "longcontext", 1.0, 0.0, f"{tokens} tokens")
            return Label("longcontext", 1.0, label.difficulty, "size", label.scores, (opinion, size))
        label = Label(label.task, label.confidence, label.difficulty, "linear", label.scores, (opinion,))
        return as_long_run(label, request, attachment)

    def of(self, found: Features) -> Label:
        """The label of features."""
        if not found.grams:
            return _nothing()
        return self._decided(score(found, self.weights), self.delta(found) if self.delta else None)

    def _named(self, found: Named) -> Label:
        """The label of features by name: the way of every prompt, with what words add up to at hand."""
        if not found.words and not found.grams:
            return _nothing()
        words, head_words, *groups = found
        total = self.weights.total
        totals = [total(numbers_of(names, start)) for names, start in zip(groups, STARTS, strict=True)]
        totals[0] += sum(map(self._of_word.__getitem__, words))
        totals[2] += sum(map(self._of_head_word.__getitem__, head_words))
        taught = self.delta(numbered(found)) if self.delta else None
        return self._decided(_logits(totals, self.weights.header), taught)

    def _total_of_word(self, word: str) -> int:
        return self.weights.total(numbers_of_word(word))

    def _row_in_head(self, word: str) -> int:
        return self.weights.total(numbers_of((whole(word),), STARTS[2]))

    def _decided(self, raw: Scores, taught: list[float] | None) -> Label:
        header = self.weights.header
        logits = raw.tasks if taught is None else [one + other for one, other in zip(raw.tasks, taught, strict=True)]
        sharpness = header["sharpness"]
        chances = softmax([logit * sharpness for logit in logits])
        best = decide(chances, header["cost"])
        level = raw.difficulty.index(max(raw.difficulty))
        return Label(TASKS[best], chances[best], DIFFICULTIES[level], "linear", dict(zip(TASKS, chances, strict=True)))


def score(found: Features, weights: Weights) -> Scores:
    """The logits of `found`: each group's weighted sum over the length of its vector, plus the bias."""
    return _logits(map(weights.total, found), weights.header)


def _logits(totals: Iterable[int], header: Mapping[str, Any]) -> Scores:
    logits = [*header["bias"]]
    square, zero = header["square"], header["zero"]
    for name, total in zip(GROUPS, totals, strict=True):
        if not total:
            continue
        lanes = lanes_of(total)
        scale = header[name]["scale"] / math.sqrt(lanes[15] * square)
        shift = lanes[16] * zero * scale
        logits = [logit + lane * scale - shift for logit, lane in zip(logits, lanes, strict=False)]
    return Scores(logits[:12], logits[12:])


def softmax(logits: list[float]) -> list[float]:
    """Probabilities of `logits`."""
    top = max(logits)
    powers = [math.exp(logit - top) for logit in logits]
    total = sum(powers)
    return [power / total for power in powers]


def decide(chances: list[float], cost: list[list[float]]) -> int:
    """The task with the least expected cost; `cost[truth][said]` is 0 on the diagonal."""
    likely = [place for place, chance in enumerate(chances) if chance > NEGLIGIBLE]
    weights = [chances[place] for place in likely]
    expected = [sum(map(mul, weights, costs)) for costs in zip(*[cost[place] for place in likely], strict=True)]
    return expected.index(min(expected))


def _nothing() -> Label:
    return Label(NOTHING_SAID, 1 / len(TASKS), "easy", "linear", dict.fromkeys(TASKS, 1 / len(TASKS)))
