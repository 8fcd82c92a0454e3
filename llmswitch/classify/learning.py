"""`classify --learn`: is the classifier better for what the user taught it? Measured before it is put to use."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmswitch.classify import taught
from llmswitch.classify.corrections import Correction
from llmswitch.classify.features import Features, features
from llmswitch.classify.linear import Linear, score
from llmswitch.tasks import TASKS

SAMPLE = Path(__file__).with_name("sample.jsonl")
"""Shipped prompts of every task and both languages: a taught classifier must still get these right."""
FOLDS = 5
LEAST = 2
"""Corrections without which nothing can be held out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Shares of right labels before and after: on corrections held out in turn (None with fewer than LEAST) and on the
    shipped sample."""

    count: int
    held_out_before: float | None
    held_out_after: float | None
    sample_before: float
    sample_after: float
    delta: taught.Delta


def learn(given: Sequence[Correction]) -> Outcome:
    """Learn from `given` and measure. Nothing is saved."""
    shipped = Linear()
    sharpness = float(shipped.weights.header["sharpness"])

    def base(found: Features) -> list[float]:
        return score(found, shipped.weights).tasks

    delta = taught.learn(given, base, sharpness)
    before = after = None
    if len(given) >= LEAST:
        before = _share(given, lambda _: shipped)
        folds = [
            Linear(
                delta=taught.learn([one for place, one in enumerate(given) if place % FOLDS != fold], base, sharpness)
            )
            for fold in range(min(FOLDS, len(given)))
        ]
        after = _share(given, lambda place: folds[place % FOLDS])
    sample = _sample()
    return Outcome(
        len(given),
        before,
        after,
        _share(sample, lambda _: shipped),
        _share(sample, lambda _: Linear(delta=delta, weights=shipped.weights)),
        delta,
    )


def _share(given: Sequence[Correction], classifier: Callable[[int], Linear]) -> float:
    return sum(classifier(place).of(one.features).task == one.task for place, one in enumerate(given)) / len(given)


def _sample() -> list[Correction]:
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    return [Correction(features(row["prompt"]), row["label"], "") for row in rows if row["label"] in TASKS]
