"""The user says what a prompt really was: the dispatch keeps that task, and that the user said it."""

from __future__ import annotations

from llmswitch.ledger.store import Ledger


def relabel(ledger: Ledger, task: str, dispatch_id: str | None = None) -> tuple[str, str | None] | None:
    """Give `dispatch_id`, or the last dispatch, the task `task`; its id and the task before, None when there is none.
    Raises LedgerError."""
    wanted = "id = ?" if dispatch_id else "task IS NOT NULL"
    with ledger.writing() as connection:
        row = connection.execute(
            f"SELECT id, task FROM dispatches WHERE {wanted} ORDER BY id DESC LIMIT 1",  # noqa: S608 - no value in it
            (dispatch_id,) if dispatch_id else (),
        ).fetchone()
        if row is None:
            return None
        connection.execute("UPDATE dispatches SET task = ?, task_source = 'user' WHERE id = ?", (task, row[0]))
    return str(row[0]), row[1]
