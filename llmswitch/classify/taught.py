"""What the user taught, on top of the shipped weights: a few numbers a feature, learned from corrections in seconds.

Kernel softmax regression in plain Python. Two prompts are alike by the features they share; each correction pushes the
logits of prompts like it towards the task the user gave. The shipped weights stay as they are."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from llmswitch import paths
from llmswitch.classify.corrections import Correction, folder
from llmswitch.classify.features import VERSION, Features
from llmswitch.classify.linear import softmax
from llmswitch.tasks import TASKS

ROUNDS = 40
STEP = 0.5
PENALTY = 0.02
"""Pull of what was learned towards nothing, so that one correction does not decide everything like it."""
STRENGTH = 12.0
"""How far the logits move for a prompt that is the same as a correction."""
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Delta:
    """Numbers to add to the logits: for each feature one a task, summed and divided by the root of the feature count."""

    rows: Mapping[int, Sequence[float]] = field(default_factory=dict)

    def __call__(self, found: Features) -> list[float]:
        """One number a task, in the order of TASKS."""
        numbers = everything(found)
        totals = [0.0] * len(TASKS)
        for number in numbers & self.rows.keys():
            for place, value in enumerate(self.rows[number]):
                totals[place] += value
        scale = STRENGTH / math.sqrt(len(numbers)) if numbers else 0.0
        return [total * scale for total in totals]


def everything(found: Features) -> frozenset[int]:
    """The features of all groups; a number says which group it is of."""
    return frozenset(chain.from_iterable(found))


def learn(corrections: Sequence[Correction], base: Callable[[Features], list[float]], sharpness: float) -> Delta:
    """The delta that makes `corrections` come out right where they support each other. `base` gives the logits of the
    shipped weights, `sharpness` the factor on logits."""
    sets = [everything(one.features) for one in corrections]
    roots = [math.sqrt(len(one)) or 1.0 for one in sets]
    likeness = [
        [len(one & other) / (first * second) for other, second in zip(sets, roots, strict=True)]
        for one, first in zip(sets, roots, strict=True)
    ]
    start = [base(one.features) for one in corrections]
    pushes = [[0.0] * len(TASKS) for _ in corrections]
    for _ in range(ROUNDS):
        steps = []
        for place, one in enumerate(corrections):
            near = [(pushes[other], alike) for other, alike in enumerate(likeness[place]) if alike > 0.02]
            logits = [
                start[place][task] + STRENGTH * sum(push[task] * alike for push, alike in near)
                for task in range(len(TASKS))
            ]
            chances = softmax([logit * sharpness for logit in logits])
            steps.append([(TASKS[task] == one.task) - chances[task] for task in range(len(TASKS))])
        for push, step in zip(pushes, steps, strict=True):
            for task, value in enumerate(step):
                push[task] += STEP * (0.1 * value - PENALTY * push[task])
    rows: dict[int, list[float]] = {}
    for numbers, root, push in zip(sets, roots, pushes, strict=True):
        for number in numbers:
            row = rows.setdefault(number, [0.0] * len(TASKS))
            for task, value in enumerate(push):
                row[task] += value / root
    return Delta({number: [round(value, DIGITS) for value in row] for number, row in rows.items()})


def file() -> Path:
    """Where the delta in use is."""
    return folder() / "delta.json"


def previous() -> Path:
    """The delta before the last `--learn`."""
    return folder() / "delta.previous.json"


def load() -> Delta | None:
    """The delta in use, if the user taught one; a file that can't be read, or of another version's features,
    counts as none."""
    try:
        loaded = json.loads(file().read_text(encoding="utf-8"))
        if loaded["features"] != VERSION:
            return None
        rows = {int(number): [float(value) for value in row] for number, row in loaded["rows"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return Delta({number: row for number, row in rows.items() if len(row) == len(TASKS)})


def save(delta: Delta) -> None:
    """Put `delta` in use and keep the one before for `undo`. Raises OSError."""
    paths.private_dir(folder())
    if file().exists():
        file().replace(previous())
    else:
        previous().unlink(missing_ok=True)
    fresh = file().with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump({"features": VERSION, "rows": {str(number): row for number, row in sorted(delta.rows.items())}}, out)
    fresh.replace(file())


def undo() -> str | None:
    """Go back to the delta before the last `--learn`, or to the shipped weights; says which, None if nothing was taught."""
    if previous().exists():
        previous().replace(file())
        return "what was taught before"
    if file().exists():
        file().unlink()
        return "the shipped classifier"
    return None
