"""From a request to the 32-bit numbers of its features: character and word n-grams, openings, endings, cues.

A feature's number must be the same in every process and on every machine: `hash()` is salted and is not used."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from llmswitch.classify.cues import cues, meaning_cues
from llmswitch.classify.prose import Parts, headline, take_apart
from llmswitch.classify.request_text import person_request

MASK = 0xFFFFFFFF
STEP = 0x9E3779B1
"""Multiplier of the polynomial over code points that numbers a character n-gram (Knuth's 2^32 / golden ratio)."""
GRAM_SIZES = (2, 3, 4, 5)
PROSE_CHARACTERS = 1200
PASTE_WORDS = 60

_SPACE = re.compile(r"\s+")
_DIGITS = re.compile(r"[0-9]+")
_WORDS = re.compile(r"[a-z][a-z'_]*|[0-9]+|[?!]|[ァ-ヺー]+|[一-鿿]+|[ぁ-ゖ]+")
_SENTENCE_END = re.compile(r"[。.!?!?\n]+\s*")


@dataclass(frozen=True, slots=True)
class Features:
    """Numbers of the features present, in groups that are weighed separately: `grams` of all of the person's words,
    structural `cues`, and `head`: words and cues of the sentence the wish most likely stands in."""

    grams: frozenset[int]
    cues: frozenset[int]
    head: frozenset[int]


def features(request: str, attachment: str = "") -> Features:
    """The features of what the person typed; `attachment` only gives cues and a few words."""
    words = person_request(request)
    if not words:  # piped text alone is all there is to go by
        words, attachment = person_request(attachment), ""
    parts = take_apart(words)
    return Features(
        frozenset(_grams(parts, attachment)),
        frozenset(crc32(b"c " + name.encode("utf-8", "replace")) for name in cues(parts, attachment)),
        frozenset(_head(parts.prose)),
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
    return {crc32(("h " + name).encode("utf-8", "replace")) for name in names}


def normal(text: str) -> str:
    """Lower case, full-width forms folded, digits as 0, white space as one blank."""
    text = unicodedata.normalize("NFKC", text).lower() if not text.isascii() else text.lower()
    return _SPACE.sub(" ", _DIGITS.sub("0", text)).strip()


def _grams(parts: Parts, attachment: str) -> set[int]:
    prose = parts.prose
    if len(prose) > PROSE_CHARACTERS:
        prose = prose[: PROSE_CHARACTERS // 2] + "\n" + prose[-PROSE_CHARACTERS // 2 :]
    text = normal(prose)
    found = character_grams(f" {text} ") if text else set()
    words = _WORDS.findall(text)
    found.update(crc32(("w " + word).encode("utf-8", "replace")) for word in words)
    found.update(crc32(f"w {one} {two}".encode("utf-8", "replace")) for one, two in pairwise(words))
    found.update(crc32(f"s {one} {two}".encode("utf-8", "replace")) for one, two in zip(words, words[2:], strict=False))
    for sentence in _SENTENCE_END.split(prose)[:12]:
        if sentence := normal(sentence):
            found.update(crc32(("e " + sentence[-size:]).encode("utf-8", "replace")) for size in (2, 3, 4, 6))
            found.add(crc32(("b " + " ".join(_WORDS.findall(sentence)[:2])).encode("utf-8", "replace")))
    paste = _WORDS.findall(normal((parts.paste or attachment)[:1500]))[:PASTE_WORDS]
    found.update(crc32(("p " + word).encode("utf-8", "replace")) for word in paste)
    return found


def character_grams(text: str) -> set[int]:
    """The numbers of all n-grams of `text` of the sizes in GRAM_SIZES."""
    points = [*map(ord, text)]
    grams = [(one * STEP + two) * STEP & MASK for one, two in pairwise(points)]
    found = set(grams)
    for size in GRAM_SIZES[1:]:
        grams = [(gram + point) * STEP & MASK for gram, point in zip(grams, points[size - 1 :], strict=False)]
        found.update(grams)
    return found
