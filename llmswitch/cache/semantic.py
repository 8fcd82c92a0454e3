"""The lookup policy: an exact repeat first, then a near prompt that the guard, or experience, takes for the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmswitch.cache.base import Embedder, Entry, Lookup, Neighbour, Observation, Query, Store
from llmswitch.cache.guard import Verdict, guard
from llmswitch.cache.learnt import chance_right, share_served
from llmswitch.cache.normalise import prompt_hash

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector

Judge = Callable[[str, str], bool | None]
"""Asks a cheap local model whether two prompts ask the same; None where it can't say."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`threshold` is the cosine from which two prompts are compared; None takes the embedder's own. `max_error` is the
    share of wrong answers that a doubtful hit may add up to. `candidates` near entries are looked at."""

    threshold: float | None = None
    max_error: float = 0.01
    candidates: int = 8


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an answer is served, and why."""

    served: bool
    reason: str


@dataclass(slots=True)
class SemanticCache:
    """A store, what makes vectors for it (None: exact hits only), and the policy between them. `judge` is asked in the
    doubtful band; `draw` gives numbers in 0..1 for exploring."""

    store: Store
    embedder: Embedder | None = None
    settings: Settings = field(default_factory=Settings)
    judge: Judge | None = None
    draw: Callable[[], float] = random.random

    @property
    def threshold(self) -> float:
        """The cosine from which prompts are compared."""
        return threshold_of(self.embedder, self.settings)

    def lookup(self, query: Query) -> Lookup:
        """The answer to serve, or what a miss is worth knowing. Raises CacheError where store or embedder fail."""
        same = self.store.exact(query.scope, prompt_hash(query.prompt), max_tier=query.max_tier)
        if same is not None:
            self.store.touch(same.id)
            return Lookup(same, "exact", "the same prompt", Neighbour(same, 1.0))
        if self.embedder is None:
            return Lookup(None, "miss", "no such prompt")
        vector: Vector = self.embedder.embed([query.prompt])[0]
        near = self.store.near(
            query.scope, vector, k=self.settings.candidates, threshold=self.threshold, max_tier=query.max_tier
        )
        return self._choose(query.prompt, near, vector)

    def fill(self, entry: Entry, vector: Vector | None) -> None:
        """Keep an answer; `vector` is the lookup's, made anew where there was none."""
        if vector is None and self.embedder is not None:
            vector = self.embedder.embed([entry.prompt])[0]
        self.store.put(entry, vector)

    def learn(self, entry_id: str, score: float, *, right: bool) -> None:
        """Remember that serving this entry at cosine `score` was, or would have been, right."""
        self.store.observe(entry_id, Observation(score, right))

    def _choose(self, prompt: str, near: Sequence[Neighbour], vector: Vector) -> Lookup:
        refused: str | None = None
        asked = False
        for neighbour in near:
            verdict = guard(neighbour.entry.prompt, prompt)
            decision = decide(
                verdict,
                neighbour.score,
                self.store.observations(neighbour.entry.id),
                self.settings.max_error,
                self.draw,
            )
            if self.judge is not None and not decision.served and verdict.kind == "doubtful" and not asked:
                asked = True  # of the nearest doubt only: a person is waiting
                if self.judge(neighbour.entry.prompt, prompt) is True:
                    decision = Decision(True, "a local judge takes them for the same")
            if decision.served:
                self.store.touch(neighbour.entry.id)
                return Lookup(neighbour.entry, "semantic", decision.reason, neighbour, vector)
            refused = refused or decision.reason
        return Lookup(None, "miss", refused or "none is near", near[0] if near else None, vector)


def threshold_of(embedder: Embedder | None, settings: Settings) -> float:
    """The cosine from which prompts are compared: the user's, else the embedder's own."""
    if settings.threshold is not None:
        return settings.threshold
    return embedder.threshold if embedder is not None else 1.0


def decide(
    verdict: Verdict,
    score: float,
    observations: Sequence[Observation] = (),
    max_error: float = 0.01,
    draw: Callable[[], float] = random.random,
) -> Decision:
    """What to do with a near entry. A verdict "same" is served until a wrong hit of this entry was observed; from then
    on, and where the verdict is a doubt, the entry's own experience decides. "different" is never served."""
    if verdict.kind == "different":
        return Decision(False, verdict.reason)
    if verdict.kind == "same" and all(one.right for one in observations):
        return Decision(True, verdict.reason)
    chance = chance_right(observations, score)
    if chance is None:
        return Decision(False, verdict.reason if verdict.kind == "doubtful" else "it was wrong before")
    if draw() < share_served(chance, max_error):
        return Decision(True, f"right in at least {chance:.1%} of {len(observations)} like it")
    return Decision(False, f"{verdict.reason}; only right in {chance:.1%} of {len(observations)} like it")
