"""Open the ledger's file: private, in WAL mode, of the present version; a broken one is set aside, never overwritten."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from llmswitch.errors import LedgerError
from llmswitch.ledger.migrations import LATEST, migrate, version_of
from llmswitch.paths import private_dir

BUSY_TIMEOUT_S = 10.0
LONG_LOG_PAGES = 8_000
"""From here on (32 MB) the log is moved into the file whatever has to wait for it: by the commit that makes it so long."""
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def open_file(path: Path) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """A connection to the ledger at `path`, created if missing, and notes for stderr. Raises LedgerError."""
    with translated(path):
        _create_private(path)
        try:
            return _open(path), ()
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
        note = set_aside(path)
        _create_private(path)
        return _open(path), (note,) if note else ()


def set_aside(path: Path) -> str | None:
    """Rename a broken ledger and its companions; the note says where to. None if another process was faster."""
    with _lock(path):
        try:
            _open(path, locked=True).close()
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
        except LedgerError:
            return None
        else:
            if not damage(path):
                return None
        aside = path.with_name(f"{path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
        for suffix in ("-wal", "-shm", ""):
            companion = Path(f"{path}{suffix}")
            if companion.exists():
                companion.rename(f"{aside}{suffix}")
    return f"the ledger {path} was damaged; it is kept as {aside} and a new one was started"


def damage(path: Path) -> str | None:
    """What SQLite finds wrong with the file, or None. Reads all of it and changes nothing."""
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)) as connection:
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            found = str(error)
    return None if found == "ok" else str(found)


def in_memory() -> sqlite3.Connection:
    """An empty ledger that is no file: what a report reads where nothing was recorded yet."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, ":memory:")
    return connection


def checkpoint(connection: sqlite3.Connection) -> None:
    """Move the log into the file, without anybody waiting for it; a log that has become long, because others never stop
    writing, has them wait."""
    _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if pages > LONG_LOG_PAGES:
        connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()


def is_broken(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file itself is damaged."""
    return _primary(error) in _BROKEN


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's and the file system's errors into LedgerError, with what to do next."""
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(f"the ledger {path}: {error}", hint=_hint(_primary(error), path)) from error
    except OSError as error:
        raise LedgerError(
            f"the ledger {path}: {error.strerror or error}",
            hint="make that folder writable, or name another file in LLMSWITCH_LEDGER",
        ) from error


def _hint(code: int, path: Path) -> str:
    return {
        sqlite3.SQLITE_FULL: f"free some space on the disk that holds {path.parent}",
        sqlite3.SQLITE_IOERR: f"check the disk that holds {path.parent}: it may be full or failing",
        sqlite3.SQLITE_READONLY: "make the file and its folder writable, or name another file in LLMSWITCH_LEDGER",
        sqlite3.SQLITE_BUSY: f"another program has held it for {BUSY_TIMEOUT_S:.0f} s; close it and try again",
        sqlite3.SQLITE_CORRUPT: "`llmswitch ledger check` says more; the next call sets the damaged file aside",
        sqlite3.SQLITE_NOTADB: "`llmswitch ledger check` says more; the next call sets the damaged file aside",
    }.get(code, "check that the folder exists and is writable, or name another file in LLMSWITCH_LEDGER")


def _primary(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where Python itself raised the error."""
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def _create_private(path: Path) -> None:
    """Make the file 0600; SQLite gives its -wal and -shm the same mode. The file is never opened here: closing it would
    drop the locks that another connection of this process holds."""
    private_dir(path.parent)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.stat().st_mode & 0o077 and path.is_file():
            path.chmod(0o600)


def _open(path: Path, *, locked: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        if version_of(connection, str(path)) < LATEST:
            with contextlib.nullcontext() if locked else _lock(path):
                # changing to WAL does not wait for others, so only one process may do it
                connection.execute("PRAGMA journal_mode = WAL")
                migrate(connection, str(path))
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LONG_LOG_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One process at a time; waits. The lock file stays: removing it would let two in."""
    handle = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
