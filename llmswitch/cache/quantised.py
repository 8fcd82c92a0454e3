"""A vector in two small forms: its signs as bits, to find what may be near, and its numbers as bytes, to rank that.

For L2-normalised vectors the share of differing signs grows with the angle; the bytes give the cosine to about 0.001.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmswitch.cache.base import Vector


def signs(vectors: NDArray[Any]) -> NDArray[np.uint64]:
    """(n, words) the signs of (n, dim) vectors, 64 in a word; the last word is filled up with zeros."""
    packed = np.packbits(vectors > 0, axis=1, bitorder="little")
    width = -(-vectors.shape[1] // 64) * 8
    padded = np.zeros((len(packed), width), np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view("<u8").astype(np.uint64, copy=False)


def codes(vectors: Vector) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(n, dim) whole numbers and (n,) scales whose product is about `vectors` (n, dim)."""
    scales = np.abs(vectors).max(axis=1) / 127
    scales[scales == 0] = 1
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def cosines(query: Vector, code_rows: NDArray[np.int8], scales: NDArray[np.float32]) -> Vector:
    """(n,) about the cosines of `query` (dim,) with the rows that `codes` made."""
    return (code_rows.astype(np.float32) @ query) * scales


def row_hash(columns: list[NDArray[np.uint64]]) -> NDArray[np.uint32]:
    """(n,) a hash over (n,) columns; of zeros it is not zero."""
    mixed = np.full(columns[0].shape, 0x9E3779B97F4A7C15, np.uint64)
    for column in columns:
        mixed ^= column
        mixed *= np.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(32)).astype(np.uint32)
