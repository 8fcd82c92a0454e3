"""What a classifier says of a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

Difficulty = Literal["easy", "normal", "hard"]
Mode = Literal["linear", "model", "size", "flag"]
Outcome = Literal["answered", "remembered", "late", "loading", "away", "missing", "untrusted", "unusable"]
"""What came of asking the local model: it answered (now, or to the same prompt before), was too late, was only being loaded,
Ollama could not be reached or has none of the models, the model is one that guesses, or what it said was of no use."""
NO_SCORES: Mapping[str, float] = MappingProxyType({})


class Opinion(NamedTuple):
    """One classifier's view: `task`, its `confidence` (calibrated, 0..1), how long it took, and a note (a missed deadline).
    `outcome` is what came of asking, None where nobody had to be asked."""

    by: str
    task: str
    confidence: float
    ms: float = 0.0
    note: str | None = None
    outcome: Outcome | None = None


class Label(NamedTuple):
    """The task of a prompt. `scores` sums to 1 over all tasks; `mode` says who decided; `opinions` are all that were heard.
    (Named tuples, here and in `features`: a program that only wants a label need not load `dataclasses`, 10 ms.)"""

    task: str
    confidence: float
    difficulty: Difficulty = "normal"
    mode: Mode = "linear"
    scores: Mapping[str, float] = NO_SCORES
    opinions: tuple[Opinion, ...] = ()

    @property
    def asked(self) -> Outcome | None:
        """What came of asking the local model, None where it was not asked."""
        return next((one.outcome for one in self.opinions if one.outcome is not None), None)


class Classifier(Protocol):
    """Labels a person's request. `request` is what the person typed; `attachment` is piped text and files, which count
    for less; `tokens` is the estimated size of both."""

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The label; never raises for any text."""
