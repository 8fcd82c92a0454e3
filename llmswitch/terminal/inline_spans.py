"""Inline Markdown: emphasis, code, links and escapes inside one line. Pure functions over text that may still grow.

`**strong**`, `*emphasis*`, `_emphasis_`, `~~strike~~`, code, links and images. Two departures from CommonMark: `__name__` is
left alone (in answers about code it is a name), and so are `\\(` and `\\[` (they start a formula).
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, replace
from unicodedata import category

from llmswitch.terminal.cells import char_width
from llmswitch.terminal.palette import Palette, both
from llmswitch.terminal.wrap import Piece

MARKS = re.compile(r"\\|`+|\*+|_+|~+|!?\[|!$|&")
_INSIDE = re.compile(r"\\.|`+|\*+|_+|~+", re.DOTALL)
_PUNCTUATION = frozenset(string.punctuation)
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&nbsp;": "\u00a0", "&#39;": "'"}
_TICKS = re.compile("`+")
_BRACKETS = re.compile(r"\\.|[\[\]]", re.DOTALL)
_PARENTHESES = re.compile(r"[()]")
_TARGET = re.compile(r"\s*<?([^\s<>]*)>?(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*")
_DEPTH = 6
_NESTED_BRACKETS = 3
UNCLOSED_LIMIT = 8
"""So many unclosed marks, and the rest of a line is plain text: it is not Markdown, and time stays linear."""


class MoreNeeded(Exception):  # noqa: N818 - a question, not an error
    """The text so far does not tell what the mark means."""


class Unclosed(Exception):  # noqa: N818 - an answer, not an error
    """The mark could start a span, but nothing ends it: it is plain text."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mark stands: the text, the mark's start, the word before it, and whether the text is `complete`."""

    text: str
    at: int
    word: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads spans in the styles of `palette`, on top of the style `sgr`."""

    palette: Palette
    sgr: str = ""
    depth: int = 0

    def span(self, place: Place, mark: str) -> tuple[int, list[Piece]] | None:
        """The end and the pieces of the span that starts with `mark`; None if the mark is plain text. Raises
        MoreNeeded and Unclosed."""
        if mark == "\\":
            return self._escape(place)
        if mark == "&":
            return self._entity(place)
        if mark[0] == "`":
            return self._code(place, len(mark))
        if mark in ("[", "![", "!"):
            return self._link(place, mark)
        return self._emphasis(place, mark)

    def pieces(self, text: str) -> list[Piece]:
        """All of a complete text."""
        if self.depth > _DEPTH:
            return [(text, self.sgr)]
        done: list[Piece] = []
        at = plain = unclosed = 0
        word = ""
        while unclosed < UNCLOSED_LIMIT and (found := MARKS.search(text, at)):
            word = last_word(word, text[at : found.start()])
            try:
                span = self.span(Place(text, found.start(), word, complete=True), found[0])
            except Unclosed:
                span = None
                unclosed += 1
            if span is None:
                at = found.end()
                word += found[0]
                continue
            done += [(text[plain : found.start()], self.sgr), *span[1]]
            word = last_word(word, text[found.start() : span[0]])
            at = plain = span[0]
        return [*done, (text[plain:], self.sgr)]

    def _inner(self, sgr: str) -> Reader:
        return replace(self, sgr=both(self.sgr, sgr), depth=self.depth + 1)

    def _escape(self, place: Place) -> tuple[int, list[Piece]] | None:
        following = place.text[place.at + 1 : place.at + 2]
        if not following and not place.complete:
            raise MoreNeeded
        if following in _PUNCTUATION and following not in "()[]":
            return place.at + 2, [(following, self.sgr)]
        return None

    def _entity(self, place: Place) -> tuple[int, list[Piece]] | None:
        rest = place.text[place.at : place.at + 6]
        for name, char in _ENTITIES.items():
            if rest.startswith(name):
                return place.at + len(name), [(char, self.sgr)]
            if not place.complete and name.startswith(rest):
                raise MoreNeeded
        return None

    def _code(self, place: Place, size: int) -> tuple[int, list[Piece]] | None:
        _whole_run(place.text, place.at + size, complete=place.complete)
        closing = _closing_ticks(place.text, place.at + size, size, complete=place.complete)
        body = place.text[place.at + size : closing]
        if len(body) > 2 and body[0] == body[-1] == " " and body.strip():
            body = body[1:-1]
        mark = self.palette.code_mark
        return closing + size, [(f"{mark}{body}{mark}", both(self.sgr, self.palette.code))]

    def _link(self, place: Place, mark: str) -> tuple[int, list[Piece]] | None:
        if mark == "!":
            if place.complete:
                return None
            raise MoreNeeded
        start = place.at + len(mark)
        end = _closing_bracket(place.text, start, complete=place.complete)
        if not place.text.startswith("(", end + 1):
            if end + 1 == len(place.text) and not place.complete:
                raise MoreNeeded
            return None
        close = _closing_parenthesis(place.text, end + 2, complete=place.complete)
        target = _TARGET.fullmatch(place.text, end + 2, close)
        if target is None:
            return None
        label, url = place.text[start:end], target[1]
        pieces = self._inner(self.palette.link).pieces(label or url)
        if url and url != label and not url.startswith("#"):
            pieces.append((f" ({url})", both(self.sgr, self.palette.faint)))
        return close + 1, pieces

    def _emphasis(self, place: Place, mark: str) -> tuple[int, list[Piece]] | None:
        style = {"*": self.palette.emphasis, "**": self.palette.strong, "_": self.palette.emphasis}.get(mark)
        style = both(self.palette.strong, self.palette.emphasis) if mark == "***" else style
        style = self.palette.strike if mark == "~~" else style
        start = place.at + len(mark)
        _whole_run(place.text, start, complete=place.complete)
        if style is None or "://" in place.word:
            return None
        opens, _ = _flanks(mark[0], place.word[-1:], place.text[start : start + 1])
        if not opens:
            return None
        closing = _closing_run(place.text, start, mark, complete=place.complete)
        return closing + len(mark), self._inner(style).pieces(place.text[start:closing])


def last_word(word: str, text: str) -> str:
    """The source text since the last space, at most 200 characters: the context of the next mark."""
    cut = max(text.rfind(" "), text.rfind("\t"))
    return text[cut:][-200:] if cut >= 0 else (word + text)[-200:]


def _whole_run(text: str, end: int, *, complete: bool) -> None:
    """A run of marks at the end of a text that may grow is not known yet."""
    if end >= len(text) and not complete:
        raise MoreNeeded


def _never(*, complete: bool) -> Exception:
    return Unclosed() if complete else MoreNeeded()


def _closing_ticks(text: str, start: int, size: int, *, complete: bool) -> int:
    for run in _TICKS.finditer(text, start):
        if len(run[0]) == size:
            _whole_run(text, run.end(), complete=complete)
            return run.start()
    raise _never(complete=complete)


def _closing_bracket(text: str, start: int, *, complete: bool) -> int:
    depth = 0
    for found in _BRACKETS.finditer(text, start):
        depth += {"[": 1, "]": -1}.get(found[0], 0)
        if depth < 0:
            return found.start()
        if depth > _NESTED_BRACKETS:
            raise Unclosed
    raise _never(complete=complete)


def _closing_parenthesis(text: str, start: int, *, complete: bool) -> int:
    depth = 0
    for found in _PARENTHESES.finditer(text, start):
        depth += 1 if found[0] == "(" else -1
        if depth < 0:
            return found.start()
    raise _never(complete=complete)


def _closing_run(text: str, start: int, mark: str, *, complete: bool) -> int:
    """Where the run that closes `mark` starts. Inner emphasis of the other size and code are stepped over."""
    at = start
    inner = 0
    while found := _INSIDE.search(text, at):
        at = found.end()
        run = found[0]
        if run[0] == "`":
            _whole_run(text, at, complete=complete)
            at = _after_code(text, at, len(run), complete=complete)
        elif run[0] == mark[0]:
            _whole_run(text, at, complete=complete)
            opens, closes = _flanks(mark[0], text[found.start() - 1], text[at : at + 1])
            if closes and (len(run) == len(mark) or (inner and len(run) == inner + len(mark))):
                return at - len(mark)
            if closes and len(run) == inner:
                inner = 0
            elif opens and not inner:
                inner = len(run)
    raise _never(complete=complete)


def _after_code(text: str, start: int, size: int, *, complete: bool) -> int:
    """Behind the inline code that begins at `start`; `start` itself if it never ends."""
    try:
        return _closing_ticks(text, start, size, complete=complete) + size
    except Unclosed:
        return start


def _flanks(mark: str, before: str, after: str) -> tuple[bool, bool]:
    """Whether a run of marks between two characters (empty at the line's edge) can open and can close emphasis. As in
    CommonMark, but wide characters count as letters and as word boundaries: Japanese puts no spaces around words."""
    space_before, space_after = not before.strip(), not after.strip()
    edge_before = space_before or _punctuation(before) or char_width(before) == 2
    edge_after = space_after or _punctuation(after) or char_width(after) == 2
    left = not space_after and (not _punctuation(after) or edge_before)
    right = not space_before and (not _punctuation(before) or edge_after)
    if mark == "_":
        return left and (not right or _punctuation(before)), right and (not left or _punctuation(after))
    return left, right


def _punctuation(char: str) -> bool:
    if char.isascii():
        return char in _PUNCTUATION
    return category(char)[0] in "PS" and char_width(char) < 2
