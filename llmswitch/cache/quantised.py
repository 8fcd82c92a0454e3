"""A vector in two small forms: signs as bits, to find what may be near, and its numbers as bytes, to rank that.

The signs are taken after a fixed rotation (two rounds of: turn the sign of some numbers, then a Walsh-Hadamard transform),
which spreads what an embedder packs into few numbers over all of them; then the share of differing signs grows with the
angle. The bytes give the cosine of L2-normalised vectors to about 0.001.
"""

from __future__ import annotations

from hashlib import shake_128
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmswitch.cache.base import Vector


def signs(vectors: NDArray[Any]) -> NDArray[np.uint64]:
    """(n, words) the signs of (n, dim) vectors after the rotation, 64 in a word."""
    packed = np.packbits(_rotated(vectors) > 0, axis=1, bitorder="little")
    return packed.view("<u8").astype(np.uint64, copy=False)


def _rotated(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """(n, width) the (n, dim) vectors in another base; their angles are as before."""
    count, dim = vectors.shape
    width = _width(dim)
    rotated = np.zeros((count, width), np.float32)
    rotated[:, :dim] = vectors
    for seed in (b"first", b"second"):
        turned = np.unpackbits(np.frombuffer(shake_128(seed).digest(width // 8), np.uint8))
        rotated = _hadamard(rotated * (1 - 2 * turned.astype(np.float32)))
    return rotated


def _hadamard(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, width) the Walsh-Hadamard transform of each row, not scaled; `width` is a power of two."""
    count, width = rows.shape
    step = 1
    while step < width:
        pairs = rows.reshape(count, -1, 2, step)
        rows = np.stack((pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]), axis=2).reshape(
            count, width
        )
        step *= 2
    return rows


def _width(dim: int) -> int:
    """The power of two, at least 64, that `dim` numbers are filled up to."""
    return max(64, 1 << (dim - 1).bit_length())


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
