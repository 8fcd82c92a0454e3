"""A statement for people: aligned text in a pipe, a table with trends and bars on a terminal, Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TextIO

from llmswitch.commands.cost_notes import glance_lines, headline, notes
from llmswitch.commands.cost_query import Statement
from llmswitch.commands.cost_table import Table, table
from llmswitch.ledger.figures import Day
from llmswitch.ledger.report import Report
from llmswitch.terminal import plots
from llmswitch.terminal.cells import cell_width
from llmswitch.terminal.markdown_cells import escaped
from llmswitch.terminal.named_lines import Note, named_lines
from llmswitch.terminal.style import BOLD, DIM, carries, neutral, paint, uses_color, width
from llmswitch.terminal.tables import GAP, render_table

_NAME_CELLS = 10
_WIDEST_TREND, _NARROWEST_TREND = 31, 7
_BAR_ROWS = 4


def plain_lines(statement: Statement) -> list[str]:
    """The whole statement as lines of text."""
    lines = _headlines(statement)
    if statement.glance:
        lines += ["", *named_lines(glance_lines(statement, statement.glance))]
    found = table(statement)
    if found.rows:
        lines += ["", *_aligned([found.headings, *found.rows, found.footer], found.keys)]
    below = named_lines(notes(statement))
    return [neutral(line) for line in [*lines, *(["", *below] if below else [])]]


def terminal_lines(statement: Statement, stream: TextIO) -> list[str]:
    """The same for a terminal: a trend beside each row, a bar for each day, what matters less dim."""
    colored = uses_color(stream)
    lines = [
        paint(part, BOLD if colored else "")
        for line in _headlines(statement)
        for part in wrap(neutral(line), width(stream), subsequent_indent="  ", break_on_hyphens=False) or [""]
    ]
    if statement.glance:
        lines += ["", *named_lines(glance_lines(statement, statement.glance), colored=colored, room=width(stream))]
    found = table(statement)
    if found.rows:
        lines += ["", *_terminal_table(statement.report, found, stream)]
    lines += _bars(statement, stream)
    below = named_lines(notes(statement), colored=colored, room=width(stream))
    return [*lines, *(["", *below] if below else [])]


def markdown_lines(statement: Statement) -> list[str]:
    """The statement as Markdown: a headline, the month's lines as a list, a table."""
    lines = [f"**{escaped(line)}**\n" for line in _headlines(statement)]
    if statement.glance:
        lines += [*(_item(note) for note in glance_lines(statement, statement.glance)), ""]
    found = table(statement)
    if found.rows:
        marks = ["---" if number < found.keys else "--:" for number in range(len(found.headings))]
        rows = [[escaped(cell) for cell in row] for row in found.rows]
        footer = [f"**{escaped(cell)}**" if cell else "" for cell in found.footer]
        lines += [f"| {' | '.join(row)} |" for row in (found.headings, marks, *rows, footer)]
    below = [_item(note) for note in notes(statement)]
    return [*lines, *(["", *below] if below else [])]


def _headlines(statement: Statement) -> list[str]:
    return [headline(one, statement.currency) for one in (statement.today, statement.report) if one]


def _terminal_table(report: Report, found: Table, stream: TextIO) -> list[str]:
    """The table with a column of trends, if there is room for one and a row has more than one day."""
    cells = _trend_cells(found, width(stream))
    headings, rows, footer = found.headings, found.rows, found.footer
    keys, added = found.keys, 0
    if cells and len(report.days) > 1 and not set(report.by) & {"day", "week"}:
        blocks = carries(stream, plots.BLOCKS)
        lines = [plots.sparkline(values, cells, blocks=blocks) for values in found.trends]
        headings, added = (*headings[:keys], "trend", *headings[keys:]), 1
        rows = tuple((*row[:keys], line, *row[keys:]) for row, line in zip(rows, lines, strict=True))
        footer = (*footer[:keys], "", *footer[keys:])
    text = render_table(
        headings,
        rows,
        stream=stream,
        right=range(keys + added, len(headings)),
        dim=[number + added for number in found.imputed],
        flexible=range(keys),
        footer=footer,
    )
    return text.splitlines()


def _trend_cells(found: Table, room: int) -> int:
    """How wide the trends may be; 0 where there is no room."""
    columns = list(zip(found.headings, *found.rows, found.footer, strict=True))
    widths = [max(cell_width(cell) for cell in column) for column in columns]
    names = sum(
        min(cells, max(_NAME_CELLS, cell_width(found.headings[n]))) for n, cells in enumerate(widths[: found.keys])
    )
    left = room - names - sum(widths[found.keys :]) - GAP * len(widths)
    days = max((len(values) for values in found.trends), default=0)
    cells = min(left, days, _WIDEST_TREND)
    return cells if cells >= min(_NARROWEST_TREND, days) else 0


def _bars(statement: Statement, stream: TextIO) -> list[str]:
    """A bar for each day: of cash, and of imputed cost, each to its own scale; of calls where there is neither."""
    report, show = statement.report, statement.currency
    if len(report.days) < 2 or not report.trend:
        return []
    days = [report.trend.get(label, Day()) for label in report.days]
    series = [
        ("cash", [float(day.cash) for day in days], show.text(max(day.cash for day in days))),
        ("imputed", [float(day.imputed) for day in days], show.text(max(day.imputed for day in days))),
    ]
    shown = [one for one in series if any(one[1])]
    if not shown:
        shown = [("calls", [float(day.calls) for day in days], str(max(day.calls for day in days)))]
    colored, lines = uses_color(stream), []
    for name, values, most in shown:
        plot = plots.bar_plot(
            values,
            [label[5:] for label in report.days],
            cells=width(stream) - 2,
            height=_BAR_ROWS,
            blocks=carries(stream, plots.BLOCKS),
        )
        style = DIM if colored else ""
        lines += ["", paint(f"{name} a day, at most {most}", style)]
        body = plot[:-2] if name != "imputed" else [paint(line, style) for line in plot[:-2]]
        lines += [*body, *(paint(line, style) for line in plot[-2:])]
    return lines


def _aligned(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Columns two spaces apart: the first `left` to the left, the others to the right."""
    widths = [max(cell_width(row[number]) for row in rows) for number in range(len(rows[0]))]
    return ["  ".join(_padded(cell, widths[n], n < left) for n, cell in enumerate(row)).rstrip() for row in rows]


def _padded(cell: str, cells: int, to_the_left: bool) -> str:
    gap = " " * (cells - cell_width(cell))
    return cell + gap if to_the_left else gap + cell


def _item(note: Note) -> str:
    name, text = note
    return f"- {name}: {escaped(text)}" if name else f"- {escaped(text)}"
