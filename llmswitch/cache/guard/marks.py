"""Do two prompts bear the same marks: negation, quantity, comparison, time, obligation, kind of question?"""

from __future__ import annotations

from collections.abc import Collection

from llmswitch.cache.guard.english_words import words
from llmswitch.cache.guard.parsed import Parsed

_FREE = words("all any some both exactly already and or nor I you") | {"can it", "does it"}
"""Marks that may be on one side only."""
_AGAINST = (
    ("all", "some"),
    ("all", "any"),
    ("I", "you"),
    ("can it", "does it"),
    ("I before you", "you before I"),
    ("and", "or"),
)
"""Free marks that contradict each other all the same."""
_TIMES = words(
    """
    tomorrow tonight year month week weekend semester term quarter winter spring summer fall autumn monday tuesday
    wednesday thursday friday saturday sunday january february march april june july august september october november
    december upcoming
    """
)
_NAMES = {
    "past": "the time (past or not)",
    "future": "the time (future or not)",
}


def marks_reason(a: Parsed, b: Parsed, said: Collection[str] = ()) -> str | None:
    """A reason why the marks make two questions of them, or None. `said`: marks that a word of one side stands for."""
    for one, other in _AGAINST:
        only_a, only_b = a.marks - b.marks, b.marks - a.marks
        if (one in only_a and other in only_b) or (other in only_a and one in only_b):
            return f"“{one}” is not “{other}”"
    unshared = [mark for mark in sorted(a.marks ^ b.marks) if mark not in said and not _may_be_left_out(mark, a, b)]
    if not unshared:
        return None
    denials = [mark for mark in unshared if mark.startswith("not>")]
    if len(denials) == len(unshared) == 2 and "not>" in denials:  # one whole question is denied, in either wording
        return None
    kinds = {mark.split(">")[0] for mark in unshared}
    if "not" in kinds:
        return "one of them negates"
    kind = min(kinds)
    return f"they differ in {_NAMES.get(kind, f'“{kind}”')}"


def _may_be_left_out(mark: str, a: Parsed, b: Parsed) -> bool:
    kind = mark.split(">")[0]
    if kind in _FREE or "before" in kind.split():
        return True
    if kind == "future":  # "who will teach it next winter" is "who teaches it next winter"
        return "past" not in a.marks | b.marks and _tells_when(a) and _tells_when(b)
    return kind == "other" and _excepts(a) and _excepts(b)


def _tells_when(one: Parsed) -> bool:
    return any(mark.startswith("next>") for mark in one.marks) or _has(one, _TIMES)


def _excepts(one: Parsed) -> bool:
    return any(item.role == "except" for item in one.items)


def _has(one: Parsed, concepts: Collection[str]) -> bool:
    return any(form in concepts for item in one.items for form in item.forms)
