"""Sums of the calls of each hour and quarter of an hour, so that a report of ten million calls reads a few thousand rows.

A quarter of an hour is the grid on which every present time zone's days begin, so any local day is a run of whole ones; in
most zones it is one of whole hours, which are fewer.
The sums hold every attempt with an id up to a mark; those above it are read one by one. Recording a call therefore costs
nothing here: the mark moves when a report is made, or after some hundred calls. What changes below the mark later (a call
that is settled, priced anew, deleted) is corrected by triggers, in the transaction that changes it, whoever writes.
"""

from __future__ import annotations

import sqlite3

from llmswitch.ledger.cells import TOKEN_COLUMNS, UNKNOWN_COST, prompt_size

GRAINS = (3_600_000_000, 900_000_000)
"""Microseconds of the slots that are summed, the longest first. A `slot` counts those since 1970."""

SIZES = (32_000, 100_000, 128_000, 199_999, 200_000, 256_000, 272_000, 512_000, 524_288)
"""Every prompt size at which a price of the list has a cliff. A baseline with another one is added up row by row. The
triggers of a file have these numbers in them: a new one needs a migration that makes tables and triggers afresh."""

FEWEST_DAYS = 62
"""Days of which every row must be kept: the month that a budget watches and the one it is compared with are read row by
row."""

CHUNK = 20_000
"""Attempts added in one transaction: others wait for it."""

_KIND = ("provider", "model", "tier", "plan", "local", "status", "source", "known")
_SUMS = ("calls", "unknown_calls", "imputed_calls", "cash_pico", "imputed_pico", *TOKEN_COLUMNS)
_READ = (
    "started_at", "provider", "model", "tier", "plan", "local", "status", "failure", "first_token_ms", "cost_pico",
    "imputed_pico", "cost_source", *TOKEN_COLUMNS,
)  # fmt: skip
"""The columns of an attempt that a sum depends on."""

NONE_TIER = -1
"""Stands for no tier, and '' for no plan or source: a key needs values that compare."""


def create(connection: sqlite3.Connection) -> None:
    """The tables and triggers, for a migration. Nothing is added up yet."""
    connection.execute(f"""
        CREATE TABLE sum_kinds (
            id INTEGER PRIMARY KEY, provider TEXT NOT NULL, model TEXT NOT NULL, tier INTEGER NOT NULL,
            plan TEXT NOT NULL, local INTEGER NOT NULL, status TEXT NOT NULL, source TEXT NOT NULL,
            known INTEGER NOT NULL, UNIQUE ({", ".join(_KIND)})
        )""")
    connection.execute(f"""
        CREATE TABLE sums (
            grain INTEGER NOT NULL, slot INTEGER NOT NULL, kind INTEGER NOT NULL, size INTEGER NOT NULL,
            {", ".join(f"{name} INTEGER NOT NULL" for name in _SUMS)},
            PRIMARY KEY (grain, slot, kind, size)
        ) WITHOUT ROWID""")
    connection.execute("CREATE TABLE sums_mark (attempt INTEGER NOT NULL)")
    connection.execute("INSERT INTO sums_mark VALUES (0)")
    for event, row, body in (
        ("INSERT", "new", _added("new.", 1)),
        (f"UPDATE OF {', '.join(_READ)}", "old", [*_added("old.", -1), *_added("new.", 1), *_EMPTY]),
        ("DELETE", "old", [*_added("old.", -1), *_EMPTY]),
    ):
        connection.execute(
            f"CREATE TRIGGER sums_after_{event.split()[0].lower()} AFTER {event} ON attempts "  # noqa: S608 - names of this file
            f"WHEN {row}.id <= (SELECT attempt FROM sums_mark) BEGIN {'; '.join(body)}; END"
        )


def keep_sums(connection: sqlite3.Connection) -> None:
    """For a migration: while `keeping` is set, a deleted row stays in the sums. Before `kept_before` (microseconds since
    1970 UTC) the sums have calls that have no row any more (`retention`)."""
    connection.execute("ALTER TABLE sums_mark ADD COLUMN keeping INTEGER NOT NULL DEFAULT 0")
    connection.execute("ALTER TABLE sums_mark ADD COLUMN kept_before INTEGER NOT NULL DEFAULT 0")
    connection.execute("DROP TRIGGER sums_after_delete")
    body = "; ".join([*_added("old.", -1), *_EMPTY])
    connection.execute(
        "CREATE TRIGGER sums_after_delete AFTER DELETE ON attempts "  # noqa: S608 - names of this file
        f"WHEN old.id <= (SELECT attempt FROM sums_mark WHERE keeping = 0) BEGIN {body}; END"
    )


def forget(connection: sqlite3.Connection, before: int) -> None:
    """Take out the sums of everything before `before` (microseconds, on the grid) that has no row any more."""
    for grain in GRAINS:
        connection.execute("DELETE FROM sums WHERE grain = ? AND slot < ?", (grain, before // grain))
    mark = connection.execute("SELECT attempt FROM sums_mark").fetchone()[0]
    for grain, statement in zip((0, *GRAINS), _all_added(f"a.id <= {int(mark)} AND a.started_at < :end"), strict=True):
        connection.execute(statement, {"end": before // grain * grain if grain else before})


def is_behind(connection: sqlite3.Connection) -> bool:
    """Whether there are attempts above the mark."""
    row = connection.execute(
        "SELECT coalesce((SELECT max(id) FROM attempts), 0) > (SELECT attempt FROM sums_mark)"
    ).fetchone()
    return bool(row[0])


def advance(connection: sqlite3.Connection) -> bool:
    """Add up to `CHUNK` attempts above the mark, inside the caller's transaction; whether there are more."""
    mark = connection.execute("SELECT attempt FROM sums_mark").fetchone()[0]
    last = connection.execute(
        "SELECT max(id) FROM (SELECT id FROM attempts WHERE id > ? ORDER BY id LIMIT ?)", (mark, CHUNK)
    ).fetchone()[0]
    if last is None:
        return False
    for statement in _all_added(f"a.id > {int(mark)} AND a.id <= {int(last)}"):
        connection.execute(statement)
    connection.execute("UPDATE sums_mark SET attempt = ?", (last,))
    return is_behind(connection)


def _kind_values(prefix: str) -> list[str]:
    return [
        f"{prefix}provider",
        f"{prefix}model",
        f"coalesce({prefix}tier, {NONE_TIER})",
        f"coalesce({prefix}plan, '')",
        f"{prefix}local",
        f"{prefix}status",
        f"coalesce({prefix}cost_source, '')",
        f"({prefix}cost_pico IS NOT NULL)",
    ]


def _sum_values(prefix: str) -> list[str]:
    tokens = [f"coalesce({prefix}{name}, 0)" for name in TOKEN_COLUMNS]
    return [
        "1",
        f"({UNKNOWN_COST.format(prefix)})",
        f"({prefix}imputed_pico IS NOT NULL)",
        f"coalesce({prefix}cost_pico, 0)",
        f"coalesce({prefix}imputed_pico, 0)",
        *tokens,
    ]


def _added(prefix: str, sign: int) -> list[str]:
    """Statements of a trigger that add one row, or take it away. No `INSERT OR`: the statement that fires a trigger
    would replace what it says."""
    same = _same_kind(prefix)
    columns, values = ", ".join(_KIND), ", ".join(_kind_values(prefix))
    unknown = f"WHERE NOT EXISTS (SELECT 1 FROM sum_kinds AS k WHERE {same})"  # noqa: S608 - names of this file
    sums = ", ".join(f"{sign} * {value}" for value in _sum_values(prefix))
    rest = f"k.id, {prompt_size(prefix, SIZES)}, {sums} FROM sum_kinds AS k WHERE {same} {_OR_GROW}"
    return [
        f"INSERT INTO sum_kinds ({columns}) SELECT {values} {unknown}",
        *(f"{_INTO} SELECT {_slot(prefix, grain)}, {rest}" for grain in GRAINS),
    ]


def _all_added(where: str) -> list[str]:
    """Statements that add the rows `a` of attempts that `where` holds for: each kind once, then the sums."""
    columns, values = ", ".join(_KIND), ", ".join(_kind_values("a."))
    rows = f"attempts AS a NOT INDEXED JOIN sum_kinds AS k ON {_same_kind('a.')} WHERE {where}"
    sums = ", ".join(f"sum({value})" for value in _sum_values("a."))
    rest = f"k.id, {prompt_size('a.', SIZES)}, {sums} FROM {rows} GROUP BY 1, 2, 3, 4 {_OR_GROW}"
    distinct = f"SELECT DISTINCT {values} FROM attempts AS a NOT INDEXED WHERE {where}"  # noqa: S608 - as above
    return [
        f"INSERT INTO sum_kinds ({columns}) {distinct} ON CONFLICT DO NOTHING",
        *(f"{_INTO} SELECT {_slot('a.', grain)}, {rest}" for grain in GRAINS),
    ]


def _same_kind(prefix: str) -> str:
    return " AND ".join(f"k.{name} = {value}" for name, value in zip(_KIND, _kind_values(prefix), strict=True))


def _slot(prefix: str, grain: int) -> str:
    """The columns `grain` and `slot`."""
    return f"{grain}, {prefix}started_at / {grain}"


_INTO = f"INSERT INTO sums ({', '.join(('grain', 'slot', 'kind', 'size', *_SUMS))})"
_OR_GROW = "ON CONFLICT (grain, slot, kind, size) DO UPDATE SET " + ", ".join(
    f"{name} = {name} + excluded.{name}" for name in _SUMS
)
_EMPTY = tuple(
    f"DELETE FROM sums WHERE (grain, slot) = ({_slot('old.', grain)}) AND calls = 0"  # noqa: S608 - as above
    for grain in GRAINS
)
