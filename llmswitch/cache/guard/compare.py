"""Do two prompts, read into items and marks, ask the same?

Every item of one must be found in the other, in the same relation and the same order, and every mark must be in both. What
is left over, turned round or negated is a reason to refuse; only ordinary words that are left over make a doubt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from llmswitch.cache.guard import english_words
from llmswitch.cache.guard.marks import marks_reason
from llmswitch.cache.guard.order import order_reason
from llmswitch.cache.guard.parsed import Item, Parsed, Verdict
from llmswitch.cache.guard.turned import mirrored, without_passive

Pairs = list[tuple[int, int]]

STRICT_ROLES = english_words.words(
    "if when までに from to by than before after until since between against as except instead over under behind because "
    "unless while upto without during から まで より 以外 ために"
)
"""Relations that must be the same on both sides; the others (in, on, for, with …) may be put in other words."""
CASES = (frozenset("がをに"), frozenset(("about", "for", "via")))
"""Relations that may be left out or put in a vaguer word (of, in; は, の), but are not another one of their row."""
REPEATED = english_words.words("take taking use get do make")
LIGHT = english_words.words("offer exist they")
LISTING = english_words.words(
    "list show name give find display identify get print output provide view see explain 説明 見せ"
)
"""Commands that ask for things when a prompt begins with them."""
TYPES = english_words.words(
    "directory file command string word function variable user page branch package method option language module table "
    "column script program symbol key path process service library database ファイル フォルダ 関数 変数 文字列 コマンド"
)
"""What a literal may be said to be, or not."""
DOUBT_SHARE = 0.6
"""From this share of matched items what is left over is a doubt, and not plainly another question."""


def compare(a: Parsed, b: Parsed) -> Verdict:
    """The verdict for two prompts of which neither is empty of meaning. Symmetric."""
    if a == b:
        return Verdict("same", "the same words")
    if a.language != b.language:
        return Verdict("different", "another language")
    pairs, left_a, left_b = align(a.items, b.items)
    left_a, left_b = _without_light(left_a, a, b), _without_light(left_b, b, a)
    if reason := _left_over(left_a, left_b):
        return Verdict("different", reason)
    left_a, left_b, said = _obliged(left_a, left_b, a, b)
    if reason := marks_reason(a, b, said):
        return Verdict("different", reason)
    if not mirrored(a.items, b.items, pairs):
        pairs = without_passive(a.items, b.items, pairs)
        if reason := _roles(a.items, b.items, pairs) or order_reason(a.items, b.items, pairs):
            return Verdict("different", reason)
    if not left_a and not left_b:
        return Verdict("same", "the same in other words")
    words = " and ".join(f"“{item.raw}”" for item in (*left_a[:2], *left_b[:2]))
    share = 1 - (len(left_a) + len(left_b)) / max(len(a.items) + len(b.items), 1)
    return Verdict("doubtful" if share >= DOUBT_SHARE else "different", f"only one of them says {words}")


def align(a: Sequence[Item], b: Sequence[Item]) -> tuple[Pairs, list[Item], list[Item]]:
    """Pairs of positions that stand for the same, ordered by `a`, and what is left over on either side."""
    pairs: Pairs = []
    open_a, open_b = list(range(len(a))), list(range(len(b)))
    for fits in (_same_concept_and_role, _same_concept, _same_form, _soft):
        for i in list(open_a):
            j = next((j for j in open_b if fits(a[i], b[j])), None)
            if j is not None:
                pairs.append((i, j))
                open_a.remove(i)
                open_b.remove(j)
    if 0 in open_a and 0 in open_b and frozenset((a[0].concept, b[0].concept)) in english_words.soft_commands():
        pairs.append((0, 0))
        open_a.remove(0)
        open_b.remove(0)
    left_a = [a[i] for i in open_a if not _said_already(a[i], b)]
    left_b = [b[j] for j in open_b if not _said_already(b[j], a)]
    return sorted(pairs), left_a, left_b


def _same_concept_and_role(one: Item, other: Item) -> bool:
    return one.role == other.role and _same_concept(one, other)


def _same_concept(one: Item, other: Item) -> bool:
    if one.literal and other.literal:
        return one.concept == other.concept
    return one.concept == other.concept or ((one.literal or other.literal) and one.raw.lower() == other.raw.lower())


def _same_form(one: Item, other: Item) -> bool:
    return not (one.literal or other.literal) and not one.forms.isdisjoint(other.forms)


def _soft(one: Item, other: Item) -> bool:
    if one.literal or other.literal or one.name or other.name:
        return False
    return frozenset((one.concept, other.concept)) in english_words.soft_pairs()


def _said_already(item: Item, others: Sequence[Item]) -> bool:
    """A second mention of a verb that says little and that the other prompt has once."""
    return item.concept in REPEATED and any(_same_concept(item, other) for other in others)


def _left_over(left_a: Sequence[Item], left_b: Sequence[Item]) -> str | None:
    """A reason where something that has no other word (a number, a name …) is left over."""
    firm_a = [item for item in left_a if item.literal or item.name]
    firm_b = [item for item in left_b if item.literal or item.name]
    if firm_a and firm_b:
        return f"“{firm_a[0].raw}” is not “{firm_b[0].raw}”"
    if firm_a or firm_b:
        return f"only one of them says “{(firm_a or firm_b)[0].raw}”"
    return None


def _obliged(left_a: list[Item], left_b: list[Item], a: Parsed, b: Parsed) -> tuple[list[Item], list[Item], list[str]]:
    """What is required is what one must do: a "require" left over on one side stands for the "must" of the other."""
    for left, own, other in ((left_a, a, b), (left_b, b, a)):
        words = [item for item in left if item.concept == "need"]
        if words and "must" in other.marks - own.marks:
            left.remove(words[0])
            return left_a, left_b, ["must"]
    return left_a, left_b, []


def _without_light(left: Sequence[Item], own: Parsed, other: Parsed) -> list[Item]:
    """What is left over without words that say only that there is such a thing: "available", or the command to list."""
    return [
        item
        for item in left
        if item.concept not in LIGHT
        and not (item is _command(own) and item.concept in LISTING and other.asks)
        and not (item.concept in TYPES and _beside_literal(item, own.items))
    ]


def _command(one: Parsed) -> Item:
    """Where a request has its verb: at the beginning in English, at the end in Japanese."""
    return one.items[-1 if one.language == "ja" else 0]


def _beside_literal(item: Item, items: Sequence[Item]) -> bool:
    """Whether a "folder" stands beside a path, a "function" beside its name: what it is can be seen."""
    place = next(n for n, one in enumerate(items) if one is item)
    before = place > 0 and item.joined and items[place - 1].literal
    after = place + 1 < len(items) and items[place + 1].joined and items[place + 1].literal
    return (before and not items[place - 1].raw[:1].isdigit()) or (after and not items[place + 1].raw[:1].isdigit())


def _roles(a: Sequence[Item], b: Sequence[Item], pairs: Pairs) -> str | None:
    """A reason where something stands in another relation: from here is not to here."""
    for i, j in pairs:
        one, other = a[i].role, b[j].role
        if _conflict(one, other):
            said = " and ".join(f"“{role} … {a[i].raw}”" if role else f"“{a[i].raw}”" for role in (one, other))
            return f"{said} are not the same relation"
    moved: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for i, j in pairs:
        if a[i].role != b[j].role:
            moved[a[i].role, b[j].role].append((i, j))
    for (one, other), here in moved.items():
        for i, j in here:
            for k, m in moved.get((other, one), ()):
                if (i < k) != (j < m):
                    return f"“{a[i].raw}” and “{a[k].raw}” change places"
    return None


def _conflict(one: str, other: str) -> bool:
    """Whether two relations can't be the same said differently."""
    if one == other:
        return False
    return one in STRICT_ROLES or other in STRICT_ROLES or any(one in row and other in row for row in CASES)
