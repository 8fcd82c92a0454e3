"""Cells from the sums of whole quarters of an hour, where those can answer; row by row where they can't."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from llmswitch.ledger import cells as rows
from llmswitch.ledger.cells import DAY_TABLE, DAY_US, LABELS, TOKEN_COLUMNS, Cell, Kind, Label, Where
from llmswitch.ledger.postgres.connection import is_postgres
from llmswitch.ledger.rollup import GRAINS, NONE_TIER, SIZES

Days = Sequence[tuple[str, int, int]]
_OF_ATTEMPTS = {"model", "provider"}
_SUMS = ", ".join(
    f"sum(s.{name})"
    for name in ("calls", "unknown_calls", "imputed_calls", "cash_pico", "imputed_pico", *TOKEN_COLUMNS)
)


def cells(
    connection: sqlite3.Connection,
    days: Days,
    *,
    labels: Sequence[Label] = (),
    where: Where | None = None,
    thresholds: Sequence[int] = (),
) -> list[Cell]:
    """The same figures as `cells.cells`: from the sums where they keep apart what is asked apart, that is days that
    begin and end on a quarter of an hour, no labels, and thresholds that the sums know. Such cells may be split at more
    thresholds than was asked for."""
    asked = where.asked if where else {}
    grain = _grain(days)
    if is_postgres(connection):
        return list(rows.cells(connection, days, labels=labels, where=where, thresholds=thresholds))
    if labels or grain is None or set(asked) & set(LABELS) or not set(thresholds) <= set(SIZES):
        return _by_row(connection, days, labels, where or Where(), thresholds)
    with _one_view(connection):
        mark = _mark(connection)
        found = list(_summed(connection, days, grain, where or Where(), tuple(thresholds)))
        sql = rows.row_sql((), thresholds, asked, after=mark)
        values = {name: json.dumps(wanted) for name, wanted in asked.items()}
        newest = connection.execute(sql, {"days": json.dumps(days), **values}).fetchall()
    return [*found, *rows.as_cells(newest, days, 0)]


def _by_row(
    connection: sqlite3.Connection, days: Days, labels: Sequence[Label], where: Where, thresholds: Sequence[int]
) -> list[Cell]:
    """Row by row; and where calls were reduced to their sums (`retention`), those sums, whose labels nobody knows any
    more: they are left out where one is asked for."""
    with _one_view(connection):
        kept = int(connection.execute("SELECT kept_before FROM sums_mark").fetchone()[0])
        old = [(label, since, min(until, kept)) for label, since, until in days if since < kept]
        if not old:
            return list(rows.cells(connection, days, labels=labels, where=where, thresholds=thresholds))
        new = [(label, max(since, kept), until) for label, since, until in days if until > kept]
        found = list(rows.cells(connection, new, labels=labels, where=where, thresholds=thresholds))
        if set(where.asked) & set(LABELS):
            return found
        known = tuple(sorted(set(thresholds) & set(SIZES)))
        unlabelled = (None,) * len(labels)
        found += [cell._replace(labels=unlabelled) for cell in _summed(connection, old, GRAINS[-1], where, known)]
        sql = rows.row_sql((), thresholds, where.asked, after=_mark(connection))
        values = {name: json.dumps(wanted) for name, wanted in where.asked.items()}
        newest = connection.execute(sql, {"days": json.dumps(old), **values}).fetchall()
    return [*found, *(cell._replace(labels=unlabelled) for cell in rows.as_cells(newest, old, 0))]


def daily_cash(connection: sqlite3.Connection, days: Days) -> dict[str, int]:
    """Cash of each local day that had calls, in 1e-12 dollars. The days begin and end on a quarter of an hour."""
    values, grain = {"days": json.dumps(days)}, _grain(days) or GRAINS[-1]
    if is_postgres(connection):
        by_row = f"""SELECT days.number, sum(a.cost_pico) FROM {DAY_TABLE} CROSS JOIN attempts AS a
            WHERE a.started_at >= days.since AND a.started_at < days.until GROUP BY 1"""  # noqa: S608 - no value of a user
        return {days[number][0]: pico or 0 for number, pico in connection.execute(by_row, values)}
    with _one_view(connection):
        newest = f"""SELECT days.number, sum(a.cost_pico) FROM attempts AS a NOT INDEXED CROSS JOIN {DAY_TABLE}
            WHERE a.id > {_mark(connection)} AND a.started_at >= days.since AND a.started_at < days.until GROUP BY 1"""  # noqa: S608
        summed = f"SELECT days.number, sum(s.cash_pico) FROM {DAY_TABLE} CROSS JOIN sums AS s WHERE {_in_days(grain)} GROUP BY 1"  # noqa: S608
        found = [*connection.execute(summed, values), *connection.execute(newest, values)]
    cash: dict[str, int] = {}
    for number, pico in found:
        label = days[number][0]
        cash[label] = cash.get(label, 0) + (pico or 0)
    return cash


def _grain(days: Days) -> int | None:
    """The longest slots of which all the days are made."""
    return next((grain for grain in GRAINS if all(at % grain == 0 for _, *ends in days for at in ends)), None)


def _in_days(grain: int) -> str:
    return f"s.grain = {grain} AND s.slot >= days.since / {grain} AND s.slot < days.until / {grain} AND s.calls > 0"


def _summed(
    connection: sqlite3.Connection, days: Days, grain: int, where: Where, thresholds: tuple[int, ...]
) -> Iterator[Cell]:
    kinds = _kinds(connection, where)
    only = f"AND s.kind IN ({', '.join(str(number) for number in kinds)})" if where.asked else ""
    cursor = connection.execute(
        f"""SELECT days.number, s.slot / {DAY_US // grain}, s.size, s.kind, {_SUMS}
            FROM {DAY_TABLE} CROSS JOIN sums AS s WHERE {_in_days(grain)} {only} GROUP BY 1, 2, 3, 4""",  # noqa: S608 - numbers
        {"days": json.dumps(days)},
    )
    for number, utc_day, size, kind, *sums in cursor:
        yield Cell(days[number][0], utc_day, _above(size, thresholds), kinds[kind], (), tuple(sums))


def _kinds(connection: sqlite3.Connection, where: Where) -> dict[int, Kind]:
    """The kinds that `where` asks for, by their number."""
    found = {}
    for number, provider, model, tier, plan, local, status, source, known in connection.execute(
        "SELECT id, provider, model, tier, plan, local, status, source, known FROM sum_kinds"
    ):
        kind = Kind(
            provider, model, None if tier == NONE_TIER else tier, plan or None, local, status, source or None, known
        )
        if all(getattr(kind, name) in wanted for name, wanted in where.asked.items()):
            found[number] = kind
    return found


def _above(size: int, thresholds: tuple[int, ...]) -> int:
    """The largest of `thresholds` that prompts above `size` are above."""
    return max((limit for limit in thresholds if limit <= size), default=0)


def _mark(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT attempt FROM sums_mark").fetchone()[0])


@contextmanager
def _one_view(connection: sqlite3.Connection) -> Iterator[None]:
    """All reads within see the ledger at one moment: the mark may not move between two of them."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")
