"""Cut an English prompt into words and literals, without politeness, contractions and phrases of one meaning."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from llmswitch.cache.guard import english_words as lexicon
from llmswitch.cache.guard.literals import Piece

LONGEST_PHRASE = 8
_ENDS = frozenset(".!?;:")


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case, or a literal or punctuation as it is."""

    text: str
    sort: str
    raw: str
    capital: bool = False


def tokens(found: Sequence[Piece]) -> list[Token]:
    """The words and literals of these pieces, in order."""
    return list(_phrased(_without_politeness(list(_tokens(found)))))


def _tokens(found: Sequence[Piece]) -> Iterator[Token]:
    opening = True
    for before, piece, after in zip([None, *found], found, [*found[1:], None], strict=False):
        if piece.sort == "word" and len(piece.text) == 1 and piece.text.isupper() and after == Piece("gap", "."):
            yield Token(piece.text.lower(), "initial", piece.text)  # J. Smith
        elif piece.text in ("a", "i") and after is not None and _names_a_letter(after):
            yield Token(piece.text, "letter", piece.text)  # f(a, b)
        elif piece == _HYPHEN and before is not None and before.sort == "word":
            continue
        elif piece.sort == "gap":
            yield Token(piece.text, "gap", piece.text)
        elif piece.sort == "word" and piece.text == "'t":
            yield Token("not", "word", piece.text)  # "do n't", cut by a tokenizer
        elif piece.sort == "word":
            yield from _words(piece.text, opening=opening)
        elif piece.sort == "number":
            yield from _number(piece.text)
        elif piece.sort == "name" and piece.text.lower() in lexicon.synonyms():
            yield Token(piece.text.lower(), "word", piece.text, capital=True)
        else:
            yield Token(piece.text, piece.sort, piece.text)
        opening = piece.sort == "gap" and piece.text in _ENDS


def _words(raw: str, *, opening: bool) -> Iterator[Token]:
    lower = raw.lower()
    capital = raw[:1].isupper() and not (opening or raw == "I" or raw.startswith("I'"))
    whole = lexicon.contraction(lower)
    if whole == lower and lower.endswith("n't"):
        whole = lower[:-3] + " not"
    elif whole == lower and "'" in lower:
        head, _, tail = lower.partition("'")
        whole = head if tail == "s" and head not in _IS_AFTER else f"{head} '{tail}"
    for word in whole.split():
        yield Token(word, "word", raw, capital)


def _names_a_letter(after: Piece) -> bool:
    """Whether what stands after an "a" shows that it is no article."""
    return after.sort == "symbol" or (after.sort == "gap" and after.text in ",)]")


_HYPHEN = Piece("gap", "-")
_IS_AFTER = lexicon.words("what who where when how that there it here why which he she")


def _number(text: str) -> Iterator[Token]:
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz%°")
    unit = text[len(digits) :]
    if unit in ("st", "nd", "rd", "th"):
        yield Token(digits + "th", "number", text)
        return
    yield Token(digits.replace(",", "").lstrip("0") or "0" if "." not in digits else digits, "number", text)
    if unit:
        yield Token(unit, "word" if unit.isalpha() else "symbol", unit)


def _without_politeness(found: list[Token]) -> list[Token]:
    """Openings and closings that only ask are taken away, again and again, at the start of every sentence."""
    kept: list[Token] = []
    opening = True
    index = 0
    while index < len(found):
        length = _longest(found, index, lexicon.polite(), lexicon.first_polite()) if opening else 0
        if length:
            index += length
            continue
        token = found[index]
        kept.append(token)
        opening = token.sort == "gap" and (token.text in _ENDS or opening or token.text == ",")
        index += 1
    return kept


def _longest(found: Sequence[Token], start: int, table: Collection[tuple[str, ...]], firsts: Collection[str]) -> int:
    """Words of the longest phrase of `table` that begins at `start`, 0 for none; `firsts` are the first words of all."""
    if found[start].text not in firsts:
        return 0
    words: list[str] = []
    for token in found[start : start + LONGEST_PHRASE]:
        if token.sort != "word":
            break
        words.append(token.text)
    return next((length for length in range(len(words), 0, -1) if tuple(words[:length]) in table), 0)


def _phrased(found: list[Token]) -> Iterator[Token]:
    table = lexicon.phrases()
    index = 0
    while index < len(found):
        length = _longest(found, index, table, lexicon.first_of_phrases())
        if length:
            for word in table[tuple(token.text for token in found[index : index + length])]:
                yield Token(word, "word", word)
            index += length
        else:
            yield found[index]
            index += 1
