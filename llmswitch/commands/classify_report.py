"""What `llmswitch classify --eval` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TextIO

from llmswitch.tasks import TASKS
from llmswitch.terminal.tables import render_table

if TYPE_CHECKING:
    from llmswitch.classify.evaluation import Figures, Measured

HEADERS = ("", "prompts", "accuracy", "macro-F1", "tier", "too low", "sure half", "off by")
NUMBERS = range(1, len(HEADERS))
MEANING = (
    "tier: sent to the right tier · too low: strong work sent to a weaker one\n"
    "sure half: right where surest · off by: calibration error of the confidence\n"
)
SHORT = 4
"""Letters of a task's name over the columns of the matrix, so that it fits 80."""


def report(measured: Measured, stream: TextIO) -> str:
    """The figures as tables for `stream`."""
    rows = [("all", measured.figures)]
    for group in (measured.by_lang, measured.by_source):
        rows += list(group.items()) if len(group) > 1 else []
    parts = [_figures(rows, stream), MEANING, _tasks(measured, stream), "\n".join(_matrix(measured.confusion)) + "\n"]
    parts.append(f"latency: p50 {measured.p50_ms:.2f} ms, p95 {measured.p95_ms:.2f} ms a prompt\n")
    if measured.asked:
        parts[-1] += "".join(line + "\n" for line in _asked(measured))
    return "\n".join(parts)


def _figures(rows: list[tuple[str, Figures]], stream: TextIO) -> str:
    cells = [
        (
            name,
            f"{one.count:,}",
            f"{one.accuracy:.3f}",
            f"{one.macro_f1:.3f}",
            f"{one.right_tier:.0%}",
            "–" if one.strong_sent_lower is None else f"{one.strong_sent_lower:.0%}",
            f"{one.sure_half:.0%}",
            f"{one.calibration_error:.3f}",
        )
        for name, one in rows
    ]
    return render_table(HEADERS, cells, stream=stream, right=NUMBERS, flexible=(0,), strong=0)


def _tasks(measured: Measured, stream: TextIO) -> str:
    cells = [
        (task, f"{one.precision:.2f}", f"{one.recall:.2f}", f"{one.f1:.2f}", f"{one.count:,}")
        for task, one in measured.by_task.items()
    ]
    return render_table(("task", "precision", "recall", "F1", "prompts"), cells, stream=stream, right=(1, 2, 3, 4))


def _matrix(counts: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    wide = max([4, *(len(str(count)) for row in counts.values() for count in row.values())]) + 1
    yield f"{'true ↓ said →':<13}" + "".join(f"{task[:SHORT]:>{wide}}" for task in TASKS)
    for truth in TASKS:
        yield f"{truth:<13}" + "".join(f"{counts[truth][said] or '·':>{wide}}" for said in TASKS)


def _asked(measured: Measured) -> Iterator[str]:
    answered = measured.asked.get("answered", 0) + measured.asked.get("remembered", 0)
    asked = sum(measured.asked.values())
    yield f"the local model was asked about {asked:,} of {measured.figures.count:,} prompts and answered {answered:,}"
    for reason, count in sorted(measured.unanswered.items(), key=lambda one: -one[1]):
        yield f"  {count:,} × {reason}"
    alone = measured.alone
    if alone is None or not answered:
        return
    yield f"`linear` alone: accuracy {alone.accuracy:.3f}, macro-F1 {alone.macro_f1:.3f}, tier {alone.right_tier:.0%}"
    if measured.figures.accuracy < alone.accuracy:
        yield "The local model makes these labels worse. `llmswitch classify --trust` measures it, so that a cascade weighs"
        yield 'what it says; `[classifier] mode = "linear"` leaves it out.'
