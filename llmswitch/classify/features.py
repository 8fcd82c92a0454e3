"""From a request to the 32-bit numbers of its features: character and word n-grams, openings, endings, cues.

A feature's number must be the same in every process and on every machine: `hash()` is salted and is not used."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from llmswitch.classify.cues import cues, meaning_cues
from llmswitch.classify.prose import headline, take_apart
from llmswitch.classify.request_text import person_request

PREFIXES = (4, 6)
"""Lengths at which an English word of more letters is cut, so that its forms meet."""
GRAMS = (2, 3)
"""Sizes of the character n-grams of what is not ASCII: Japanese has no spaces."""
PROSE_CHARACTERS = 800
PASTE_CHARACTERS = 400

_DIGITS = re.compile(r"[0-9]+")
_WORDS = re.compile(r"[a-z][a-z'_]*|[0-9]+|[?!]|[ァ-ヺー]+|[一-鿿]+|[ぁ-ゖ]+")
_FOREIGN = re.compile(r"[^\x00-\x7f]+(?: ?[^\x00-\x7f]+)*")


@dataclass(frozen=True, slots=True)
class Features:
    """Numbers of the features present, in groups that are weighed separately: `grams` of all of the person's words,
    structural `cues`, and `head`: words and cues of the sentence the wish most likely stands in."""

    grams: frozenset[int]
    cues: frozenset[int]
    head: frozenset[int]


def features(request: str, attachment: str = "") -> Features:
    """The features of what the person typed; what was pasted or attached only gives cues, unless there is nothing else."""
    words = person_request(request)
    if not words:  # piped text alone is all there is to go by
        words, attachment = person_request(attachment), ""
    parts = take_apart(words)
    prose = parts.prose if not parts.prose.isspace() else ""
    prose = prose or parts.paste[:PASTE_CHARACTERS]  # a bare traceback has no other words
    return Features(
        frozenset(_grams(prose)),
        frozenset(_numbers([f"c {name}" for name in cues(parts, attachment)])),
        frozenset(_head(prose)),
    )


def _head(prose: str) -> set[int]:
    sentence = headline(prose)
    text = normal(sentence)
    words = _WORDS.findall(text)
    names = [f"w {word}" for word in words]
    names += [f"w {one} {two}" for one, two in pairwise(words)]
    names += [f"c {name}" for name in meaning_cues(sentence)]
    if not text.isascii():
        names += [f"g {text[place : place + size]}" for size in (2, 3) for place in range(len(text) - size + 1)]
    return _numbers(["h " + name for name in names])


def normal(text: str) -> str:
    """Lower case, full-width forms folded, digits as 0, white space as one blank."""
    text = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()
    return " ".join(_DIGITS.sub("0", text).split())


def _grams(prose: str) -> set[int]:
    if len(prose) > PROSE_CHARACTERS:
        prose = prose[: PROSE_CHARACTERS // 2] + "\n" + prose[-PROSE_CHARACTERS // 2 :]
    text = normal(prose)
    words = _WORDS.findall(text)
    names = {f"w {word}" for word in words}
    names.update([f"w {one} {two}" for one, two in pairwise(words)])
    for length in PREFIXES:
        names.update([f"x {word[:length]}" for word in words if len(word) > length])
    if not text.isascii():
        for run in _FOREIGN.findall(text):
            framed = f" {run} "
            for size in GRAMS:
                names.update([framed[place : place + size] for place in range(len(framed) - size + 1)])
    return _numbers(names)


def _numbers(names: Iterable[str]) -> set[int]:
    """A lone surrogate can't be encoded; it counts as a question mark."""
    return {crc32(name.encode("utf-8", "replace")) for name in names}
