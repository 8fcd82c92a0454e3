"""Where the text of an answer goes: rendered on a terminal, untouched in a pipe."""

from __future__ import annotations

from typing import Protocol, TextIO

from llmswitch.terminal.style import is_dumb, is_terminal, neutral, uses_color, width, write


class Answer(Protocol):
    """Takes the text of one answer in pieces. Lets BrokenPipeError through."""

    def write(self, text: str) -> None:
        """The next piece, shown at once."""

    def end(self) -> None:
        """The answer is over, complete or not."""


def answer_for(stream: TextIO, *, raw: bool) -> Answer:
    """The writer that fits `stream`: Markdown is rendered on a terminal that can do more than print, unless `raw`."""
    if raw or not is_terminal(stream) or is_dumb():
        return RawAnswer(stream)
    from llmswitch.terminal.markdown_stream import MarkdownAnswer
    from llmswitch.terminal.palette import COLORED, PLAIN

    return MarkdownAnswer(stream, lambda: width(stream), COLORED if uses_color(stream) else PLAIN)


class RawAnswer:
    """Passes text on as UTF-8, flushed piece by piece, nothing wrapped, stripped or added. Only on a terminal, escapes
    are taken out and the last line is ended."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = is_terminal(stream)
        self._bytes = None if self._terminal else getattr(stream, "buffer", None)
        self._line_open = False

    def write(self, text: str) -> None:
        """Write the piece."""
        if self._terminal:
            text = neutral(text)
        if not text:
            return
        if self._bytes is None:
            write(self._stream, text)
        else:
            self._stream.flush()
            self._bytes.write(text.encode("utf-8", "replace"))
            self._bytes.flush()
        self._line_open = not text.endswith("\n")

    def end(self) -> None:
        """On a terminal, leave the cursor at the start of a line."""
        if self._terminal and self._line_open:
            write(self._stream, "\n")
            self._line_open = False
