"""The ledger's file: private, of our version, and never overwritten when it is damaged."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from llmswitch.catalog import Model
from llmswitch.errors import LedgerError
from llmswitch.ledger import migrations
from llmswitch.ledger.migrations import LATEST, migrate
from llmswitch.ledger.schema import damage
from llmswitch.ledger.store import Ledger


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_the_file_and_its_companions_are_0600_under_any_umask(tmp_path: Path, suffix: str) -> None:
    before = os.umask(0)
    try:
        with Ledger.open(tmp_path / "ledger.db") as ledger:
            ledger.begin_dispatch("ask")
            assert mode(Path(f"{ledger.path}{suffix}")) == 0o600
    finally:
        os.umask(before)


def test_a_new_folder_is_0700(tmp_path: Path) -> None:
    Ledger.open(tmp_path / "share" / "ledger.db").close()
    assert mode(tmp_path / "share") == 0o700


def test_a_readable_file_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.touch(mode=0o644)
    Ledger.open(path).close()
    assert mode(path) == 0o600


def test_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    Ledger.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="newer llmswitch"):
        Ledger.open(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(LedgerError, match="another program"):
        Ledger.open(path)


def test_a_corrupt_file_is_set_aside_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is no database" * 100)
    Ledger.open(path).close()
    (aside,) = tmp_path.glob("ledger.db.corrupt-*")
    assert aside.read_bytes() == b"this is no database" * 100


def test_after_a_corrupt_file_calls_are_recorded_and_a_note_says_where_it_went(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is no database" * 100)
    with Ledger.open(path) as ledger:
        assert ledger.begin_dispatch("ask")
        assert ".corrupt-" in ledger.notes[0]


def test_damage_inside_the_file_is_found_at_the_first_write_and_set_aside(tmp_path: Path) -> None:
    path = damaged_inside(tmp_path)
    with Ledger.open(path) as ledger:
        dispatch = ledger.begin_dispatch("ask")
        ledger.begin_attempt(dispatch, 1, Model("opus", "anthropic", "claude-opus-4-6"))
        assert ".corrupt-" in ledger.notes[0]


def test_the_check_sees_damage_inside_the_file(tmp_path: Path) -> None:
    assert damage(damaged_inside(tmp_path)) is not None


def test_the_check_finds_nothing_wrong_with_a_sound_file(tmp_path: Path) -> None:
    Ledger.open(tmp_path / "ledger.db").close()
    assert damage(tmp_path / "ledger.db") is None


def test_a_folder_where_the_file_should_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(LedgerError) as caught:
        Ledger.open(tmp_path / "ledger.db")
    assert caught.value.hint


def test_a_file_in_place_of_the_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "share").touch()
    with pytest.raises(LedgerError) as caught:
        Ledger.open(tmp_path / "share" / "ledger.db")
    assert "LLMSWITCH_LEDGER" in (caught.value.hint or "")


def damaged_inside(folder: Path) -> Path:
    """A ledger whose header is fine and whose table of dispatches is garbage."""
    path = folder / "ledger.db"
    with Ledger.open(path) as ledger:
        for _ in range(200):
            ledger.finish_dispatch(ledger.begin_dispatch("ask", task="bugfix"), "ok", 0)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'dispatches'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    return path


def test_a_disk_that_fills_up_while_the_ledger_is_made_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")  # as SQLite itself does when a full disk stops it
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(migrations, "MIGRATIONS", [full])
    with (
        closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as connection,
        pytest.raises(sqlite3.OperationalError, match="disk is full"),
    ):
        migrate(connection, "ledger.db")
