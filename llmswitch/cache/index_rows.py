"""Rows of the vector index: made from entries' vectors, laid into a block, hashed so that foreign bytes are noticed."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llmswitch.cache.index_layout import Layout
from llmswitch.cache.quantised import codes, row_hash, signs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmswitch.cache.base import Vector

Columns = dict[str, "NDArray[Any]"]
LAST_INSTANT = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Row:
    """What the index knows of an entry; `key` and `scope` as index_layout makes them, `vector` (dim,)."""

    key: int
    scope: int
    tier: int
    expires_at: float
    vector: Vector


def columns_of(rows: Sequence[Row]) -> Columns:
    """The values of n rows by column: (n,), `bits` (n, words), `codes` (n, dim)."""
    vectors = np.stack([row.vector for row in rows]).astype(np.float32, copy=False)
    whole, scales = codes(vectors)
    columns: Columns = {
        "scope": np.array([row.scope for row in rows], np.uint32),
        "expires": np.array([math.ceil(min(row.expires_at, LAST_INSTANT)) for row in rows], np.uint32),
        "tier": np.array([min(row.tier, 255) for row in rows], np.uint8),
        "key": np.array([row.key for row in rows], np.int64),
        "scale": scales,
        "bits": signs(vectors),
        "codes": whole,
        "code_check": code_checks(whole),
    }
    return columns | {"check": checks(columns)}


def code_checks(code_rows: NDArray[np.int8]) -> NDArray[np.uint32]:
    """(n,) what stands in `code_check` for (n, dim) codes."""
    return np.array([zlib.crc32(row.tobytes()) for row in code_rows], np.uint32)


def checks(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.uint32]:
    """(n,) what stands in `check` for these rows; `bits` are (n, words)."""
    times = columns["scope"].astype(np.uint64) << np.uint64(32) | columns["expires"].astype(np.uint64)
    scales = np.ascontiguousarray(columns["scale"]).view(np.uint32)
    marks = scales.astype(np.uint64) << np.uint64(32) | columns["code_check"].astype(np.uint64)
    keys = np.ascontiguousarray(columns["key"]).view(np.uint64)
    return row_hash([times, columns["tier"].astype(np.uint64), marks, keys, *np.moveaxis(columns["bits"], -1, 0)])


def block_of(layout: Layout, rows: Sequence[Row]) -> bytes:
    """A whole block that begins with `rows`, at most BLOCK_ROWS of them; the rest of it is free."""
    block = np.zeros(layout.block_bytes, np.uint8)
    for name, values in columns_of(rows).items():
        column = layout.columns[name]
        place = np.ndarray(column.shape, column.dtype, block.data, column.offset)
        if name == "bits":
            place[:, : len(rows)] = values.T
        else:
            place[: len(rows)] = values
    return block.tobytes()


def pieces_of(layout: Layout, slot: int, row: Row) -> list[tuple[int, bytes]]:
    """Where in the file which bytes go so that `row` stands in `slot`. The last piece is what brings it to life."""
    columns = columns_of([row])
    pieces = [
        (layout.place(slot, name), columns[name][0].astype(layout.columns[name].dtype).tobytes())
        for name in ("scope", "tier", "key", "scale", "code_check", "check", "codes", "expires")
    ]
    words = [(layout.place(slot, "bits", word), bits.tobytes()) for word, bits in enumerate(columns["bits"][0])]
    return words + pieces
