"""The normalised prompt and its hash: two prompts of one hash differ in nothing that could change an answer.

Only what no reader sees is taken away: line ends, trailing blanks, blank lines around, the form of composed characters, and,
in a single line without quotes or code, runs of blanks. Case, punctuation and wording stay; they are the guard's business.
"""

from __future__ import annotations

import hashlib
import unicodedata

_EXACT = ('"', "'", "`", "“", "「", "『", "\t")
"""Characters by which a line may hold text whose blanks count."""


def normalise(prompt: str) -> str:
    """`prompt` as it is hashed."""
    composed = unicodedata.normalize("NFC", prompt).replace("\r\n", "\n").replace("\r", "\n")
    lines = [line.rstrip() for line in composed.split("\n")]
    text = "\n".join(lines).strip("\n")
    if "\n" in text or any(mark in text for mark in _EXACT):
        return text
    return " ".join(text.split())


def prompt_hash(prompt: str) -> str:
    """64 hexadecimal digits. Lone surrogates (bytes that are no UTF-8) are hashed as they are."""
    return hashlib.sha256(normalise(prompt).encode("utf-8", "surrogatepass")).hexdigest()
