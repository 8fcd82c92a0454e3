"""What must not leave this machine: secrets in what would be sent, found by rule and told by place, never shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from llmswitch.errors import LlmSwitchError
from llmswitch.hooks.changes import Hunk
from llmswitch.hooks.detectors import is_worth_scanning, library_rule
from llmswitch.hooks.fitted import Fitted
from llmswitch.hooks.secret_rules import KEY_MATERIAL, KEY_MATERIAL_LINES, is_base64_line, own_rule

MOST = 20
"""Findings after which a scan ends: it is clear by then."""
ALLOWED = "pragma: allowlist secret"
"""detect-secrets' own mark for a line that only looks like a secret."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One hit: in which file (or other text), on which line (1-based; None for the whole), by which rule."""

    place: str
    line: int | None
    rule: str
    is_removed: bool = False

    def __str__(self) -> str:
        where = self.place if self.line is None else f"{self.place}:{self.line}"
        return f"{where}: {self.rule}{' (in a removed line)' if self.is_removed else ''}"


class SecretsFoundError(LlmSwitchError):
    """There are secrets in what would be sent, and the configuration says to stop."""


@dataclass(frozen=True, slots=True)
class _Line:
    place: str
    number: int
    text: str
    is_removed: bool = False


def scan(fitted: Fitted, others: Mapping[str, str]) -> tuple[Secret, ...]:
    """The secrets of `fitted` and of `others` (name of a text → the text), and its files with sensitive names."""
    hits = [
        Secret(file.shown_path, None, "sensitive name")
        for file in fitted.diff.files
        if file.reduced == "sensitive name"
    ]
    told = [file.change for file in fitted.files] + list(fitted.told)
    hits += [
        Secret("a file's name", None, rule) for file in told if (rule := own_rule(f"{file.path} {file.old_path or ''}"))
    ]
    for file in fitted.files:
        for hunk in file.hunks:
            hits += _hits(file.change.path, list(_lines(file.change.shown_path, hunk)))
            if len(hits) >= MOST:
                return tuple(hits[:MOST])
    for place, text in others.items():
        hits += _hits(place, [_Line(place, number, line) for number, line in enumerate(text.split("\n"), 1)])
    return tuple(hits[:MOST])


def _lines(place: str, hunk: Hunk) -> Iterator[_Line]:
    yield _Line(place, hunk.new_start, hunk.header.rpartition("@@")[2])
    old, new = hunk.old_start, hunk.new_start
    for line in hunk.lines:
        mark, text = line[:1], line[1:]
        if mark == "\\":
            continue
        yield _Line(place, old if mark == "-" else new, text, mark == "-")
        old += mark != "+"
        new += mark != "-"


def _hits(path: str, lines: Sequence[_Line]) -> Iterator[Secret]:
    encoded = 0
    for line in lines:
        encoded = encoded + 1 if is_base64_line(line.text) else 0
        rule = KEY_MATERIAL if encoded == KEY_MATERIAL_LINES else _rule(path, line.text)
        if rule:
            yield Secret(line.place, line.number, rule, line.is_removed)


def _rule(path: str, text: str) -> str | None:
    if not is_worth_scanning(text) or ALLOWED in text:
        return None
    return own_rule(text) or library_rule(path, text)


def told(secrets: Sequence[Secret]) -> str:
    """The hits, one a line, for a person."""
    return "\n  ".join(str(secret) for secret in secrets)
