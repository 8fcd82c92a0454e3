"""A model's reasoning on stderr, dim, as it comes."""

from __future__ import annotations

from typing import TextIO

from llmswitch.terminal.style import DIM, is_terminal, neutral, paint, uses_color, write


class Thinking:
    """An `Answer` for reasoning: text unwrapped and dim, the line ended by `end`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._sgr = DIM if uses_color(stream) else ""
        self._terminal = is_terminal(stream)
        self._line_open = False

    def write(self, text: str) -> None:
        """The next piece, shown at once; every line is styled by itself, so that an interrupt leaves no style behind."""
        if self._terminal:
            text = neutral(text)
        if text:
            write(self._stream, "\n".join(paint(line, self._sgr) for line in text.split("\n")))
            self._line_open = not text.endswith("\n")

    def end(self) -> None:
        """End the line and leave one empty, before the answer begins. Nothing happens if nothing was written."""
        if self._line_open:
            write(self._stream, "\n\n" if self._terminal else "\n")
            self._line_open = False
