"""diskcache, so that nothing in its file can be executed: what is not plain text or bytes is refused, never unpickled.

diskcache's own `Disk` unpickles keys and values, deletes whatever file a row names, and obeys settings found in the file; its
`Cache` writes those settings anew at each start, which costs some waits for the disk even before a mere look.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable

from diskcache import Cache, Disk, Timeout
from diskcache.core import DEFAULT_SETTINGS, METADATA, MODE_RAW

Key = str | int
SETTINGS: dict[str, object] = DEFAULT_SETTINGS | {
    "eviction_policy": "none",  # the store evicts: it must know which entries go
    "cull_limit": 10,  # each write removes this many expired rows
    "statistics": 0,
    "tag_index": 0,
}
_SHORT_MS = 50
_KNOWN = frozenset((*SETTINGS, *METADATA))
_COLUMNS = "key, raw, store_time, expire_time, access_time, access_count, tag, size, mode, filename, value"
_TRIGGERS = ("count_insert", "count_delete", "size_insert", "size_update", "size_delete")
_PARTS = frozenset(
    ("Settings", "Cache", "Cache_key_raw", "Cache_expire_time", *(f"Settings_{name}" for name in _TRIGGERS))
)


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


class ReadyCache(Cache):  # type: ignore[misc]  # diskcache has no types
    """A `Cache` in a folder whose database `is_ready`: opened without writing anything."""

    def __init__(self, folder: str, busy_s: float) -> None:
        self._directory = folder
        self._timeout = busy_s
        self._local = threading.local()
        self._txn_id = None
        self._disk = PlainDisk(folder)
        for name, value in SETTINGS.items():
            setattr(self, name, value)


def new_cache(folder: str, busy_s: float) -> Cache:
    """A `Cache` in a folder where there is no database yet, or one that needs setting up."""
    return Cache(folder, timeout=busy_s, disk=PlainDisk, **SETTINGS)


def if_free(cache: Cache, write: Callable[[], None]) -> None:
    """Do in a transaction what may as well be left undone: where another process is writing, that is not waited for."""
    cache._sql(f"PRAGMA busy_timeout = {_SHORT_MS}")
    try:
        with contextlib.suppress(Timeout), cache.transact():
            write()
    finally:
        cache._sql(f"PRAGMA busy_timeout = {int(1000 * cache.timeout)}")


def is_foreign(connection: sqlite3.Connection) -> bool:
    """Whether the database has tables, columns or settings that we never wrote. Raises sqlite3.DatabaseError."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables <= {"Settings", "Cache"}:
        return True
    if "Cache" in tables:
        connection.execute(f"SELECT {_COLUMNS} FROM Cache LIMIT 0")  # noqa: S608  # a constant
    rows = connection.execute("SELECT key, typeof(value) FROM Settings").fetchall() if tables else []
    return any(key not in _KNOWN or kind not in ("integer", "text") for key, kind in rows)


def is_ready(connection: sqlite3.Connection) -> bool:
    """Whether diskcache has set the database up, and with our settings."""
    parts = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not parts >= _PARTS:
        return False
    found = dict(connection.execute("SELECT key, value FROM Settings").fetchall())
    return found.keys() >= METADATA.keys() and {name: found.get(name) for name in SETTINGS} == SETTINGS
