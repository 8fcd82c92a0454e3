"""The tables in PostgreSQL, made from those of SQLite, so that the two can't drift apart: a column that a migration adds there is
added here when the next llmswitch opens the ledger."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from llmswitch.errors import LedgerError
from llmswitch.ledger.migrations import LATEST
from llmswitch.ledger.postgres.connection import Connection
from llmswitch.ledger.schema import in_memory

SCHEMA = "llmswitch"
_TYPES = {"INTEGER": "BIGINT", "REAL": "DOUBLE PRECISION", "TEXT": "TEXT"}
_WITHOUT = ("sqlite_", "sum", "turns_index")
"""Sums by the hour are SQLite's way to large reports; the index over words needs its FTS5."""

FUNCTIONS = (
    """CREATE OR REPLACE FUNCTION json_each(list text) RETURNS TABLE (key bigint, value text) LANGUAGE sql IMMUTABLE AS
       $$ SELECT place - 1, item #>> '{}' FROM jsonb_array_elements(list::jsonb) WITH ORDINALITY AS _ (item, place) $$""",
    """CREATE OR REPLACE FUNCTION json_extract(list text, path text) RETURNS bigint LANGUAGE sql IMMUTABLE AS
       $$ SELECT (list::jsonb ->> substring(path from '\\[(\\d+)\\]')::int)::bigint $$""",
    """CREATE OR REPLACE FUNCTION printf(shape text, amount numeric) RETURNS text LANGUAGE sql IMMUTABLE AS
       $$ SELECT replace(shape, '%.6f', to_char(amount, 'FM999999990.000000')) $$""",
    """CREATE OR REPLACE FUNCTION min(one bigint, other bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
       $$ SELECT CASE WHEN one < other THEN one WHEN other <= one THEN other END $$""",
    """CREATE OR REPLACE FUNCTION max(one bigint, other bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
       $$ SELECT CASE WHEN one > other THEN one WHEN other >= one THEN other END $$""",
    """CREATE OR REPLACE VIEW sums_mark AS SELECT 0::bigint AS attempt, 0::bigint AS kept_before""",
    """CREATE OR REPLACE VIEW sqlite_master AS SELECT ''::text AS name, ''::text AS type WHERE false""",
)


def prepare(connection: Connection, name: str) -> None:
    """Bring the ledger `name` to the present shape. Raises LedgerError for a newer one."""
    connection.execute(f"SET search_path = {SCHEMA}, public")
    version = _version(connection)
    if version > LATEST:
        raise LedgerError(
            f"the ledger {name} was made by a newer llmswitch (version {version}, this one knows {LATEST})",
            hint="upgrade llmswitch, or name another database in [ledger] url; nothing was changed",
        )
    if version == LATEST:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        version = _version(connection)
        if version < LATEST:
            _make(connection)
            connection.execute("CREATE TABLE IF NOT EXISTS ledger_version (version bigint NOT NULL)")
            connection.execute("DELETE FROM ledger_version")
            connection.execute("INSERT INTO ledger_version VALUES (?)", (LATEST,))
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


def _version(connection: Connection) -> int:
    found = connection.execute(f"SELECT to_regclass('{SCHEMA}.ledger_version') IS NOT NULL").fetchone()
    if not found or not found[0]:
        return 0
    row = connection.execute(f"SELECT version FROM {SCHEMA}.ledger_version").fetchone()  # noqa: S608 - our own name
    return int(row[0]) if row else 0


def _make(connection: Connection) -> None:
    for statement in FUNCTIONS:
        connection.execute(statement)
    with closing(in_memory()) as model:
        for (table,) in model.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            if not table.startswith(_WITHOUT):
                _make_table(connection, model, table)
    for index in (
        "CREATE INDEX IF NOT EXISTS attempts_by_time ON attempts (started_at)",
        "CREATE INDEX IF NOT EXISTS attempts_open ON attempts (started_at) WHERE status = 'open'",
        "CREATE INDEX IF NOT EXISTS dispatches_by_time ON dispatches (started_at)",
        "CREATE INDEX IF NOT EXISTS dispatches_open ON dispatches (started_at) WHERE status = 'open'",
    ):
        connection.execute(index)


def _make_table(connection: Connection, model: sqlite3.Connection, table: str) -> None:
    columns = model.execute(f"PRAGMA table_xinfo({table})").fetchall()
    keys = [name for _, name, *_, place, _ in sorted(columns, key=lambda column: column[5]) if place]
    rows = [_column(column, numbered=keys == [column[1]] and column[2] == "INTEGER") for column in columns]
    unique = [
        [name for *_, name in model.execute(f"PRAGMA index_info({index})").fetchall()]
        for _, index, is_unique, origin, *_ in model.execute(f"PRAGMA index_list({table})").fetchall()
        if is_unique and origin == "u"
    ]
    extra = [f"PRIMARY KEY ({_names(keys)})"] if keys else []
    extra += [f"UNIQUE ({_names(names)})" for names in unique]
    if not keys:
        rows.append(("rowid", "BIGINT GENERATED BY DEFAULT AS IDENTITY"))  # which SQLite has without saying so
    body = ", ".join([*(f'"{name}" {kind}' for name, kind in rows), *extra])
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({body})")
    for name, kind in rows:
        connection.execute(f'ALTER TABLE {table} ADD COLUMN IF NOT EXISTS "{name}" {kind}')


def _column(column: tuple[object, ...], *, numbered: bool) -> tuple[str, str]:
    _, name, declared, required, default, _, hidden = column
    kind = _TYPES[str(declared).partition(" ")[0]]
    if hidden:  # generated: dollars beside the exact amount
        return str(
            name
        ), f"{kind} GENERATED ALWAYS AS ({str(name).replace('_usd', '_pico')} / 1e12::double precision) STORED"
    if numbered:
        return str(name), f"{kind} GENERATED BY DEFAULT AS IDENTITY"
    return str(name), kind + (" NOT NULL" if required else "") + (f" DEFAULT {default}" if default is not None else "")


def _names(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
