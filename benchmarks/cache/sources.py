"""The pairs and streams that the cache is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

from llmswitch.cache.labelled import Asked, Pair, pairs_of, stream_of

HELD_OUT = Path(__file__).with_name("held_out.jsonl")
REPEATS = "repeats"
GROUPS = ("value swap", "negation", "word order and roles", "comparison and time", "entity swap", "commands", REPEATS)
_ROLES = ("Order does matter", "traditional SRL", "Simple coref")
_ENTITIES = ("same adjectives", "Preamble")
_NEGATED = ("not X", "not to {smoke", "should not worry")


def shared_pairs(folder: Path) -> list[tuple[str, Pair]]:
    """(group, pair) of every pair file in `folder`."""
    found: list[tuple[str, Pair]] = []
    for name, group in (
        ("advising_value_swap", "value swap"),
        ("negation_statements", "negation"),
        ("nl2bash_same_command", "commands"),
        ("checklist_adversarial", ""),
    ):
        with (folder / f"{name}.jsonl").open("rb") as lines:
            found += [(_group(group, pair), pair) for pair in pairs_of(lines, name)]
    return found


def _group(group: str, pair: Pair) -> str:
    if pair.duplicate:
        return REPEATS
    if group:
        return group
    if pair.kind.startswith(_ROLES):
        return "word order and roles"
    if pair.kind.startswith(_ENTITIES):
        return "entity swap"
    if any(part in pair.kind for part in _NEGATED):
        return "negation"
    return "comparison and time"


def unread(pair: Pair) -> bool:
    """Whether the pair is of the half that nobody read while the guard was made."""
    return crc32(pair.a.encode()) % 2 == 1


def own_pairs() -> list[Pair]:
    """Our own held-out pairs."""
    with HELD_OUT.open("rb") as lines:
        return list(pairs_of(lines, HELD_OUT.name))


def stream(folder: Path, name: str) -> Sequence[Asked]:
    """A stream file's prompts, in the order of the file."""
    with (folder / f"{name}.jsonl").open("rb") as lines:
        return list(stream_of(lines, name))
