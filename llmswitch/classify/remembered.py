"""What was found for a word, remembered: most words of a prompt came before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
LONGEST = 40
"""Letters of a word that is remembered: longer runs hardly come twice, and would fill the memory."""


class Remembered(dict[str, Found]):
    """Word → what `find` says of it; forgets everything at `most` words.

    Not an `lru_cache`: a plain dict answers in half the time, as a hit need not move the word to the front."""

    __slots__ = ("find", "most")

    def __init__(self, find: Callable[[str], Found], most: int = 50_000) -> None:
        super().__init__()
        self.find, self.most = find, most

    def __missing__(self, word: str) -> Found:
        if len(word) > LONGEST:
            return self.find(word)
        if len(self) >= self.most:
            self.clear()
        found = self[word] = self.find(word)
        return found
