"""A PostgreSQL connection that the ledger's modules use as they use SQLite's. psycopg is imported when one is opened."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from llmswitch.ledger.postgres.dialect import returning, translated

if TYPE_CHECKING:
    import psycopg

Values = Sequence[Any] | Mapping[str, Any]

CONNECT_S = 10
"""How long a server may take to answer at first."""
LOCK = 0x6C6C6D73
"""The advisory lock of whoever writes ("llms"): writers come one after another, as in an SQLite file, so that no two calls
can spend the same rest of a budget."""


_TABLE_INFO = re.compile(r"PRAGMA table_info\((\w+)\)")
_COLUMNS = """SELECT ordinal_position - 1, column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = %s AND is_generated = 'NEVER' AND column_name <> 'rowid'
    ORDER BY ordinal_position"""


class Cursor:
    """What a statement gave. Whole numbers are `int` and truth is 0 or 1, as SQLite has them."""

    def __init__(self, cursor: psycopg.Cursor[tuple[Any, ...]], lastrowid: int | None = None) -> None:
        self._cursor = cursor
        self.lastrowid = lastrowid

    @property
    def rowcount(self) -> int:
        """Rows that were changed."""
        return self._cursor.rowcount

    @property
    def description(self) -> list[tuple[str]]:
        """The names of the columns."""
        return [(column.name,) for column in self._cursor.description or ()]

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        with _errors():
            return self._cursor.fetchone()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All that are left."""
        with _errors():
            return self._cursor.fetchall()

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._cursor)


class Connection:
    """One connection. Errors leave as `sqlite3.OperationalError` with the server's words, so that they are told as the
    ledger's own. Raises it at once where the server can't be reached."""

    def __init__(self, url: str) -> None:
        import psycopg

        with _errors():
            self._connection = psycopg.connect(
                url, autocommit=True, connect_timeout=CONNECT_S, application_name="llmswitch"
            )
        _as_sqlite_has_them(self._connection)

    @property
    def in_transaction(self) -> bool:
        """Whether one is open."""
        from psycopg.pq import TransactionStatus

        return self._connection.info.transaction_status != TransactionStatus.IDLE

    def execute(self, sql: str, values: Values = ()) -> Cursor:
        """Run one statement. `PRAGMA table_info` is answered; what SQLite is told about its file is nothing to a server."""
        if table := _TABLE_INFO.match(sql):
            return Cursor(self._run(_COLUMNS, (table[1],)))
        if sql.startswith("PRAGMA "):
            return Cursor(self._run("SELECT 0"))
        if sql == "BEGIN IMMEDIATE":
            self._run("BEGIN")
            return Cursor(self._run(f"SELECT pg_advisory_xact_lock({LOCK})"))
        if numbered := returning(sql):
            cursor = self._run(numbered, values)
            row = cursor.fetchone()
            return Cursor(cursor, row[0] if row else None)
        return Cursor(self._run(translated(sql) if values else _unplaced(sql), values))

    def executemany(self, sql: str, rows: Iterable[Values]) -> Cursor:
        """Run one statement for each of `rows`."""
        with _errors():
            cursor = self._connection.cursor()
            cursor.executemany(translated(sql).encode(), [_whole(row) for row in rows])
        return Cursor(cursor)

    def rollback(self) -> None:
        """Give up the open transaction, if there is one."""
        with _errors():
            self._connection.rollback()

    def close(self) -> None:
        """Let go of the server."""
        self._connection.close()

    def _run(self, sql: str, values: Values = ()) -> psycopg.Cursor[tuple[Any, ...]]:
        with _errors():
            return self._connection.execute(sql.encode(), _whole(values) if values else None)


def is_postgres(connection: object) -> bool:
    """Whether a ledger's connection is one to a server."""
    return isinstance(connection, Connection)


def _whole(values: Values) -> Values:
    """Truth as the whole numbers that the columns hold."""
    if isinstance(values, Mapping):
        return {name: int(value) if isinstance(value, bool) else value for name, value in values.items()}
    return [int(value) if isinstance(value, bool) else value for value in values]


def _unplaced(sql: str) -> str:
    """A statement without values: psycopg then takes `%` as it is."""
    return translated(sql).replace("%%", "%")


class _errors:  # noqa: N801 - reads as a statement
    """psycopg's errors as SQLite's."""

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        if error is None or isinstance(error, sqlite3.Error):
            return
        import psycopg

        if isinstance(error, psycopg.Error):
            message = " ".join(str(error).split()) or type(error).__name__
            raise sqlite3.OperationalError(message) from None  # a psycopg error may hold the URL with its password


def _as_sqlite_has_them(connection: psycopg.Connection[Any]) -> None:
    """Truth as 0 or 1; sums of whole numbers, which PostgreSQL widens to numeric, as int."""
    from psycopg.adapt import Loader

    class Whole(Loader):
        def load(self, data: Any) -> int | float:
            text = bytes(data).decode()
            return float(text) if "." in text else int(text)

    class Truth(Loader):
        def load(self, data: Any) -> int:
            return int(bytes(data) == b"t")

    connection.adapters.register_loader("numeric", Whole)
    connection.adapters.register_loader("bool", Truth)
