"""What the user said was wrong, kept as feature numbers only: no prompt text is stored.

`recent.jsonl` holds the features of the last dispatches, so that one can still be corrected; `corrections.jsonl` those that
were, with the right task. Both are private files in the data folder."""

from __future__ import annotations

import base64
import json
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from sys import byteorder
from typing import Any

from llmswitch import paths
from llmswitch.classify.features import GROUPS, VERSION, Features
from llmswitch.tasks import TASKS

RECENT = 50
"""Dispatches whose features are kept."""
MOST_CORRECTIONS = 300
"""The newest corrections that are learned from."""
_SLACK_BYTES = 600_000
"""`recent.jsonl` is only appended to until it is this large; then it is cut back to RECENT lines."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A prompt's features and the task the user gave it."""

    features: Features
    task: str
    dispatch_id: str


def folder() -> Path:
    """Where a taught classifier lives."""
    return paths.data_dir() / "classifier"


def remember_last(dispatch_id: str, found: Features) -> None:
    """Keep the features of a dispatch, so that `wrong` can correct it. Raises OSError."""
    file = _private(folder() / "recent.jsonl")
    _append(file, {"dispatch": dispatch_id, **_packed(found)})
    if file.stat().st_size > _SLACK_BYTES:
        _rewrite(file, _lines(file)[-RECENT:])


def correct(dispatch_id: str, task: str) -> bool:
    """Record that `dispatch_id` was `task`; False when its features are no longer known. A second correction of the same
    dispatch replaces the first. Raises OSError."""
    entry = next((one for one in reversed(_recent()) if one.get("dispatch") == dispatch_id), None)
    if entry is None:
        return False
    file = _private(folder() / "corrections.jsonl")
    others = [line for line in _lines(file) if line.get("dispatch") != dispatch_id]
    _rewrite(file, [*others, {**entry, "task": task}][-MOST_CORRECTIONS:])
    return True


def corrections() -> list[Correction]:
    """All corrections, oldest first; lines that can't be read are passed over."""
    result = []
    for entry in _lines(folder() / "corrections.jsonl"):
        found = _unpacked(entry)
        if found is not None and entry.get("task") in TASKS:
            result.append(Correction(found, str(entry["task"]), str(entry.get("dispatch", ""))))
    return result[-MOST_CORRECTIONS:]


def outdated() -> int:
    """How many corrections were made under a version that looked at other features: they say nothing any more."""
    lines = _lines(folder() / "corrections.jsonl")
    return sum(entry.get("features") != VERSION for entry in lines)


def _recent() -> list[dict[str, Any]]:
    return _lines(folder() / "recent.jsonl")[-RECENT:]


def _packed(found: Features) -> dict[str, Any]:
    return {"features": VERSION, **{name: _pack(getattr(found, name)) for name in GROUPS}}


def _unpacked(entry: Mapping[str, Any]) -> Features | None:
    if entry.get("features") != VERSION:
        return None
    try:
        return Features(*(tuple(_unpack(entry[name])) for name in GROUPS))
    except (KeyError, TypeError, ValueError):
        return None


def _pack(numbers: Iterable[int]) -> str:
    packed = array("I", sorted(numbers))
    if byteorder == "big":
        packed.byteswap()
    return base64.b64encode(packed.tobytes()).decode()


def _unpack(text: str) -> Iterator[int]:
    packed = array("I", base64.b64decode(text, validate=True))
    if byteorder == "big":
        packed.byteswap()
    return iter(packed)


def _lines(file: Path) -> list[dict[str, Any]]:
    try:
        content = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    result = []
    for line in content.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # a line that a dying process left half written
        if isinstance(entry, dict):
            result.append(entry)
    return result


def _private(file: Path) -> Path:
    paths.private_dir(file.parent)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    return file


def _append(file: Path, entry: Mapping[str, Any]) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(entry) + "\n")


def _rewrite(file: Path, entries: list[dict[str, Any]]) -> None:
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(entry) + "\n" for entry in entries)
    fresh.replace(file)
