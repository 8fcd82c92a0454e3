"""The local model's answers by prompt hash, in one small private file: the same question is not asked twice."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from llmswitch import paths
from llmswitch.tasks import TASKS

MOST = 500
"""Answers kept; the oldest go first."""


def key_of(model: str, instruction: str, text: str) -> str:
    """The hash an answer is kept under; the prompt itself is not written anywhere."""
    parts = "\0".join((model, instruction, text)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(parts).hexdigest()[:32]


@dataclass(slots=True)
class AnswerMemory:
    """`path` None is the cache folder's file. A file that can't be read or written is no reason to fail: the model is
    asked again."""

    path: Path | None = None

    def get(self, key: str) -> tuple[str, str] | None:
        """Task and difficulty, if this question was answered before."""
        found = self._read().get(key)
        return (found[0], found[1]) if found else None

    def put(self, key: str, task: str, difficulty: str) -> None:
        """Remember an answer."""
        answers = self._read()
        answers[key] = [task, difficulty]
        kept = dict(list(answers.items())[-MOST:])
        file = self._file()
        fresh = file.with_suffix(f".{os.getpid()}.new")
        try:
            paths.private_dir(file.parent)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                json.dump(kept, out)
            fresh.replace(file)
        except OSError:
            fresh.unlink(missing_ok=True)

    def _file(self) -> Path:
        return self.path or paths.cache_dir() / "classifier-answers.json"

    def _read(self) -> dict[str, list[str]]:
        try:
            loaded = json.loads(self._file().read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(loaded, dict):
            return {}
        return {key: entry for key, entry in loaded.items() if _sound(entry)}


def _sound(entry: object) -> bool:
    return isinstance(entry, list) and len(entry) == 2 and entry[0] in TASKS and isinstance(entry[1], str)
