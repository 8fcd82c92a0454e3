"""The write lock under many short writes, and the upkeep of the file that no call waits for."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmswitch.catalog import Model
from llmswitch.ledger import store, write_lock
from llmswitch.ledger.schema import LONG_LOG_PAGES, checkpoint
from llmswitch.ledger.store import Ledger

MODEL = Model("opus", "anthropic", "claude-opus-4-6")


def opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=7.0, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS t (x)")
    return connection


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
    pair = opened(tmp_path / "a.db"), opened(tmp_path / "a.db")
    yield pair
    for connection in pair:
        connection.close()


Two = tuple[sqlite3.Connection, sqlite3.Connection]


def test_a_lock_that_is_never_free_is_given_up(two: Two) -> None:
    two[0].execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write_lock.begin(two[1], 0.05)


def test_a_lock_that_becomes_free_is_taken(two: Two) -> None:
    two[0].execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.1, lambda: two[0].execute("COMMIT"))
    release.start()
    write_lock.begin(two[1], 20.0)
    release.join()
    assert two[1].in_transaction


def test_the_connections_own_patience_is_as_before(two: Two) -> None:
    write_lock.begin(two[1], 3.0)
    assert two[1].execute("PRAGMA busy_timeout").fetchone() == (3000,)


def test_its_patience_is_as_before_when_the_lock_was_not_had(two: Two) -> None:
    two[0].execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError):
        write_lock.begin(two[1], 0.05)
    assert two[1].execute("PRAGMA busy_timeout").fetchone() == (50,)


def test_another_error_is_not_waited_for(two: Two) -> None:
    two[1].execute("BEGIN")
    before = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        write_lock.begin(two[1], 30.0)
    assert time.monotonic() - before < 15


def moved(ledger: Ledger) -> bool:
    """Whether the file itself has the call: a copy of it, without the log, is read."""
    copy = ledger.path.with_name("copy.db")
    copy.write_bytes(ledger.path.read_bytes())
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'attempts'").fetchone()[0]
        return bool(tables and connection.execute("SELECT count(*) FROM attempts").fetchone()[0])


def record(ledger: Ledger, finish: bool) -> None:
    dispatch = ledger.begin_dispatch("ask")
    attempt = ledger.begin_attempt(dispatch, 1, MODEL)
    ledger.settle_attempt(attempt, status="ok")
    if finish:
        ledger.finish_dispatch(dispatch, "ok", 0)


def test_settling_a_call_never_moves_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_CHECKPOINT_EVERY", 1)
    with Ledger.open(tmp_path / "l.db") as ledger:
        record(ledger, finish=False)
        assert not moved(ledger)


def test_the_log_is_moved_when_the_answer_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_CHECKPOINT_EVERY", 1)
    with Ledger.open(tmp_path / "l.db") as ledger:
        record(ledger, finish=True)
        assert moved(ledger)


def test_upkeep_that_fails_takes_nothing_from_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(store, "_CHECKPOINT_EVERY", 1)
    monkeypatch.setattr(store, "checkpoint", full)
    with Ledger.open(tmp_path / "l.db") as ledger:
        record(ledger, finish=True)
        with ledger.reading() as connection:
            assert connection.execute("SELECT status FROM dispatches").fetchall() == [("ok",)]


def test_a_log_that_became_long_is_begun_anew(two: Two) -> None:
    one, other = two
    one.execute("PRAGMA wal_autocheckpoint = 0")
    one.execute(f"CREATE TABLE big AS SELECT zeroblob({4096 * (LONG_LOG_PAGES + 10)}) AS x")
    checkpoint(one)
    other.execute("INSERT INTO t VALUES (1)")
    assert other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1] < 10
