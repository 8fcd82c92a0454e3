"""The few styles of a rendered answer, as SGR parameters of the terminal's own 16 colours, so that they fit any theme."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """SGR parameters for each part of a document, empty without colours; then marks stay where style would say it."""

    colored: bool
    strong: str = ""
    emphasis: str = ""
    strike: str = ""
    code: str = ""
    link: str = ""
    faint: str = ""
    title: str = ""
    heading: str = ""

    @property
    def code_mark(self) -> str:
        """What encloses inline code."""
        return "" if self.colored else "`"


PLAIN = Palette(colored=False)
COLORED = Palette(
    colored=True, strong="1", emphasis="3", strike="9", code="36", link="4", faint="2", title="1;35", heading="1;35"
)


def both(outer: str, inner: str) -> str:
    """Two styles at once."""
    return f"{outer};{inner}" if outer and inner else outer or inner
