"""Lines of a name and a text: the names at the left, the texts below each other, wrapped where there is an edge."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from llmswitch.terminal.style import DIM, neutral, paint

Note = tuple[str | None, str]
"""A name and a text. The name is empty where the text goes on with the line above, None for a footnote."""

_NAME = 9
_NARROWEST_TEXT = 30
"""Cells that a text beside its name needs; where there are fewer it stands below the name."""


def named_lines(lines: Sequence[Note], *, colored: bool = False, room: int | None = None) -> list[str]:
    """The lines, names dim where `colored`. With `room` (cells) a long text goes on below its beginning; without it
    nothing is wrapped."""
    names = max(_NAME, *(len(name) for name, _ in lines if name), 0)
    beside = room is None or room - names - 2 >= _NARROWEST_TEXT
    dim = DIM if colored else ""
    found = []
    for name, text in lines:
        if beside:
            lead = "" if name is None else f"{name:<{names}}  "
        else:
            found += [paint(name, dim)] if name else []
            lead = "" if name is None else "  "
        parts = [neutral(text)] if room is None else wrap(neutral(text), max(1, room - len(lead))) or [""]
        found += [
            (paint(lead, dim) if number == 0 else " " * len(lead)) + paint(part, dim if name is None else "")
            for number, part in enumerate(parts)
        ]
    return found
