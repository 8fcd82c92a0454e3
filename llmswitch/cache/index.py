"""The vector index beside the entries: a memory-mapped file that many processes read while one at a time writes.

It is only a hint: whoever finds a key here asks the entry itself. Writers hold the entries' write lock; reading needs none.
A row is written before its entry is committed and cleared after the entry's removal is, so that a killed process can leave
a row too many but never one too few. Bytes are written with `pwrite`, so that a full disk is an error and not a signal.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from llmswitch.cache.index_layout import BLOCK_ROWS, COUNTERS_AT, HEADER_BYTES, Counters, Layout, counters
from llmswitch.cache.index_rows import Row, block_of, checks, code_checks, pieces_of
from llmswitch.cache.index_scan import Wanted, nearest_by_signs
from llmswitch.cache.quantised import cosines, signs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmswitch.cache.base import Vector


_READS = 5
"""Another process may just be writing the counters."""


class IndexRefused(Exception):  # noqa: N818  # it is a verdict on a file
    """The file is not a sound index of this embedder; it says why."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A row near the query: its slot, its entry's key, and about its cosine."""

    slot: int
    key: int
    score: float


class VectorIndex:
    """An open index. Not to be used by two threads at once; the store sees to it."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Open the index. Raises IndexRefused, FileNotFoundError or OSError."""
        self.path = path
        self.layout = layout
        self._size = -1
        try:
            self._file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise IndexRefused(f"it can't be opened: {error.strerror}") from error
        try:
            self._refresh()
        except BaseException:
            os.close(self._file)
            raise

    @classmethod
    def create(cls, path: Path, layout: Layout, rows: Iterable[Row], appended: int) -> Self:
        """Write a new index beside `path` and put it in its place at once. `appended` is the count it starts with."""
        draft = path.with_name(f"{path.name}.{os.getpid()}.new")
        draft.unlink(missing_ok=True)
        try:
            cls._write_draft(draft, layout, iter(rows), appended)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return cls(path, layout)

    @staticmethod
    def _write_draft(draft: Path, layout: Layout, rows: Iterator[Row], appended: int) -> None:
        used = 0
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(bytes(HEADER_BYTES))
            while some := list(islice(rows, BLOCK_ROWS)):
                file.write(block_of(layout, some))
                used += len(some)
            file.seek(0)
            file.write(layout.header())
            file.seek(COUNTERS_AT)
            file.write(Counters(used, appended).packed())

    def close(self) -> None:
        """Let go of the file; arrays that look into it keep their pages."""
        self._columns: dict[str, NDArray[Any]] = {}
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def is_current(self) -> bool:
        """Whether the file at our path is still the one that is open here."""
        with contextlib.suppress(OSError):
            there, here = os.lstat(self.path), os.fstat(self._file)
            return (there.st_ino, there.st_dev) == (here.st_ino, here.st_dev)
        return False

    @property
    def appended(self) -> int:
        """How many rows were ever written."""
        return self._counters().appended

    def nearest(self, query: Vector, wanted: Wanted, *, count: int, without: Iterable[int] = ()) -> list[Hit]:
        """The fit rows nearest to `query` (dim,), at most about `count`, nearest first, but for the slots `without`.
        Raises IndexRefused where a row is not what was written: hold the write lock, or ask again under it, to be sure that
        it was not being written just then."""
        self._refresh()
        if "scope" not in self._columns:
            return []
        unwanted = list(without)
        slots = nearest_by_signs(self._columns, signs(query[None])[0], wanted, count + len(unwanted))
        slots = slots[~np.isin(slots, unwanted)]
        where = np.divmod(slots, BLOCK_ROWS)
        code_rows = self._columns["codes"][where]
        broken = code_checks(code_rows) != self._columns["code_check"][where]
        if broken.any():
            raise IndexRefused(f"row {int(slots[broken][0])} is damaged")
        scores = cosines(query, code_rows, self._columns["scale"][where])
        keys = self._columns["key"][where]
        order = np.argsort(-scores, kind="stable")
        return [Hit(int(slots[at]), int(keys[at]), float(scores[at])) for at in order]

    def append(self, row: Row, *, now: int) -> None:
        """Write a row where one is free, or at the end. The caller holds the write lock."""
        self._refresh()
        before = self._counters()
        slot = self._free_slot(before.used, now)
        if slot >= self._rows:
            os.ftruncate(self._file, self._size + self.layout.block_bytes)
        with self._writing(slot, before, Counters(max(before.used, slot + 1), before.appended + 1)):
            _write(self._file, self.layout.place(slot, "expires"), bytes(4))
            for place, piece in pieces_of(self.layout, slot, row):
                _write(self._file, place, piece)

    def clear(self, slot: int) -> None:
        """End a row. The caller holds the write lock."""
        self._refresh()
        before = self._counters()
        with self._writing(slot, before, before):
            self._end(slot)

    def key_at(self, slot: int) -> int:
        """The key in a slot."""
        return int(struct.unpack("<q", os.pread(self._file, 8, self.layout.place(slot, "key")))[0])

    def slots_of(self, keys: Iterable[int], *, now: int) -> list[int]:
        """Living rows with one of these keys."""
        self._refresh()
        if "scope" not in self._columns:
            return []
        found = np.isin(self._columns["key"], np.fromiter(keys, np.int64)) & (self._columns["expires"] > np.uint32(now))
        return [int(slot) for slot in np.flatnonzero(found)]

    def verify(self) -> None:
        """Hash every row. Raises IndexRefused as `nearest` does."""
        self._refresh()
        written = self._counters()
        for first in range(0, written.used, BLOCK_ROWS):
            part = {name: values[first // BLOCK_ROWS] for name, values in self._columns.items() if name != "codes"}
            part["bits"] = part["bits"].T
            broken = np.flatnonzero(checks(part) != part["check"]) + first
            # a process may have died at one row, which then is no living one
            if [at for at in broken if at < written.used and (at != written.writing or part["expires"][at - first])]:
                raise IndexRefused("some of its rows are damaged")

    @property
    def _rows(self) -> int:
        return (self._size - HEADER_BYTES) // self.layout.block_bytes * BLOCK_ROWS

    @contextlib.contextmanager
    def _writing(self, slot: int, before: Counters, after: Counters) -> Iterator[None]:
        """Mark the slot as being written meanwhile, so that it is known for half a row where the process dies."""
        if before.writing is not None and before.writing < before.used:
            self._end(before.writing)  # another process died there
        _write(self._file, COUNTERS_AT, replace(before, writing=slot).packed())
        yield
        _write(self._file, COUNTERS_AT, replace(after, writing=None).packed())

    def _end(self, slot: int) -> None:
        """Make the row in `slot` a sound one that lives no more."""
        _write(self._file, self.layout.place(slot, "expires"), bytes(4))
        block, row = divmod(slot, BLOCK_ROWS)
        columns = {name: values[block] for name, values in self._columns.items()}
        ended = {name: (values.T if name == "bits" else values)[row : row + 1] for name, values in columns.items()}
        _write(self._file, self.layout.place(slot, "check"), checks(ended).astype("<u4").tobytes())

    def _counters(self) -> Counters:
        for _ in range(_READS):
            found = counters(os.pread(self._file, HEADER_BYTES, 0))
            if found is not None and found.used <= self._rows:
                return found
            self._refresh()
        raise IndexRefused("its counters are damaged")

    def _free_slot(self, used: int, now: int) -> int:
        if used:
            free = self._columns["expires"].reshape(-1)[:used] <= np.uint32(now)
            first = int(free.argmax())
            if free[first]:
                return first
        return used

    def _refresh(self) -> None:
        """Check the header, and map what another process has added."""
        size = os.fstat(self._file).st_size
        if size == self._size:
            return
        refused = self.layout.why_refused(os.pread(self._file, HEADER_BYTES, 0), size)
        if refused or size < self._size:
            raise IndexRefused(refused or "it was cut off")
        self._size = size
        self._columns = {}
        if size > HEADER_BYTES:
            pages = mmap.mmap(self._file, size, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
            self._columns = {name: self._view(pages, name) for name in self.layout.columns}

    def _view(self, pages: mmap.mmap, name: str) -> NDArray[Any]:
        """A column over all blocks, straight from the file."""
        column = self.layout.columns[name]
        inner = np.empty(0, column.dtype).itemsize
        strides = (inner,) if len(column.shape) == 1 else (column.shape[1] * inner, inner)
        shape = (self._rows // BLOCK_ROWS, *column.shape)
        offset = HEADER_BYTES + column.offset
        return np.ndarray(shape, column.dtype, pages, offset, (self.layout.block_bytes, *strides))


def _write(file: int, place: int, piece: bytes) -> None:
    written = os.pwrite(file, piece, place)
    while written < len(piece):
        written += os.pwrite(file, piece[written:], place + written)
