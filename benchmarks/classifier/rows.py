"""The rows to learn from and to measure on, whichever file they come from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from llmswitch.classify.features import Features, features

PROMPTS = Path(__file__).with_name("prompts")
READINGS = Path(__file__).with_name("readings")
Kind = Literal["own", "hand", "stranger", "weak"]


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled prompt. `source` is what splits go by (a writer, a repository, a data set); `kind` is how the label came
    about: `own` (written for the label, confirmed by a blind reading), `hand` (typed by a stranger, labelled by reading),
    `stranger` (the same, read by us: the text is not here, `known` has its features), `weak` (labelled by the nature of its
    data set). `difficulty` is only known of our own and of the `stranger` rows. `after` is the source of the stranger's prompt
    in whose manner one of ours was written; `doubted` is a label that the first two readers did not agree on."""

    prompt: str
    label: str
    source: str
    lang: str
    kind: Kind
    difficulty: str | None = None
    known: Features | None = None
    after: str | None = None
    doubted: bool = False

    @property
    def features(self) -> Features:
        """Its features."""
        return features(self.prompt) if self.known is None else self.known


def own(folder: Path = PROMPTS) -> list[Row]:
    """Our own prompts: every `LANGUAGE-WRITER.jsonl` of `folder`."""
    return [
        Row(
            entry["prompt"],
            entry["label"],
            path.stem,
            path.stem[:2],
            "own",
            entry["difficulty"],
            after=entry.get("after"),
        )
        for path in sorted(folder.glob("[a-z][a-z]-[a-z].jsonl"))
        for entry in read(path)
    ]


def shared(folder: Path, readings: Path = READINGS) -> list[Row]:
    """The rows that are not ours to distribute: `read_by_hand.jsonl` and `weak_labels.jsonl` of `folder`. The weak labels
    were read again: `readings` holds JSONL of {"id", "label"}, where a label of null drops the row."""
    kinds: tuple[tuple[str, Kind], ...] = (("read_by_hand", "hand"), ("weak_labels", "weak"))
    read_again = {entry["id"]: entry["label"] for file in sorted(readings.glob("*.jsonl")) for entry in read(file)}
    rows = []
    for name, kind in kinds:
        for entry in read(folder / f"{name}.jsonl"):
            label = read_again.get(entry["id"], entry["label"])
            if label is not None:
                rows.append(Row(entry["prompt"], label, entry["source"], entry["lang"], kind))
    return rows


def repository(source: str) -> str:
    """The group of a source for splits: logs and commits of one repository are one group, so are the parts of one set."""
    name = source.split(" (")[0].removeprefix("github:").removeprefix("commit:").lower()
    return name.rsplit("-v", 1)[0] if "arena-hard" in name else name


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)
