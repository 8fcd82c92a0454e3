"""`ask` in a session: which one it is, and what was said there before goes along with the prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from unicodedata import normalize

from llmswitch.commands.ask_run import Call
from llmswitch.engine.dispatch import Job
from llmswitch.engine.memory import recalled
from llmswitch.errors import ConfigError, UsageError
from llmswitch.ledger import history
from llmswitch.ledger.history import Session, Turn
from llmswitch.ledger.store import Ledger
from llmswitch.profile import Profile

LONGEST_NAME = 100
LONGEST_SLUG = 32


@dataclass(frozen=True, slots=True)
class Conversation:
    """The session of this call. `automatic`: one of its own, that begins now; `model` is the one it is pinned to, `pin`
    asks for the one that answers now to be."""

    name: str
    turns: tuple[Turn, ...] = ()
    project: str | None = None
    model: str | None = None
    pin: bool = False
    automatic: bool = False


def conversation(call: Call, profile: Profile, ledger: Ledger, project: str | None, words: str) -> Conversation:
    """The session that the call asks for, else the one of its own that the profile wants (`Call.in_session`).
    Raises UsageError where there is nothing to continue, ConfigError where the profile lacks the pinned model."""
    if call.continued:
        found = history.newest(ledger, project)
        if found is None:
            raise _nothing_to_continue(ledger, project)
        return _of(call, profile, ledger, found.name, found, project)
    if call.session is not None:
        name = checked_name(call.session)
        return _of(call, profile, ledger, name, history.find(ledger, name), project)
    if call.pin is not None and not profile.history:
        raise UsageError("--pin needs a session", hint="add --session NAME or -c")
    begun = _of(call, profile, ledger, automatic_name(datetime.now().astimezone(), words), None, project)
    return replace(begun, automatic=True)


def _of(
    call: Call, profile: Profile, ledger: Ledger, name: str, found: Session | None, project: str | None
) -> Conversation:
    turns = history.turns(ledger, name) if found else ()
    pinned = found.pinned if found and call.pin is not False else None
    if call.pin:
        pinned = call.model or pinned or next((turn.model for turn in turns if turn.model), None)
    if pinned is not None and call.model is None:
        _check_pinned(profile, name, pinned)
    return Conversation(name, turns, project, pinned, pin=bool(call.pin))


def _check_pinned(profile: Profile, name: str, pinned: str) -> None:
    try:
        profile.model(pinned)
    except ConfigError:
        raise ConfigError(
            f"session {name!r} is pinned to {pinned!r}, which profile {profile.name!r} does not have",
            hint="--no-pin routes it again; --pin -m NAME pins it to another model",
        ) from None


def _nothing_to_continue(ledger: Ledger, project: str | None) -> UsageError:
    elsewhere = history.newest(ledger) if project else None
    where = f" in project {project!r}" if project else ""
    other = f"; `--session {elsewhere.name}` is the newest one elsewhere" if elsewhere else ""
    return UsageError(
        f"there is no session to continue{where}",
        hint=f"`--session NAME` starts one, and with `history = true` in your config.toml every call does{other}",
    )


def checked_name(name: str) -> str:
    """`name` without the blanks around it. Raises UsageError for what would be hard to type or to show."""
    kept = name.strip()
    if not kept or len(kept) > LONGEST_NAME or not kept.isprintable() or kept.startswith("-"):
        raise UsageError(
            f"{name!r} can't be the name of a session",
            hint=f"1 to {LONGEST_NAME} printable characters, the first one not a hyphen",
        )
    return kept


def automatic_name(now: datetime, words: str) -> str:
    """A name for a session that was not given one: `20261123-0714-fix-the-typo`, of `now` and the prompt's first words."""
    slug = ""
    for word in re.findall(r"\w+", normalize("NFKC", words).lower()):
        longer = f"{slug}-{word}" if slug else word[:LONGEST_SLUG]
        if len(longer) > LONGEST_SLUG:
            break
        slug = longer
    return "-".join(part for part in (f"{now:%Y%m%d-%H%M}", slug) if part)


def joined(job: Job, talk: Conversation) -> Job:
    """`job` as a turn of the conversation: what was said before stands in front of its prompt."""
    request = replace(job.request, messages=(*recalled(talk.turns), *job.request.messages))
    return replace(
        job,
        request=request,
        model=job.model or talk.model,
        session=talk.name,
        conversation=not talk.automatic,
    )
