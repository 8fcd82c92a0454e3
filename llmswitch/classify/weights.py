"""The weights file: read by memory map, row by row, without numpy.

Layout, little-endian: 8 bytes magic; uint32 length of a JSON header; the header; zero bytes up to a multiple of 64; then
`rows` sorted uint32 feature numbers; then `rows` rows of LANES lanes of LANE_BYTES bytes. A row read as one big integer
adds up lane by lane: each lane holds an unsigned value (the weight plus `bias`), and 24 bits hold the sum of thousands.
"""

from __future__ import annotations

import json
import mmap
from array import array
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from sys import byteorder
from typing import Any

MAGIC = b"LLMSWC01"
LANES = 16
"""Twelve tasks in the order of TASKS, three difficulties, and the squared inverse document frequency."""
LANE_BYTES = 3
ROW_BYTES = LANES * LANE_BYTES
LANE_MASK = (1 << 8 * LANE_BYTES) - 1
SHIPPED = Path(__file__).with_name("linear.weights")


@dataclass(slots=True)
class Weights:
    """An open weights file. `header` holds the scales, biases and the calibration; rows are decoded when first needed."""

    header: Mapping[str, Any]
    ordinal: dict[int, int]
    """Feature number -> its row."""
    data: mmap.mmap | bytes
    first_row: int
    rows: dict[int, int] = field(default_factory=dict)

    def add_up(self, numbers: AbstractSet[int]) -> tuple[int, list[int]]:
        """How many of `numbers` have a row, and the sum of the raw values of each lane."""
        rows = self.rows
        known = self.ordinal.keys() & numbers
        total = sum([rows.get(number) or self._row(number) for number in known])
        return len(known), [(total >> shift) & LANE_MASK for shift in range(0, 8 * ROW_BYTES, 8 * LANE_BYTES)]

    def _row(self, number: int) -> int:
        start = self.first_row + self.ordinal[number] * ROW_BYTES
        row = self.rows[number] = int.from_bytes(self.data[start : start + ROW_BYTES], "little")
        return row


def load(path: Path = SHIPPED) -> Weights:
    """Open `path`. Raises OSError if it can't be read, ValueError if it is no weights file."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError(f"{path} is not a weights file of this version")
    length = int.from_bytes(data[8:12], "little")
    header = json.loads(data[12 : 12 + length])
    start = _aligned(12 + length)
    numbers = array("I")
    numbers.frombytes(data[start : start + 4 * header["rows"]])
    if byteorder == "big":
        numbers.byteswap()
    return Weights(header, dict(zip(numbers, range(len(numbers)), strict=True)), data, start + 4 * len(numbers))


def encode(header: Mapping[str, Any], rows: Mapping[int, Iterable[int]]) -> bytes:
    """The bytes of a weights file: `rows` maps a feature number to its LANES unsigned lane values."""
    text = json.dumps({**header, "rows": len(rows)}, sort_keys=True, separators=(",", ":")).encode()
    numbers = array("I", sorted(rows))
    if byteorder == "big":
        numbers.byteswap()
    head = MAGIC + len(text).to_bytes(4, "little") + text
    body = b"".join(b"".join(value.to_bytes(LANE_BYTES, "little") for value in rows[number]) for number in sorted(rows))
    return head.ljust(_aligned(len(head)), b"\0") + numbers.tobytes() + body


def _aligned(length: int) -> int:
    return -(-length // 64) * 64
