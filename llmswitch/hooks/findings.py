"""What a review finds: severity, place, and whether the place is really in the change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from llmswitch.hooks.changes import FileChange

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the mildest to the worst."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["findings"],
    "additionalProperties": False,
    "properties": {
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["file", "line", "code", "severity", "title", "explanation"],
                "additionalProperties": False,
                "properties": {
                    "file": {"type": "string", "description": "the path as the change shows it"},
                    "line": {"type": "integer", "description": "the number before the line"},
                    "code": {"type": "string", "description": "that line, word for word, without its number and mark"},
                    "severity": {"type": "string", "enum": list(SEVERITIES)},
                    "title": {"type": "string", "description": "what is wrong, in one short sentence"},
                    "explanation": {"type": "string", "description": "when it goes wrong, and what would mend it"},
                },
            },
        }
    },
}
TITLE_CHARS = 160


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `line` is the line after the change (1-based); `in_diff`: the change really shows that line."""

    file: str
    line: int
    severity: Severity
    title: str
    explanation: str
    in_diff: bool = True

    def at_least(self, severity: str) -> bool:
        """Whether it is as bad as `severity`, or worse."""
        return SEVERITIES.index(self.severity) >= SEVERITIES.index(severity)


def placed(answer: Mapping[str, Any], files: Sequence[FileChange]) -> tuple[list[Finding], int]:
    """The findings of a valid `answer` about `files`, and how many were dropped because their file is not among them. A
    wrong line number is put right where the quoted line is found; else the finding is kept and marked."""
    lines: dict[str, dict[int, str]] = {}
    for file in files:
        shown = lines.setdefault(file.shown_path, {})
        for hunk in file.hunks:
            shown.update((number, line[1:]) for number, line in hunk.new_lines())
    findings = []
    dropped = 0
    for given in answer["findings"]:
        path = _path(str(given["file"]), lines)
        if path is None:
            dropped += 1
            continue
        line, in_diff = _line(int(given["line"]), str(given["code"]), lines[path])
        title, explanation = _one_line(str(given["title"]))[:TITLE_CHARS], _clean(str(given["explanation"]))
        findings.append(Finding(path, line, given["severity"], title, explanation, in_diff))
    return findings, dropped


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, the worst first, then by place."""
    first: dict[tuple[str, int, str], Finding] = {}
    for finding in findings:
        first.setdefault((finding.file, finding.line, finding.title.lower()), finding)
    return tuple(
        sorted(first.values(), key=lambda one: (-SEVERITIES.index(one.severity), one.file, one.line, one.title))
    )


def _path(given: str, lines: Mapping[str, object]) -> str | None:
    """The file that is meant; models like to write git's `a/` and `b/` before a path."""
    for path in (given, given.removeprefix("./"), given.removeprefix("b/"), given.removeprefix("a/")):
        if path in lines:
            return path
    return None


def _line(number: int, code: str, shown: Mapping[int, str]) -> tuple[int, bool]:
    """The line that is meant: the one with the number if it reads as quoted, else the nearest one that does."""
    quoted = " ".join(code.split())
    if quoted and " ".join(shown.get(number, "").split()) != quoted:
        same = [at for at, text in shown.items() if quoted == " ".join(text.split())]
        same = same or [at for at, text in shown.items() if len(quoted) > 8 and quoted in " ".join(text.split())]
        if same:
            return min(same, key=lambda at: abs(at - number)), True
    return max(1, number), number in shown


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())


def _clean(text: str) -> str:
    """Without what a terminal would act on."""
    return "".join(char for char in text.strip() if char.isprintable() or char in "\n\t")
