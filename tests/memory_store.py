"""A store in memory, for tests of the lookup policy and for benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from llmswitch.cache.base import Entry, Neighbour, Observation, StoreStats

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector


@dataclass(slots=True)
class MemoryStore:
    """Entries in the order they came; vectors beside them. Nothing expires."""

    kept: dict[str, Entry] = field(default_factory=dict)
    vectors: dict[str, Vector] = field(default_factory=dict)
    observed: dict[str, list[Observation]] = field(default_factory=dict)
    touched: list[str] = field(default_factory=list)

    def exact(self, scope: str, prompt_hash: str, *, max_tier: int) -> Entry | None:
        fit = (
            entry
            for entry in self.entries()
            if entry.scope == scope and entry.prompt_hash == prompt_hash and entry.tier <= max_tier
        )
        return next(fit, None)

    def holds(self, scope: str) -> bool:
        return any(entry.scope == scope for entry in self.kept.values())

    def near(self, scope: str, vector: Vector, *, k: int, threshold: float, max_tier: int) -> Sequence[Neighbour]:
        fit = [
            Neighbour(entry, float(self.vectors[entry.id] @ vector))
            for entry in self.kept.values()
            if entry.scope == scope and entry.tier <= max_tier and entry.id in self.vectors
        ]
        near = [one for one in fit if one.score >= threshold]
        return sorted(near, key=lambda one: -one.score)[:k]

    def put(self, entry: Entry, vector: Vector | None) -> None:
        self.kept[entry.id] = entry
        if vector is not None:
            self.vectors[entry.id] = np.asarray(vector)

    def get(self, entry_id: str) -> Entry | None:
        return self.kept.get(entry_id)

    def touch(self, entry_id: str) -> None:
        self.touched.append(entry_id)

    def remove(self, entry_ids: Iterable[str]) -> int:
        return sum(self.kept.pop(entry_id, None) is not None for entry_id in entry_ids)

    def entries(self) -> Iterator[Entry]:
        return reversed(list(self.kept.values()))

    def observe(self, entry_id: str, observation: Observation) -> None:
        self.observed.setdefault(entry_id, []).append(observation)

    def observations(self, entry_id: str) -> Sequence[Observation]:
        return self.observed.get(entry_id, [])

    def stats(self) -> StoreStats:
        return StoreStats(len(self.kept), sum(vector.nbytes for vector in self.vectors.values()))

    def clear(self) -> None:
        self.kept.clear()

    def close(self) -> None:
        """Nothing is open."""
