"""Markdown on a terminal while it streams: it only appends. No line is painted twice, nothing moves the cursor.

What is shown depends on the text alone, never on how it was cut into chunks; it is written as soon as it is known. Held
back are: the start of a line until its kind is known, the last word, an open inline span, a line of code, a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TextIO

from llmswitch.terminal.code_lines import CodeLines
from llmswitch.terminal.inline_stream import InlineStream
from llmswitch.terminal.line_start import Container, Item, Quote, Start, read_start
from llmswitch.terminal.markdown_table import draw, is_table
from llmswitch.terminal.palette import Palette
from llmswitch.terminal.style import neutral, paint, write
from llmswitch.terminal.wrap import NO_LEAD, Lead, Wrapper

MEASURE = 100
"""Cells; longer lines of prose are hard to read. Code and tables use the whole terminal."""
RULE = 24
"""Cells of a thematic break: shorter than the rules around code."""
_BULLETS = ("•", "◦", "▪")
_WHOLE_LINES = ("blank", "rule", "fence", "table", "code")


class MarkdownAnswer:
    """An `Answer` on the terminal `stream`, `columns()` wide."""

    def __init__(self, stream: TextIO, columns: Callable[[], int], palette: Palette) -> None:
        self._stream = stream
        self._columns = columns
        self._palette = palette
        self._out: list[str] = []
        self._wrapper = Wrapper(self._out.append, self._measure)
        self._inline = InlineStream(self._wrapper.text, palette)
        self._open: tuple[Container, ...] = ()
        self._held: list[str] = []
        self._reading: Start | None = None
        self._whole = False
        self._in_paragraph = False
        self._gap = False
        self._started = False
        self._after_table = False
        self._table: list[str] = []
        self._table_start: Start | None = None
        self._fence: _Fence | None = None

    def write(self, text: str) -> None:
        """Take the next piece of the answer and show what is known by now."""
        text = neutral(text)
        at = 0
        while at < len(text):
            end = text.find("\n", at)
            if end < 0:
                self._take(text[at:])
                break
            self._take(text[at:end])
            self._end_line()
            at = end + 1
        self._flush()

    def end(self) -> None:
        """The answer is complete: show what was held back, and end the line."""
        if self._reading is not None or self._held:
            self._end_line()
        self._draw_table()
        if self._fence is not None:
            self._close_fence()
        self._flush()

    def _flush(self) -> None:
        if self._out:
            text = "".join(self._out)
            self._out.clear()
            write(self._stream, text)

    def _measure(self) -> int:
        return min(self._columns(), MEASURE)

    # Lines

    def _take(self, text: str) -> None:
        """A piece of a line."""
        if not text:
            return
        if self._reading is not None:
            self._inline.feed(text)
            return
        self._held.append(text)
        if self._whole or self._fence is not None:
            return
        line = "".join(self._held)
        start = self._start(line, complete=False)
        if start is None:
            self._held = [line]
        elif start.kind in _WHOLE_LINES:
            self._whole = True
        else:
            self._held.clear()
            self._begin(start)
            self._inline.feed(line[start.offset :])

    def _end_line(self) -> None:
        line = "".join(self._held)
        self._held.clear()
        self._whole = False
        if self._fence is not None:
            self._code_line(line)
            return
        if self._reading is None:
            start = self._start(line, complete=True)
            if start is None:
                raise AssertionError("a complete line has a start")
            if start.kind in _WHOLE_LINES and self._whole_line(start, line):
                return
            if start.kind == "fence":  # code and its marks on one line
                start = replace(start, kind="text")
            self._begin(start)
            self._inline.feed(line[start.offset :])
        self._inline.end_line()
        self._end_text()

    def _start(self, line: str, *, complete: bool) -> Start | None:
        return read_start(line, complete=complete, open_=self._open, in_paragraph=self._in_paragraph)

    def _whole_line(self, start: Start, line: str) -> bool:
        """Take a line that is known only as a whole; False if it is a line of text after all."""
        if start.kind == "table":
            self._add_row(start, line)
            return True
        self._draw_table()
        if start.kind == "blank":
            self._blank(start)
        elif start.kind == "rule":
            self._enter(start)
            self._line(self._rest_lead(), paint("─" * min(self._room(), RULE), self._palette.faint))
        elif start.kind == "code":
            self._enter(start)
            text = line[start.offset :] if start.containers else _without_indent(line)
            self._line(self._rest_lead(), text)
        else:
            return self._open_fence(start, line)
        return True

    # Blocks

    def _begin(self, start: Start) -> None:
        """Text or a heading starts here."""
        self._draw_table()
        goes_on = self._in_paragraph and start.kept == len(start.containers) == len(self._open)
        goes_on = goes_on and start.kind == "text"
        self._enter(start, forced=start.kind == "heading" or self._after_table)
        self._reading = start
        sgr = ""
        if start.kind == "heading":
            sgr = self._palette.title if start.level == 1 else self._palette.heading
        first = self._rest_lead() if goes_on else self._leads(start.kept)
        self._wrapper.start(first, self._rest_lead())
        self._inline.start_line(sgr)
        if start.kind == "heading" and not self._palette.colored:
            self._wrapper.text("#" * start.level + " ", "")

    def _end_text(self) -> None:
        start, self._reading = self._reading, None
        if start is not None and start.kind == "heading":
            self._wrapper.drop_word("#")
        self._in_paragraph = start is not None and start.kind == "text"
        self._wrapper.newline()

    def _blank(self, start: Start) -> None:
        self._open = start.containers
        self._in_paragraph = False
        self._gap = True

    def _enter(self, start: Start, *, forced: bool = False) -> None:
        """Go to the containers of `start`, with an empty line before it where the source has one or it is `forced`."""
        if self._started and (self._gap or forced):
            common = tuple(one for one in start.containers[: start.kept] if isinstance(one, Quote))
            self._line(self._lead_of(common), "")
        self._started = True
        self._gap = self._after_table = self._in_paragraph = False
        self._open = start.containers

    def _line(self, lead: Lead, text: str) -> None:
        self._out.append((lead.text + text).rstrip(" ") + "\n")

    def _room(self) -> int:
        return max(self._measure() - self._rest_lead().cells, 3)

    # Leads: quote bars, list markers and the spaces below them

    def _rest_lead(self) -> Lead:
        return self._lead_of(self._open)

    def _leads(self, kept: int) -> Lead:
        """The lead of a first line: containers from `kept` on show their markers."""
        return self._lead_of(self._open, kept)

    def _lead_of(self, containers: tuple[Container, ...], shown_from: int | None = None) -> Lead:
        lead = NO_LEAD
        depth = 0
        for number, one in enumerate(containers):
            if isinstance(one, Quote):
                lead += Lead(paint("│", self._palette.faint) + " ", 2)
                continue
            marker = _marker(one, depth)
            depth += 1
            shown = shown_from is not None and number >= shown_from
            text = paint(marker, self._palette.faint) + " " if shown else " " * (len(marker) + 1)
            lead += Lead(("  " if depth == 1 else "") + text, len(marker) + 1 + (2 if depth == 1 else 0))
        return lead

    # Tables

    def _add_row(self, start: Start, line: str) -> None:
        if self._table and (start.kept < len(self._open) or start.kept < len(start.containers)):
            self._draw_table()
        if not self._table:
            self._table_start = start
            self._open = start.containers
        self._table.append(line[start.offset :])

    def _draw_table(self) -> None:
        """The lines that were held as a table: drawn, or shown as text if they are none."""
        rows, start = self._table, self._table_start
        if not rows or start is None:
            return
        self._table, self._table_start = [], None
        if not is_table(rows):
            self._text_rows(rows, start)
            return
        self._enter(start, forced=self._started)
        lead = self._leads(start.kept)
        for line in draw(rows, max(self._columns() - lead.cells, 1), self._palette):
            self._line(lead, line)
            lead = self._rest_lead()
        self._after_table = True

    def _text_rows(self, rows: list[str], start: Start) -> None:
        for row in rows:
            self._begin(Start("text", start.containers, start.kept, 0))
            self._inline.feed(row)
            self._inline.end_line()
            self._end_text()
            start = Start("text", start.containers, len(start.containers), 0)

    # Fenced code

    def _open_fence(self, start: Start, line: str) -> bool:
        fence = _Fence(line[start.offset :], start)
        if "`" in fence.info and fence.mark[0] == "`":
            return False
        self._enter(start, forced=self._after_table)
        if any(isinstance(one, Item) for one in start.containers[start.kept :]):
            self._line(self._leads(start.kept), "")
        self._fence = fence
        fence.code = CodeLines(fence.language if self._palette.colored else "")
        self._out.append(paint(_labelled_rule(fence.language, self._measure()), self._palette.faint) + "\n")
        return True

    def _code_line(self, line: str) -> None:
        fence = self._fence
        if fence is None:
            raise AssertionError("no fence is open")
        text = fence.content(line)
        if text is None:
            self._close_fence()
            self._take(line)
            self._end_line()
        elif fence.closed_by(text):
            self._close_fence()
        else:
            self._out.append(fence.code.line(text) + "\n")

    def _close_fence(self) -> None:
        self._fence = None
        self._out.append(paint("─" * self._measure(), self._palette.faint) + "\n")


class _Fence:
    """An open block of fenced code."""

    def __init__(self, opening: str, start: Start) -> None:
        info = opening.lstrip(opening[0])
        self.mark = opening[: len(opening) - len(info)]
        self.info = info.strip()
        self.language = self.info.split(maxsplit=1)[0].strip("{}.").split(":")[0] if self.info else ""
        self.quotes = sum(isinstance(one, Quote) for one in start.containers)
        items = [one for one in start.containers if isinstance(one, Item)]
        self.indent = start.offset if not self.quotes else items[-1].content if items else 0
        self.code = CodeLines("")

    def content(self, line: str) -> str | None:
        """The code on `line`, without quote marks and the indent of the fence; None if it is outside of the quote."""
        for _ in range(self.quotes):
            stripped = line.lstrip(" ")
            if not stripped.startswith(">"):
                return None
            line = stripped[1:].removeprefix(" ")
        indent = 0 if self.quotes else self.indent
        return line[min(indent, len(line) - len(line.lstrip(" "))) :]

    def closed_by(self, text: str) -> bool:
        """Whether `text` is the closing fence."""
        mark = text.strip()
        return len(mark) >= len(self.mark) and not mark.strip(self.mark[0])


def _marker(item: Item, depth: int) -> str:
    if item.ticked is not None:
        return "☑" if item.ticked else "☐"
    return _BULLETS[min(depth, 2)] if item.number is None else f"{item.number}."


def _labelled_rule(label: str, width: int) -> str:
    """`── python ─────`"""
    head = f"── {label} " if label else ""
    return head + "─" * max(width - len(head), 0)


def _without_indent(line: str) -> str:
    """A line of indented code without the four columns that mark it."""
    return line[1:] if line.startswith("\t") else line.removeprefix("    ")
