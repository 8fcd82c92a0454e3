"""The embedder that is always there: a hash of what the guard reads in a prompt. No model, no network, nothing to load.

Each item (a word's concept, a literal, its relation) and each group of three characters adds or takes from a few of 384
places. Prompts that say the same in synonyms, another order or politer stand close together; a prompt that says the same in
words no table knows does not. That loses no more than the guard would refuse anyhow, and costs no start-up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

from llmswitch.cache.guard import LONGEST, read

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector
    from llmswitch.cache.guard.parsed import Item

DIM = 384
LITERAL, NAME, WORD, RELATION, MARK, GRAM = 1.4, 1.2, 1.0, 0.4, 0.5, 0.25
"""Weights of the features."""


class Light:
    """See the module. `name` changes whenever its vectors do."""

    name = "light-1"
    dim = DIM
    threshold = 0.5

    def embed(self, texts: Sequence[str]) -> Vector:
        """(n, 384), L2-normalised."""
        import numpy as np

        rows = np.zeros((len(texts), DIM), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for feature, weight in _features(text):
                place, sign = _place(feature)
                row[place] += sign * weight
            length = float(np.linalg.norm(row))
            if length:
                row /= length
            else:
                row[0] = 1.0  # nothing to read: all such prompts are near, and the guard tells them apart
        return rows


def _features(text: str) -> Iterator[tuple[str, float]]:
    parsed = read(text[:LONGEST])  # of a longer one the guard serves only the repeat
    for item in parsed.items:
        word = _stem(item)
        yield f"c {word}", LITERAL if item.literal else NAME if item.name else WORD
        if item.role:
            yield f"r {item.role} {word}", RELATION
    for mark in parsed.marks:
        yield f"m {mark}", MARK
    for word in " ".join(item.raw for item in parsed.items).lower().split():
        padded = f" {word} "
        share = GRAM / (max(len(padded) - 2, 1) ** 0.5)
        for start in range(len(padded) - 2):
            yield f"g {padded[start : start + 3]}", share


def _stem(item: Item) -> str:
    """One spelling for all inflections of a word, or the name of its group of synonyms."""
    return min(item.forms, key=lambda form: (len(form), form)) if item.concept in item.forms else item.concept


@lru_cache(maxsize=100_000)
def _place(feature: str) -> tuple[int, float]:
    number = crc32(feature.encode("utf-8", "surrogatepass"))
    return (number >> 1) % DIM, 1.0 if number & 1 else -1.0
