"""Is it the same question? A comparison of what two prompts say, in English and Japanese, that refuses when in doubt."""

from __future__ import annotations

from functools import lru_cache

from llmswitch.cache.guard.compare import compare
from llmswitch.cache.guard.parsed import Parsed, Verdict
from llmswitch.cache.normalise import normalise

LONGEST = 4_000
"""Characters of a prompt beyond which only its repeat is the same."""

__all__ = ["Verdict", "guard", "read"]


def guard(a: str, b: str) -> Verdict:
    """Whether the answer to `a` may be served for `b`, by their words alone. Symmetric."""
    if max(len(a), len(b)) > LONGEST:
        same = normalise(a) == normalise(b)
        return (
            Verdict("same", "the same prompt") if same else Verdict("different", "too long to be compared by its words")
        )
    one, other = read(a), read(b)
    if not (one.items and other.items):  # nothing but politeness and marks: "thanks" is not "hello"
        same = _bare(a) == _bare(b) or (one == other and bool(one.marks))
        return Verdict("same", "the same words") if same else Verdict("different", "there is too little to compare")
    return compare(one, other)


def _bare(prompt: str) -> str:
    return " ".join(normalise(prompt).casefold().split()).strip("?!.。、？！… ")


@lru_cache(maxsize=2_048)
def read(prompt: str) -> Parsed:
    """`prompt` as items and marks, in its language."""
    from llmswitch.cache.guard import english, japanese
    from llmswitch.cache.guard.literals import pieces

    found = list(pieces(prompt))
    return japanese.parse(found) if japanese.is_japanese(prompt) else english.parse(found)
