"""Which line of a TOML text each key stands on: `tomllib` parses, this finds the place for a message."""

from __future__ import annotations

import re

Path = tuple[str, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"^\s*\[\[?\s*({_DOTTED})\s*\]\]?")
_ASSIGNMENT = re.compile(rf"^\s*({_DOTTED})\s*=(.*)$")
_INLINE_KEY = re.compile(rf"[{{,]\s*({_PART})\s*=")
_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')


def locate(text: str) -> dict[Path, int]:
    """Path of every table and key -> its 1-based line. Keys of an inline table are on the line of their own text."""
    lines: dict[Path, int] = {}
    table: Path = ()
    key: Path = ()
    depth = 0  # brackets of a value that runs over several lines
    closing: str | None = None  # delimiter of an open multi-line string
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            if closing in line:
                closing = None
            continue
        if depth > 0:
            depth += _balance(line)
            continue
        if header := _HEADER.match(line):
            table = _split(header[1])
            lines.setdefault(table, number)
            continue
        if found := _ASSIGNMENT.match(line):
            key = table + _split(found[1])
            lines.setdefault(key, number)
            for inline in _INLINE_KEY.finditer(found[2]):
                lines.setdefault(key + _split(inline[1]), number)
            closing = _opens(found[2])
            if closing is None:
                depth = _balance(found[2])
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """The line of `path`, or of the nearest table around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def _split(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))


def _balance(value: str) -> int:
    bare = _STRINGS.sub("", value).split("#", 1)[0]
    return sum(bare.count(opening) for opening in "[{") - sum(bare.count(end) for end in "]}")


def _opens(value: str) -> str | None:
    for quote in ('"""', "'''"):
        if value.count(quote) % 2:
            return quote
    return None
