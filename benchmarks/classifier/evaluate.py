"""Measure `linear` honestly and write docs/classifier.md and docs/classifier-confusion.svg.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m benchmarks.classifier.evaluate --shared ../shared/data/tasks

Headline: every hand-read source in turn is left out, the model is trained on everything else, calibrated on folds
inside of that, and asked about the source. Takes about ten minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.classifier import model, modes
from benchmarks.classifier.model import Array, Settings
from benchmarks.classifier.report import Part, render
from benchmarks.classifier.rows import PROMPTS, Row, own, repository, shared
from benchmarks.classifier.speed import speed
from benchmarks.classifier.train import (
    CANDIDATES,
    COST,
    THIRDS,
    costs,
    difficulty,
    fold_logits,
    hand_groups,
    labels_of,
    third_of,
    weights_of,
)
from llmswitch.classify.confusion_picture import svg
from llmswitch.classify.evaluation import Example, Said, summarise
from llmswitch.classify.features import Features, features
from llmswitch.classify.linear import DIFFICULTIES, decide
from llmswitch.tasks import TASKS

EQUAL = [[float(truth != other) for other in TASKS] for truth in TASKS]
TRADE_OFFS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)
DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True, slots=True)
class Data:
    """The rows with their features."""

    rows: Sequence[Row]
    found: Sequence[Features]

    def only(self, keep: Callable[[Row], bool]) -> Data:
        """The rows `keep` holds for."""
        kept = [index for index, row in enumerate(self.rows) if keep(row)]
        return Data([self.rows[index] for index in kept], [self.found[index] for index in kept])


def tuned(training: Data, candidates: Sequence[Settings], kind: str) -> tuple[Settings, float]:
    """Of `candidates` the one with the least log loss on rows of `kind` left out in folds, and its best sharpness."""
    labels = labels_of(training.rows)
    best: tuple[float, Settings, float] | None = None
    for settings in candidates:
        logits, known = fold_logits(training.rows, training.found, settings, kind=kind)
        factor = model.sharpness(logits, labels[known], np.ones(len(known)))
        right = model.softmax(logits * factor)[np.arange(len(known)), labels[known].astype(int)]
        loss = -float(np.log(right + 1e-12).mean())
        if best is None or loss < best[0]:
            best = (loss, settings, factor)
    if best is None:
        raise ValueError("no settings to choose from")
    return best[1], best[2]


def chances(training: Data, testing: Data, settings: Settings, factor: float = 1.0) -> Array:
    """Probabilities of `testing` by a model trained on `training`."""
    labels, weights = labels_of(training.rows), weights_of(training.rows, settings)
    return model.softmax(model.train(training.found, labels, weights, settings).logits(testing.found) * factor)


def said(rows: Sequence[Row], probabilities: Array, cost: Sequence[Sequence[float]]) -> list[tuple[Example, Said]]:
    """The decisions as the evaluation counts them."""
    table = [list(line) for line in cost]
    result = []
    for row, line in zip(rows, probabilities.tolist(), strict=True):
        best = decide(line, table)
        result.append((Example(row.prompt, row.label, row.lang, row.source), Said(row.label, TASKS[best], line[best])))
    return result


def left_out_sources(data: Data, *, tune: bool) -> tuple[list[Row], Array, list[str]]:
    """Rows, probabilities and chosen settings with each hand-read source left out in turn."""
    rows: list[Row] = []
    parts: list[Array] = []
    notes: list[str] = []
    for group in hand_groups(data.rows):
        testing = data.only(lambda row, group=group: row.kind == "hand" and repository(row.source) == group)  # type: ignore[misc]  # bound at once
        training = data.only(lambda row, group=group: repository(row.source) != group)  # type: ignore[misc]  # bound at once
        settings, factor = tuned(training, CANDIDATES if tune else [Settings()], "hand")
        notes.append(f"{group}: l2 {settings.l2:g}")
        print(f"left out: {group} ({len(testing.rows)} rows), l2 {settings.l2:g}", flush=True)
        rows += testing.rows
        parts.append(chances(training, testing, settings, factor))
    return rows, np.vstack(parts), notes


def left_out_writers(data: Data) -> tuple[list[Row], Array]:
    """Our own prompts, with a third of the writers left out in turn."""
    rows: list[Row] = []
    parts: list[Array] = []
    for third in range(THIRDS):
        testing = data.only(lambda row, third=third: row.kind == "own" and third_of(row) == third)  # type: ignore[misc]  # bound at once
        training = data.only(lambda row, third=third: row.kind != "own" or third_of(row) != third)  # type: ignore[misc]  # bound at once
        rows += testing.rows
        settings, factor = tuned(training, [Settings()], "own")
        parts.append(chances(training, testing, settings, factor))
        print(f"left out: third {third} of the writers", flush=True)
    return rows, np.vstack(parts)


def difficulties(data: Data) -> list[tuple[str, str]]:
    """True and said difficulty of our own prompts, a third of the writers left out in turn."""
    pairs: list[tuple[str, str]] = []
    settings = Settings()
    for third in range(THIRDS):
        testing = data.only(lambda row, third=third: row.kind == "own" and third_of(row) == third)  # type: ignore[misc]  # bound at once
        training = data.only(lambda row, third=third: row.kind == "own" and third_of(row) != third)  # type: ignore[misc]  # bound at once
        known = model.groups_of(training.found, labels_of(training.rows), settings)
        empty = model.Model(known, np.zeros((0, 0)), np.zeros(0))
        weights, bias = difficulty(training.rows, training.found, empty, settings)
        places = (model.encode(known, testing.found) @ weights + bias).argmax(axis=1).tolist()
        pairs += [(str(row.difficulty), DIFFICULTIES[place]) for row, place in zip(testing.rows, places, strict=True)]
    return pairs


def curve(data: Data) -> list[tuple[str, list[tuple[Example, Said]]]]:
    """The headline with less to learn from: every n-th of our own prompts, without the hand-read, without the weak."""

    def every(share: float) -> Data:
        count = 0

        def keep(row: Row) -> bool:
            nonlocal count
            if row.kind != "own":
                return True
            count += 1
            return int(count * share) > int((count - 1) * share)

        return data.only(keep)

    variants: list[tuple[str, Data, Settings]] = [
        ("none of our own prompts", every(0), Settings()),
        ("a quarter of them", every(0.25), Settings()),
        ("half of them", every(0.5), Settings()),
        ("no hand-read rows", data, replace(Settings(), hand=1e-6)),
        ("no weakly labelled rows", data, replace(Settings(), weak=1e-6)),
    ]
    result = []
    for name, part, settings in variants:
        parts: list[Array] = []
        rows: list[Row] = []
        for group in hand_groups(data.rows):
            testing = part.only(lambda row, group=group: row.kind == "hand" and repository(row.source) == group)  # type: ignore[misc]  # bound at once
            training = part.only(lambda row, group=group: repository(row.source) != group)  # type: ignore[misc]  # bound at once
            parts.append(chances(training, testing, settings))
            rows += testing.rows
        print(f"curve: {name}", flush=True)
        result.append((name, said(rows, np.vstack(parts), EQUAL)))
    return result


def main() -> None:
    """Parse the command line, measure, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--own", type=Path, default=PROMPTS)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--tune", action="store_true", help="choose the penalty anew in each fold: three times as long")
    given = parser.parse_args()
    rows = own(given.own) + shared(given.shared)
    data = Data(rows, [features(row.prompt) for row in rows])
    tested, probabilities, notes = left_out_sources(data, tune=given.tune)
    headline = summarise(said(tested, probabilities, COST), [])
    asked = modes.load()
    writers, their_chances = left_out_writers(data)
    part = Part(
        headline=headline,
        plain=summarise(said(tested, probabilities, EQUAL), []),
        writers=summarise(said(writers, their_chances, COST), []),
        curve=[(name, summarise(pairs, []).figures) for name, pairs in curve(data)],
        speed=speed([row.prompt for row in rows if row.kind != "weak"]),
        difficulties=difficulties(data),
        tradeoff=[(weight, summarise(said(tested, probabilities, costs(weight)), []).figures) for weight in TRADE_OFFS],
        counts=_counts(rows),
        notes=notes,
        modes=modes.compared(tested, probabilities.tolist(), [list(line) for line in COST], asked) if asked else (),
        asked=asked,
    )
    (DOCS / "classifier.md").write_text(render(part), encoding="utf-8")
    (DOCS / "classifier-confusion.svg").write_text(svg(headline.confusion), encoding="utf-8")


def _counts(rows: Iterable[Row]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.kind] = counts.get(row.kind, 0) + 1
    return counts


if __name__ == "__main__":
    main()
