"""Sentences that say the same the other way round: is A married to B, and is B married to A; A wrote it, and it was written
by A."""

from __future__ import annotations

from collections.abc import Sequence

from llmswitch.cache.guard.english_words import SYMMETRIC
from llmswitch.cache.guard.order import blocks_of
from llmswitch.cache.guard.parsed import Item

Pairs = list[tuple[int, int]]

_LINKS = frozenset(("", "to", "at", "via", "of"))
"""Relations in which the second side of a symmetric one may stand."""
LONGEST_NAME = 3


def mirrored(a: Sequence[Item], b: Sequence[Item], pairs: Pairs) -> bool:
    """Whether the prompts begin with two things in a symmetric relation that changed places, and are else the same."""
    blocks = blocks_of(pairs)
    if len(blocks) < 3 or [i for i, _ in pairs] != list(range(len(a))):
        return False
    first, middle, last = blocks[:3]
    if any(end - start >= LONGEST_NAME for start, end in (first, last)):
        return False
    swapped = pairs[last[0]][1] == 0 and pairs[first[0]][1] > pairs[middle[0]][1]
    rest_in_place = all(i == j for i, j in pairs[last[1] + 1 :])
    same_roles = {a[i].role for i, _ in pairs} == {b[j].role for _, j in pairs}
    linked = {a[i].role for i, _ in pairs[: last[1] + 1]} <= _LINKS
    related = any(form in SYMMETRIC for n in range(middle[0], middle[1] + 1) for form in a[pairs[n][0]].forms)
    return swapped and rest_in_place and same_roles and linked and related


def without_passive(a: Sequence[Item], b: Sequence[Item], pairs: Pairs) -> Pairs:
    """The pairs without doer and deed where one side says in the passive what the other says in the active: "taught by X"
    and "X teaches". In the active one the doer must come before the deed."""
    for passive, active, turned in ((a, b, False), (b, a, True)):
        there = {j: i for i, j in pairs} if turned else dict(pairs)
        doers = {i for i, j in there.items() if passive[i].role == "by" and active[j].role != "by"}
        deed = min(doers, default=0) - 1
        if any(item.role == "by" for item in active):
            continue
        if deed in there and all(there[doer] < there[deed] for doer in doers):
            left = [(i, j) for i, j in there.items() if i not in doers and i != deed]
            return sorted((j, i) for i, j in left) if turned else left
    return pairs
