"""How often a local model was asked for the task of a prompt, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from llmswitch.ledger.cells import microseconds
from llmswitch.ledger.store import Ledger, sortable_id


def outcomes(ledger: Ledger, since: datetime) -> Mapping[str, int]:
    """The dispatches since a time about which it was asked, by outcome (`classify.label.Outcome`). Raises LedgerError."""
    with ledger.reading() as connection:
        rows = connection.execute(
            """SELECT local_label, count(*) FROM dispatches WHERE local_label IS NOT NULL AND id >= ?
               GROUP BY local_label ORDER BY count(*) DESC, local_label""",
            (sortable_id(microseconds(since)),),
        ).fetchall()
    return {str(outcome): int(count) for outcome, count in rows}
