"""Wrapping that only appends: a word is written as soon as it is known to be complete, and is never touched again.

A line may break at spaces and beside wide characters, but not before closing or after opening punctuation (kinsoku).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from llmswitch.terminal.cells import ZERO_WIDTH_JOINER, advance, cell_width, char_width, is_modifier
from llmswitch.terminal.style import paint

MIN_ROOM = 12
"""Cells a line keeps for its text, however deep it is indented."""

_TOKENS = re.compile(r"[ \t]+|[!-~]+|.", re.DOTALL)
_NOT_FIRST = frozenset(
    "、。，．・：；？！゛゜ヽヾゝゞ々ー）〕］｝〉》」』】｠〙〗〟’”»‐–—…‥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ%％℃°!),.:;?]}'\"~〜"
)
_NOT_LAST = frozenset("（〔［｛〈《「『【｟〘〖〝‘“«([{$¥￥＄£#\"'")

Piece = tuple[str, str]
"""Text and its SGR parameters."""


@dataclass(frozen=True, slots=True)
class Lead:
    """What stands at the start of a line, painted already, and its cells."""

    text: str = ""
    cells: int = 0

    def __add__(self, other: Lead) -> Lead:
        return Lead(self.text + other.text, self.cells + other.cells)


NO_LEAD = Lead()


def may_break(last: str, char: str) -> bool:
    """Whether a line may end after `last` and go on with `char`, neither being a space."""
    if last == ZERO_WIDTH_JOINER or char_width(char) == 0 or is_modifier(char):
        return False
    if char_width(last) < 2 and char_width(char) < 2:
        return False
    return char not in _NOT_FIRST and last not in _NOT_LAST


class Wrapper:
    """Styled text in, lines out through `emit`. `limit` gives the columns a line may use and is asked at every line's
    start. A word that is longer than a line is left to the terminal to break, so that a URL can be copied; with `hard`
    it is broken here."""

    def __init__(self, emit: Callable[[str], None], limit: Callable[[], int], *, hard: bool = False) -> None:
        self._emit = emit
        self._limit_now = limit
        self._hard = hard
        self._first = self._rest = NO_LEAD
        self._gap: list[Piece] = []
        self._word: list[Piece] = []
        self._word_cells = 0
        self._last = ""
        self._pouring = False
        self.fresh = True
        self.column = 0
        self._limit = 0
        self._open_line(NO_LEAD)

    def start(self, first: Lead, rest: Lead) -> None:
        """Begin a block: `first` leads its first line, `rest` the others."""
        self._rest = rest
        self._open_line(first)

    def text(self, text: str, sgr: str) -> None:
        """Take more text, without line breaks."""
        for token in _TOKENS.findall(text):
            if token[0] in " \t":
                self._end_word()
                self._gap.append((token.replace("\t", "    "), sgr))
                continue
            if self._last and may_break(self._last, token[0]):
                self._end_word()
            self._add(token, sgr)

    def newline(self) -> None:
        """End the line; a line without text shows its lead."""
        self._end_word()
        if self.fresh:
            self._emit(self._first.text.rstrip())
        self._gap.clear()
        self._emit("\n")
        self._open_line(self._rest)

    def drop_word(self, chars: str) -> None:
        """Forget the word that is still held if it consists of `chars` alone."""
        if self._word and not "".join(text for text, _ in self._word).strip(chars):
            self._word.clear()

    def _open_line(self, lead: Lead) -> None:
        self.fresh = True
        self._first = lead
        self.column = lead.cells
        self._limit = max(self._limit_now(), self._rest.cells + MIN_ROOM) if not self._hard else self._limit_now()

    def _add(self, token: str, sgr: str) -> None:
        cells = len(token) if token.isascii() else advance(self._last, token)
        if char_width(token[-1]) or token == ZERO_WIDTH_JOINER:
            self._last = token[-1]
        if self._pouring:
            self._pour(token, sgr)
            return
        if self._word and self._word[-1][1] == sgr and len(self._word[-1][0]) < 256:
            self._word[-1] = (self._word[-1][0] + token, sgr)
        else:
            self._word.append((token, sgr))
        self._word_cells += cells
        if self._word_cells > self._limit - self._rest.cells:
            self._start_pouring()

    def _end_word(self) -> None:
        """The held word is complete: write it here or on the next line."""
        self._last = ""
        if self._pouring:
            self._pouring = False
            return
        if not self._word:
            return
        gap = sum(len(text) for text, _ in self._gap)
        if not self.fresh and self.column + gap + self._word_cells > self._limit:
            self._break()
        self._write_held()

    def _break(self) -> None:
        self._emit("\n")
        self._open_line(self._rest)

    def _write_held(self) -> None:
        pieces = self._word
        if self.fresh:
            self._emit(self._first.text)
            self.fresh = False
        else:
            pieces = [*self._gap, *pieces]
            self.column += sum(len(text) for text, _ in self._gap)
        self.column += self._word_cells
        self._emit(painted(pieces))
        self._gap.clear()
        self._word = []
        self._word_cells = 0

    def _start_pouring(self) -> None:
        if not self.fresh:
            self._break()
        pieces, self._word, self._word_cells = self._word, [], 0
        self._write_held()
        self._pouring = True
        for text, sgr in pieces:
            self._pour(text, sgr)

    def _pour(self, text: str, sgr: str) -> None:
        if not self._hard:
            self._emit(paint(text, sgr))
            self.column = (self.column + cell_width(text) - 1) % self._limit + 1
            return
        for char in text:
            cells = char_width(char)
            if self.column + cells > self._limit:
                self._break()
                self._emit(self._first.text)
                self.fresh = False
            self._emit(paint(char, sgr))
            self.column += cells


def painted(pieces: list[Piece]) -> str:
    """The pieces as one string, neighbours of one style joined."""
    done: list[str] = []
    held = style = ""
    for text, sgr in pieces:
        if sgr != style:
            done.append(paint(held, style))
            held, style = "", sgr
        held += text
    return "".join([*done, paint(held, style)])
