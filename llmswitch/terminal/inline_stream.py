"""Inline Markdown while it streams: only a span whose end is not known yet is held back."""

from __future__ import annotations

from collections.abc import Callable

from llmswitch.terminal.inline_spans import MARKS, UNCLOSED_LIMIT, MoreNeeded, Place, Reader, Unclosed, last_word
from llmswitch.terminal.palette import Palette

SPAN_LIMIT = 600
"""Characters after which a mark that was not closed is plain text: the longest that an answer is held back."""


class InlineStream:
    """One line at a time: `feed` its pieces, then `end_line`. What comes out through `write(text, sgr)` depends on the text alone,
    never on how it was cut."""

    def __init__(self, write: Callable[[str, str], None], palette: Palette) -> None:
        self._write = write
        self._palette = palette
        self.start_line("")

    def start_line(self, sgr: str) -> None:
        """Begin a line in the style `sgr`."""
        self._reader = Reader(self._palette, sgr)
        self._held = ""
        self._word = ""
        self._unclosed = 0

    def feed(self, text: str) -> None:
        """Take more of the line."""
        if self._held and len(self._held) < SPAN_LIMIT - len(text) and not self._tells(text):
            self._held += text
            return
        self._held = self._read(self._held + text, complete=False)

    def end_line(self) -> None:
        """The line is complete: what is still open is plain text."""
        self._read(self._held, complete=True)
        self._held = ""

    def _tells(self, text: str) -> bool:
        """Whether `text` can decide about the span that is held."""
        return not self._held[-1].isalnum() or any(not char.isalnum() and char != " " for char in text)

    def _read(self, text: str, *, complete: bool) -> str:
        """Write what is known of `text`; return the rest."""
        at = 0
        while at < len(text):
            found = MARKS.search(text, at) if self._unclosed < UNCLOSED_LIMIT else None
            start = found.start() if found else len(text)
            if start > at:
                self._plain(text[at:start])
            if found is None:
                break
            window = text[start : start + SPAN_LIMIT]
            known = complete or len(text) - start >= SPAN_LIMIT
            try:
                span = self._reader.span(Place(window, 0, self._word, complete=known), found[0])
            except MoreNeeded:
                return text[start:]
            except Unclosed:
                self._unclosed += 1
                span = None
            at = self._take(text, start, found.end(), span)
        return ""

    def _take(self, text: str, start: int, mark_end: int, span: tuple[int, list[tuple[str, str]]] | None) -> int:
        if span is None:
            self._plain(text[start:mark_end])
            return mark_end
        end = start + span[0]
        for piece, sgr in span[1]:
            self._write(piece, sgr)
        self._word = last_word(self._word, text[start:end])
        return end

    def _plain(self, text: str) -> None:
        self._write(text, self._reader.sgr)
        self._word = last_word(self._word, text)
