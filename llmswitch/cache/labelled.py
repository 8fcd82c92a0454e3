"""Prompts of which somebody said what is the same: pairs, and streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from llmswitch.errors import InputError


@dataclass(frozen=True, slots=True)
class Pair:
    """Two prompts; `duplicate`: the answer to `a` is right for `b`."""

    a: str
    b: str
    duplicate: bool
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt of a stream; two of the same label have the same answer."""

    text: str
    label: str


def pairs_of(lines: Iterable[bytes], where: str) -> Iterator[Pair]:
    """Pairs from JSONL {"a", "b"[, "duplicate", "kind"]}. Raises InputError with the line's number."""
    for number, entry in _objects(lines, where):
        a, b, duplicate = entry.get("a"), entry.get("b"), entry.get("duplicate", 0)
        if not isinstance(a, str) or not isinstance(b, str):
            raise InputError(f'{where}, line {number} has no "a" and "b" texts')
        if duplicate not in (0, 1):
            raise InputError(f'{where}, line {number}: "duplicate" must be 0 or 1')
        yield Pair(a, b, bool(duplicate), str(entry.get("kind") or ""))


def stream_of(lines: Iterable[bytes], where: str) -> Iterator[Asked]:
    """Prompts from JSONL {"text", "label"|"intent"[, "cluster"]}. Raises InputError with the line's number."""
    for number, entry in _objects(lines, where):
        label = next((entry[key] for key in ("cluster", "intent", "label") if key in entry), None)
        if not isinstance(entry.get("text"), str) or label is None:
            raise InputError(f'{where}, line {number} has no "text" and "label"')
        yield Asked(entry["text"], str(label))


def _objects(lines: Iterable[bytes], where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise InputError(f"{where}, line {number} is not JSON: {error}") from None
        if not isinstance(entry, dict):
            raise InputError(f"{where}, line {number} is not a JSON object")
        yield number, entry
