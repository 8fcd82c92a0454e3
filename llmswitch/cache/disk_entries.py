"""Opens the disk store's database: private, set aside where it is not ours, and with diskcache's errors translated."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from diskcache import Cache, Timeout

from llmswitch.cache.plain_disk import ReadyCache, is_foreign, is_ready, new_cache
from llmswitch.errors import CacheError
from llmswitch.paths import private_dir

FILE = "cache.db"
_COMPANIONS = ("-wal", "-shm", "-journal")


def open_entries(folder: Path, *, busy_s: float) -> Cache:
    """The entries kept in `folder`, made if missing: 0700 and 0600, whatever the umask. A damaged or foreign file is renamed
    to `cache.db.refused` and an empty one takes its place. Raises CacheError."""
    with translated(folder):
        _make_private(folder)
        with _opening(folder, busy_s):
            file = folder / FILE
            try:
                found = _open_existing(file, busy_s)
            except sqlite3.DatabaseError as error:
                if not is_damage(error) and "no such" not in str(error):
                    raise
                found = None
            if found is None:
                set_aside(file)
                _create(file)
                found = new_cache(str(folder), busy_s)
            return found


def _open_existing(file: Path, busy_s: float) -> Cache | None:
    """The cache in `file`; None where that is nothing of ours. Raises sqlite3.DatabaseError."""
    if any(Path(f"{file}{end}").is_symlink() for end in ("", *_COMPANIONS)) or not file.exists():
        return None
    if not stat.S_ISREG(file.stat().st_mode):
        raise CacheError(f"{file} is not a file", hint="move it away")
    _create(file)
    with contextlib.closing(sqlite3.connect(file)) as looking:
        if is_foreign(looking):
            return None
        if is_ready(looking):
            cache = ReadyCache(str(file.parent), busy_s)
            cache.reset("count")  # opens its connection before ours, the last one, would tidy up
            return cache
    return new_cache(str(file.parent), busy_s)


@contextlib.contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Turn what diskcache, SQLite and the file system raise into CacheError."""
    try:
        yield
    except Timeout as error:
        raise CacheError(f"the cache {folder} is busy: another process has been writing for too long") from error
    except sqlite3.DatabaseError as error:
        hint = (
            "it is set aside, and the next call starts a new one"
            if is_damage(error)
            else "check the disk that holds it"
        )
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
        if _damage(folder / FILE):
            set_aside(folder / FILE)


def _damage(file: Path) -> bool:
    """Whether SQLite finds something wrong with the file. Reads all of it."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        try:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
        except sqlite3.DatabaseError as error:
            return is_damage(error)


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
