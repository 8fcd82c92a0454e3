"""What a classifier says of a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Difficulty = Literal["easy", "normal", "hard"]
Mode = Literal["linear", "model", "size", "flag"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """One classifier's view: `task`, its `confidence` (calibrated, 0..1), how long it took, and a note (a missed deadline)."""

    by: str
    task: str
    confidence: float
    ms: float = 0.0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """The task of a prompt. `scores` sums to 1 over all tasks; `mode` says who decided; `opinions` are all that were heard."""

    task: str
    confidence: float
    difficulty: Difficulty = "normal"
    mode: Mode = "linear"
    scores: Mapping[str, float] = field(default_factory=dict)
    opinions: tuple[Opinion, ...] = ()


class Classifier(Protocol):
    """Labels a person's request. `request` is what the person typed; `attachment` is piped text and files, which count
    for less; `tokens` is the estimated size of everything."""

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The label; never raises for any text."""
