"""A Markdown table, drawn when it is complete: columns two spaces apart, a dim rule under the headings, no boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from llmswitch.terminal.cells import cell_width
from llmswitch.terminal.inline_spans import Reader
from llmswitch.terminal.palette import Palette
from llmswitch.terminal.style import paint
from llmswitch.terminal.wrap import NO_LEAD, Piece, Wrapper, painted

Align = Literal["left", "center", "right"]

GAP = 2
NARROWEST = 8
"""Cells; a table whose columns would get less on average is shown as one block a row."""

_DIVIDER = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_PIPE = re.compile(r"(?<!\\)\|")
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)


def is_table(rows: Sequence[str]) -> bool:
    """Whether the source lines `rows` are a table: the second one divides headings from rows."""
    return len(rows) > 1 and _DIVIDER.fullmatch(rows[1]) is not None and len(_cells(rows[0])) == len(_cells(rows[1]))


def draw(rows: Sequence[str], width: int, palette: Palette) -> list[str]:
    """The lines of the table with the source lines `rows` (`is_table`), at most `width` cells wide."""
    align = [_align(cell) for cell in _cells(rows[1])]
    count = len(align)
    head = _parsed(rows[0], count, Reader(palette, palette.strong))
    body = [_parsed(row, count, Reader(palette)) for row in rows[2:]]
    natural = [max(_width(row[number]) for row in [head, *body]) for number in range(count)]
    room = width - GAP * (count - 1)
    if sum(natural) > room and room < NARROWEST * count:
        return _records(head, body, width, palette)
    widths = fit(natural, room)
    lines = _row(head, widths, align)
    lines.append((" " * GAP).join(paint("─" * cells, palette.faint) for cells in widths))
    for row in body:
        lines += _row(row, widths, align)
    return lines


def fit(natural: Sequence[int], room: int) -> list[int]:
    """Column widths of at most `room` together: what is narrower than a fair share keeps its width, the others share."""
    widths = list(natural)
    wide = [number for number, cells in enumerate(natural) if cells]
    while wide and sum(widths) > room:
        left = room - sum(cells for number, cells in enumerate(natural) if number not in wide)
        share = max(left // len(wide), 1)
        narrow = [number for number in wide if natural[number] <= share]
        if not narrow:
            for order, number in enumerate(wide):
                widths[number] = share + (1 if order < left - share * len(wide) else 0)
            break
        wide = [number for number in wide if number not in narrow]
    return widths


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _PIPE.split(row.strip().removeprefix("|").removesuffix("|"))]


def _align(divider: str) -> Align:
    if divider.endswith(":"):
        return "center" if divider.startswith(":") else "right"
    return "left"


def _parsed(row: str, count: int, reader: Reader) -> list[list[Piece]]:
    """The inline pieces of `count` cells; missing cells are empty, more than `count` are dropped."""
    texts = [_BREAK.sub(" ", cell).replace("\\|", "|").replace("\t", " ") for cell in _cells(row)]
    return [reader.pieces(text) for text in [*texts, *[""] * count][:count]]


def _width(pieces: Sequence[Piece]) -> int:
    return cell_width("".join(text for text, _ in pieces))


def _row(cells: Sequence[list[Piece]], widths: Sequence[int], align: Sequence[Align]) -> list[str]:
    wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for number in range(max(len(lines) for lines in wrapped)):
        parts = []
        for column, cell_lines in enumerate(wrapped):
            text, used = cell_lines[number] if number < len(cell_lines) else ("", 0)
            parts.append(_placed(text, widths[column] - used, align[column]))
        lines.append((" " * GAP).join(parts).rstrip(" "))
    return lines


def _wrapped(pieces: list[Piece], width: int) -> list[tuple[str, int]]:
    """Lines of a cell, painted, with their cells."""
    if (used := _width(pieces)) <= width:
        return [(painted(pieces), used)]
    lines: list[tuple[str, int]] = []
    held: list[str] = []

    def emit(text: str) -> None:
        if text == "\n":
            lines.append(("".join(held), wrapper.column))
            held.clear()
        else:
            held.append(text)

    wrapper = Wrapper(emit, lambda: width, hard=True)
    wrapper.start(NO_LEAD, NO_LEAD)
    for text, sgr in pieces:
        wrapper.text(text, sgr)
    wrapper.newline()
    return lines


def _placed(text: str, space: int, align: Align) -> str:
    space = max(space, 0)
    before = {"left": 0, "center": space // 2, "right": space}[align]
    return " " * before + text + " " * (space - before)


def _records(
    head: Sequence[list[Piece]], body: Sequence[Sequence[list[Piece]]], width: int, palette: Palette
) -> list[str]:
    """For a narrow terminal: one block a row, a line or more a cell."""
    lines: list[str] = []
    for row in body:
        if lines:
            lines.append(paint("─" * min(width, 12), palette.faint))
        for name, cell in zip(head, row, strict=True):
            if _width(cell):
                joined = [*name, (": ", "")] if _width(name) else []
                lines += [text for text, _ in _wrapped([*joined, *cell], width)]
    return lines
