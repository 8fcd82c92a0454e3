"""What a stream can show: whether it is a terminal, whether it takes colours, how wide it is, which characters it can carry."""

from __future__ import annotations

import os
import re
from typing import TextIO

DIM = "2"
BOLD = "1"
RED = "31"

_DEFAULT_WIDTH = 80
_ASCII = str.maketrans(
    {
        "→": "->",
        "·": "|",
        "…": "...",
        "─": "-",
        "│": "|",
        "•": "*",
        "◦": "-",
        "▪": "*",
        "☐": "[ ]",
        "☑": "[x]",
        "–": "-",
    }
)
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def is_terminal(stream: TextIO) -> bool:
    """Whether `stream` is an open terminal."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False  # replaced by something that is no file, or closed


def is_dumb() -> bool:
    """Whether the terminal can do no more than print (`TERM=dumb`)."""
    return os.environ.get("TERM") == "dumb"


def uses_color(stream: TextIO) -> bool:
    """Colours for `stream`: a non-empty NO_COLOR forbids them, FORCE_COLOR or CLICOLOR_FORCE wants them anywhere, TERM=dumb
    has none, and otherwise a terminal gets them."""
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return is_terminal(stream) and not is_dumb()


def width(stream: TextIO) -> int:
    """Columns of the terminal; COLUMNS or 80 where `stream` is none."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (AttributeError, OSError, ValueError):
        columns = 0
    if columns > 0:
        return columns
    told = os.environ.get("COLUMNS", "")
    return int(told) if told.isdecimal() and int(told) > 0 else _DEFAULT_WIDTH


def paint(text: str, sgr: str) -> str:
    """`text` in the style of the SGR parameters `sgr` (`"1;36"`), closed again; unchanged where `sgr` is empty."""
    return f"\x1b[{sgr}m{text}\x1b[0m" if sgr and text else text


def carries(stream: TextIO, text: str) -> bool:
    """Whether the stream's encoding has every character of `text`."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def neutral(text: str) -> str:
    """`text` without what could steer a terminal: escapes, control characters (newline and tab stay) and bidi overrides."""
    return _UNSAFE.sub("", text)


def write(stream: TextIO, text: str) -> None:
    """Write and flush; what the stream's encoding can't carry becomes ASCII or `?`."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.translate(_ASCII).encode(encoding, "replace").decode(encoding))
    stream.flush()
