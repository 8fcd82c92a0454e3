"""Keeps the disk store's vector index true to its entries: opens it, refuses what is not ours, makes it again, asks it.

numpy is imported from here on, so a lookup that ends with an exact hit never pays for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from llmswitch.cache.disk_rows import EntryRows
from llmswitch.cache.exact_cosine import Nearest, checked, from_bytes
from llmswitch.cache.index import Hit, IndexRefused, VectorIndex
from llmswitch.cache.index_layout import Layout, entry_key, scope_code
from llmswitch.cache.index_rows import Row
from llmswitch.cache.index_scan import Wanted
from llmswitch.cache.plain_disk import if_free
from llmswitch.cache.record import Record
from llmswitch.errors import CacheError

if TYPE_CHECKING:
    from diskcache import Cache

    from llmswitch.cache.base import Neighbour, Vector

T = TypeVar("T")
LOOKED_AT = 256
"""Rows whose cosine is computed, of those whose signs differ least."""
SLACK = 0.01
"""More than what a cosine loses in the index's small numbers."""
MOST_WHILE_ASKED = 20_000
"""Entries whose index is made again while somebody waits for a lookup (about a second); that of more, by the next write."""
_MOST_ROUNDS = 16


class IndexBeside:
    """The index of one embedder. One thread at a time; the store sees to it."""

    def __init__(self, cache: Cache, rows: EntryRows, folder: Path, layout: Layout) -> None:
        self._cache = cache
        self._rows = rows
        self._layout = layout
        self._path = folder / layout.file_name
        self._index: VectorIndex | None = None

    def close(self) -> None:
        """Let go of the file."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def near(self, scope: str, vector: Vector, *, k: int, threshold: float, max_tier: int) -> list[Neighbour]:
        """As `Store.near`."""
        query = checked(vector, self._layout.dim)
        wanted = Wanted(scope_code(scope), max_tier, int(time.time()))
        unfit: dict[int, int] = {}
        for _ in range(_MOST_ROUNDS):
            nearest = Nearest(query, k=k, threshold=threshold)
            hits = self._ask(query, wanted, unfit)
            refused = self._offer(nearest, hits, scope, max_tier)
            unfit |= refused
            if not refused or nearest.is_full:
                break
        self._forget(unfit)
        return nearest.found

    def add(self, record: Record) -> None:
        """Write the row of an entry that is about to be committed, inside its transaction."""
        row = _row(record, self._layout.dim)
        if row is None:
            raise CacheError(f"a vector for {self._layout.embedder} must have {self._layout.dim} numbers")

        def append(index: VectorIndex) -> int:
            index.append(row, now=int(time.time()))
            return index.appended

        self._rows.set_appended(self._layout.embedder, self._locked(append))

    def drop(self, keys: Iterable[int]) -> None:
        """Clear the rows of entries whose removal has been committed."""

        def clear(index: VectorIndex) -> None:
            gone = [key for key in keys if self._rows.record(key) is None]
            for slot in index.slots_of(gone, now=int(time.time())) if gone else ():
                index.clear(slot)

        with self._cache.transact():
            self._locked(clear)

    def _ask(self, query: Vector, wanted: Wanted, without: Iterable[int]) -> list[Hit]:
        def nearest(index: VectorIndex) -> list[Hit]:
            return index.nearest(query, wanted, count=LOOKED_AT, without=without)

        try:
            return nearest(self._open())
        except (IndexRefused, FileNotFoundError):
            pass
        with self._cache.transact():  # a row that was just being written is a whole one now
            try:
                return nearest(self._open())
            except (IndexRefused, FileNotFoundError):
                if self._rows.number() > MOST_WHILE_ASKED:
                    return []
                return nearest(self._make_again())

    def _offer(self, nearest: Nearest, hits: Iterable[Hit], scope: str, max_tier: int) -> dict[int, int]:
        """Offer the entries of `hits` as long as they may be near enough; the slots (with keys) whose entries don't fit."""
        unfit: dict[int, int] = {}
        for hit in hits:
            if hit.score + SLACK < nearest.bar:
                break
            record = self._rows.record(hit.key)
            if record and record.fits(self._layout.embedder, self._layout.dim, scope, max_tier):
                nearest.offer(record)
            else:
                unfit[hit.slot] = hit.key
        return unfit

    def _forget(self, passed: dict[int, int]) -> None:
        """Clear rows whose entries are gone; those of entries that are only just being written stay."""
        gone = {slot: key for slot, key in passed.items() if self._rows.record(key) is None}
        if not gone:
            return

        def clear(index: VectorIndex) -> None:
            for slot, key in gone.items():
                if self._rows.record(key) is None and index.key_at(slot) == key:
                    index.clear(slot)
                    self._rows.delete_foreign(key)

        if_free(self._cache, lambda: self._locked(clear))

    def _locked(self, work: Callable[[VectorIndex], T]) -> T:
        """Do `work` with a sound index, made again where it is none. The caller holds the write lock."""
        try:
            return work(self._open())
        except (IndexRefused, FileNotFoundError):
            return work(self._make_again())

    def _open(self) -> VectorIndex:
        """The open index, if it is still the one at our path and lacks nothing, or a verified one from there."""
        if self._index is None or not self._index.is_current():
            self.close()
            self._index = VectorIndex(self._path, self._layout)
            try:
                self._index.verify()
            except BaseException:
                self.close()
                raise
        self._require_complete(self._index)
        return self._index

    def _require_complete(self, index: VectorIndex) -> None:
        if index.appended < self._rows.appended(self._layout.embedder):
            raise IndexRefused("it lacks rows")

    def _make_again(self) -> VectorIndex:
        """Make the index from the entries. The caller holds the write lock."""
        self.close()
        for draft in self._path.parent.glob("index-*.new"):
            draft.unlink(missing_ok=True)
        self._index = VectorIndex.create(
            self._path, self._layout, self._all_rows(), self._rows.appended(self._layout.embedder)
        )
        return self._index

    def _all_rows(self) -> Iterator[Row]:
        for _, record in self._rows.least_recent():
            if record and record.embedder == self._layout.embedder and (row := _row(record, self._layout.dim)):
                yield row


def _row(record: Record, dim: int) -> Row | None:
    if len(record.vector) != 4 * dim:
        return None
    entry = record.entry
    vector = from_bytes(record.vector)
    return Row(entry_key(entry.id), scope_code(entry.scope), entry.tier, entry.expires_at, vector)
