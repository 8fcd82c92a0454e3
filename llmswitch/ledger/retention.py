"""Old calls reduced to their sums: `[ledger] retain_days` in a profile. Reports of closed months keep their totals.

What stays of a call is its part in the sums of its quarter of an hour: calls, tokens, cash and imputed cost by model,
provider, tier, plan and outcome. What goes is the row itself: task, project, session, error, the vendor's own usage; and
conversations that ended before that time. Requests that the cache answered stay: they have no other sum.

It is done after an answer, a few thousand calls at a time, so that nobody waits for it.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta, tzinfo

from llmswitch.ledger.period import QUARTER_S, midnight
from llmswitch.ledger.rollup import FEWEST_DAYS
from llmswitch.ledger.store import Ledger

CHUNK = 5_000
"""Calls reduced in one go."""

_QUARTER_US = QUARTER_S * 1_000_000


def horizon(now: datetime, days: int, zone: tzinfo | None = None) -> int:
    """Microseconds since 1970 UTC before which calls are reduced: the local midnight `days` days ago."""
    day = now.astimezone(zone).date() - timedelta(days=max(days, FEWEST_DAYS))
    return int(midnight(day, zone).timestamp()) * 1_000_000


def kept_before(connection: sqlite3.Connection) -> int:
    """Microseconds before which only sums are kept; 0 for never."""
    return int(connection.execute("SELECT kept_before FROM sums_mark").fetchone()[0])


def reduce(ledger: Ledger, before: int) -> int:
    """Reduce up to about `CHUNK` calls that began before `before`, the oldest first; how many that were. Nearly always
    there is nothing to do, and then nothing is written. A ledger without sums keeps its rows."""
    if not ledger.keeps_sums:
        return 0
    with ledger.reading() as connection:
        if _edge(connection, before) is None:
            return 0
    ledger.sum_up()
    with ledger.writing() as connection:
        edge = _edge(connection, before)
        return 0 if edge is None else _reduce(connection, edge)


def _edge(connection: sqlite3.Connection, before: int) -> int | None:
    """Up to where this go reaches: a full quarter of an hour, as the sums are of those; None where nothing is old."""
    found = connection.execute(
        "SELECT max(started_at), count(*) FROM (SELECT started_at FROM attempts WHERE started_at < ? AND status <> 'open' "
        "ORDER BY started_at LIMIT ?)",
        (before, CHUNK),
    ).fetchone()
    if not found[1]:
        return None
    return before if found[1] < CHUNK else min(before, (found[0] // _QUARTER_US + 1) * _QUARTER_US)


def _reduce(connection: sqlite3.Connection, edge: int) -> int:
    old = "SELECT id FROM attempts WHERE started_at < :edge AND status <> 'open' AND id <= (SELECT attempt FROM sums_mark)"
    values = {"edge": edge}
    connection.execute(f"CREATE TEMP TABLE gone AS SELECT dispatch_id FROM attempts WHERE id IN ({old})", values)  # noqa: S608
    connection.execute("UPDATE sums_mark SET keeping = 1")
    connection.execute(f"UPDATE imported SET attempt_id = NULL WHERE attempt_id IN ({old})", values)  # noqa: S608
    connection.execute(f"DELETE FROM repricings WHERE attempt_id IN ({old})", values)  # noqa: S608 - as above
    gone = connection.execute(f"DELETE FROM attempts WHERE id IN ({old})", values).rowcount  # noqa: S608 - as above
    connection.execute("UPDATE sums_mark SET keeping = 0, kept_before = max(kept_before, :edge)", values)
    connection.execute(
        """DELETE FROM dispatches WHERE id IN (SELECT dispatch_id FROM temp.gone) AND status <> 'open'
           AND NOT EXISTS (SELECT 1 FROM attempts WHERE dispatch_id = dispatches.id)"""
    )
    connection.execute("DROP TABLE temp.gone")
    _forget_conversations(connection, edge)
    return gone


def _forget_conversations(connection: sqlite3.Connection, edge: int) -> None:
    """Whole ones, of which nothing was said since."""
    old = "SELECT id FROM turns WHERE session IN (SELECT name FROM sessions WHERE updated_at < ?)"
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'turns_index'").fetchone():
        connection.execute(f"DELETE FROM turns_index WHERE rowid IN ({old})", (edge,))  # noqa: S608 - no value in it
    connection.execute(f"DELETE FROM turns WHERE id IN ({old})", (edge,))  # noqa: S608 - as above
    connection.execute("DELETE FROM sessions WHERE updated_at < ?", (edge,))
