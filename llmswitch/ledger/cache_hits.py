"""Answers from the cache as the ledger has them: one dispatch without an attempt each, with what it saved."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from llmswitch.ledger.cells import Where, filters, microseconds
from llmswitch.ledger.period import Period
from llmswitch.ledger.store import PICO, Ledger, sortable_id, to_pico


@dataclass(frozen=True, slots=True)
class Saved:
    """What hits saved: that of the `known` ones, whose original call has a known cost. Milliseconds of all of them."""

    hits: int = 0
    known: int = 0
    cash: Decimal = Decimal(0)
    imputed: Decimal = Decimal(0)
    ms: int = 0


@dataclass(frozen=True, slots=True)
class Served:
    """What a dispatch had to do with the cache: `entry`, `how` (exact, semantic) and the cosine `score` of a hit."""

    dispatch_id: str
    cache: str
    entry: str | None
    how: str | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Use:
    """The dispatches since a time that asked the cache, by what came of it; `wrong` hits are those the user said so of."""

    exact: int
    semantic: int
    misses: int
    wrong: int
    wrong_semantic: int
    saved: Saved

    @property
    def hits(self) -> int:
        """Of both kinds."""
        return self.exact + self.semantic


def record(
    ledger: Ledger,
    dispatch_id: str,
    *,
    entry: str,
    how: str,
    score: float | None,
    cash: Decimal | None,
    imputed: Decimal | None,
    ms: float | None,
) -> None:
    """Say what answered the dispatch, and what the original call had cost and taken. Raises LedgerError."""
    row = (entry, how, score, to_pico(cash), to_pico(imputed), None if ms is None else round(ms), dispatch_id)
    with ledger.writing() as connection:
        connection.execute(
            """UPDATE dispatches SET cache_entry = ?, cache_how = ?, cache_score = ?, saved_pico = ?,
               saved_imputed_pico = ?, saved_ms = ? WHERE id = ?""",
            row,
        )


def served(ledger: Ledger, dispatch_id: str | None = None) -> Served | None:
    """That dispatch, or the last one of ours; None where there is none."""
    wanted = "id = ?" if dispatch_id else "kind <> 'import'"
    with ledger.reading() as connection:
        row = connection.execute(
            f"""SELECT id, cache, cache_entry, cache_how, cache_score FROM dispatches WHERE {wanted}
                ORDER BY id DESC LIMIT 1""",  # noqa: S608 - no value in it
            (dispatch_id,) if dispatch_id else (),
        ).fetchone()
    return Served(*row) if row else None


def mark_wrong(ledger: Ledger, dispatch_id: str, kept_prompt: str | None = None) -> None:
    """Remember that the user called this hit wrong. `kept_prompt` is the hash of the prompt whose answer was served."""
    with ledger.writing() as connection:
        connection.execute(
            "UPDATE dispatches SET cache_wrong = 1, prompt_hash = coalesce(?, prompt_hash) WHERE id = ?",
            (kept_prompt, dispatch_id),
        )


def lessons(ledger: Ledger, kept_prompt: str) -> list[float]:
    """The cosines at which serving the answer to this prompt was called wrong: they outlive the entry that was served."""
    with ledger.reading() as connection:
        rows = connection.execute(
            """SELECT cache_score FROM dispatches
               WHERE cache_wrong = 1 AND prompt_hash = ? AND cache_score IS NOT NULL ORDER BY id""",
            (kept_prompt,),
        ).fetchall()
    return [float(score) for (score,) in rows]


def use(connection: sqlite3.Connection, since: datetime) -> Use:
    """What came of asking the cache since then."""
    misses = connection.execute(
        "SELECT count(*) FROM dispatches WHERE id >= ? AND cache = 'miss'", (sortable_id(microseconds(since)),)
    ).fetchone()[0]
    exact, semantic, wrong, wrong_semantic = connection.execute(
        """SELECT count(*) FILTER (WHERE cache_how IS NOT 'semantic'), count(*) FILTER (WHERE cache_how = 'semantic'),
                  count(cache_wrong), count(cache_wrong) FILTER (WHERE cache_how = 'semantic')
           FROM dispatches WHERE cache = 'hit' AND started_at >= ?""",
        (microseconds(since),),
    ).fetchone()
    row = connection.execute(
        f"{_SAVED} WHERE d.cache = 'hit' AND d.started_at >= ?",
        (microseconds(since),),
    ).fetchone()
    return Use(exact, semantic, misses, wrong, wrong_semantic, _of(row))


def saved(connection: sqlite3.Connection, period: Period, where: Where) -> Saved:
    """What the hits of a period saved. They made no call, so none is of a model or provider that was asked for."""
    asked = where.asked
    if "model" in asked or "provider" in asked:
        return Saved()
    row = connection.execute(
        f"""{_SAVED} WHERE d.cache = 'hit' AND d.started_at >= :since AND d.started_at < :until
            {filters(asked)}""",
        {
            "since": microseconds(period.since),
            "until": microseconds(period.until),
            **{name: json.dumps(values) for name, values in asked.items()},
        },
    ).fetchone()
    return _of(row)


_SAVED = """SELECT count(*), count(d.saved_pico), coalesce(sum(d.saved_pico), 0),
    coalesce(sum(d.saved_imputed_pico) FILTER (WHERE d.saved_pico IS NOT NULL), 0), coalesce(sum(d.saved_ms), 0)
    FROM dispatches AS d"""


def _of(row: tuple[int, int, int, int, int]) -> Saved:
    hits, known, cash, imputed, ms = row
    return Saved(hits, known, Decimal(cash) / PICO, Decimal(imputed) / PICO, ms)
