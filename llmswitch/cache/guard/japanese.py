"""Read a Japanese prompt into items and marks, without a dictionary: scripts, particles and endings say where words end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from llmswitch.cache.guard import japanese_words as lexicon
from llmswitch.cache.guard.literals import Piece
from llmswitch.cache.guard.parsed import Item, Parsed

_KANA = re.compile("[\u3040-\u30ff]")
_HIRAGANA = re.compile("[\u3040-\u309f]")
_IDEOGRAPH = re.compile("[\u3400-\u9fff々〆]")
_KATAKANA_RUN = re.compile("[\u30a0-\u30ffー]+")
_NUMERAL = re.compile(f"([〇一二三四五六七八九十百千]+)(?=[{lexicon.COUNTERS}])")
LONGEST_ENDING = 4
"""Kana after a word that are taken for its changing end; more are a word of their own."""
_AFTER_PAST = ("", "か", "の", "のか", "のですか", "んですか", "のでしょうか")
"""What may follow a verb's past at the end of a sentence."""


def is_japanese(prompt: str) -> bool:
    """Whether the prompt is written in Japanese (a quoted word or two do not make it so)."""
    kana, ideographs = len(_KANA.findall(prompt)), len(_IDEOGRAPH.findall(prompt))
    letters = sum(char.isascii() and char.isalpha() for char in prompt)
    return kana + ideographs > 0 and (kana + ideographs) * 4 >= letters


def parse(found: Sequence[Piece]) -> Parsed:
    """Items and marks of these pieces."""
    reader = _Reader()
    for piece in found:
        reader.read(piece)
    return Parsed("ja", tuple(reader.items), frozenset(reader.marks), reader.asks)


@dataclass(slots=True)
class _Reader:
    """Reads pieces one after the other. `after_item`: something was just said that a particle may follow; `after_mark`: that
    was a mark, which stands in no relation. `ending`: kana since the last item that no table knows; `apart`: punctuation stood
    there."""

    items: list[Item] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)
    after_item: bool = False
    after_mark: bool = False
    ending: str = ""
    apart: bool = False
    joined: bool = False
    listed: bool = False
    asks: bool = False

    def read(self, piece: Piece) -> None:
        """Take in one piece."""
        if piece.sort == "gap":
            self.joined = self.after_item = False
            self.apart = True
            self.listed = piece.text in ("、", "・", ",", "/")
        elif piece.sort == "word" and (_KANA.match(piece.text) or _IDEOGRAPH.match(piece.text)):
            self._run(piece.text)
        elif piece.sort == "word":
            self._add(piece.text, piece.text.lower())
        else:
            text = piece.text.replace(",", "") if piece.sort == "number" else piece.text
            self._add(piece.text, text, literal=True)

    def _run(self, text: str) -> None:
        place = 0
        while place < len(text):
            place += self._known(text, place) or self._unknown(text, place)

    def _known(self, text: str, place: int) -> int:
        """Characters of a word of the lexicon that was read here, 0 for none."""
        if (numeral := _NUMERAL.match(text, place)) and not self._begins(text, place):
            self._add(numeral.group(), str(_value(numeral.group())), literal=True)
            return len(numeral.group())
        table = lexicon.table()
        for length in range(min(lexicon.longest(), len(text) - place), 0, -1):
            word = text[place : place + length]
            kind, meaning = table.get(word, ("", ""))
            if not kind or not (self.after_item or _stands_alone(word, kind)):
                continue
            if kind == "concept":
                self._add(word, meaning)
            elif kind == "role":
                self._role(meaning)
            elif kind == "mark":
                self._mark(meaning)
            else:
                self.joined = False
                self.asks = self.asks or word.startswith(("何", "なに", "なん", "とは", "って何", "どんな"))
            self.ending = ""
            return length
        return 0

    def _unknown(self, text: str, place: int) -> int:
        """Characters of a word that no table knows."""
        if run := _KATAKANA_RUN.match(text, place):
            self._add(run.group(), run.group().rstrip("ー") or run.group())
            return len(run.group())
        if _IDEOGRAPH.match(text[place]):
            end = place + 1
            while end < len(text) and _IDEOGRAPH.match(text[end]) and not self._begins(text, end):
                end += 1
            self._add(text[place:end], text[place:end])
            return end - place
        if self.after_item:  # the changing end of a word
            if text[place] in "ただ" and text[place + 1 :] in _AFTER_PAST:
                self._mark("past")
            self.ending += text[place]
            if len(self.ending) == LONGEST_ENDING:
                self._add(self.ending, self.ending)
            return 1
        end = place + 1
        while (
            end < len(text) and _HIRAGANA.match(text[end]) and text[end] not in "をがはにのでとも" and end - place < 12
        ):
            end += 1
        self._add(text[place:end], text[place:end])
        return end - place

    def _begins(self, text: str, place: int) -> bool:
        """Whether a word of two or more characters of the lexicon stands here."""
        table = lexicon.table()
        return any(
            text[place : place + length] in table for length in range(2, min(lexicon.longest(), len(text) - place) + 1)
        )

    def _role(self, role: str) -> None:
        if self.items and self.after_item and not self.after_mark:
            last = self.items[-1]
            if not last.role or last.role in ("の", "や"):
                self.items[-1] = replace(last, role=role)
                if last.listed and len(self.items) > 1 and self.items[-2].role in ("と", "や"):
                    self.items[-2] = replace(self.items[-2], role=role)  # A and B are in one relation
        self.listed = role in ("と", "や")
        self.joined = self.after_item = False

    def _mark(self, mark: str) -> None:
        self.joined, self.after_item, self.after_mark = False, True, True
        if lexicon.scoped(mark):
            self.marks.add(f"{mark}>{self.items[-1].concept if self.items else ''}")
        else:
            self.marks.add(mark)

    def _add(self, raw: str, concept: str, *, literal: bool = False) -> None:
        apart = self.apart or bool(self.items and self.items[-1].role not in ("", "の"))
        self.items.append(
            Item(raw, concept, frozenset((concept,)), "", literal, False, self.joined, self.listed, apart)
        )
        self.joined = self.after_item = True
        self.listed = self.after_mark = self.apart = False
        self.ending = ""


def _stands_alone(word: str, kind: str) -> bool:
    """Whether a word of the lexicon may begin a phrase: endings and particles of one character only follow something."""
    return kind == "concept" or len(word) > 1


def _value(numeral: str) -> int:
    """The number that a numeral below 10,000 means, positional (二〇二六) or not (二十六)."""
    if not any(mark in lexicon.TENS for mark in numeral):
        return int("".join(str(lexicon.DIGITS[mark]) for mark in numeral))
    total = digit = 0
    for mark in numeral:
        if mark in lexicon.TENS:
            total += (digit or 1) * lexicon.TENS[mark]
            digit = 0
        else:
            digit = lexicon.DIGITS[mark]
    return total + digit
