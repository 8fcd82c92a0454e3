"""From read prompts to this folder's files; the texts stay where they are.

    python -m benchmarks.classifier.strangers.make TYPED BLIND THIRD --shared ../shared/data/tasks

TYPED holds `NAME.jsonl` ({"prompt", "label", "difficulty", "lang", "source", "kind"}: as collected and first read), BLIND files
of the same names ({"id", "label", "difficulty"}, ids are `NAME:LINE`, from 1; a label of null drops the row), THIRD the same
for the rows on which the two differ. A row stays if two of its readings agree. A prompt that is nearly one of the shared rows,
of our own or of an earlier file is dropped.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.classifier.prepare import Seen
from benchmarks.classifier.rows import own, read, shared
from benchmarks.classifier.strangers.digest import digest
from benchmarks.classifier.strangers.stored import FEATURES, packed, write
from llmswitch.classify.features import features

UNSAID = {"label": None, "difficulty": None}


def agreed(first: Mapping[str, Any], second: Mapping[str, Any], third: Mapping[str, Any]) -> str | None:
    """The label that two readings give, None if no two do."""
    labels = [first["label"], second["label"], third["label"]]
    return next((label for label in labels if label is not None and labels.count(label) > 1), None)


def level(*readings: Mapping[str, Any]) -> str:
    """The difficulty most readings give; `normal` between `easy` and `hard`, else the first."""
    given = [one["difficulty"] for one in readings if one["difficulty"]]
    most, count = Counter(given).most_common(1)[0]
    return "normal" if count == 1 and {"easy", "hard"} <= set(given) else most


def readings(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Everything read, by id."""
    return {
        entry["id"]: entry for file in sorted(folder.glob("[!.]*.jsonl")) for entry in read(file) if "label" in entry
    }


def main() -> None:
    """Parse the command line, write the files, print what the readings agree in."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("typed", type=Path)
    parser.add_argument("blind", type=Path)
    parser.add_argument("third", type=Path)
    parser.add_argument("--shared", type=Path, required=True)
    given = parser.parse_args()
    second, third = readings(given.blind), readings(given.third)
    other = own() + shared(given.shared)
    seen = Seen()
    for row in other:
        seen.add(row.prompt)
    kept, found = [], []
    tally: Counter[str] = Counter()
    for file in sorted(given.typed.glob("*.jsonl")):
        for number, first in enumerate(read(file), start=1):
            key = f"{file.stem}:{number}"
            blind = second.get(key, UNSAID)
            label = agreed(first, blind, third.get(key, UNSAID))
            tally["typed"] += 1
            tally["not read twice, or no wish"] += blind["label"] is None
            tally["same in two readings"] += blind["label"] == first["label"]
            tally["decided by a third"] += label is not None and blind["label"] != first["label"]
            if label is None or seen.near(first["prompt"]):
                tally["near a prompt that is there"] += label is not None
                continue
            seen.add(first["prompt"])
            found.append(features(first["prompt"]))
            kept.append(
                {
                    "id": digest(first["prompt"]),
                    "label": label,
                    "difficulty": level(first, blind, third.get(key, UNSAID)),
                    "lang": first["lang"],
                    "source": digest(first["source"]),
                    "kind": first["kind"],
                    "doubted": blind["label"] != first["label"],
                }
            )
    elsewhere = Counter(number for row in other for number in {one for group in features(row.prompt) for one in group})
    FEATURES.write_bytes(packed(found, elsewhere))
    write(kept)
    print(f"kept {len(kept)} of {len({row['source'] for row in kept})} sources; {dict(tally)}")
    print(f"{FEATURES.name}: {FEATURES.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
