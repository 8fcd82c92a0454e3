"""From a request to its features: character and word n-grams, openings, endings, cues; by name, or as 32-bit numbers.

A feature's number must be the same in every process and on every machine: `hash()` is salted and is not used."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from operator import add
from typing import NamedTuple
from zlib import crc32

from llmswitch.classify.acts import act_names
from llmswitch.classify.cues import cues
from llmswitch.classify.meaning import marks_in, meaning_cues
from llmswitch.classify.prose import headline, take_apart
from llmswitch.classify.request_text import person_request
from llmswitch.classify.weights import number_of, numbers_of

GROUPS = {"grams": "", "cues": "c ", "head": "h ", "acts": "a "}
"""The groups, in the order of Features, and what is put before a name to number it."""
VERSION = 2
"""Goes up when names change: what was kept under other names (corrections, what was taught) says nothing any more."""
PREFIXES = (4, 6)
"""Lengths at which an English word of more letters is cut, so that its forms meet."""
PIECES = (3, 4, 5)
"""Sizes of the pieces of an English word."""
LONGEST_WORD = 24
PROSE_CHARACTERS = 800
PASTE_CHARACTERS = 400

_DIGITS = re.compile(r"[0-9]+")
_WORDS = re.compile(r"[a-z][a-z'_]*|[0-9]+|[?!]|[ァ-ヺー]+|[一-鿿]+|[ぁ-ゖ]+")
_FOREIGN = re.compile(r"[^\x00-\x7f]+(?: ?[^\x00-\x7f]+)*")


class Features(NamedTuple):
    """Numbers of the features present, in groups that are weighed separately; one that comes twice counts twice. `grams` of
    all of the person's words, structural `cues`, `head`: words and cues of the sentence the wish most likely stands in, and
    `acts`: what is asked for."""

    grams: tuple[int, ...]
    cues: tuple[int, ...]
    head: tuple[int, ...]
    acts: tuple[int, ...]


class Named(NamedTuple):
    """The same by name. `words` are those of `grams` that stand for all their pieces too, `head_words` those of `head` that
    stand for themselves as a `whole`: what is known of a word is then looked up at once."""

    words: set[str]
    head_words: set[str]
    grams: set[str]
    cues: set[str]
    head: set[str]
    acts: set[str]


def features(request: str, attachment: str = "") -> Features:
    """The features of what the person typed; what was pasted or attached only gives cues, unless there is nothing else."""
    return numbered(named(request, attachment))


def numbered(found: Named) -> Features:
    """The numbers of names."""
    words, head_words, *groups = found
    grams, others, head, acts = [
        numbers_of(names, number_of(prefix)) for names, prefix in zip(groups, GROUPS.values(), strict=True)
    ]
    head += numbers_of([whole(word) for word in head_words], number_of(GROUPS["head"]))
    spelled = sorted([number for word in words for number in numbers_of_word(word)])
    return Features((*spelled, *sorted(grams)), tuple(sorted(others)), tuple(sorted(head)), tuple(sorted(acts)))


def named(request: str, attachment: str = "") -> Named:
    """The names of the features of a request."""
    typed = person_request(request)
    if not typed:  # piped text alone is all there is to go by
        typed, attachment = person_request(attachment), ""
    parts = take_apart(typed)
    prose = parts.prose.strip() or parts.paste[:PASTE_CHARACTERS]  # a bare traceback has no other words
    edges = prose
    if len(prose) > PROSE_CHARACTERS:
        edges = prose[: PROSE_CHARACTERS // 2] + "\n" + prose[-PROSE_CHARACTERS // 2 :]
    text = normal(edges)
    words = _WORDS.findall(text)
    pairs = _pairs(words)
    marks = marks_in(edges)
    meant = meaning_cues(words, pairs, marks)
    sentence = headline(prose)
    if len(sentence) + 2 >= len(prose):  # nothing but the headline
        head_words = words
        head = _head(text, words, pairs, meant)
    else:
        head_text = normal(sentence)
        head_words = _WORDS.findall(head_text)
        head_pairs = _pairs(head_words)
        head_marks = marks_in(sentence, marks if edges is prose else None)
        head = _head(head_text, head_words, head_pairs, meaning_cues(head_words, head_pairs, head_marks))
    grams: set[str] = set()
    if not text.isascii():
        for run in _FOREIGN.findall(text):
            grams.update(_pieces(f" {run} "))
    return Named(set(words), set(head_words), grams, set(cues(parts, attachment, words, meant)), head, act_names(prose))


def normal(text: str) -> str:
    """Lower case, full-width forms folded, digits as 0, white space as one blank."""
    text = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()
    return " ".join(_DIGITS.sub("0", text).split())


def numbers_of_word(word: str) -> list[int]:
    """The numbers of a word, of its beginnings and of its pieces, which are marked so that they are no n-grams of other
    writings."""
    if word[0] > "\x7f":
        return [number_of(whole(word))]
    framed = f"<{word[:LONGEST_WORD]}>".encode()
    pieces = {framed[place : place + size] for size in PIECES for place in range(len(framed) - size + 1)}
    beginnings = [word[:length] + "~" for length in PREFIXES if len(word) > length]
    return [*numbers_of([whole(word), *beginnings]), *map(crc32, pieces)]


def whole(word: str) -> str:
    """A word as no n-gram is written."""
    return word + "|"


def _pairs(words: list[str]) -> set[str]:
    return {f"{one} {two}" for one, two in pairwise(words)}


def _head(text: str, words: list[str], pairs: set[str], meant: set[str]) -> set[str]:
    names = {"c " + name for name in meant}
    names |= pairs
    if not text.isascii():
        names.update(_pieces(text))
        if "|" in text:
            names.difference_update(map(whole, words))  # `ab|` as a piece is the same name as the word `ab`
    return names


def _pieces(text: str) -> list[str]:
    """Its n-grams of two and three characters: Japanese has no spaces."""
    twos = list(map(add, text, text[1:]))
    return twos + list(map(add, twos, text[2:]))
