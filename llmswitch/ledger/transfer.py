"""A ledger's rows as lines of JSON, and another machine's rows put into this one.

The first line is {"llmswitch_ledger": version, …}; each that follows has one row under its table's name:
{"dispatch": {…}}, {"attempt": {…, "import_key", "repricings"}}, {"session": {…}}, {"turn": {…}}. Attempts follow their
dispatch. What runs at that moment, what is cooling down and how full a plan's window is stay where they are: they are
of that machine.

A row is known by its id, which no two machines make alike: a dispatch's is a UUID, an attempt has its ordinal in one,
an imported call its key. Merging the same file again changes nothing.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from llmswitch.conversation import Message
from llmswitch.errors import LedgerError
from llmswitch.ledger import history_search, retention, turn_json
from llmswitch.ledger.migrations import LATEST, version_of
from llmswitch.ledger.schema import translated
from llmswitch.ledger.store import Ledger

Record = Mapping[str, Any]

_BATCH = 5_000
_MAGIC = b"SQLite format 3\0"
_REPRICING = ("repriced_at", "cost_pico", "imputed_pico", "cost_source", "price_version")


@dataclass(slots=True)
class Merged:
    """How many rows were new here, and how many of those known were brought up to date; `left_out` are calls of
    a time of which only sums are kept here."""

    dispatches: int = 0
    attempts: int = 0
    turns: int = 0
    updated: int = 0
    left_out: int = 0


def records(connection: sqlite3.Connection, *, history: bool = True) -> Iterator[Record]:
    """Everything of a ledger, one transaction's view of it; `history` False leaves out what was said."""
    connection.execute("BEGIN")
    try:
        yield {"llmswitch_ledger": version_of(connection, "the ledger")}
        yield from _calls(connection)
        if history and "sessions" in _tables(connection):
            yield from ({"session": row} for row in _rows(connection, "sessions", "ORDER BY name"))
            turns = _rows(connection, "turns", "ORDER BY session, ordinal")
            yield from ({"turn": {key: value for key, value in row.items() if key != "id"}} for row in turns)
    finally:
        connection.rollback()


def read_file(path: Path) -> Iterator[Record]:
    """The records of an export or of a ledger file, which is not changed. Raises LedgerError."""
    with translated(path):
        with path.open("rb") as file:
            is_ledger = file.read(len(_MAGIC)) == _MAGIC
        if not is_ledger:
            yield from _lines(path)
            return
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.isolation_level = None
            version_of(connection, str(path))
            yield from records(connection)


def merge(ledger: Ledger, incoming: Iterable[Record]) -> Merged:
    """Put the rows in that are not here. A row that was still open when it came, and is settled by now, is brought up to
    date. Raises LedgerError for a newer version's rows; what came before an error stays."""
    merged, waiting = Merged(), iter(incoming)
    writer = _Writer(_Columns(ledger), merged)
    while batch := list(islice(waiting, _BATCH)):
        with ledger.writing() as writer.connection:
            for record in batch:
                writer.put(record)
    with ledger.writing() as writer.connection:
        writer.finish()
    ledger.sum_up()
    return merged


def _calls(connection: sqlite3.Connection) -> Iterator[Record]:
    tables = _tables(connection)
    imported = "(SELECT id FROM imported WHERE attempt_id = t.id)" if "imported" in tables else "NULL"
    repriced = dict[int, list[dict[str, Any]]]()
    if "repricings" in tables:
        for row in _rows(connection, "repricings", "ORDER BY attempt_id, repriced_at"):
            repriced.setdefault(row.pop("attempt_id"), []).append(row)
    attempts = _rows(connection, "attempts", "ORDER BY dispatch_id, ordinal", f"{imported} AS import_key")
    waiting = next(attempts, None)
    for dispatch in _rows(connection, "dispatches", "ORDER BY id"):
        yield {"dispatch": dispatch}
        while waiting and waiting["dispatch_id"] <= dispatch["id"]:
            row_id = waiting.pop("id")
            yield {"attempt": {**waiting, **({"repricings": repriced[row_id]} if row_id in repriced else {})}}
            waiting = next(attempts, None)


def _rows(connection: sqlite3.Connection, table: str, order: str, more: str = "NULL") -> Iterator[dict[str, Any]]:
    columns = _columns(connection, table)
    sql = f"SELECT {', '.join(columns)}, {more} FROM {table} AS t {order}"  # noqa: S608 - names of the schema
    names = [*columns, more.rpartition(" AS ")[2]]
    for row in connection.execute(sql):
        yield {name: value for name, value in zip(names, row, strict=True) if value is not None}


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The stored columns of a table: not those that are computed."""
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _lines(path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                record = json.loads(line)
            except ValueError as error:
                raise LedgerError(f"{path}, line {number}: this is no JSON; was the file cut off?") from error
            if number == 1 and not (isinstance(record, dict) and "llmswitch_ledger" in record):
                raise LedgerError(f"{path} is neither a ledger nor an export of one")
            yield record


class _Columns:
    """The columns this ledger has: what a row of another version has beyond them would be lost, so it is refused."""

    def __init__(self, ledger: Ledger) -> None:
        with ledger.reading() as connection:
            self.kept_before = retention.kept_before(connection)
            self._names = {
                name: set(_columns(connection, name)) for name in ("dispatches", "attempts", "sessions", "turns")
            }

    def checked(self, table: str, row: Any) -> dict[str, Any]:
        """`row` as a dictionary that fits into `table`. Raises LedgerError."""
        if not isinstance(row, dict) or not row.keys() <= self._names[table]:
            strange = sorted(row.keys() - self._names[table]) if isinstance(row, dict) else []
            raise LedgerError(f"a row for {table} does not fit: {', '.join(strange) or 'it is no object'}")
        return row


class _Writer:
    """Puts rows in. `connection` is that of the present transaction."""

    def __init__(self, known: _Columns, merged: Merged) -> None:
        self.connection: sqlite3.Connection
        self._known = known
        self._merged = merged
        self._kept_before = known.kept_before
        self._renamed: dict[str, str] = {}

    def put(self, record: Record) -> None:
        """Put in what one line holds, if it is not here."""
        match record:
            case {"llmswitch_ledger": int(version)}:
                if version > LATEST:
                    raise LedgerError(
                        f"those rows are of a newer llmswitch (ledger version {version}, this one knows {LATEST})",
                        hint="upgrade llmswitch on this machine; nothing was changed",
                    )
            case {"dispatch": row}:
                self._dispatch(self._known.checked("dispatches", row))
            case {"attempt": dict(row)}:
                key, repricings = row.pop("import_key", None), row.pop("repricings", [])
                self._attempt(self._known.checked("attempts", row), key, repricings)
            case {"session": row}:
                self._session(self._known.checked("sessions", row))
            case {"turn": row}:
                self._turn(self._known.checked("turns", row))
            case _:
                raise LedgerError(f"a line of an unknown kind: {', '.join(map(str, record))[:80]}")

    def finish(self) -> None:
        """Take out sessions of other programs of which every call was here already."""
        self._merged.dispatches -= self.connection.execute(
            "DELETE FROM dispatches WHERE kind = 'import' AND NOT EXISTS "
            "(SELECT 1 FROM attempts WHERE dispatch_id = dispatches.id)"
        ).rowcount

    def _dispatch(self, row: dict[str, Any]) -> None:
        """One that runs at this moment is left for a later merge; so are its attempts, which find no dispatch."""
        if row["status"] == "open":
            return
        if row["started_at"] < self._kept_before and row["kind"] != "import" and row.get("cache") != "hit":
            return
        if self._put("dispatches", row, "id = :id"):
            self._merged.dispatches += 1
        elif row["kind"] == "import":
            self.connection.execute(
                "UPDATE dispatches SET started_at = min(started_at, :started_at), "
                "finished_at = max(finished_at, :finished_at) WHERE id = :id",
                row,
            )

    def _attempt(self, row: dict[str, Any], key: int | None, repricings: list[dict[str, Any]]) -> None:
        """An imported call that is here already, from logs that both machines read, is not put in again."""
        one = self.connection.execute
        if row["started_at"] < self._kept_before and row["status"] != "open":
            self._merged.left_out += 1  # it may be in the sums that were kept of that time
            return
        if row["status"] == "open" or not one("SELECT 1 FROM dispatches WHERE id = :dispatch_id", row).fetchone():
            return
        if key is not None and one("SELECT 1 FROM imported WHERE id = ?", (key,)).fetchone():
            return
        row_id = self._put("attempts", row, "dispatch_id = :dispatch_id AND ordinal = :ordinal")
        if not row_id:
            return
        self._merged.attempts += 1
        if key is not None:
            one("INSERT INTO imported (id, attempt_id) VALUES (?, ?)", (key, row_id))
        columns = f"attempt_id, {', '.join(_REPRICING)}"
        for old in repricings:
            values = (row_id, *(old.get(name) for name in _REPRICING))
            one(f"INSERT INTO repricings ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608 - names of this file

    def _session(self, row: dict[str, Any]) -> None:
        """A name that another conversation has here gets the instant of its beginning added, the same at each merge."""
        here = self.connection.execute("SELECT created_at FROM sessions WHERE name = :name", row).fetchone()
        if here and here[0] != row["created_at"]:
            self._renamed[row["name"]] = f"{row['name']}-{row['created_at'] // 1_000_000}"
            row["name"] = self._renamed[row["name"]]
        self._put("sessions", row, "name = :name")

    def _turn(self, row: dict[str, Any]) -> None:
        row["session"] = self._renamed.get(row["session"], row["session"])
        if row_id := self._put("turns", row, "session = :session AND ordinal = :ordinal"):
            self._merged.turns += 1
            text = Message(row["role"], turn_json.decode(row["content"])).text
            history_search.index(self.connection, row_id, text)

    def _put(self, table: str, row: dict[str, Any], same: str) -> int | None:
        """Insert `row` unless there is one with the same id; the new row's number, or None. One that was still open here,
        or was taken for lost, is replaced by what became of it."""
        columns, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        sql = f"INSERT INTO {table} ({columns}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608 - checked names
        inserted = self.connection.execute(sql, row)
        if inserted.rowcount:
            return inserted.lastrowid or 1
        if row.get("status", "lost") != "lost":
            changes = ", ".join(f"{name} = :{name}" for name in row if name != "owner")
            sql = f"UPDATE {table} SET {changes}, owner = NULL WHERE {same} AND status IN ('open', 'lost')"  # noqa: S608
            self._merged.updated += self.connection.execute(sql, row).rowcount
        return None
