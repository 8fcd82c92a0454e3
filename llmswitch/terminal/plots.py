"""Small plots made of characters: a line for a trend, bars for days. Blocks where the stream carries them, else ASCII."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.,:;+*#"
_NARROWEST_LABEL = 8


def sparkline(values: Sequence[float], cells: int, *, blocks: bool = True) -> str:
    """One cell for each value (or for some neighbours together, where `cells` are fewer), scaled to the largest. A value
    of 0 is blank; the smallest other one is still seen."""
    shades = BLOCKS if blocks else _ASCII
    found = squeezed(values, cells)
    top = max(found, default=0)
    if top <= 0:
        return " " * len(found)
    return "".join(shades[min(7, int(8 * value / top))] if value > 0 else " " for value in found)


def squeezed(values: Sequence[float], cells: int) -> list[float]:
    """`values` as they are, or the sums of runs of neighbours, so that there are at most `cells`."""
    step = run_length(len(values), cells)
    return [sum(values[start : start + step]) for start in range(0, len(values), step)]


def run_length(count: int, cells: int) -> int:
    """How many neighbours share a cell."""
    return max(1, -(-count // max(1, cells)))


def bar_plot(
    values: Sequence[float], labels: Sequence[str], *, cells: int, height: int = 4, blocks: bool = True
) -> list[str]:
    """Upright bars over an axis with the labels that have room, `height` + 2 lines at most `cells` wide. Where there are
    more values than room, neighbours share a bar, which is then their sum and has the first one's label."""
    step = run_length(len(values), cells)
    bars = squeezed(values, cells)
    names = labels[::step]
    pitch = 2 if 2 * len(bars) <= cells else 1
    top = max(bars, default=0)
    lines = []
    for row in reversed(range(height)):
        marks = [_mark(value, top, row, height, blocks=blocks) for value in bars]
        lines.append((" " * (pitch - 1)).join(marks).rstrip())
    rule = "─" if blocks else "-"
    return [*lines, rule * (pitch * len(bars) - pitch + 1), _axis(names, pitch)]


def _mark(value: float, top: float, row: int, height: int, *, blocks: bool) -> str:
    """What a bar shows in one row, counted from the bottom. A value above 0 is always seen."""
    if value <= 0 or top <= 0:
        return " "
    eighths = max(1, round(8 * height * value / top)) - 8 * row
    if eighths <= 0:
        return " "
    if blocks:
        return BLOCKS[min(eighths, 8) - 1]
    return "#" if eighths >= 4 else "."


def _axis(names: Sequence[str], pitch: int) -> str:
    """The labels below their bars, as many as stand apart."""
    line = ""
    for number, name in enumerate(names):
        start = number * pitch
        if not line or start >= len(line) + 2:
            line = line.ljust(start) + name
    return line
