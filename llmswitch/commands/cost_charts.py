"""Charts of a page as inline SVG: bars of days, bars of groups. Colours are the page's classes; nothing is loaded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from llmswitch.terminal.cells import cut

_WIDTH = 680
_LEFT, _TOP, _PLOT, _AXIS = 8, 22, 110, 22
_ROW, _NAMES, _VALUES = 24, 150, 120
_NAME_CELLS = 22


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with its name and the text that says how much it is."""

    name: str
    value: float
    text: str


def days(title: str, css: str, bars: Sequence[Bar], most: str) -> str:
    """Upright bars, one a day, below a line that says what the highest one is."""
    top = max((bar.value for bar in bars), default=0) or 1
    step = (_WIDTH - 2 * _LEFT) / max(1, len(bars))
    width = max(1.0, min(step - 2, 24))  # a gap of 2 between neighbours
    parts = [_text(_LEFT, 13, f"{title} a day, at most {most}", "label")]
    floor = _TOP + _PLOT
    parts.append(f'<line class="rule" x1="{_LEFT}" y1="{floor}" x2="{_WIDTH - _LEFT}" y2="{floor}"/>')
    every = max(1, math.ceil(len(bars) / 10))
    for number, bar in enumerate(bars):
        x = _LEFT + number * step + (step - width) / 2
        if bar.value > 0:
            height = max(1.5, _PLOT * bar.value / top)
            shape = f'<rect class="{css}" x="{x:.1f}" y="{floor - height:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"/>'
            parts.append(f"<g>{shape}<title>{escape(bar.name)}: {escape(bar.text)}</title></g>")
        if number % every == 0:
            parts.append(_text(x, floor + 15, bar.name[5:], "tick"))
    return _svg(parts, floor + _AXIS, f"{title} for each day, at most {most}")


def groups(title: str, css: str, bars: Sequence[Bar]) -> str:
    """Lying bars, one for each name, with the value at the end."""
    top = max((bar.value for bar in bars), default=0) or 1
    room = _WIDTH - 2 * _LEFT - _NAMES - _VALUES
    parts = [_text(_LEFT, 13, title, "label")]
    for number, bar in enumerate(bars):
        y = _TOP + number * _ROW
        width = max(1.5, room * bar.value / top) if bar.value > 0 else 0
        parts.append(_text(_LEFT, y + 14, cut(bar.name, _NAME_CELLS), "name"))
        if width:
            shape = f'<rect class="{css}" x="{_LEFT + _NAMES}" y="{y + 3}" width="{width:.1f}" height="14" rx="2"/>'
            parts.append(f"<g>{shape}<title>{escape(bar.name)}: {escape(bar.text)}</title></g>")
        parts.append(_text(_LEFT + _NAMES + width + 8, y + 14, bar.text, "value"))
    return _svg(parts, _TOP + len(bars) * _ROW + 6, f"{title}: " + ", ".join(f"{bar.name} {bar.text}" for bar in bars))


def _svg(parts: Sequence[str], height: float, says: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escape(says)}">' + "".join(parts) + "</svg>"
    )


def _text(x: float, y: float, text: str, css: str) -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
