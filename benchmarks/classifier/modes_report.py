"""The part of docs/classifier.md about a local model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.classifier.modes import DEADLINE_MS, Mode, Recorded
from llmswitch.classify.trust import ASSUMED, LEAST_RIGHT, SMALLEST
from llmswitch.tasks import TASKS


def section(modes: Sequence[Mode], asked: Recorded | None) -> Iterator[str]:
    """The section, with the model that was `asked`; nothing where none was."""
    if asked is None:
        return
    size = f" ({asked.parameters} parameters)" if asked.parameters else ""
    yield "## With a local model"
    yield ""
    yield (
        f"`python -m benchmarks.classifier.modes --shared ../shared/data/tasks` asked {asked.model}{size} about the same prompts, "
        f"on {asked.made}; `linear` has each source left out, as above. Asked: the share of the prompts that were put to the "
        f"model; late: no answer within {DEADLINE_MS:,} ms, so that `linear` stands; times are wall-clock milliseconds of a "
        "label, on a busy machine without a graphics card."
    )
    yield ""
    yield from table(modes)
    yield ""
    chance = 1 / len(TASKS)
    yield (
        f"Of the shipped sample this model has {asked.right} of {asked.tried} right ({asked.right / asked.tried:.0%}; guessing "
        f"would give {chance:.0%}). A model that small is no GLM, and the table says nothing of how good a cascade with one is: "
        "no Ollama runs where this page is made. What it shows is what a bad model does to the labels, and what is done about it. "
        f"Believed like any other (right of {ASSUMED:.0%}), it spoils them: the last row. So a cascade does not ask a model "
        f"below {SMALLEST / 1e9:g} billion parameters that was never tried out; `llmswitch classify --trust` tries one out. From "
        "then on what it says is weighed by what it said of prompts whose task is known: a model that guesses changes little (the "
        f"row before the last), and one that has less than {LEAST_RIGHT:.0%} right is not asked at all. Whether yours helps: "
        "`llmswitch classify --eval FILE.jsonl --mode cascade` shows both, and says so when `linear` alone is better."
    )
    yield ""


def table(modes: Sequence[Mode]) -> Iterator[str]:
    """The modes side by side."""
    yield (
        "| mode | accuracy | macro-F1 | right tier | strong sent lower | calibration error | asked | late | p50 ms | p95 ms |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for mode in modes:
        one = mode.figures
        lower = "–" if one.strong_sent_lower is None else f"{one.strong_sent_lower:.0%}"
        yield (
            f"| {mode.name} | {one.accuracy:.3f} | {one.macro_f1:.3f} | {one.right_tier:.0%} | {lower} | "
            f"{one.calibration_error:.3f} | {mode.asked:.0%} | {mode.late:.0%} | {mode.p50_ms:,.1f} | {mode.p95_ms:,.1f} |"
        )
