"""Train the shipped weights file of `linear`, the same to the byte every time.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m benchmarks.classifier.train --shared ../shared/data/tasks

Without `--shared` it trains on our own prompts and on those of strangers/ alone. `--out FILE` writes elsewhere. Needs numpy
and scipy (the extra
`dev`); nothing of it is needed to use the classifier. No random number is drawn: features are ordered by their number,
rows by file and line, and the optimiser starts from zero.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from benchmarks.classifier import model
from benchmarks.classifier.model import Array, Model, Settings
from benchmarks.classifier.rows import PROMPTS, Row, own, repository, shared
from benchmarks.classifier.strangers.stored import strangers
from llmswitch.classify.evaluation import TIER
from llmswitch.classify.features import GROUPS, Features
from llmswitch.classify.linear import DIFFICULTIES
from llmswitch.classify.weights import LANES, SHIPPED, encode
from llmswitch.tasks import TASKS

ZERO = 1024
MOST = 2047
"""Lane values run from 0 to MOST, ZERO is the weight 0: eleven bits, so that 8,192 rows fit into 24."""


TOO_WEAK, TOO_STRONG = 0.1, 0.0
"""What a tier too weak, and a tier too strong, adds to the cost of a wrong label (which is 1). Of the values tried, the
largest that takes nothing from accuracy and right tier on the strangers' prompts with their sources left out."""


def cost_of(truth: str, said: str, too_weak: float = TOO_WEAK) -> float:
    """The cost of saying `said` of a prompt that is `truth`: work sent too low has to be done again."""
    if truth == said:
        return 0.0
    below = TIER[said] - TIER[truth]
    return 1 + (too_weak * below if below > 0 else TOO_STRONG * -below)


def costs(too_weak: float = TOO_WEAK) -> tuple[tuple[float, ...], ...]:
    """`cost_of` for every pair, by truth, then by what is said."""
    return tuple(tuple(cost_of(truth, said, too_weak) for said in TASKS) for truth in TASKS)


COST = costs()
THIRDS, SIXTHS = 3, 6
TYPED = ("hand", "stranger")
"""The kinds of rows that people typed without knowing of us."""
CANDIDATES = (Settings(l2=7.5e-5), Settings(), Settings(l2=3e-4))


def labels_of(rows: Sequence[Row]) -> Array:
    """Index of each row's label in TASKS."""
    return np.array([TASKS.index(row.label) for row in rows], dtype=np.float64)


def weights_of(rows: Sequence[Row], settings: Settings) -> Array:
    """How much each row counts."""
    by_kind = {"own": 1.0, "hand": settings.hand, "stranger": settings.hand, "weak": settings.weak}
    return np.array([by_kind[row.kind] for row in rows])


def hand_groups(rows: Sequence[Row]) -> list[str]:
    """The groups (repositories, collections) that have hand-read rows."""
    return sorted({repository(row.source) for row in rows if row.kind == "hand"})


def third_of(row: Row) -> int:
    """The fold of a writer of ours: the same letter is an English and a Japanese file."""
    return ord(row.source[-1]) % THIRDS


def sixth_of(source: str) -> int:
    """The fold of a source."""
    return int(hashlib.sha256(repository(source).encode()).hexdigest(), 16) % SIXTHS


def fold_of(row: Row) -> str:
    """What is left out together: a sixth of the sources; of our own prompts, a third of the writers."""
    return f"writers {third_of(row)}" if row.kind == "own" else f"sources {sixth_of(row.source)}"


def may_teach(row: Row, fold: str) -> bool:
    """Whether a model that is asked about `fold` may learn from `row`: neither of the fold nor written in its manner."""
    return fold != fold_of(row) and (row.after is None or fold != f"sources {sixth_of(row.after)}")


def evenly(rows: Sequence[Row], known: Sequence[int]) -> Array:
    """Weights of the rows at `known` for the calibration: each kind counts the same, however many rows it has."""
    count = Counter(rows[place].kind for place in known)
    return np.array([1 / count[rows[place].kind] for place in known])


def fold_logits(
    rows: Sequence[Row], found: Sequence[Features], settings: Settings, *, kinds: Collection[str]
) -> tuple[Array, list[int]]:
    """Logits of the rows of `kinds`, each by a model that saw nothing of its fold; and the places of those rows."""
    labels, weights = labels_of(rows), weights_of(rows, settings)
    known: list[int] = []
    parts: list[Array] = []
    for fold in sorted({fold_of(row) for row in rows if row.kind in kinds}):
        inside = [place for place, row in enumerate(rows) if may_teach(row, fold)]
        outside = [place for place, row in enumerate(rows) if fold_of(row) == fold and row.kind in kinds]
        trained = model.train([found[place] for place in inside], labels[inside], weights[inside], settings)
        parts.append(trained.logits([found[place] for place in outside]))
        known += outside
    return np.vstack(parts), known


def build(rows: Sequence[Row], settings: Settings, cost: Sequence[Sequence[float]]) -> bytes:
    """The bytes of a weights file trained on `rows`."""
    found = [row.features for row in rows]
    labels, weights = labels_of(rows), weights_of(rows, settings)
    trained = model.train(found, labels, weights, settings)
    typed = any(row.kind in TYPED for row in rows)
    logits, known = fold_logits(rows, found, settings, kinds=TYPED if typed else ("own",))
    sharpness = model.sharpness(logits, labels[known], evenly(rows, known))
    hard_weights, hard_bias = difficulty(rows, found, trained, settings)
    return quantise(trained, hard_weights, hard_bias, sharpness, cost)


def difficulty(
    rows: Sequence[Row], found: Sequence[Features], trained: Model, settings: Settings
) -> tuple[Array, Array]:
    """Weights and bias for DIFFICULTIES over the groups of `trained`, from the rows whose difficulty is known."""
    known = [i for i, row in enumerate(rows) if row.difficulty is not None]
    names = [str(row.difficulty) for row in rows if row.difficulty is not None]
    labels = np.array([DIFFICULTIES.index(name) for name in names], dtype=np.float64)
    matrix = model.encode(trained.groups, [found[i] for i in known])
    return model.fit(matrix, labels, np.ones(len(known)), len(DIFFICULTIES), settings)


def quantise(
    trained: Model, hard_weights: Array, hard_bias: Array, sharpness: float, cost: Sequence[Sequence[float]]
) -> bytes:
    """The weights file of `trained`: eleven bits a weight, one scale a group."""
    both = np.hstack([trained.weights, hard_weights])
    squares = np.concatenate([group.idf**2 for group in trained.groups])
    square = float(squares.max()) / MOST
    header: dict[str, object] = {
        "tasks": list(TASKS),
        "bias": [float(f"{value:.6g}") for value in [*trained.bias, *hard_bias]],
        "zero": ZERO,
        "square": float(f"{square:.9g}"),
        "sharpness": float(f"{sharpness:.6g}"),
        "sharpness_difficulty": 1.0,
        "cost": [list(row) for row in cost],
    }
    rows: dict[int, list[int]] = {}
    start = 0
    for name, group in zip(GROUPS, trained.groups, strict=True):
        block = both[start : start + len(group.numbers)] * group.idf[:, None]
        unit = float(np.abs(block).max()) / (ZERO - 1)
        header[name] = {"scale": float(f"{unit * group.scale:.9g}")}
        whole = np.clip(np.rint(block / unit) + ZERO, 0, MOST).astype(int)
        sizes = np.clip(np.rint(group.idf**2 / square), 1, MOST).astype(int)
        for number, lanes, size in zip(group.numbers, whole, sizes, strict=True):
            rows[int(number)] = [*map(int, lanes), int(size)]
        start += len(group.numbers)
    if any(len(lanes) != LANES for lanes in rows.values()):
        raise ValueError("a row has the wrong number of lanes")
    return encode(header, rows)


def main() -> None:
    """Parse the command line, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--own", type=Path, default=PROMPTS, help="folder of our own prompts")
    parser.add_argument("--shared", type=Path, help="folder of read_by_hand.jsonl and weak_labels.jsonl")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    given = parser.parse_args()
    rows = own(given.own) + strangers() + (shared(given.shared) if given.shared else [])
    settings = Settings()
    content = build(rows, settings, COST)
    given.out.write_bytes(content)
    print(f"{given.out}: {len(content):,} bytes from {len(rows):,} prompts")


if __name__ == "__main__":
    main()
