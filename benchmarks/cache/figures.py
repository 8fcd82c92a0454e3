"""What is counted: hits and errors at each threshold, with and without the guard."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.cache.sources import GROUPS, REPEATS
from llmswitch.cache.base import Embedder
from llmswitch.cache.evaluation import Replayed, cost_ms, replay
from llmswitch.cache.guard import guard
from llmswitch.cache.labelled import Asked, Pair

THRESHOLDS = np.round(np.arange(0.50, 1.0001, 0.01), 2)
REFERENCE = 0.85
"""The reference configuration's cosine."""
ALLOWED = 0.01
"""The share of near misses that may be served."""
TIMED = 300


@dataclass(frozen=True, slots=True)
class Scored:
    """Pairs (n) with their cosine, group, truth and the guard's verdict."""

    groups: NDArray[np.str_]
    scores: NDArray[np.float64]
    repeats: NDArray[np.bool_]
    passed: NDArray[np.bool_]

    def served(self, threshold: float, *, guarded: bool) -> NDArray[np.bool_]:
        """Which are served at `threshold`."""
        near: NDArray[np.bool_] = self.scores >= threshold
        return near & self.passed if guarded else near


@dataclass(frozen=True, slots=True)
class Point:
    """At one threshold: the share of repeats served, the share of near misses served, the share of right ones among all
    served (None where nothing is)."""

    threshold: float
    hit_rate: float
    wrong_rate: float
    precision: float | None


def verdicts(pairs: Sequence[Pair]) -> NDArray[np.bool_]:
    """Which pairs the guard takes for the same."""
    return np.array([guard(pair.a, pair.b).kind == "same" for pair in pairs])


def score(embedder: Embedder, grouped: Sequence[tuple[str, Pair]], passed: NDArray[np.bool_]) -> Scored:
    """The cosines of all pairs."""
    a = embedder.embed([pair.a for _, pair in grouped])
    b = embedder.embed([pair.b for _, pair in grouped])
    return Scored(
        np.array([group for group, _ in grouped]),
        (a * b).sum(axis=1).astype(float),
        np.array([pair.duplicate for _, pair in grouped]),
        passed,
    )


def point(scored: Scored, threshold: float, *, guarded: bool) -> Point:
    """The figures at one threshold."""
    served = scored.served(threshold, guarded=guarded)
    right, wrong = int((served & scored.repeats).sum()), int((served & ~scored.repeats).sum())
    return Point(
        threshold,
        right / max(int(scored.repeats.sum()), 1),
        wrong / max(int((~scored.repeats).sum()), 1),
        right / (right + wrong) if right + wrong else None,
    )


def curve(scored: Scored, *, guarded: bool) -> list[Point]:
    """A point for each threshold, the lowest first."""
    return [point(scored, float(threshold), guarded=guarded) for threshold in THRESHOLDS]


def best_allowed(scored: Scored, *, guarded: bool) -> Point | None:
    """The most hits with at most ALLOWED of the near misses served."""
    return next((one for one in curve(scored, guarded=guarded) if one.wrong_rate <= ALLOWED), None)


def by_group(scored: Scored, threshold: float, *, guarded: bool) -> dict[str, tuple[int, int]]:
    """(served, all) of each group."""
    served = scored.served(threshold, guarded=guarded)
    return {
        group: (int((served & (scored.groups == group)).sum()), int((scored.groups == group).sum())) for group in GROUPS
    }


def kept_of_found(scored: Scored, found_at: float, threshold: float) -> tuple[int, int]:
    """Repeats with a cosine of at least `found_at`: (served with the guard at `threshold`, all)."""
    found = (scored.scores >= found_at) & (scored.groups == REPEATS)
    return int((found & scored.served(threshold, guarded=True)).sum()), int(found.sum())


def replayed(embedder: Embedder, asked: Sequence[Asked], threshold: float, *, guarded: bool) -> Replayed:
    """A replay in a random order that is always the same."""
    order = list(asked)
    random.Random(0).shuffle(order)
    return replay(embedder, order, threshold, guarded=guarded)


def embedding_ms(embedder: Embedder, texts: Sequence[str]) -> float:
    """Milliseconds a prompt, one at a time."""
    return cost_ms(embedder, texts[:TIMED])


def guard_ms(pairs: Sequence[Pair]) -> float:
    """Processor milliseconds for one comparison of prompts never seen before."""
    started = time.process_time()
    for pair in pairs:
        guard(pair.a, pair.b)
    return (time.process_time() - started) * 1000 / len(pairs)
