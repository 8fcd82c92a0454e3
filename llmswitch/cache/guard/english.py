"""Read an English prompt into items and marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from llmswitch.cache.guard import english_words as lexicon
from llmswitch.cache.guard.english_lemma import concept, forms
from llmswitch.cache.guard.english_tokens import Token, tokens
from llmswitch.cache.guard.literals import Piece
from llmswitch.cache.guard.parsed import Item, Parsed


def parse(found: Sequence[Piece]) -> Parsed:
    """Items and marks of these pieces."""
    reader = _Reader()
    words = tokens(found)
    for token, after in zip_longest(words, words[1:]):
        reader.read(token, after.text if after is not None else "")
    marks = frozenset(reader.closed_marks())
    return Parsed("en", tuple(_without_names(reader.items)), marks, reader.asks)


def _without_names(items: Sequence[Item]) -> Iterator[Item]:
    """Without the "named" of "the file named x.txt"."""
    for item, after in zip_longest(items, items[1:]):
        if not (item.raw in ("named", "called", "titled") and after is not None and (after.literal or after.name)):
            yield item


@dataclass(slots=True)
class _Reader:
    """Reads tokens one after the other.

    `waiting` are marks that hold for the next item. `fresh`: the relation `role` still waits for what it relates to. `able`:
    a "can" waits for its verb. `broken`: more than an article stood since the last item. `inverted`: just after the verb that
    begins a question. `pronoun`: just after the "which" of "which one". `relative`: just after the "that" of "files that were
    changed", whose time does not matter. `depth`: of parentheses. `person`: I or you, whoever came first."""

    items: list[Item] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    role: str = ""
    joined: bool = False
    listed: bool = False
    fresh: bool = False
    able: bool = False
    asks: bool = False
    broken: bool = False
    relative: bool = False
    inverted: bool = False
    pronoun: bool = False
    depth: int = 0
    person: str = ""

    def read(self, token: Token, after: str) -> None:
        """Take in one token; `after` is the text of the next one."""
        if token.sort == "gap":
            self._gap(token.text)
        elif token.sort == "word":
            self._word(token, after)
            asked = token.text in _ASKING and not self.items
            self.inverted = asked and (
                token.text not in ("do", "does") or any(mark in _QUESTIONS for mark in self.marks)
            )
            self.pronoun = token.text in _POINTING
            self.relative = token.text in ("that", "which", "who") and bool(self.items)
        else:
            self._add(token.raw, token.text, frozenset((token.text,)), literal=True)

    def closed_marks(self) -> list[str]:
        """All marks; those that wait for an item hold for the end."""
        self._end_relation()
        return self.marks + [f"{mark}>" for mark in self.waiting]

    def _gap(self, text: str) -> None:
        self.joined = self.joined and text in "-'"
        self.broken = self.broken or not self.depth
        self.depth = max(self.depth + _DEEPER.get(text, 0), 0)
        if text == "," and self.items and self.items[0].role == self.role != "":
            self._end_relation()  # "before the deploy, run …"
        elif text in lexicon.LISTS:
            self.listed = not self.depth  # the order of arguments matters
        elif text not in "-'\"":
            self._end_relation()

    def _word(self, token: Token, after: str) -> None:
        word = token.text
        if word == "one" and (after in _NO_NOUN or self.pronoun):
            self.joined = False
        elif word == "when" and after not in _QUESTIONED:
            self._relation(token, "when")  # "when it stops" and not "when does it stop"
        elif word in ("every", "each") and (after[:1].isdigit() or after in _EVERY_WHEN or after in lexicon.NUMBERS):
            self._mark("every")
        elif word in lexicon.NUMBERS and not token.capital:
            self._add(word, lexicon.NUMBERS[word], frozenset((lexicon.NUMBERS[word],)), literal=True)
        elif word in lexicon.LISTS:
            self.joined, self.listed = False, True
            self.marks.append(word)
        elif word in ("was", "were", "had") and self.relative:
            self.joined = False
        elif word in lexicon.marks():
            self._mark(lexicon.marks()[word])
        elif word == "to" and after in lexicon.verbs():
            self.joined, self.broken = False, True
            self._end_relation()
        elif word in lexicon.roles():
            self._relation(token, lexicon.roles()[word])
        elif word in lexicon.fillers():
            self._filler(word)
        elif self.able and word in _MERE:
            self.able = False
            self._add(token.raw, "offer", forms(word))
        else:
            self._add(token.raw, concept(word), forms(word), name=token.capital)

    def _end_relation(self) -> None:
        """A relation to nothing is a mark: three days before, three days after."""
        if self.fresh and self.role not in ("at", "of", "to"):
            self.marks.append(self.role)
        self.role, self.fresh = "", False

    def _filler(self, word: str) -> None:
        self.joined = False
        self.listed = self.listed and word not in _CONTRAST
        if word in _NEW_CLAUSE and not self.fresh:
            self.role = ""
        self.broken = self.broken or word in _NEW_CLAUSE
        self.asks = self.asks or word in ("which", "what") or (word in _ASKING and not self.items)
        self.able = self.able or word in ("can", "could", "able", "may")
        if word in ("can", "could", "do", "does") and not self.items and not self.marks:
            self.marks.append("can it" if word.startswith("c") else "does it")
        person = _PERSONS.get(word, "")
        if person:
            self.marks.append(person)
        if person and self.person and person != self.person:
            self.marks.append(f"{self.person} before {person}")
        self.person = self.person or person

    def _relation(self, token: Token, role: str) -> None:
        if token.text in ("with", "to", "against") and self.items and self.items[-1].concept == "compare":
            self.listed = True
            return
        if self.fresh and token.text in ("using", "following"):  # "before using it"
            self._add(token.raw, concept(token.text), forms(token.text))
            return
        if not (self.fresh and role == "at"):  # "from within it" is from
            self._end_relation()
            self.role = role
        self.fresh, self.joined, self.listed, self.broken = True, False, False, True

    def _mark(self, mark: str) -> None:
        self.joined, self.broken = False, True
        self.asks = self.asks or mark in _QUESTIONS
        if mark == "not" and self.inverted:
            self.marks.append("not>")  # "why isn't it …" denies what comes after its subject
        elif mark in _SCOPED:
            self.waiting.append(mark)
        else:
            self.marks.append(mark)

    def _add(
        self, raw: str, concept_: str, forms_: frozenset[str], *, literal: bool = False, name: bool = False
    ) -> None:
        if self.fresh and self.role in _PLACED and (concept_ in _PLACES or (literal and raw[0] in "/~.$*")):
            self.role = "at"  # files under, from or below a folder are the files in it
        self.items.append(Item(raw, concept_, forms_, self.role, literal, name, self.joined, self.listed, self.broken))
        if self.waiting:
            again = sum(item.concept == concept_ for item in self.items[:-1])
            self.marks += [f"{mark}>{concept_}{again or ''}" for mark in self.waiting]
            self.waiting.clear()
        self.joined, self.listed, self.fresh, self.broken = True, False, False, False


_SCOPED = lexicon.words(
    "not only more less most least both either half many few other same first last next previous atleast atmost exactly "
    "even almost enough every"
)
"""Marks that hold for the item after them; the others hold for the whole prompt."""
_MERE = lexicon.words("take taken get got see find")
"""What "can" adds nothing to: the courses I can take are the courses there are."""
_ASKING = lexicon.words("is are do does can could would")
_EVERY_WHEN = lexicon.words(lexicon.EVERY_WHEN)
_POINTING = lexicon.words("which the this that each every any no another")
_NO_NOUN = lexicon.words("is are was were do does can of that which who to in on for with from has have") | {
    "",
    "?",
    ".",
    ",",
}
_QUESTIONED = lexicon.words("is are was were do does did will would can could should must may has have had 's am") | {
    ""
}
_DEEPER = {"(": 1, ")": -1}
_QUESTIONS = lexicon.words("how why when where who count howmuch howlong")
_CONTRAST = lexicon.words("but although though however")
_PERSONS = {"i": "I", "me": "I", "my": "I", "we": "I", "us": "I", "our": "I", "you": "you", "your": "you"}
_PLACED = lexicon.words("under from over")
_PLACES = lexicon.words("directory current home root subdirectory filesystem disk")
_NEW_CLAUSE = lexicon.words("which what that who i you we is are am do does can could would")
