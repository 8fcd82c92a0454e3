"""Take calls out of the ledger, with everything that was said in them, so that nothing of it is left in the file.

Rows that are still open stay. A call that came from another program's log leaves its key behind, which tells nothing, so
that the next import does not bring it back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from llmswitch.ledger import rollup
from llmswitch.ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Which:
    """What to take out: calls that fit every one that is given. `before`: begun earlier. `session`: a conversation of
    `ask --session`, or another program's (`claude-code/…`). `imported`: from that program's logs, which the next import
    reads again from their beginning. None given: all."""

    before: datetime | None = None
    project: str | None = None
    session: str | None = None
    imported: str | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is to be left."""
        return self == Which()


@dataclass(frozen=True, slots=True)
class Count:
    """How many attempts and turns of conversations it is about."""

    attempts: int
    turns: int


def count(ledger: Ledger, which: Which) -> Count:
    """How many there are."""
    with ledger.reading() as connection:
        values = _values(which)
        attempts = connection.execute(f"SELECT count(*) FROM ({_attempts(which)})", values).fetchone()[0]  # noqa: S608
        turns = connection.execute(f"SELECT count(*) FROM ({_turns(which)})", values).fetchone()[0]  # noqa: S608
    return Count(attempts, turns)


def delete(ledger: Ledger, which: Which, *, told: Callable[[str], None] = lambda _: None) -> Count:
    """Take them out, and what they leave in the file's free pages and its log. `told` hears what could not be done."""
    with ledger.reading() as connection:
        connection.execute("PRAGMA secure_delete = ON")  # freed pages are overwritten
    with ledger.writing() as connection:
        found = _delete(connection, which)
    with ledger.reading() as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        told("another program is using the ledger: what was deleted stays in its log until that ends")
    return found


def _delete(connection: sqlite3.Connection, which: Which) -> Count:
    values = _values(which)
    connection.execute(f"CREATE TEMP TABLE gone_attempts AS {_attempts(which)}", values)
    connection.execute(f"CREATE TEMP TABLE gone_turns AS {_turns(which)}", values)
    touched = "SELECT dispatch_id FROM attempts WHERE id IN (SELECT id FROM gone_attempts)"
    connection.execute(f"CREATE TEMP TABLE gone_dispatches AS {touched}")
    attempts = connection.execute("DELETE FROM attempts WHERE id IN (SELECT id FROM gone_attempts)").rowcount
    forget = "DELETE FROM imported" if which.imported or which.everything else "UPDATE imported SET attempt_id = NULL"
    connection.execute(f"{forget} WHERE attempt_id IN (SELECT id FROM gone_attempts)")  # noqa: S608 - as above
    connection.execute("DELETE FROM repricings WHERE attempt_id IN (SELECT id FROM gone_attempts)")
    connection.execute(
        f"""DELETE FROM dispatches WHERE status <> 'open'
            AND (id IN (SELECT dispatch_id FROM gone_dispatches) OR ({_fits(which, "dispatches")}))
            AND NOT EXISTS (SELECT 1 FROM attempts WHERE dispatch_id = dispatches.id)""",  # noqa: S608 - no value of a user
        values,
    )
    turns = _delete_turns(connection)
    if which.imported:
        connection.execute("DELETE FROM import_files WHERE source = :imported", values)
    if not (which.project or which.session or which.imported):
        _forget_sums(connection, which)
    if which.everything:
        for table in ("imported", "import_files", "cooldowns", "quota_windows"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - as above
    for table in ("gone_attempts", "gone_turns", "gone_dispatches"):
        connection.execute(f"DROP TABLE temp.{table}")
    return Count(attempts, turns)


def _forget_sums(connection: sqlite3.Connection, which: Which) -> None:
    """The sums of calls that have no row any more (`retention`), up to the day that was named."""
    kept = connection.execute("SELECT kept_before FROM sums_mark").fetchone()[0]
    end = kept if which.before is None else min(kept, _values(which)["before"] or 0)
    if not kept:
        return
    rollup.forget(connection, end)
    if which.everything:
        connection.execute("UPDATE sums_mark SET kept_before = 0")


def _delete_turns(connection: sqlite3.Connection) -> int:
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'turns_index'").fetchone():
        connection.execute("DELETE FROM turns_index WHERE rowid IN (SELECT id FROM gone_turns)")
        connection.execute("INSERT INTO turns_index (turns_index) VALUES ('optimize')")
    turns = connection.execute("DELETE FROM turns WHERE id IN (SELECT id FROM gone_turns)").rowcount
    connection.execute("DELETE FROM sessions WHERE NOT EXISTS (SELECT 1 FROM turns WHERE session = sessions.name)")
    return turns


def _attempts(which: Which) -> str:
    """The ids of the attempts it is about."""
    if which.project is None and which.session is None and which.imported is None:
        return "SELECT id FROM attempts WHERE status <> 'open' AND (:before IS NULL OR started_at < :before)"
    fits = _fits(Which(None, which.project, which.session, which.imported), "d")
    return f"""SELECT id FROM attempts WHERE status <> 'open' AND (:before IS NULL OR started_at < :before)
        AND dispatch_id IN (SELECT id FROM dispatches AS d WHERE {fits})"""  # noqa: S608 - no value of a user


def _turns(which: Which) -> str:
    """The ids of the turns it is about: none of another program's, whose words are not kept here."""
    if which.imported:
        return "SELECT id FROM turns WHERE 0"
    return """SELECT id FROM turns WHERE (:before IS NULL OR created_at < :before)
        AND (:session IS NULL OR session = :session)
        AND (:project IS NULL OR session IN (SELECT name FROM sessions WHERE project = :project))"""


def _fits(which: Which, table: str) -> str:
    """Whether a dispatch is one of those."""
    asked = [f"{table}.started_at < :before"] if which.before else []
    asked += [f"{table}.project = :project"] if which.project is not None else []
    asked += [f"{table}.session = :session"] if which.session is not None else []
    asked += [f"{table}.kind = 'import' AND {table}.session GLOB :imported || '/*'"] if which.imported else []
    return " AND ".join(asked) or "1"


def _values(which: Which) -> dict[str, str | int | None]:
    before = int(which.before.timestamp() * 1_000_000) if which.before else None
    return {"before": before, "project": which.project, "session": which.session, "imported": which.imported}
