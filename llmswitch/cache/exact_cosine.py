"""The last word on nearness: the cosine of a prompt's vector with the one that stands in an entry's record, in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llmswitch.cache.base import Neighbour
from llmswitch.errors import CacheError

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector
    from llmswitch.cache.record import Record

_OFF_LENGTH = 0.01


def checked(vector: Vector, dim: int) -> Vector:
    """The vector as float32 (dim,). Raises CacheError where it is not one, or not of length 1."""
    query = np.asarray(vector, np.float32)
    if query.shape != (dim,):
        raise CacheError(f"the embedder gave a vector of shape {query.shape}; this cache is for {dim} numbers")
    if not abs(float(query @ query) - 1) < _OFF_LENGTH:
        raise CacheError("the embedder gave a vector that is not of length 1")
    return query


def as_bytes(vector: Vector, dim: int) -> bytes:
    """The vector as a record keeps it. Raises CacheError as `checked`."""
    return checked(vector, dim).astype("<f4").tobytes()


def from_bytes(stored: bytes) -> Vector:
    """(dim,) the vector of a record."""
    return np.frombuffer(stored, "<f4").astype(np.float32, copy=False)


class Nearest:
    """Collects the `k` entries with the highest cosine to `query` (dim,), of those that reach `threshold`."""

    def __init__(self, query: Vector, *, k: int, threshold: float) -> None:
        self._query = query
        self._k = k
        self._threshold = threshold
        self.found: list[Neighbour] = []

    @property
    def bar(self) -> float:
        """The cosine that another entry must reach to be taken."""
        return max(self._threshold, self.found[-1].score) if self.is_full else self._threshold

    @property
    def is_full(self) -> bool:
        """Whether there are `k` already."""
        return len(self.found) >= self._k

    def offer(self, record: Record) -> None:
        """Take the entry if it is among the nearest."""
        score = float(from_bytes(record.vector) @ self._query)
        if score >= self._threshold and all(record.entry.id != each.entry.id for each in self.found):
            self.found.append(Neighbour(record.entry, score))
            self.found.sort(key=lambda each: -each.score)
            del self.found[self._k :]
