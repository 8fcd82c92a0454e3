"""How many cells text takes on a terminal: 2 for East Asian wide characters and emoji, 0 for marks that join."""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category, east_asian_width

ZERO_WIDTH_JOINER = "\u200d"
_EMOJI_SELECTOR = "\ufe0f"


@lru_cache(maxsize=8192)
def char_width(char: str) -> int:
    """Cells of one character that stands alone: 0, 1 or 2."""
    if char.isascii():
        return 1
    if category(char) in ("Mn", "Me", "Cf") or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def advance(last: str, char: str) -> int:
    """Cells by which `char` moves the cursor after `last` (empty at the start): an emoji selector widens what it follows,
    and what a joiner or a skin tone adds shares the cells of the emoji before."""
    if char == _EMOJI_SELECTOR:
        return 1 if last and not last.isascii() and char_width(last) == 1 else 0
    if last == ZERO_WIDTH_JOINER or (is_modifier(char) and last and char_width(last) == 2):
        return 0
    return char_width(char)


def is_modifier(char: str) -> bool:
    """Whether `char` is an emoji skin tone."""
    return "\U0001f3fb" <= char <= "\U0001f3ff"


def cell_width(text: str) -> int:
    """Cells of a line of text."""
    if text.isascii():
        return len(text)
    total = 0
    last = ""
    for char in text:
        total += advance(last, char)
        if char_width(char) or char == ZERO_WIDTH_JOINER:
            last = char
    return total


def cut(text: str, cells: int) -> str:
    """`text` shortened to at most `cells` cells, with an ellipsis where something is missing."""
    if cell_width(text) <= cells:
        return text
    kept = ""
    for char in text:
        if cell_width(kept + char) > cells - 1:
            break
        kept += char
    return kept + "…" if cells > 0 else ""
