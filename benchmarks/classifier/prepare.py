"""From the writers' files and the blind readings to `prompts/`: only rows that two readings agree on, no near-duplicates.

    python -m benchmarks.classifier.prepare WRITTEN BLIND [--shared ../shared/data/tasks]

WRITTEN holds `LANGUAGE-WRITER.jsonl` ({"prompt", "label", "difficulty"}), BLIND files of the same names ({"id", "label",
"difficulty"}, ids are `LANGUAGE-WRITER:LINE`, from 1). Where the difficulties differ the writer's stands. A prompt that is
nearly one of another file, of one already in `prompts/`, or of the shared rows, is dropped from the later file, so that no
split has it on both sides. A row with an "after" has the label that two readers gave the stranger's prompt in whose manner it
was written: it stays unless its own blind reading differs. `--typed TYPED` names the folder of the strangers' prompts that the
"after" (`NAME:LINE`) is a place in: what is kept of it is the digest of their source (see strangers/).
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.classifier.rows import PROMPTS, own, read, shared
from benchmarks.classifier.strangers.digest import digest
from llmswitch.classify.learning import SAMPLE
from llmswitch.tasks import TASKS

NEAR = 0.7
"""Jaccard similarity of character 5-grams from which two prompts are near-duplicates."""
GRAM = 5
SAMPLE_EACH, SAMPLE_LONGEST = 8, 160
_LOOSE = re.compile(r"[\W\d_]+")


@dataclass(frozen=True, slots=True)
class Written:
    """A prompt with its writer's label and the blind reader's (None: not read)."""

    prompt: str
    label: str
    difficulty: str
    blind: str | None
    blind_difficulty: str | None
    after: str | None = None


def written(file: Path, blind_folder: Path) -> list[Written]:
    """The rows of one writer, with the readings of another person."""
    blind_file = blind_folder / file.name
    blind = {entry["id"]: entry for entry in read(blind_file)} if blind_file.exists() else {}
    rows = []
    for number, entry in enumerate(read(file), start=1):
        reading = blind.get(f"{file.stem}:{number}", {})
        rows.append(
            Written(
                entry["prompt"],
                entry["label"],
                entry["difficulty"],
                reading.get("label"),
                reading.get("difficulty"),
                entry.get("after"),
            )
        )
    return rows


class Seen:
    """Prompts seen so far, for near-duplicates: an index of 5-grams that few prompts share, then the exact similarity."""

    def __init__(self) -> None:
        self.grams: list[frozenset[str]] = []
        self.holders: dict[str, list[int]] = {}

    def near(self, prompt: str) -> bool:
        """Whether something nearly the same was added before."""
        grams = _grams(prompt)
        shared_with = Counter(one for gram in grams for one in self.holders.get(gram, ())[:200])
        return any(
            count / len(grams | self.grams[other]) >= NEAR for other, count in shared_with.most_common(5) if grams
        )

    def add(self, prompt: str) -> None:
        """Remember `prompt`."""
        grams = _grams(prompt)
        for gram in grams:
            self.holders.setdefault(gram, []).append(len(self.grams))
        self.grams.append(grams)


def _grams(prompt: str) -> frozenset[str]:
    text = _LOOSE.sub(" ", prompt.lower())[:600]
    return frozenset(text[start : start + GRAM] for start in range(max(1, len(text) - GRAM + 1)))


def sources(typed: Path) -> dict[str, str]:
    """By `NAME:LINE` of the strangers' prompts in `typed`, the digest of their source."""
    return {
        f"{file.stem}:{number}": digest(entry["source"])
        for file in sorted(typed.glob("*.jsonl"))
        for number, entry in enumerate(read(file), start=1)
    }


def kept_row(row: Written, known_sources: Mapping[str, str]) -> dict[str, str]:
    """What `prompts/` keeps of a row."""
    entry = {"prompt": row.prompt, "label": row.label, "difficulty": row.difficulty}
    return entry if row.after is None else {**entry, "after": known_sources[row.after]}


def agreement(rows: Iterable[Written]) -> str:
    """One line: how often the two readings agree, and kappa, which takes chance out."""
    read_rows = [row for row in rows if row.blind]
    if not read_rows:
        return "not read yet"
    same = sum(row.label == row.blind for row in read_rows) / len(read_rows)
    first, second = Counter(row.label for row in read_rows), Counter(row.blind for row in read_rows)
    chance = sum(first[task] * second[task] for task in TASKS) / len(read_rows) ** 2
    levels = sum(row.difficulty == row.blind_difficulty for row in read_rows) / len(read_rows)
    return f"{len(read_rows)} read, {same:.1%} the same (kappa {(same - chance) / (1 - chance):.2f}), difficulty {levels:.1%}"


def sample(folder: Path) -> list[dict[str, str]]:
    """The first short prompts of every task and language in `folder`: shipped, so that a taught classifier can be checked."""
    taken: Counter[tuple[str, str]] = Counter()
    chosen = []
    for file in sorted(folder.glob("[a-z][a-z]-[a-z].jsonl")):
        for entry in read(file):
            key = (file.stem[:2], entry["label"])
            if taken[key] < SAMPLE_EACH and len(entry["prompt"]) <= SAMPLE_LONGEST:
                taken[key] += 1
                chosen.append({"prompt": entry["prompt"], "label": entry["label"]})
    return chosen


def main() -> None:
    """Parse the command line, write the prompts, print the agreement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("written", type=Path)
    parser.add_argument("blind", type=Path)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--typed", type=Path)
    parser.add_argument("--out", type=Path, default=PROMPTS)
    given = parser.parse_args()
    known_sources = sources(given.typed) if given.typed else {}
    seen = Seen()
    files = sorted(given.written.glob("[a-z][a-z]-[a-z].jsonl"))
    for there in own(given.out):
        if there.source not in {file.stem for file in files}:
            seen.add(there.prompt)
    for other in shared(given.shared) if given.shared else []:
        seen.add(other.prompt)
    given.out.mkdir(parents=True, exist_ok=True)
    apart: Counter[tuple[str, str]] = Counter()
    everything: list[Written] = []
    kept_in_all = 0
    for file in files:
        rows = written(file, given.blind)
        agreed = [row for row in rows if row.blind == row.label or (row.blind is None and row.after)]
        apart.update((row.label, row.blind) for row in rows if row.blind and row.blind != row.label)
        kept = []
        for row in agreed:
            if not seen.near(row.prompt):
                kept.append(row)
                seen.add(row.prompt)
        lines = [json.dumps(kept_row(row, known_sources), ensure_ascii=False) for row in kept]
        (given.out / file.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{file.stem}: {agreement(rows)}; near-duplicates {len(agreed) - len(kept)}; kept {len(kept)}")
        everything += rows
        kept_in_all += len(kept)
    lines = [json.dumps(entry, ensure_ascii=False) for entry in sample(given.out)]
    SAMPLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"all: {agreement(everything)}; kept {kept_in_all}")
    print("readings apart (writer, reader):", apart.most_common(15))


if __name__ == "__main__":
    main()
