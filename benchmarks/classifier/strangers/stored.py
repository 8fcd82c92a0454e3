"""The two files of this folder: `labels.jsonl` and `features.xz`, one row a prompt, in the same order.

`features.xz` is an LZMA stream of little-endian 32-bit numbers: the version of the features; how many numbers are known, and
those numbers, rising; how many rows there are; for each row and group how many features it has; and last the features of
all rows and groups, as places in the known numbers, each less the place before it (a feature that counts twice is 0 further).
"""

from __future__ import annotations

import json
import lzma
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from sys import byteorder

from benchmarks.classifier.rows import Row, read
from llmswitch.classify.features import GROUPS, VERSION, Features

HERE = Path(__file__).parent
LABELS, FEATURES = HERE / "labels.jsonl", HERE / "features.xz"


def strangers(labels: Path = LABELS, features: Path = FEATURES) -> list[Row]:
    """The rows, each with its features instead of its text. Raises ValueError when they were made of other features than
    today's: then they have to be made anew from the texts, which are not in this repository."""
    found = unpacked(features.read_bytes())
    return [
        Row(
            "",
            entry["label"],
            entry["source"],
            entry["lang"],
            "stranger",
            entry["difficulty"],
            known,
            doubted=entry["doubted"],
        )
        for entry, known in zip(read(labels), found, strict=True)
    ]


def packed(found: Sequence[Features], elsewhere: Counter[int]) -> bytes:
    """The file of `found`. Numbers that come in one row alone, and nowhere in `elsewhere` (rows by number), are left out:
    no model is taught by them, and they are what a person could be known by."""
    counts = Counter(elsewhere)
    for one in found:
        counts.update({number for group in one for number in group})
    known = sorted({number for one in found for group in one for number in group if counts[number] > 1})
    place = {number: index for index, number in enumerate(known)}
    sizes, steps = array("I"), array("I")
    for one in found:
        for group in one:
            places = sorted(place[number] for number in group if number in place)
            sizes.append(len(places))
            steps.extend(later - earlier for earlier, later in pairwise([0, *places]))
    numbers = array("I", [VERSION, len(known), *known, len(found)]) + sizes + steps
    if byteorder == "big":
        numbers.byteswap()
    return lzma.compress(numbers.tobytes(), preset=9 | lzma.PRESET_EXTREME)


def unpacked(content: bytes) -> list[Features]:
    """The rows of a file."""
    numbers = array("I", lzma.decompress(content))
    if byteorder == "big":
        numbers.byteswap()
    version, count = numbers[:2]
    if version != VERSION:
        raise ValueError(f"strangers/features.xz has features of version {version}, the code makes version {VERSION}")
    known = numbers[2 : 2 + count]
    rows = numbers[2 + count]
    start = 3 + count
    sizes = numbers[start : start + rows * len(GROUPS)]
    start += len(sizes)
    groups: list[tuple[int, ...]] = []
    for size in sizes:
        groups.append(tuple(sorted(known[index] for index in accumulate(numbers[start : start + size]))))
        start += size
    return [Features(*groups[at : at + len(GROUPS)]) for at in range(0, len(groups), len(GROUPS))]


def write(rows: Iterable[dict[str, object]], labels: Path = LABELS) -> None:
    """Write `labels.jsonl`."""
    labels.write_text("".join(json.dumps(row, sort_keys=True) + "\n" for row in rows), encoding="utf-8")
