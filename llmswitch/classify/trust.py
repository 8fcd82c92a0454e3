"""How far a local model's word is to be trusted: what it said of prompts whose task is known.

A cascade multiplies the chances of `linear` with how likely the model's answer is under each task. Of a model that was measured
(`llmswitch classify --trust`) these likelihoods are counted: one that says `design` of everything then changes nothing. One
that was not measured is taken to be right as often as ASSUMED, and only from a size on: the smallest ones only guess."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from llmswitch import paths
from llmswitch.classify.model_prompt import INSTRUCTION
from llmswitch.tasks import TASKS

ASSUMED = 0.6
"""How often a model that was never measured is taken to be right."""
SMALLEST = 3e9
"""Parameters from which on a model is asked without having been measured."""
LEAST_RIGHT = 0.5
"""A measured model that is right less often is not asked: where `linear` is unsure, it still does about as well."""
PULL = 4.0
"""Answers of an uninformative model that are counted along for each task, so that few rows don't decide much."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmbt])(?![a-z])", re.IGNORECASE)
_UNITS = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}

Said = Mapping[str, Mapping[str, int]]
"""Counts by the true task, then by the task said."""


@dataclass(frozen=True, slots=True)
class Trust:
    """`said` None: not measured."""

    said: Said | None = None

    @property
    def right(self) -> float | None:
        """The share of right answers, each task counting the same; None if not measured."""
        if self.said is None:
            return None
        shares = [counts.get(truth, 0) / sum(counts.values()) for truth, counts in self.said.items() if counts]
        return sum(shares) / len(shares) if shares else None

    def likelihood(self, task: str) -> dict[str, float]:
        """How likely the model says `task`, by the true one."""
        if self.said is None:
            others = (1 - ASSUMED) / (len(TASKS) - 1)
            return {truth: ASSUMED if truth == task else others for truth in TASKS}
        everything = sum(sum(counts.values()) for counts in self.said.values())
        base = (sum(counts.get(task, 0) for counts in self.said.values()) + 1) / (everything + len(TASKS))
        rows = {truth: self.said.get(truth, {}) for truth in TASKS}
        return {
            truth: (counts.get(task, 0) + PULL * base) / (sum(counts.values()) + PULL) for truth, counts in rows.items()
        }

    def why_not(self, model: str, parameters: float | None) -> str | None:
        """Why `model` should not be asked, None if it may. `parameters` is its size, None if not known."""
        right = self.right
        if right is not None:
            return (
                f"{model} was right of {right:.0%} when it was measured: it is not asked"
                if right < LEAST_RIGHT
                else None
            )
        if parameters is not None and parameters < SMALLEST:
            return f"{model} is small and was never measured, so it is not asked (`llmswitch classify --trust` measures it)"
        return None


def of(model: str) -> Trust:
    """What is known of `model`, under the instruction that it gets now."""
    entry = _read().get(model)
    if not isinstance(entry, dict) or entry.get("instruction") != _instruction():
        return Trust()
    said = entry.get("said")
    return Trust(said if _sound(said) else None)


def keep(model: str, said: Said) -> None:
    """Remember what was measured of `model`. Raises OSError."""
    known = _read()
    known[model] = {"instruction": _instruction(), "said": {truth: dict(counts) for truth, counts in said.items()}}
    paths.private_dir(file().parent)
    fresh = file().with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(known, out)
    fresh.replace(file())


def file() -> Path:
    """Where it is remembered."""
    return paths.data_dir() / "classifier" / "model-trust.json"


def parameters_of(name: str, told: object) -> float | None:
    """A model's size, from what Ollama tells ("134.52M", "8.2B") or its name ("qwen3:8b"); None if neither says."""
    for text in (told, name.rpartition(":")[2]):
        if isinstance(text, str) and (found := _SIZE.search(text)):
            return float(found[1]) * _UNITS[found[2].lower()]
    return None


def _instruction() -> str:
    return hashlib.sha256(INSTRUCTION.encode()).hexdigest()[:16]


def _read() -> dict[str, object]:
    try:
        loaded = json.loads(file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _sound(said: object) -> bool:
    return isinstance(said, dict) and all(
        truth in TASKS and isinstance(counts, dict) and all(isinstance(count, int) for count in counts.values())
        for truth, counts in said.items()
    )
