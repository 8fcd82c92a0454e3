"""Aligned columns for reports: plain text in a pipe, dim headings and a rule on a terminal; no boxes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TextIO

from llmswitch.terminal.cells import cell_width, cut
from llmswitch.terminal.stacked import stacked
from llmswitch.terminal.style import BOLD, DIM, is_terminal, neutral, paint, uses_color, width

GAP = 2
NARROWEST = 8
"""Cells below which no column is cut."""


def render_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    stream: TextIO,
    right: Collection[int] = (),
    dim: Collection[int] = (),
    flexible: Collection[int] | None = None,
    footer: Sequence[str] | None = None,
    strong: int | None = None,
) -> str:
    """The table as lines for `stream`. The columns `right` hold numbers, `dim` ones matter less, `flexible` ones (None: the
    last) are cut on a terminal that is too narrow; where that is not enough, each row becomes a block of lines, so that
    nothing is lost. `footer` is a last row below a rule; row `strong` stands out. In a pipe nothing is cut, styled or
    ruled."""
    terminal, colored = is_terminal(stream), uses_color(stream)
    cells = [[_one_line(cell) for cell in row] for row in ([*rows, footer] if footer else rows)]
    widths = [max(cell_width(cell) for cell in column) for column in zip(headers, *cells, strict=True)]
    if terminal:
        cut_here = (len(headers) - 1,) if flexible is None else flexible
        widths = _narrowed(headers, widths, cut_here, width(stream))
        if _whole(widths) > width(stream):
            marked = {number for number in (strong, len(rows) if footer else None) if number is not None}
            blocks = stacked(headers, cells, width(stream), right=right, strong=marked, colored=colored)
            return "".join(line + "\n" for line in blocks)
    layout = _Layout(widths, right)
    rule = paint(layout.rule(), DIM if colored else "")
    lines = [layout.line(headers, [DIM if colored else ""] * len(headers))]
    lines += [rule] if terminal else []
    for number, row in enumerate(cells):
        last = footer is not None and number == len(rows)
        lines += [rule] if last and terminal else []
        bold = last or number == strong
        styles = [BOLD if bold else DIM if column in dim else "" for column in range(len(headers))]
        lines.append(layout.line(row, styles if colored else [""] * len(headers)))
    return "".join(line + "\n" for line in lines)


def _one_line(cell: str) -> str:
    return neutral(cell).replace("\n", " ").replace("\t", " ")


def _narrowed(headers: Sequence[str], widths: Sequence[int], flexible: Collection[int], room: int) -> list[int]:
    """The widths with the `flexible` columns cut to fit `room`, the widest first, down to their headings."""
    result = list(widths)
    over = _whole(widths) - room
    for number in sorted(flexible, key=lambda number: -widths[number]):
        least = min(widths[number], max(cell_width(headers[number]), NARROWEST))
        taken = max(min(over, widths[number] - least), 0)
        result[number] -= taken
        over -= taken
    return result


def _whole(widths: Sequence[int]) -> int:
    """Cells of a whole row."""
    return sum(widths) + GAP * (len(widths) - 1)


class _Layout:
    """Columns of given widths, those in `right` aligned to the right."""

    def __init__(self, widths: Sequence[int], right: Collection[int]) -> None:
        self.widths = widths
        self.right = right

    def line(self, row: Sequence[str], styles: Sequence[str]) -> str:
        """One line, without spaces behind its last cell."""
        last = max((number for number, cell in enumerate(row) if cell), default=-1)
        parts = []
        for number, cell in enumerate(row[: last + 1]):
            text = cut(cell, self.widths[number])
            space = " " * (self.widths[number] - cell_width(text))
            painted = paint(text, styles[number])
            parts.append(space + painted if number in self.right else painted + (space if number < last else ""))
        return (" " * GAP).join(parts)

    def rule(self) -> str:
        """The line below the headings, as wide as a whole row."""
        return "─" * _whole(self.widths)
