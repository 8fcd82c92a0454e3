"""What a classifier says of a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

Difficulty = Literal["easy", "normal", "hard"]
Mode = Literal["linear", "model", "size", "flag"]
NO_SCORES: Mapping[str, float] = MappingProxyType({})


class Opinion(NamedTuple):
    """One classifier's view: `task`, its `confidence` (calibrated, 0..1), how long it took, and a note (a missed deadline)."""

    by: str
    task: str
    confidence: float
    ms: float = 0.0
    note: str | None = None


class Label(NamedTuple):
    """The task of a prompt. `scores` sums to 1 over all tasks; `mode` says who decided; `opinions` are all that were heard.
    (Named tuples, here and in `features`: a program that only wants a label need not load `dataclasses`, 10 ms.)"""

    task: str
    confidence: float
    difficulty: Difficulty = "normal"
    mode: Mode = "linear"
    scores: Mapping[str, float] = NO_SCORES
    opinions: tuple[Opinion, ...] = ()


class Classifier(Protocol):
    """Labels a person's request. `request` is what the person typed; `attachment` is piped text and files, which count
    for less; `tokens` is the estimated size of everything."""

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The label; never raises for any text."""
