"""What is wrong with a commit message, by rules alone: no model is asked. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from llmswitch.hooks.columns import columns
from llmswitch.hooks.habit import CONVENTIONAL

_LEFT_IN_SUBJECT = re.compile(
    r"(?i)^(?:wip|todo|fixme|xxx|tmp|temp|asdf\w*|test(?:ing)?|foo|bar|stuff|changes?|updates?|fix(?:es)?|\.+|-+)$"
    r"|^wip\b|\b(?:FIXME|XXX)\b"
)
_LEFT_ANYWHERE = {
    "a mark of a merge conflict": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
    "a diff": re.compile(r"^diff --git a/", re.MULTILINE),
    "git's scissors": re.compile(r"^\S+ -{24} >8 -{24}$", re.MULTILINE),
    "git's own comment": re.compile(
        r"^[#;@!$%^&|:] (?:Please enter the commit message|Changes to be committed:)", re.MULTILINE
    ),
    "a note of llmswitch": re.compile(r"^\S+ llmswitch: no message: ", re.MULTILINE),
    "a line of a model talking": re.compile(
        r"(?im)^(?:sure[,!]|certainly[,!]|here(?:'s| is) (?:the|a|your) commit message)"
    ),
    "a code fence around all of it": re.compile(r"\A```"),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """`subject_columns` is the longest subject; `conventional` whether it must be one of Conventional Commits; `types`
    are those in use here (empty: any)."""

    subject_columns: int = 72
    conventional: bool = False
    types: tuple[str, ...] = ()


def complaints(message: str, rules: Rules) -> list[str]:
    """What is wrong with `message` (comments are taken out already), as phrases. Nothing, for an empty one: git stops it."""
    subject, _, rest = message.strip("\n").partition("\n")
    if not subject.strip():
        return []
    found = []
    wide = columns(subject)
    if wide > rules.subject_columns:
        found.append(f"the subject has {wide} characters, {wide - rules.subject_columns} too many")
    if rest and rest.partition("\n")[0].strip():
        found.append("the line below the subject is not empty")
    if _LEFT_IN_SUBJECT.search(subject.strip()):
        found.append(f"{subject.strip()!r} says nothing about the change")
    if rules.conventional:
        found += _not_conventional(subject, rules.types)
    found += [f"{what} is left in it" for what, pattern in _LEFT_ANYWHERE.items() if pattern.search(message)]
    return found


def _not_conventional(subject: str, types: tuple[str, ...]) -> list[str]:
    match = CONVENTIONAL.match(subject)
    if match is None:
        return ["the subject is not `type: what` or `type(scope): what` (Conventional Commits)"]
    known = {name.lower() for name in types}
    if known and match["type"].lower() not in known:
        return [f"{match['type']!r} is no type in use here ({', '.join(sorted(known))})"]
    return []
