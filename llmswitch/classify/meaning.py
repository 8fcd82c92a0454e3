"""What the words of a prompt mean by the lexicon: the cues of single words, of phrases, and of Japanese marks."""

from __future__ import annotations

from functools import cache
from itertools import chain

from llmswitch.classify.lexicon import ENGLISH, JAPANESE
from llmswitch.classify.remembered import Remembered

_SUFFIXES = ("s", "ed", "ing", "es", "d", "er")


@cache
def _english() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]], dict[str, tuple[tuple[str, str], ...]]]:
    """Word -> its cues; two words -> their cues; two words -> the third words that make a phrase with them, with its cue."""
    words: dict[str, tuple[str, ...]] = {}
    pairs: dict[str, tuple[str, ...]] = {}
    threes: dict[str, tuple[tuple[str, str], ...]] = {}
    for cue, phrases in ENGLISH.items():
        for phrase in phrases.split():
            first, *others = phrase.split("_")
            if not others:
                words[first] = (*words.get(first, ()), cue)
            elif len(others) == 1:
                pair = f"{first} {others[0]}"
                pairs[pair] = (*pairs.get(pair, ()), cue)
            else:
                pair = f"{first} {others[0]}"
                threes[pair] = (*threes.get(pair, ()), (others[1], cue))
    return words, pairs, threes


@cache
def _letters() -> frozenset[str]:
    return frozenset(_japanese())


@cache
def _japanese() -> dict[str, tuple[tuple[str, str], ...]]:
    """First letter -> the marks that begin with it, each with its cue."""
    table: dict[str, tuple[tuple[str, str], ...]] = {}
    for cue, marks in JAPANESE.items():
        for mark in marks.split():
            table[mark[0]] = (*table.get(mark[0], ()), (mark, cue))
    return table


def _meanings(word: str) -> tuple[str, ...]:
    table, _, _ = _english()
    if word in table:
        return table[word]
    if not word.isascii():
        return ()
    for suffix in _SUFFIXES:
        if word.endswith(suffix):
            stem = word[: -len(suffix)]
            for form in (stem, stem + "e", stem[:-1] if stem[-2:-1] == stem[-1:] else stem, stem[:-1] + "y"):
                if len(form) > 2 and form in table:
                    return table[form]
    return ()


meanings = Remembered(_meanings).__getitem__
"""Cues of a word in lower case, with its usual endings taken off."""


def marks_in(text: str, among: list[tuple[str, str]] | None = None) -> list[tuple[str, str]]:
    """The lexicon's Japanese marks in `text`, each with its cue; an English text has none. `among` are those of a text that
    `text` is a part of."""
    if text.isascii():
        return []
    if among is None:
        table = _japanese()
        among = [entry for letter in _letters().intersection(text) for entry in table[letter]]
    return [entry for entry in among if entry[0] in text]


def meaning_cues(words: list[str], pairs: set[str], marks: list[tuple[str, str]]) -> set[str]:
    """The lexicon's cues of a text: of its `words` in lower case, of the neighbours among them, of the `marks_in` it."""
    found = set(chain.from_iterable(map(meanings, words)))
    _, twos, threes = _english()
    for pair in twos.keys() & pairs:
        found.update(twos[pair])
    if begun := threes.keys() & pairs:
        said = " ".join(words) + " "
        found.update([cue for pair in begun for third, cue in threes[pair] if f"{pair} {third} " in said])
    found.update([cue for _, cue in marks])
    return found
