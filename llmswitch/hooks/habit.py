"""How this repository writes its commit messages, learnt from its own log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from llmswitch.hooks.columns import columns
from llmswitch.hooks.languages import language_of
from llmswitch.hooks.repository import Repository

LOOKED_AT = 60
"""Commits of the log that are read; merges and other commits that a program names are left out."""
ENOUGH = 5
"""From this many on there is a habit."""
EXAMPLES = 8
EXAMPLE_CHARS = 120
COMMON_SCOPES = 15

CONVENTIONAL = re.compile(
    r"^(?P<type>[a-zA-Z]{2,12})(?:\((?P<scope>[^()\n]{1,40})\))?(?P<breaking>!)?:\s+(?P<rest>\S.*)$"
)
_CONVENTIONAL_TYPES = frozenset(
    {
        "feat",
        "fix",
        "docs",
        "style",
        "refactor",
        "perf",
        "test",
        "tests",
        "build",
        "ci",
        "chore",
        "revert",
        "deps",
        "release",
    }
)
_PREFIX = re.compile(r"^(?:\[(?P<tag>[\w./ -]{1,30})\]|(?P<part>[\w./*{}, -]{1,40}):)\s+\S")
EMOJI = re.compile("^(?::[a-z0-9_+-]+:|[\u2190-\u2bff\U0001f000-\U0001faff]\ufe0f?)\\s*")
TICKET = re.compile(r"(?:[A-Z][A-Z0-9]{1,9}-\d+|#\d+)")
_TICKET_START = re.compile(rf"^(?P<open>[\[(]?){TICKET.pattern}(?P<close>[\])]?[:]?\s+)")
_TICKET_END = re.compile(rf"(?P<open>\s[\[(]?){TICKET.pattern}(?P<close>[\])]?)$")
_TICKET_AFTER = re.compile(rf"^[a-z]+(?:\([^)]*\))?!?:\s(?P<open>[\[(]?){TICKET.pattern}(?P<close>[\])]?[:]?\s)")
_BY_A_PROGRAM = re.compile(
    r"^(?:Merge (?:branch|pull request|remote|tag|commit)|Revert \"|fixup! |squash! |amend! |Bump \S+ from |Initial commit$)"
)
_TRAILER = re.compile(r"^([A-Z][A-Za-z-]+): \S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Habit:
    """What most of `count` messages have in common. `style`: `conventional`, `gitmoji`, `prefix` (`parser: …`, `[ui] …`)
    or `plain`; `subject_columns` is what nine of ten subjects keep to; shares are 0..1."""

    count: int = 0
    style: str = "conventional"
    types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    language: str | None = None
    subject_columns: int = 72
    body_share: float = 1.0
    period_share: float = 0.0
    capital_share: float = 0.0
    ticket_form: str | None = None
    """Where a ticket's number goes, with the marks around it: `start:[{}] `, `after:{} `, `end: ({})`; None: not in
    subjects."""
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Message:
    subject: str
    body: str


def learn(repository: Repository) -> Habit:
    """The habit of the commits that HEAD has; the default one (Conventional Commits) where there are too few."""
    messages = _log(repository)
    if len(messages) < ENOUGH:
        return Habit(count=len(messages))
    return habit_of([(message.subject, message.body) for message in messages])


def _log(repository: Repository) -> list[_Message]:
    if repository.head is None:
        return []
    said = repository.text(
        "log",
        f"--max-count={LOOKED_AT}",
        "--no-merges",
        "--no-show-signature",
        "--encoding=UTF-8",
        "-z",
        "--format=%s%n%b",
        "HEAD",
    )
    records = [record.partition("\n") for record in said.split("\0") if record.strip()]
    messages = [_Message(subject.strip(), body.strip()) for subject, _, body in records]
    return [message for message in messages if message.subject and not _BY_A_PROGRAM.match(message.subject)]


def habit_of(messages: Sequence[tuple[str, str]]) -> Habit:
    """The habit of (subject, body) pairs, newest first."""
    subjects = [subject for subject, _ in messages]
    count = len(subjects)
    conventional = [found for subject in subjects if (found := CONVENTIONAL.match(EMOJI.sub("", subject)))]
    conventional = [found for found in conventional if found["type"].lower() in _CONVENTIONAL_TYPES]
    style = _style(subjects, len(conventional))
    heads = [_bare(subject) for subject in subjects]
    widths = [columns(subject) for subject in subjects]
    return Habit(
        count=count,
        style=style,
        types=_most([found["type"] for found in conventional], 12) if style in ("conventional", "gitmoji") else (),
        scopes=_most(_scopes(subjects, conventional, style), COMMON_SCOPES),
        language=_language(subjects),
        subject_columns=_within(sorted(widths)[(count * 9 - 1) // 10]),
        body_share=sum(bool(_without_trailers(body)) for _, body in messages) / count,
        period_share=sum(subject.endswith((".", "。")) for subject in subjects) / count,
        capital_share=sum(head[:1].isupper() for head in heads) / count,
        ticket_form=_ticket_form(subjects),
        examples=_examples(subjects),
    )


def _style(subjects: Sequence[str], conventional: int) -> str:
    count = len(subjects)
    if sum(bool(EMOJI.match(subject)) for subject in subjects) * 2 >= count:
        return "gitmoji"
    if conventional * 2 >= count:
        return "conventional"
    if sum(bool(_PREFIX.match(subject)) for subject in subjects) * 2 >= count:
        return "prefix"
    return "plain"


def _scopes(subjects: Sequence[str], conventional: Sequence[re.Match[str]], style: str) -> list[str]:
    if style == "prefix":
        return [found["tag"] or found["part"] for subject in subjects if (found := _PREFIX.match(subject))]
    return [found["scope"] for found in conventional if found["scope"]]


def _bare(subject: str) -> str:
    """The sentence of a subject, without emoji, type and ticket."""
    subject = EMOJI.sub("", subject)
    found = CONVENTIONAL.match(subject)
    return _TICKET_START.sub("", found["rest"] if found else subject)


def _most(words: Sequence[str], count: int) -> tuple[str, ...]:
    return tuple(word for word, _ in Counter(words).most_common(count))


def _language(subjects: Sequence[str]) -> str | None:
    """The language of most subjects, where their script tells it."""
    [(language, count)] = Counter(language_of(subject) for subject in subjects).most_common(1)
    return language if count * 2 > len(subjects) else None


def _within(width: int) -> int:
    """A subject's limit: as the repository has it, within reason."""
    return min(100, max(50, width))


def _ticket_form(subjects: Sequence[str]) -> str | None:
    forms: Counter[str] = Counter()
    for subject in subjects:
        for place, pattern in (("start", _TICKET_START), ("after", _TICKET_AFTER), ("end", _TICKET_END)):
            if found := pattern.search(subject):
                forms[f"{place}:{found['open']}{{}}{found['close']}"] += 1
                break
    if not forms:
        return None
    [(form, count)] = forms.most_common(1)
    return form if count * 3 >= len(subjects) else None


def _without_trailers(body: str) -> str:
    lines = [line for line in body.split("\n") if line.strip() and not _TRAILER.match(line)]
    return "\n".join(lines)


def _examples(subjects: Sequence[str]) -> tuple[str, ...]:
    distinct = list(dict.fromkeys(subject[:EXAMPLE_CHARS] for subject in subjects))
    return tuple(distinct[:EXAMPLES])
