"""Measure `linear` honestly and write docs/classifier.md and docs/classifier-confusion.svg.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m benchmarks.classifier.evaluate --shared ../shared/data/tasks

Headline: every hand-read source in turn is left out, the model is trained on everything else, calibrated on folds
inside of that, and asked about the source; the strangers' sources are left out by sixths. Takes about half an hour on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.classifier import model, modes
from benchmarks.classifier.model import Array, Settings
from benchmarks.classifier.report import Part, render
from benchmarks.classifier.rows import PROMPTS, Row, own, repository, shared
from benchmarks.classifier.speed import speed
from benchmarks.classifier.strangers.stored import strangers
from benchmarks.classifier.train import (
    CANDIDATES,
    COST,
    SIXTHS,
    THIRDS,
    TYPED,
    costs,
    difficulty,
    evenly,
    fold_logits,
    fold_of,
    hand_groups,
    labels_of,
    may_teach,
    third_of,
    weights_of,
)
from llmswitch.classify.confusion_picture import svg
from llmswitch.classify.evaluation import Example, Said, summarise
from llmswitch.classify.features import Features
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


def tuned(training: Data, candidates: Sequence[Settings], kinds: Collection[str] = TYPED) -> tuple[Settings, float]:
    """Of `candidates` the one with the least log loss on rows of `kinds` left out in folds, and its best sharpness."""
    labels = labels_of(training.rows)
    best: tuple[float, Settings, float] | None = None
    for settings in candidates:
        logits, known = fold_logits(training.rows, training.found, settings, kinds=kinds)
        factor = model.sharpness(logits, labels[known], evenly(training.rows, known))
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
        settings, factor = tuned(training, CANDIDATES if tune else [Settings()])
        notes.append(f"{group}: l2 {settings.l2:g}")
        print(f"left out: {group} ({len(testing.rows)} rows), l2 {settings.l2:g}", flush=True)
        rows += testing.rows
        parts.append(chances(training, testing, settings, factor))
    return rows, np.vstack(parts), notes


def left_out_sixths(data: Data) -> tuple[list[Row], Array]:
    """The strangers' prompts, with a sixth of the sources left out in turn (whatever kind their rows are of)."""
    rows: list[Row] = []
    parts: list[Array] = []
    for sixth in range(SIXTHS):
        fold = f"sources {sixth}"
        testing = data.only(lambda row, fold=fold: row.kind == "stranger" and fold_of(row) == fold)  # type: ignore[misc]  # bound at once
        training = data.only(lambda row, fold=fold: may_teach(row, fold))  # type: ignore[misc]  # bound at once
        settings, factor = tuned(training, [Settings()])
        rows += testing.rows
        parts.append(chances(training, testing, settings, factor))
        print(f"left out: sixth {sixth} of the strangers", flush=True)
    return rows, np.vstack(parts)


def left_out_writers(data: Data) -> tuple[list[Row], Array]:
    """Our own prompts, with a third of the writers left out in turn."""
    rows: list[Row] = []
    parts: list[Array] = []
    for third in range(THIRDS):
        testing = data.only(lambda row, third=third: row.kind == "own" and third_of(row) == third)  # type: ignore[misc]  # bound at once
        training = data.only(lambda row, third=third: row.kind != "own" or third_of(row) != third)  # type: ignore[misc]  # bound at once
        rows += testing.rows
        settings, factor = tuned(training, [Settings()], ("own",))
        parts.append(chances(training, testing, settings, factor))
        print(f"left out: third {third} of the writers", flush=True)
    return rows, np.vstack(parts)


def difficulties(data: Data) -> dict[str, list[tuple[str, str]]]:
    """True and said difficulty, by whose prompts they are: ours with a third of the writers left out in turn, the strangers'
    with a sixth of the sources."""
    writers = [f"writers {third}" for third in range(THIRDS)]
    sources = [f"sources {sixth}" for sixth in range(SIXTHS)]
    return {
        "our own": _difficulties(data, writers, ("own",), ("own",)),
        "the strangers'": _difficulties(data, sources, ("stranger",), ("own", "stranger")),
    }


def _difficulties(
    data: Data, folds: Iterable[str], asked: Collection[str], teach: Collection[str]
) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    settings = Settings()
    for fold in folds:
        testing = data.only(lambda row, fold=fold: row.kind in asked and fold_of(row) == fold)  # type: ignore[misc]  # bound at once
        training = data.only(lambda row, fold=fold: row.kind in teach and may_teach(row, fold))  # type: ignore[misc]  # bound at once
        known = model.groups_of(training.found, labels_of(training.rows), settings)
        empty = model.Model(known, np.zeros((0, 0)), np.zeros(0))
        weights, bias = difficulty(training.rows, training.found, empty, settings)
        places = (model.encode(known, testing.found) @ weights + bias).argmax(axis=1).tolist()
        pairs += [(str(row.difficulty), DIFFICULTIES[place]) for row, place in zip(testing.rows, places, strict=True)]
    return pairs


def with_less(data: Data) -> list[tuple[str, Data, Settings]]:
    """The training data with parts of it left out; what is asked about stays: rows that may not teach get no weight."""
    by_source: dict[str, int] = {}
    for row in data.rows:
        if row.kind == "stranger":
            by_source.setdefault(row.source, len(by_source))

    def of_own(share: float) -> Data:
        count = 0

        def keep(row: Row) -> bool:
            nonlocal count
            if row.kind != "own":
                return True
            count += 1
            return int(count * share) > int((count - 1) * share)

        return data.only(keep)

    def of_strangers(share: float) -> Data:
        """Prompts written in the manner of a stranger's stay with their source."""
        kept = {source for source, number in by_source.items() if number % 8 < share * 8}
        return data.only(lambda row: (row.after or row.source) in kept if row.kind == "stranger" or row.after else True)

    plain = Settings()
    return [
        ("none of our own prompts", of_own(0), plain),
        ("half of them", of_own(0.5), plain),
        ("no stranger's prompt that we collected", of_strangers(0), plain),
        ("a quarter of their sources", of_strangers(0.25), plain),
        ("half of their sources", of_strangers(0.5), plain),
        ("no weakly labelled rows", data, replace(plain, weak=1e-6)),
    ]


def curve(data: Data) -> list[tuple[str, list[tuple[Example, Said]], list[tuple[Example, Said]]]]:
    """The headline's prompts and the strangers', with less to learn from."""
    result = []
    for name, part, settings in [*with_less(data), ("everything", data, Settings())]:
        asked: dict[str, list[tuple[Example, Said]]] = {"hand": [], "stranger": []}
        for group in hand_groups(data.rows):
            testing = data.only(lambda row, group=group: row.kind == "hand" and repository(row.source) == group)  # type: ignore[misc]  # bound at once
            training = part.only(lambda row, group=group: repository(row.source) != group)  # type: ignore[misc]  # bound at once
            asked["hand"] += said(testing.rows, chances(training, testing, settings), EQUAL)
        for sixth in range(SIXTHS):
            fold = f"sources {sixth}"
            testing = data.only(lambda row, fold=fold: row.kind == "stranger" and fold_of(row) == fold)  # type: ignore[misc]  # bound at once
            training = part.only(lambda row, fold=fold: may_teach(row, fold))  # type: ignore[misc]  # bound at once
            asked["stranger"] += said(testing.rows, chances(training, testing, settings), EQUAL)
        print(f"curve: {name}", flush=True)
        result.append((name, asked["hand"], asked["stranger"]))
    return result


def main() -> None:
    """Parse the command line, measure, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--own", type=Path, default=PROMPTS)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--tune", action="store_true", help="choose the penalty anew in each fold: three times as long")
    given = parser.parse_args()
    rows = own(given.own) + strangers() + shared(given.shared)
    data = Data(rows, [row.features for row in rows])
    tested, probabilities, notes = left_out_sources(data, tune=given.tune)
    headline = summarise(said(tested, probabilities, COST), [])
    asked = modes.load()
    strange, strange_chances = left_out_sixths(data)
    strange_said = said(strange, strange_chances, COST)
    writers, their_chances = left_out_writers(data)
    part = Part(
        headline=headline,
        plain=summarise(said(tested, probabilities, EQUAL), []),
        writers=summarise(said(writers, their_chances, COST), []),
        strangers=summarise(strange_said, []),
        sure=summarise([pair for row, pair in zip(strange, strange_said, strict=True) if not row.doubted], []).figures,
        curve=[(name, summarise(one, []).figures, summarise(other, []).figures) for name, one, other in curve(data)],
        speed=speed([row.prompt for row in rows if row.kind in ("own", "hand")]),
        difficulties=difficulties(data),
        tradeoff=[
            (
                weight,
                summarise(said(tested, probabilities, costs(weight)), []).figures,
                summarise(said(strange, strange_chances, costs(weight)), []).figures,
            )
            for weight in TRADE_OFFS
        ],
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
