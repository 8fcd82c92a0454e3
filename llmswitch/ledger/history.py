"""Sessions: the turns of a conversation, kept only where the person asked for it.

A question and its answer are written together, after the answer, in one transaction: two processes that go on with the
same session at once both keep theirs, one pair after the other. Instants are microseconds since 1970 UTC.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llmswitch.conversation import Message, Role
from llmswitch.errors import LedgerError
from llmswitch.ledger import history_search, turn_json
from llmswitch.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation. `pinned` is the model that every turn goes to; `automatic`: its name was made from the first prompt."""

    name: str
    created_at: int
    updated_at: int
    project: str | None = None
    pinned: str | None = None
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One stored turn, `ordinal` from 1. `model`, `provider` and `dispatch_id` are those of the answer, `task` is the label
    of the question; `partial`: the answer broke off here."""

    ordinal: int
    message: Message
    created_at: int
    partial: bool = False
    task: str | None = None
    model: str | None = None
    provider: str | None = None
    dispatch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its answer, about to be stored. `model` is the name in the profile."""

    question: Message
    answer: Message
    partial: bool = False
    task: str | None = None
    model: str | None = None
    provider: str | None = None
    dispatch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """A session as a list shows it: how many questions, the models that answered (in order), how it begins."""

    session: Session
    turns: int
    models: tuple[str, ...]
    first_words: str


_SESSION = "name, created_at, updated_at, project, pinned_model, automatic"
_TURN = "ordinal, role, content, created_at, partial, task, model, provider, dispatch_id"


def find(ledger: Ledger, name: str) -> Session | None:
    """The session of that name."""
    with ledger.reading() as connection:
        row = connection.execute(f"SELECT {_SESSION} FROM sessions WHERE name = ?", (name,)).fetchone()  # noqa: S608
    return _session(row) if row else None


def newest(ledger: Ledger, project: str | None = None) -> Session | None:
    """The session that was last added to: of `project`, or of all where that is None."""
    with ledger.reading() as connection:
        row = connection.execute(
            f"SELECT {_SESSION} FROM sessions WHERE CAST(? AS TEXT) IS NULL OR project = ? "  # noqa: S608 - columns of this file
            "ORDER BY updated_at DESC, rowid DESC LIMIT 1",
            (project, project),
        ).fetchone()
    return _session(row) if row else None


def counted(said: Sequence[Turn]) -> str:
    """`1 turn`, `3 turns`: a question and its answer are one."""
    asked = sum(turn.message.role == "user" for turn in said)
    return f"{asked} turn{'' if asked == 1 else 's'}"


def turns(ledger: Ledger, name: str) -> tuple[Turn, ...]:
    """Every turn of the session, in order. Raises LedgerError for one that can't be read."""
    with ledger.reading() as connection:
        rows = connection.execute(
            f"SELECT {_TURN} FROM turns WHERE session = ? ORDER BY ordinal",  # noqa: S608 - columns of this file
            (name,),
        ).fetchall()
    return tuple(_turn(name, *row) for row in rows)


def append(
    ledger: Ledger,
    name: str,
    exchange: Exchange,
    *,
    project: str | None = None,
    pinned: str | None = None,
    automatic: bool = False,
    now_us: int | None = None,
) -> str:
    """Add a question and its answer to the session `name`, begun if it is not there; return its name. `pinned` becomes
    its model (None for none). `automatic` begins a session of its own: a name that is taken gets a number."""
    now = time.time_ns() // 1000 if now_us is None else now_us
    _overwrite_what_is_freed(ledger)  # the index moves its words when it grows
    with ledger.writing() as connection:
        if automatic:
            name = _unused(connection, name, exchange.dispatch_id)
        connection.execute(
            f"INSERT INTO sessions ({_SESSION}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "  # noqa: S608
            "updated_at = CASE WHEN excluded.updated_at > sessions.updated_at THEN excluded.updated_at "
            "ELSE sessions.updated_at END, pinned_model = excluded.pinned_model",
            (name, now, now, project, pinned, automatic),
        )
        _add_turns(connection, name, exchange, now)
    return name


def overviews(ledger: Ledger) -> list[Overview]:
    """Every session, the last added to first."""
    with ledger.reading() as connection:
        rows = connection.execute(
            f"SELECT {_SESSION}, (SELECT count(*) FROM turns WHERE session = name AND role = 'user'), "  # noqa: S608 - as above
            "(SELECT content FROM turns WHERE session = name AND ordinal = 1) "
            "FROM sessions ORDER BY updated_at DESC, rowid DESC"
        ).fetchall()
        answered = connection.execute(
            "SELECT session, model FROM turns WHERE model IS NOT NULL GROUP BY session, model ORDER BY min(ordinal)"
        ).fetchall()
    models: dict[str, list[str]] = {}
    for name, model in answered:
        models.setdefault(name, []).append(model)
    return [
        Overview(_session(row[:6]), row[6], tuple(models.get(row[0], ())), _text(row[0], row[7]) if row[7] else "")
        for row in rows
    ]


def delete(ledger: Ledger, names: Iterable[str]) -> int:
    """Remove these sessions and every trace of their words from the file; return how many there were. The ledger's record
    of the calls stays, without a name that was made from a prompt."""
    wanted = [(name,) for name in names]
    _overwrite_what_is_freed(ledger)
    with ledger.writing() as connection:
        history_search.forget(connection, wanted)
        connection.executemany("DELETE FROM turns WHERE session = ?", wanted)
        connection.executemany(
            "UPDATE dispatches SET session = NULL "
            "WHERE session IN (SELECT name FROM sessions WHERE name = ? AND automatic = 1)",
            wanted,
        )
        count = connection.executemany("DELETE FROM sessions WHERE name = ?", wanted).rowcount
    with ledger.reading() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()  # the old pages are in the log as well
    return count


def _overwrite_what_is_freed(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        connection.execute("PRAGMA secure_delete = ON")


def _unused(connection: sqlite3.Connection, name: str, dispatch_id: str | None) -> str:
    """`name`, or with the first number that makes it new; the dispatch is then recorded under that."""
    found, number = name, 1
    while connection.execute("SELECT 1 FROM sessions WHERE name = ?", (found,)).fetchone():
        number += 1
        found = f"{name}-{number}"
    if found != name and dispatch_id is not None:
        connection.execute("UPDATE dispatches SET session = ? WHERE id = ?", (found, dispatch_id))
    return found


def _add_turns(connection: sqlite3.Connection, name: str, exchange: Exchange, now: int) -> None:
    last = connection.execute("SELECT coalesce(max(ordinal), 0) FROM turns WHERE session = ?", (name,)).fetchone()[0]
    answered_by = (exchange.task, exchange.model, exchange.provider, exchange.dispatch_id)
    added: Sequence[tuple[Message, bool, tuple[str | None, ...]]] = (
        (exchange.question, False, (exchange.task, None, None, exchange.dispatch_id)),
        (exchange.answer, exchange.partial, answered_by),
    )
    for ordinal, (message, partial, about) in enumerate(added, start=last + 1):
        row = connection.execute(
            f"INSERT INTO turns (session, {_TURN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - as above
            (name, ordinal, message.role, turn_json.encode(message.content), now, partial, *about),
        ).lastrowid
        history_search.index(connection, int(row or 0), message.text)


def _session(row: Sequence[object]) -> Session:
    name, created_at, updated_at, project, pinned, automatic = row
    return Session(name, created_at, updated_at, project, pinned, bool(automatic))  # type: ignore[arg-type]  # SQLite's types


def _turn(
    session: str, ordinal: int, role: Role, content: str, created_at: int, partial: int, *about: str | None
) -> Turn:
    try:
        message = Message(role, turn_json.decode(content))
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerError(
            f"turn {ordinal} of session {session!r} can't be read ({type(error).__name__})",
            hint=f"`llmswitch history delete {session}` removes the session",
        ) from error
    return Turn(ordinal, message, created_at, bool(partial), *about)


def _text(session: str, content: str) -> str:
    return _turn(session, 1, "user", content, 0, 0).message.text
