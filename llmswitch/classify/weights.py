"""The weights file: read by memory map, row by row, without numpy.

Layout, little-endian: 8 bytes magic; uint32 length of a JSON header; the header; zero bytes up to a multiple of 64; then
`rows` sorted uint32 feature numbers; then `rows` rows: the low bytes of LANES
unsigned 16-bit values (the weight plus `zero`), then their high bytes. A row is
spread over lanes of LANE_BYTES bytes and read as one big integer, so that rows add up lane by lane: 24 bits hold the sum of
thousands.
"""

from __future__ import annotations

import json
import mmap
import os
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from sys import byteorder
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from typing import Any

MAGIC = b"LLMSWC02"
LANES = 16
"""Twelve tasks in the order of TASKS, three difficulties, and the squared inverse document frequency."""
LANE_BYTES = 3
ROW_BYTES = LANES * 2
LANE_MASK = (1 << 8 * LANE_BYTES) - 1
SHIFTS = tuple(range(0, 8 * (LANES + 1) * LANE_BYTES, 8 * LANE_BYTES))
ONE = 1 << SHIFTS[LANES]
"""A lane more than the file has: it counts the rows of a sum."""
SHIPPED = os.path.join(os.path.dirname(__file__), "linear.weights")  # noqa: PTH118, PTH120  # pathlib takes 4 ms to import
WORDS = 20_000
NAMES = 60_000
FEW = 4
"""Prompts for which rows are looked for by bisection; for more it pays to read all numbers into a dict (4 ms)."""


def number_of(name: str) -> int:
    """The number of a feature, the same in every process. A lone surrogate can't be encoded; it counts as a question mark."""
    return crc32(name.encode("utf-8", "replace"))


class Weights:
    """An open weights file. `header` holds the scales, biases and the calibration; `numbers` are sorted."""

    __slots__ = ("asked", "data", "first_row", "header", "numbers", "places")

    def __init__(
        self, header: Mapping[str, Any], numbers: Sequence[int], data: mmap.mmap | bytes, first_row: int
    ) -> None:
        self.header, self.numbers, self.data, self.first_row = header, numbers, data, first_row
        self.places: dict[int, int] = {}
        self.asked = 0

    def rows(self, numbers: AbstractSet[int]) -> dict[int, int]:
        """The rows of those of `numbers` that the file has."""
        self.asked += 1
        if self.asked > FEW * 3 and not self.places:
            self.places = dict(zip(self.numbers, range(len(self.numbers)), strict=True))
        if self.places:
            return {number: self._row(self.places[number]) for number in self.places.keys() & numbers}
        found = {}
        for number in numbers:
            place = bisect_left(self.numbers, number)
            if place < len(self.numbers) and self.numbers[place] == number:
                found[number] = self._row(place)
        return found

    def _row(self, place: int) -> int:
        start = self.first_row + place * ROW_BYTES
        spread = bytearray(LANES * LANE_BYTES)
        spread[::LANE_BYTES] = self.data[start : start + LANES]
        spread[1::LANE_BYTES] = self.data[start + LANES : start + ROW_BYTES]
        return int.from_bytes(spread, "little") + ONE


class Group:
    """The rows of a group of features by name; the number of a feature is that of its name with `prefix` before it. What
    was asked for before is at hand (0 for what the file has not): about NAMES names and WORDS words."""

    __slots__ = ("at_hand", "start", "weights", "words")

    def __init__(self, weights: Weights, prefix: str) -> None:
        self.weights, self.start = weights, number_of(prefix)
        self.at_hand: dict[str, int] = {}
        self.words: dict[str, int] = {}

    def total(self, names: set[str]) -> int:
        """The sum of the rows of those of `names` that the file has."""
        at_hand = self.at_hand
        found = list(map(at_hand.get, names))
        if None in found:
            start = self.start
            fresh = {
                crc32(name.encode("utf-8", "replace"), start): name
                for name, row in zip(names, found, strict=True)
                if row is None
            }
            if len(at_hand) > NAMES:
                at_hand.clear()
            at_hand.update(dict.fromkeys(fresh.values(), 0))
            for number, row in self.weights.rows(fresh.keys()).items():
                at_hand[fresh[number]] = row
                found.append(row)
        return sum(filter(None, found))

    def of_words(self, words: set[str], forms: Callable[[str], Iterable[str]]) -> int:
        """The sum of the rows of all `forms` of `words`."""
        known = self.words
        total = 0
        for word in words:
            if word not in known:
                if len(known) >= WORDS:
                    known.clear()
                known[word] = self.total(set(forms(word)))
            total += known[word]
        return total


def lanes_of(total: int) -> list[int]:
    """The raw value of each lane of a sum of rows, and as the last how many rows it is of."""
    return [(total >> shift) & LANE_MASK for shift in SHIFTS]


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
