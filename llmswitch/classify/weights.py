"""The weights file: read by memory map, row by row, without numpy.

Layout, little-endian: 8 bytes magic; uint32 length of a JSON header; the header; zero bytes up to a multiple of 64; then
`rows` sorted uint32 feature numbers; then `rows` rows: the low bytes of LANES
unsigned 16-bit values (the weight plus `zero`), then their high bytes. A row is
spread over lanes of LANE_BYTES bytes and read as one big integer, so that rows add up lane by lane: 32 bits hold the sum of
thousands.
"""

from __future__ import annotations

import json
import mmap
import os
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from sys import byteorder
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from typing import Any

MAGIC = b"LLMSWC02"
LANES = 16
"""Twelve tasks in the order of TASKS, three difficulties, and the squared inverse document frequency."""
LANE_BYTES = 4
ROW_BYTES = LANES * 2
ONE = 1 << 8 * LANES * LANE_BYTES
"""A 1 in a lane more than the file has: it counts the rows of a sum."""
SHIPPED = os.path.join(os.path.dirname(__file__), "linear.weights")  # noqa: PTH118, PTH120  # pathlib takes 4 ms to import
FEW = 10_000
"""Numbers, those of 50 prompts, that are looked for by bisection; for more it pays to read the whole file (25 ms)."""


def number_of(name: str) -> int:
    """The number of a feature, the same in every process."""
    return numbers_of((name,))[0]


def numbers_of(names: Collection[str], start: int = 0) -> list[int]:
    """The numbers of features; `start` is the number of a prefix to all `names`. A lone surrogate can't be encoded; it counts
    as a question mark."""
    try:
        return list(map(crc32, map(str.encode, names), repeat(start)))
    except UnicodeEncodeError:
        return [crc32(name.encode("utf-8", "replace"), start) for name in names]


class Weights:
    """An open weights file. `header` holds the scales, biases and the calibration; `numbers` are sorted."""

    __slots__ = ("asked", "data", "first_row", "header", "numbers", "rows")

    def __init__(
        self, header: Mapping[str, Any], numbers: Sequence[int], data: mmap.mmap | bytes, first_row: int
    ) -> None:
        self.header, self.numbers, self.data, self.first_row = header, numbers, data, first_row
        self.asked = 0
        self.rows: dict[int, int] = {}
        """Number → row, once it pays to have read them all."""

    def total(self, numbers: Collection[int]) -> int:
        """The sum of the rows of `numbers`: one that comes twice counts twice, one that the file has not for nothing."""
        if self.asked < FEW:
            self.asked += len(numbers)
            return sum(map(self._row, numbers))
        if not self.rows:
            self.rows = dict(zip(self.numbers, self._all(), strict=True))
        return sum(filter(None, map(self.rows.get, numbers)))

    def _row(self, number: int) -> int:
        """The row of `number`, 0 if the file has none."""
        place = bisect_left(self.numbers, number)
        if place == len(self.numbers) or self.numbers[place] != number:
            return 0
        start = self.first_row + place * ROW_BYTES
        row = bytearray(LANES * LANE_BYTES)
        row[::LANE_BYTES] = self.data[start : start + LANES]
        row[1::LANE_BYTES] = self.data[start + LANES : start + ROW_BYTES]
        return int.from_bytes(row, "little") + ONE

    def _all(self) -> Iterator[int]:
        """All rows in the order of their numbers, spread lane by lane at once: a third of the time that one by one would take."""
        count, size = len(self.numbers), (LANES + 1) * LANE_BYTES
        data = self.data[self.first_row : self.first_row + count * ROW_BYTES]
        rows = bytearray(count * size)
        for lane in range(LANES):
            rows[lane * LANE_BYTES :: size] = data[lane::ROW_BYTES]
            rows[lane * LANE_BYTES + 1 :: size] = data[LANES + lane :: ROW_BYTES]
        rows[LANES * LANE_BYTES :: size] = bytes([1]) * count
        return (int.from_bytes(rows[start : start + size], "little") for start in range(0, len(rows), size))


def lanes_of(total: int) -> list[int]:
    """The raw value of each lane of a sum of rows, and as the last how many rows it is of."""
    lanes = memoryview(total.to_bytes((LANES + 1) * LANE_BYTES, byteorder)).cast("I").tolist()
    return lanes if byteorder == "little" else lanes[::-1]


def load(path: str | os.PathLike[str] = SHIPPED) -> Weights:
    """Open `path`. Raises OSError if it can't be read, ValueError if it is no weights file."""
    with open(path, "rb") as file:  # noqa: PTH123  # see SHIPPED
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError(f"{path} is not a weights file of this version")
    length = int.from_bytes(data[8:12], "little")
    header = json.loads(data[12 : 12 + length])
    start = _aligned(12 + length)
    end = start + 4 * header["rows"]
    numbers: Sequence[int]
    if byteorder == "little":
        numbers = memoryview(data)[start:end].cast("I")
    else:
        turned = array("I", data[start:end])
        turned.byteswap()
        numbers = turned
    return Weights(header, numbers, data, end)


def encode(header: Mapping[str, Any], rows: Mapping[int, Iterable[int]]) -> bytes:
    """The bytes of a weights file: `rows` maps a feature number to its LANES unsigned lane values."""
    text = json.dumps({**header, "rows": len(rows)}, sort_keys=True, separators=(",", ":")).encode()
    numbers = array("I", sorted(rows))
    if byteorder == "big":
        numbers.byteswap()
    head = MAGIC + len(text).to_bytes(4, "little") + text
    body = b"".join(_packed([*rows[number]]) for number in sorted(rows))
    return head.ljust(_aligned(len(head)), b"\0") + numbers.tobytes() + body


def _packed(lanes: list[int]) -> bytes:
    return bytes([value & 0xFF for value in lanes]) + bytes([value >> 8 for value in lanes])


def _aligned(length: int) -> int:
    return -(-length // 64) * 64
