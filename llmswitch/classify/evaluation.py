"""How good a classifier is on labelled prompts: accuracy, macro-F1, the confusion matrix, calibration, latency."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from llmswitch.classify.label import Classifier, Outcome
from llmswitch.errors import InputError
from llmswitch.tasks import TASKS
from llmswitch.tokens import estimate_text

TIER: Mapping[str, int] = {
    "design": 0,
    "refactor": 0,
    "agentic": 0,
    "implement": 1,
    "bugfix": 1,
    "test": 1,
    "docs": 2,
    "longcontext": 2,
    "review": 3,
    "quickfix": 3,
    "chat": 3,
    "research": 4,
}
"""The tier each task goes to by default: 0 the strongest models, 4 the cheapest."""
BINS = 10


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled prompt; `lang` and `source` are empty where the file doesn't say."""

    prompt: str
    label: str
    lang: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of an example: its true label, the one given, and how sure."""

    truth: str
    task: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ByTask:
    """Precision, recall and F1 of one task, and how many examples have it."""

    precision: float
    recall: float
    f1: float
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Over one set of examples. `macro_f1` is the mean over the tasks that occur as a true label; `right_tier` the share
    whose tier (TIER) is the true one's; `strong_sent_lower` the share of tier-0 examples given a weaker tier (None
    without any); `sure_half` the accuracy on the half with the highest confidence; `calibration_error` the expected one,
    over ten bins of equal width."""

    count: int
    accuracy: float
    macro_f1: float
    right_tier: float
    strong_sent_lower: float | None
    sure_half: float
    calibration_error: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything about one run. `confusion[truth][said]` counts; latencies are milliseconds a prompt."""

    figures: Figures
    by_task: Mapping[str, ByTask]
    by_lang: Mapping[str, Figures]
    by_source: Mapping[str, Figures]
    confusion: Mapping[str, Mapping[str, int]]
    p50_ms: float
    p95_ms: float
    asked: Mapping[Outcome, int] = field(default_factory=dict)
    """What came of asking the local model, and how often: `late` is a missed deadline."""
    unanswered: Mapping[str, int] = field(default_factory=dict)
    """How often it was asked in vain, by the reason in words."""
    alone: Figures | None = None
    """The figures of `linear` on the same prompts, where the local model was asked about any."""


def examples(lines: Iterable[bytes], file: str) -> Iterator[Example]:
    """The examples of JSONL. Raises InputError with file and line for a row without a prompt or with an unknown label."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise InputError(f"{file}:{number}: not JSON: {error}") from None
        if not isinstance(entry, dict) or not isinstance(entry.get("prompt"), str) or "label" not in entry:
            raise InputError(f'{file}:{number}: needs "prompt" (text) and "label" (a task)')
        if entry["label"] not in TASKS:
            raise InputError(
                f"{file}:{number}: {entry['label']!r} is not a task", hint=f"a label is one of {', '.join(TASKS)}"
            )
        yield Example(entry["prompt"], entry["label"], str(entry.get("lang", "")), str(entry.get("source", "")))


def measure(classifier: Classifier, given: Iterable[Example]) -> Measured:
    """Label every example and count. Raises InputError when there is none."""
    rows: list[tuple[Example, Said]] = []
    alone: list[Said] = []
    times: list[float] = []
    asked: Counter[Outcome] = Counter()
    unanswered: Counter[str] = Counter()
    for example in given:
        started = time.perf_counter()
        label = classifier.label(example.prompt, "", estimate_text(example.prompt))
        times.append((time.perf_counter() - started) * 1000)
        rows.append((example, Said(example.label, label.task, label.confidence)))
        alone += [Said(example.label, one.task, one.confidence) for one in label.opinions if one.by == "linear"]
        if label.asked is not None:
            asked[label.asked] += 1
            unanswered.update([one.note for one in label.opinions if one.outcome and not one.confidence and one.note])
    if not rows:
        raise InputError("there is nothing to measure on")
    by_itself = figures(alone) if asked and len(alone) == len(rows) else None
    return replace(summarise(rows, times), asked=dict(asked), unanswered=dict(unanswered), alone=by_itself)


def summarise(rows: Sequence[tuple[Example, Said]], times: Sequence[float]) -> Measured:
    """The figures of rows that were labelled; `times` are milliseconds."""
    said = [one for _, one in rows]
    ordered = sorted(times)
    return Measured(
        figures(said),
        by_task(said),
        {lang: figures([one for row, one in rows if row.lang == lang]) for lang in _kinds(row.lang for row, _ in rows)},
        {
            source: figures([one for row, one in rows if row.source == source])
            for source in _kinds(row.source for row, _ in rows)
        },
        confusion(said),
        ordered[len(ordered) // 2] if ordered else 0.0,
        ordered[len(ordered) * 95 // 100] if ordered else 0.0,
    )


def figures(said: Sequence[Said]) -> Figures:
    """The figures of at least one row."""
    strong = [one for one in said if TIER[one.truth] == 0]
    surest = sorted(said, key=lambda one: -one.confidence)[: max(1, len(said) // 2)]
    tasks = by_task(said).values()
    return Figures(
        len(said),
        _share(one.truth == one.task for one in said),
        sum(task.f1 for task in tasks) / len(tasks),
        _share(TIER[one.truth] == TIER[one.task] for one in said),
        _share(TIER[one.task] > 0 for one in strong) if strong else None,
        _share(one.truth == one.task for one in surest),
        calibration_error(said),
    )


def calibration_error(said: Sequence[Said]) -> float:
    """Mean distance of confidence and accuracy over bins of equal width, weighted by how many fall in each."""
    bins: list[list[Said]] = [[] for _ in range(BINS)]
    for one in said:
        bins[min(int(one.confidence * BINS), BINS - 1)].append(one)
    return sum(
        abs(sum(one.confidence for one in held) - sum(one.truth == one.task for one in held)) for held in bins
    ) / len(said)


def by_task(said: Sequence[Said]) -> dict[str, ByTask]:
    """Figures of every task that is somebody's true label."""
    result: dict[str, ByTask] = {}
    for task in TASKS:
        true = sum(one.truth == task for one in said)
        given = sum(one.task == task for one in said)
        hits = sum(one.truth == one.task == task for one in said)
        if true:
            result[task] = ByTask(hits / given if given else 0.0, hits / true, 2 * hits / (true + given), true)
    return result


def confusion(said: Sequence[Said]) -> dict[str, dict[str, int]]:
    """Counts by true label, then by the label given."""
    counts = {truth: dict.fromkeys(TASKS, 0) for truth in TASKS}
    for one in said:
        counts[one.truth][one.task] += 1
    return counts


def _share(hits: Iterable[bool]) -> float:
    values = list(hits)
    return sum(values) / len(values)


def _kinds(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})
