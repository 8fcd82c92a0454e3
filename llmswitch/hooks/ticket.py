"""The ticket that a branch is about, read from its name, and its place in a message."""

from __future__ import annotations

import re

_KEY = re.compile(r"(?<![A-Za-z0-9])([A-Z][A-Z0-9]{1,9}-\d{1,7})(?![A-Za-z0-9.])")
_NOT_A_KEY = frozenset({"UTF", "SHA", "ISO", "RFC", "CVE", "AES", "RSA", "MD", "PEP", "ES", "HTTP", "TLS", "GPT", "CP"})
_NUMBER = re.compile(
    r"#(\d{1,7})\b|(?:^|/)(?:issues?|gh|bug|ticket|task)[-_/]?(\d{1,7})(?![\d.])|(?:^|/)(\d{1,6})[-_](?!\d)",
    re.IGNORECASE,
)
_VERSIONS = re.compile(r"^(?:release|releases|version|v\d|hotfix/\d|renovate|dependabot)", re.IGNORECASE)


def ticket_of(branch: str | None) -> str | None:
    """`PROJ-123` or `#42`, or None where the name tells none."""
    if not branch:
        return None
    for found in _KEY.finditer(branch):
        if found[1].partition("-")[0] not in _NOT_A_KEY:
            return found[1]
    if _VERSIONS.match(branch):
        return None
    number = _NUMBER.search(branch)
    return f"#{next(group for group in number.groups() if group)}" if number else None


def with_ticket(message: str, ticket: str | None, form: str | None) -> str:
    """`message` with `ticket` where this repository puts it (`form`, see `Habit.ticket_form`), else in a last line
    `Refs PROJ-123`; unchanged where it is named already."""
    if ticket is None or re.search(rf"{re.escape(ticket)}(?!\d)", message):
        return message
    if form is None:
        return f"{message.rstrip()}\n\nRefs {ticket}\n"
    subject, newline, rest = message.partition("\n")
    place, _, around = form.partition(":")
    told = around.format(ticket)
    if place == "end":
        return f"{subject}{told}{newline}{rest}"
    if place == "after":
        kind, colon, sentence = subject.partition(": ")
        return f"{kind}: {told}{sentence}{newline}{rest}" if colon else f"{told}{subject}{newline}{rest}"
    return f"{told}{subject}{newline}{rest}"
