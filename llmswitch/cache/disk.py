"""The embedded store: entries in diskcache, a vector index beside them. Safe with many threads, processes and crashes.

Every change is one SQLite transaction, whose lock also orders the writes to the index; a reader needs no lock.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llmswitch.cache.base import Entry, Neighbour, Observation, StoreStats
from llmswitch.cache.disk_entries import FILE, is_damage, open_entries, set_aside_locked, translated
from llmswitch.cache.disk_rows import ROW_BYTES, ROWS_AN_ENTRY, EntryRows
from llmswitch.cache.index_layout import Layout, entry_key
from llmswitch.cache.limits import Limits
from llmswitch.cache.plain_disk import if_free
from llmswitch.cache.record import Record, encode
from llmswitch.errors import CacheError

if TYPE_CHECKING:
    from diskcache import Cache

    from llmswitch.cache.base import Vector
    from llmswitch.cache.disk_index import IndexBeside

_FORMAT = "v1"


class DiskStore:
    """A `Store` in the folder `path`. Without an embedder it keeps entries for exact hits only."""

    def __init__(self, path: Path, *, embedder: str | None, dim: int, limits: Limits) -> None:
        """Open or create it. Raises CacheError."""
        self._folder = path / _FORMAT
        self._layout = Layout(embedder, dim) if embedder is not None else None
        self._limits = limits
        self._lock = threading.RLock()
        self._beside: IndexBeside | None = None
        self._open()

    def exact(self, scope: str, prompt_hash: str, *, max_tier: int) -> Entry | None:
        """The newest entry with this hash whose tier is at most `max_tier`."""
        with self._serving():
            ids = self._rows.by_prompt(scope, prompt_hash)
            found = [record.entry for tier, i in ids.items() if tier <= max_tier and (record := self._rows.get(i))]
            fit = [e for e in found if e.scope == scope and e.prompt_hash == prompt_hash and e.tier <= max_tier]
            return max(fit, key=lambda entry: entry.created_at, default=None)

    def holds(self, scope: str) -> bool:
        """Whether anything is kept in this scope, also what expired a moment ago."""
        with self._serving():
            return self._rows.holds(scope)

    def near(self, scope: str, vector: Vector, *, k: int, threshold: float, max_tier: int) -> Sequence[Neighbour]:
        """At most `k` entries of this scope and tier with at least this cosine, nearest first."""
        with self._lock, self._serving():
            beside = self._index()
            return beside.near(scope, vector, k=k, threshold=threshold, max_tier=max_tier) if beside else ()

    def put(self, entry: Entry, vector: Vector | None) -> None:
        """Keep `entry`; one with the same scope, hash and tier is replaced, and what is over the limit goes."""
        if entry.expires_at <= time.time():
            return
        with self._lock, self._serving():
            record = self._record(entry, vector)
            with self._cache.transact():
                old = self._rows.by_prompt(entry.scope, entry.prompt_hash).get(entry.tier)
                gone = self._delete([old] if old and old != entry.id else [])
                gone += self._make_room(len(encode(record)))
                if record.vector and (beside := self._index()):
                    beside.add(record)
                self._rows.write(record)
            self._drop(gone)

    def get(self, entry_id: str) -> Entry | None:
        """The living entry with this id."""
        with self._serving():
            record = self._rows.get(entry_id)
            return record.entry if record else None

    def touch(self, entry_id: str) -> None:
        """Count a use, for least-recently-used eviction; while another process writes, one use more or less is no matter."""
        with self._serving():
            if_free(self._cache, lambda: self._rows.move_to_end(entry_id))

    def remove(self, entry_ids: Iterable[str]) -> int:
        """Forget these; how many there were."""
        with self._lock, self._serving():
            with self._cache.transact():
                gone = self._delete(entry_ids)
            self._drop(gone)
            return len(gone)

    def entries(self) -> Iterator[Entry]:
        """All live ones, newest first; those that go meanwhile are left out."""
        with self._serving():
            with self._cache.transact():
                keys = self._rows.keys()
            ages = [(record.entry.created_at, key) for key in keys if (record := self._rows.record(key))]
        for _, key in sorted(ages, reverse=True):
            with self._serving():
                record = self._rows.record(key)
            if record:
                yield record.entry

    def observe(self, entry_id: str, observation: Observation) -> None:
        """Keep what was learnt about serving an entry; of one that is gone, nothing."""
        with self._serving(), self._cache.transact():
            if record := self._rows.get(entry_id):
                self._rows.observe(record.entry, observation)

    def observations(self, entry_id: str) -> Sequence[Observation]:
        """What was learnt about serving an entry, oldest first."""
        with self._serving():
            return self._rows.seen(entry_id)

    def stats(self) -> StoreStats:
        """Live entries, and bytes on the disk (blocks that are really used)."""
        with self._serving():
            with self._cache.transact():
                keys = self._rows.keys()
            living = sum(key in self._cache for key in keys)
            used = sum(512 * file.stat().st_blocks for file in self._folder.iterdir() if file.is_file())
            return StoreStats(living, used)

    def clear(self) -> None:
        """Forget everything, also what SQLite would only mark as free."""
        with self._lock, self._serving():
            if self._beside:
                self._beside.close()
            with self._cache.transact():
                self._cache.clear()
                for file in (*self._folder.glob("index-*"), *self._folder.glob("*.refused")):
                    file.unlink(missing_ok=True)
            with contextlib.closing(sqlite3.connect(self._folder / FILE)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            if self._beside:
                self._beside.close()
            self._cache.close()

    def _open(self) -> None:
        self._cache: Cache = open_entries(self._folder, busy_s=self._limits.busy_s)
        self._rows = EntryRows(self._cache)
        self._beside = None

    @contextlib.contextmanager
    def _serving(self) -> Iterator[None]:
        """Errors become CacheError. A database that turns out to be damaged is set aside, so that the next call works."""
        with translated(self._folder):
            try:
                yield
            except sqlite3.DatabaseError as error:
                if is_damage(error):
                    self._start_afresh()
                raise

    def _start_afresh(self) -> None:
        with self._lock:
            self.close()
            set_aside_locked(self._folder, busy_s=self._limits.busy_s)
            self._open()

    def _index(self) -> IndexBeside | None:
        if self._beside is None and self._layout is not None:
            from llmswitch.cache.disk_index import IndexBeside

            self._beside = IndexBeside(self._cache, self._rows, self._folder, self._layout)
        return self._beside

    def _record(self, entry: Entry, vector: Vector | None) -> Record:
        if vector is None:
            return Record(entry)
        if self._layout is None:
            raise CacheError("this cache was opened without an embedder: it keeps no vectors")
        from llmswitch.cache.exact_cosine import as_bytes

        return Record(entry, self._layout.embedder, as_bytes(vector, self._layout.dim))

    def _make_room(self, wanted: int) -> list[int]:
        """Delete the least recently used entries until `wanted` bytes more are within the limit."""
        index_row = self._layout.row_bytes if self._layout else 0
        row = ROWS_AN_ENTRY * ROW_BYTES + index_row
        over = self._rows.bytes_kept(index_row) + wanted + row - self._limits.bytes
        victims: list[Record] = []
        for _, record in self._rows.least_recent() if over > 0 else ():
            if over <= 0:
                break
            if record:
                victims.append(record)
                over -= len(encode(record)) + row
        return self._delete(record.entry.id for record in victims)

    def _delete(self, entry_ids: Iterable[str]) -> list[int]:
        """Delete entries inside a transaction; their numbers."""
        gone = []
        for entry_id in entry_ids:
            if record := self._rows.get(entry_id):
                self._rows.delete(record.entry)
                gone.append(entry_key(entry_id))
        return gone

    def _drop(self, gone: list[int]) -> None:
        if gone and (beside := self._index()):
            beside.drop(gone)
