"""Opens diskcache so that nothing in its file can be executed: what is not plain text or bytes is refused, never unpickled.

diskcache's own `Disk` unpickles keys and values, deletes whatever file a row names, and obeys settings found in the file.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from diskcache import Cache, Disk, Timeout
from diskcache.core import DEFAULT_SETTINGS, METADATA, MODE_RAW

from llmswitch.errors import CacheError
from llmswitch.paths import private_dir

FILE = "cache.db"
Key = str | int
_COMPANIONS = ("-wal", "-shm", "-journal")
_COLUMNS = "key, raw, store_time, expire_time, access_time, access_count, tag, size, mode, filename, value"
_SETTINGS: dict[str, object] = DEFAULT_SETTINGS | {
    "eviction_policy": "none",  # the store evicts: it must know which entries go
    "cull_limit": 10,  # each write removes this many expired rows
    "statistics": 0,
    "tag_index": 0,
}
_KNOWN = frozenset((*DEFAULT_SETTINGS, *METADATA))


class PlainDisk(Disk):  # type: ignore[misc]  # diskcache has no types
    """Keys are text or 64-bit integers, values are bytes; all of them stand in the database, none in a file of its own."""

    def put(self, key: Key) -> tuple[Key, bool]:
        """The key as it is stored, and that it is stored as it is."""
        return key, True

    def get(self, key: object, raw: bool) -> Key | None:
        """The key of a row; None for a foreign one, which would be a pickle."""
        return key if raw and isinstance(key, Key) else None

    def store(self, value: bytes, read: bool, key: object = None) -> tuple[int, int, None, bytes]:  # noqa: ARG002
        """Size, mode, file name and value of a row. The size is counted so that `Cache.size` is what is kept."""
        return len(value), MODE_RAW, None, value

    def fetch(self, mode: int, filename: object, value: object, read: bool) -> bytes | None:  # noqa: ARG002
        """The value of a row; None for a foreign one."""
        return value if mode == MODE_RAW and isinstance(value, bytes) else None

    def remove(self, file_path: str) -> None:
        """Delete nothing: no row of ours has a file, so a name in one is somebody's attempt."""


def open_entries(folder: Path, *, busy_s: float) -> Cache:
    """The entries kept in `folder`, made if missing: 0700 and 0600, whatever the umask. A damaged or foreign file is renamed
    to `cache.db.refused` and an empty one takes its place. Raises CacheError."""
    with translated(folder):
        _make_private(folder)
        file = folder / FILE
        with _opening(folder, busy_s):
            if _is_refused(file):
                set_aside(file)
            _create(file)
            try:
                return Cache(str(folder), timeout=busy_s, disk=PlainDisk, **_SETTINGS)
            except (sqlite3.DatabaseError, TypeError, ValueError) as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                set_aside(file)
            _create(file)
            return Cache(str(folder), timeout=busy_s, disk=PlainDisk, **_SETTINGS)


@contextlib.contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Turn what diskcache, SQLite and the file system raise into CacheError."""
    try:
        yield
    except Timeout as error:
        raise CacheError(f"the cache {folder} is busy: another process has been writing for too long") from error
    except sqlite3.DatabaseError as error:
        hint = "`llmswitch cache clear` starts a new one" if is_damage(error) else "check the disk that holds it"
        raise CacheError(f"the cache {folder}: {error}", hint=hint) from error
    except OSError as error:
        raise CacheError(
            f"the cache {folder}: {error.strerror or error}",
            hint="make the folder yours and writable, or free some space",
        ) from error


def is_damage(error: BaseException | None) -> bool:
    """Whether SQLite says that the file itself is broken, or not what it should be."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.OperationalError | sqlite3.ProgrammingError | sqlite3.IntegrityError
    )


def set_aside(file: Path) -> None:
    """Rename a refused database, over an earlier one; a link is only unlinked. Its companions belong to it and go."""
    for companion in _COMPANIONS:
        Path(f"{file}{companion}").unlink(missing_ok=True)
    if file.is_symlink():
        file.unlink()
    elif file.exists():
        file.replace(f"{file}.refused")


def set_aside_locked(folder: Path, *, busy_s: float) -> None:
    """Set the database in `folder` aside if it is still the damaged one. Raises as `open_entries` does inside `translated`."""
    with _opening(folder, busy_s):
        file = folder / FILE
        if _is_refused(file) or _damage(file):
            set_aside(file)


def _damage(file: Path) -> bool:
    """Whether SQLite finds something wrong with the file. Reads all of it."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        try:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
        except sqlite3.DatabaseError as error:
            return is_damage(error)


def _is_refused(file: Path) -> bool:
    """Whether the file there is a link, no database, or has settings that diskcache would obey and we never wrote."""
    if any(Path(f"{file}{end}").is_symlink() for end in ("", *_COMPANIONS)):
        return True
    if not file.exists() or not file.stat().st_size:
        return False
    if not stat.S_ISREG(file.stat().st_mode):
        raise CacheError(f"{file} is not a file", hint="move it away")
    try:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            return _is_foreign(connection)
    except sqlite3.DatabaseError as error:
        return is_damage(error) or "no such" in str(error)


def _is_foreign(connection: sqlite3.Connection) -> bool:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables <= {"Settings", "Cache"}:
        return True
    if "Cache" in tables:
        connection.execute(f"SELECT {_COLUMNS} FROM Cache LIMIT 0")  # noqa: S608  # a constant
    rows = connection.execute("SELECT key, typeof(value) FROM Settings").fetchall() if tables else []
    return any(key not in _KNOWN or kind not in ("integer", "text") for key, kind in rows)


def _make_private(folder: Path) -> None:
    private_dir(folder)
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise CacheError(f"the cache {folder} belongs to another user", hint="name another folder")
    if found.st_mode & 0o077:
        folder.chmod(0o700)


def _create(file: Path) -> None:
    """Make the file 0600; SQLite gives its companions the same mode. An existing one is not opened here: closing it would
    drop the locks that another connection of this process holds."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)


@contextlib.contextmanager
def _opening(folder: Path, busy_s: float) -> Iterator[None]:
    """One process at a time looks at the file, makes it or sets it aside. The lock file stays."""
    handle = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        give_up = time.monotonic() + busy_s
        while not _locked(handle):
            if time.monotonic() > give_up:
                raise Timeout
            time.sleep(0.002)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
