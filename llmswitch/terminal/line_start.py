"""What a line of Markdown is, told from its first characters: containers (quotes, list items) and then the kind of block."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["blank", "text", "heading", "rule", "fence", "table", "code"]

_DEPTH = 10
_LONGEST_START = 400
_RULE = re.compile(r"([-*_])(?:[ \t]*\1)*[ \t]*$")
_UNDERLINE = re.compile(r"=+[ \t]*$")
_NUMBER = re.compile(r"\d{1,9}")
_TASK = re.compile(r"\[([ xX])\] ")


@dataclass(frozen=True, slots=True)
class Quote:
    """A block quote."""


@dataclass(frozen=True, slots=True)
class Item:
    """A list item: the source columns of its marker and its content; `number` None for a bullet; `ticked` for a task."""

    column: int
    content: int
    number: int | None = None
    ticked: bool | None = None


Container = Quote | Item


@dataclass(frozen=True, slots=True)
class Start:
    """`kind` of a line whose content begins at `offset`, inside `containers`, of which the first `kept` were open before.
    `level` is a heading's; a `text` line may be empty (a bare list marker)."""

    kind: Kind
    containers: tuple[Container, ...]
    kept: int
    offset: int
    level: int = 0


class _MoreNeeded(Exception):  # noqa: N818 - a question, not an error
    """The line is not long enough to tell."""


def read_start(line: str, *, complete: bool, open_: tuple[Container, ...], in_paragraph: bool) -> Start | None:
    """The start of `line` after a line in the containers `open_`; None if more of the line is needed. An answer that was
    given for a part of a line holds for the whole line."""
    try:
        return _Reader(line, complete).start(open_, in_paragraph)
    except _MoreNeeded:
        return None


class _Reader:
    def __init__(self, line: str, complete: bool) -> None:
        self.line = line
        self.complete = complete
        self.at = 0
        self.column = 0

    def start(self, open_: tuple[Container, ...], in_paragraph: bool) -> Start:
        base = 0
        kept: list[Container] = []
        self._skip_spaces()
        for container in open_:
            if isinstance(container, Quote):
                if self._peek() != ">":
                    break
                base = self._take_quote()
            elif self._peek() and self.column < min(container.content, container.column + 2):
                break
            kept.append(container)
        if not self._peek():
            return Start("blank", tuple(kept), len(kept), self.at)
        in_list = any(isinstance(one, Item) for one in kept)
        if self.column - base >= 4 and not in_paragraph and not in_list:
            return Start("code", tuple(kept), len(kept), self.at)
        before = open_[len(kept)] if len(open_) > len(kept) else None
        return self._content(kept, before, in_paragraph and len(kept) == len(open_))

    def _content(self, kept: list[Container], before: Container | None, in_paragraph: bool) -> Start:
        """New containers, then the block. `before` is the item whose sibling may start here."""
        inside = list(kept)
        while len(inside) < _DEPTH and self.at < _LONGEST_START:
            if self._peek() == ">":
                self._take_quote()
                inside.append(Quote())
            elif self._is_rule() or (item := self._item(before, in_paragraph)) is None:
                break
            else:
                inside.append(item)
            before = None
            in_paragraph = False
        return self._block(tuple(inside), len(kept), in_paragraph)

    def _block(self, inside: tuple[Container, ...], kept: int, in_paragraph: bool) -> Start:
        char = self._peek()
        if char and char in "`~" and self._run(char) >= 3:
            return Start("fence", inside, kept, self.at)
        if char == "|":
            return Start("table", inside, kept, self.at)
        if self._is_rule() or (in_paragraph and char == "=" and self._is_underline()):
            return Start("rule", inside, kept, self.at)
        if char == "#":
            level = self._run("#")
            after = self._char(self.at + level)
            if level <= 6 and after in ("", " ", "\t"):
                self.at += level
                self._skip_spaces()
                return Start("heading", inside, kept, self.at, level)
        return Start("text", inside, kept, self.at)

    def _item(self, before: Container | None, in_paragraph: bool) -> Item | None:
        """Take a list marker, if one is here."""
        number = None
        size = 1
        if digits := _NUMBER.match(self.line, self.at):
            if self._char(digits.end()) not in tuple(".)"):
                return None
            number, size = int(digits[0]), len(digits[0]) + 1
            if in_paragraph and number != 1:
                return None
        elif self._peek() not in tuple("-*+"):
            return None
        after = self._char(self.at + size)
        if after not in (" ", "\t") and (after or number is not None):
            return None
        if number is not None and isinstance(before, Item) and before.number is not None:
            number = before.number + 1
        column = self.column
        self.at += size
        self.column += size
        self._skip_spaces()
        return Item(column, self.column, number, self._task())

    def _task(self) -> bool | None:
        rest = self.line[self.at : self.at + 4]
        if not self.complete and len(rest) < 4 and any(box.startswith(rest) for box in ("[ ] ", "[x] ", "[X] ")):
            raise _MoreNeeded
        if box := _TASK.match(rest):
            self.at += 4
            return box[1] != " "
        return None

    def _take_quote(self) -> int:
        self.at += 1
        self.column += 1
        if self._char(self.at) == " ":
            self.at += 1
            self.column += 1
        base = self.column
        self._skip_spaces()
        return base

    def _is_rule(self) -> bool:
        found = _RULE.match(self.line, self.at)
        if found and not self.complete:
            raise _MoreNeeded
        return found is not None and found[0].count(found[1]) >= 3

    def _is_underline(self) -> bool:
        found = _UNDERLINE.match(self.line, self.at)
        if found and not self.complete:
            raise _MoreNeeded
        return found is not None

    def _run(self, char: str) -> int:
        """How many of `char` stand here; three or more are enough for a fence, seven for no heading."""
        size = 0
        while size < 7 and self._char(self.at + size) == char:
            size += 1
            if char != "#" and size >= 3:
                break
        return size

    def _skip_spaces(self) -> None:
        while (char := self._peek()) and char in " \t" and self.at < _LONGEST_START:
            self.at += 1
            self.column += 1 if char == " " else 4 - self.column % 4

    def _peek(self) -> str:
        return self._char(self.at)

    def _char(self, at: int) -> str:
        """The character at `at`, empty at the end of the line."""
        if at < len(self.line):
            return self.line[at]
        if not self.complete:
            raise _MoreNeeded
        return ""
