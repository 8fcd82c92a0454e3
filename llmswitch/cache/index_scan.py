"""Finds the rows of an index that may be near a vector: filter first, then the fewest differing signs.

Works through the blocks some at a time, so that what it computes stays in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llmswitch.cache.index_layout import BLOCK_ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCKS_AT_ONCE = 8
_SPARSE = 8
"""Where fewer than one row in this many is fit, only the fit ones are read."""
_FAR = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are fit: of this scope (its code), of at most this tier, alive after `now` (POSIX seconds)."""

    scope: int
    max_tier: int
    now: int


def nearest_by_signs(
    columns: dict[str, NDArray[Any]], query_bits: NDArray[np.uint64], wanted: Wanted, count: int
) -> NDArray[np.intp]:
    """(m,) slots of the `count` fit rows (more where they tie) whose signs differ least from `query_bits` (words,)."""
    blocks = len(columns["scope"])
    slots, distances = np.empty(0, np.intp), np.empty(0, np.uint16)
    limit = _FAR - 1
    for first in range(0, blocks, BLOCKS_AT_ONCE):
        part = {name: values[first : first + BLOCKS_AT_ONCE] for name, values in columns.items()}
        fit = _fit(part, wanted)
        if fit is None:
            continue
        found, away = _close_ones(part["bits"], query_bits, fit, limit)
        slots = np.concatenate((slots, found + first * BLOCK_ROWS))
        distances = np.concatenate((distances, away))
        if len(slots) > count:
            limit = int(np.partition(distances, count - 1)[count - 1])
            keep = distances <= limit
            slots, distances = slots[keep], distances[keep]
    return slots


def _fit(part: dict[str, NDArray[Any]], wanted: Wanted) -> NDArray[np.bool_] | None:
    """(blocks, rows) which rows are fit; None where there is none."""
    fit: NDArray[np.bool_] = part["scope"] == np.uint32(wanted.scope)
    if not fit.any():
        return None
    fit &= part["expires"] > np.uint32(wanted.now)
    fit &= part["tier"] <= wanted.max_tier
    return fit if fit.any() else None


def _close_ones(
    bits: NDArray[np.uint64], query_bits: NDArray[np.uint64], fit: NDArray[np.bool_], limit: int
) -> tuple[NDArray[np.intp], NDArray[np.uint16]]:
    """(m,) places of the fit rows that differ in at most `limit` signs, and in how many. `bits` (blocks, words, rows)."""
    if np.count_nonzero(fit) * _SPARSE < fit.size:
        block, row = np.nonzero(fit)
        away = np.bitwise_count(bits[block, :, row] ^ query_bits).sum(axis=1, dtype=np.uint16)
        near = away <= limit
        return block[near] * BLOCK_ROWS + row[near], away[near]
    all_away = differing_signs(bits, query_bits)
    near_at = np.flatnonzero((all_away <= limit) & fit)
    return near_at, all_away.reshape(-1)[near_at]


def differing_signs(bits: NDArray[np.uint64], query_bits: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """(blocks, rows) in how many signs the rows of `bits` (blocks, words, rows) differ from `query_bits` (words,)."""
    away = np.zeros((bits.shape[0], bits.shape[2]), np.uint16)
    for start in range(0, len(query_bits), 3):  # three words differ in at most 192 signs, which a byte holds
        some = np.bitwise_count(bits[:, start] ^ query_bits[start])
        for word in range(start + 1, min(start + 3, len(query_bits))):
            some += np.bitwise_count(bits[:, word] ^ query_bits[word])
        away += some
    return away
