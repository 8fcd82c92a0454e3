"""What a diff says about each file, as plain data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Status = Literal["A", "C", "D", "M", "R", "T", "U"]
Kind = Literal["text", "binary", "submodule"]

SUBMODULE_MODE = "160000"
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$")


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk: where it begins on both sides (1-based), git's `@@` line, and its lines with their first character."""

    old_start: int
    new_start: int
    header: str
    lines: tuple[str, ...]

    def new_lines(self) -> Iterator[tuple[int, str]]:
        """(line number on the new side, line with its first character) of what is there after the change."""
        number = self.new_start
        for line in self.lines:
            if line.startswith((" ", "+")) or line == "":
                yield number, line
                number += 1

    def removed_at(self) -> Iterator[int]:
        """The numbers, on the old side, of the lines that go away."""
        number = self.old_start
        for line in self.lines:
            if line.startswith("-"):
                yield number
            if line.startswith((" ", "-")) or line == "":
                number += 1

    @property
    def text(self) -> str:
        """The hunk as a diff shows it, with a newline at its end."""
        return "\n".join((self.header, *self.lines)) + "\n"


@dataclass(frozen=True)
class FileChange:
    """One file of a diff. `path` is its name after the change (before it, for a deletion), as git has it, with broken
    bytes as surrogates; `patch` its hunks as text; `cut`: they were too many to keep all of them. `added` and `removed`
    count all lines. `reduced` says why a model gets a line of figures instead of the patch."""

    path: str
    status: Status
    kind: Kind = "text"
    old_path: str | None = None
    old_mode: str = ""
    new_mode: str = ""
    new_blob: str = ""
    added: int = 0
    removed: int = 0
    patch: str = ""
    cut: bool = False
    reduced: str | None = None

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        """The hunks that were kept."""
        return tuple(hunks_of(self.patch))

    @property
    def shown_path(self) -> str:
        """The name for people and models: one line, valid Unicode."""
        return shown(self.path)

    @property
    def is_new_mode(self) -> bool:
        """Whether the file's kind of mode changed (executable, link)."""
        return self.status not in ("A", "D") and self.old_mode != self.new_mode

    def what_happened(self) -> str:
        """The change in words, without its content: `renamed from a.py`, `new file`, `mode 100644 → 100755`."""
        words = {"A": "new file", "D": "deleted", "T": "type changed", "U": "unmerged"}
        said = [words[self.status]] if self.status in words else []
        if self.old_path is not None:
            said.append(f"{'copied' if self.status == 'C' else 'renamed'} from {shown(self.old_path)}")
        if self.is_new_mode:
            said.append(f"mode {self.old_mode} → {self.new_mode}")
        if self.kind == "submodule":
            said.append("submodule")
        return ", ".join(said)


@dataclass(frozen=True, slots=True)
class Diff:
    """All files of a change, in git's order. `title` says what it is (`staged`, `main..HEAD`)."""

    title: str
    files: tuple[FileChange, ...]

    @property
    def sendable(self) -> tuple[FileChange, ...]:
        """The files whose content a model may read."""
        return tuple(file for file in self.files if file.reduced is None)

    @property
    def reduced(self) -> tuple[FileChange, ...]:
        """The files that are only told of."""
        return tuple(file for file in self.files if file.reduced is not None)


def hunks_of(patch: str) -> Iterator[Hunk]:
    """The hunks of one file's patch; what stands before the first `@@` is passed over."""
    head: re.Match[str] | None = None
    lines: list[str] = []
    for line in patch.removesuffix("\n").split("\n"):
        found = _HUNK.match(line) if line.startswith("@@") else None
        if found:
            if head:
                yield _hunk(head, lines)
            head, lines = found, []
        elif head:
            lines.append(line)
    if head:
        yield _hunk(head, lines)


def _hunk(head: re.Match[str], lines: list[str]) -> Hunk:
    return Hunk(int(head[1]), int(head[3]), head[0], tuple(lines))


def shown(path: str) -> str:
    """A path as one line of valid Unicode."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
