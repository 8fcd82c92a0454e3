"""The vector index file: a header, then blocks of rows, each block column by column so that a scan reads only what it needs.

    header   4096 bytes: magic, version, dim, rows in a block, the embedder's name, a checksum over these; then, changing,
             how many rows were ever used, how many were ever appended, the row being written (from 1), a checksum
    block    `scope` u4 · `expires` u4 · `tier` u1 · `key` i8 · `scale` f4 · `check` u4 · `code_check` u4 · `bits` (words, rows) u8
             · `codes` (rows, dim) i1

A row lives while `expires` (POSIX seconds) lies ahead. `bits` are the signs of the rotated vector, `codes` its numbers as
integers of `scale`, `key` names the entry. `check` is a hash over the other columns, `code_check` one over `codes`: what a
crash of the machine or somebody else left in the file does not pass for ours. Little-endian throughout.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

MAGIC = b"LLMSWIX\n"
VERSION = 2
BLOCK_ROWS = 4096
HEADER_BYTES = 4096
COUNTERS_AT = 2048
_STATIC = struct.Struct("<8sIIIH")
_COUNTERS = struct.Struct("<QQQ")
_LONGEST_NAME = 1024


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column stands in a block. `shape` is that of one block, `row_axis` the axis of `shape` that counts rows."""

    offset: int
    dtype: str
    shape: tuple[int, ...]
    row_axis: int
    item_bytes: int


@dataclass(frozen=True)
class Layout:
    """The shape of an index for vectors of `dim` numbers from `embedder`."""

    embedder: str
    dim: int

    @property
    def words(self) -> int:
        """64-bit words that hold one row's signs: those of the next power of two, at least 64."""
        return max(64, 1 << (self.dim - 1).bit_length()) // 64

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The columns by name, in the order in which they stand."""
        small = {"scope": "<u4", "expires": "<u4", "tier": "u1", "key": "<i8", "scale": "<f4", "check": "<u4"}
        found: dict[str, Column] = {}
        offset = 0
        for name, dtype in (small | {"code_check": "<u4"}).items():
            size = int(dtype[-1])
            found[name] = Column(offset, dtype, (BLOCK_ROWS,), 0, size)
            offset += BLOCK_ROWS * size
        found["bits"] = Column(offset, "<u8", (self.words, BLOCK_ROWS), 1, 8)
        offset += self.words * BLOCK_ROWS * 8
        found["codes"] = Column(offset, "i1", (BLOCK_ROWS, self.dim), 0, 1)
        return found

    @cached_property
    def block_bytes(self) -> int:
        """Bytes of one block."""
        codes = self.columns["codes"]
        return codes.offset + BLOCK_ROWS * self.dim

    @property
    def row_bytes(self) -> int:
        """Bytes that one row takes."""
        return self.block_bytes // BLOCK_ROWS

    @property
    def file_name(self) -> str:
        """One file for each embedder, so that their vectors never meet."""
        return f"index-{blake2b(self.embedder.encode(), digest_size=8).hexdigest()}.vectors"

    def place(self, slot: int, column: str, word: int = 0) -> int:
        """Where in the file the value of row `slot` stands in `column`; of `bits`, its word number `word`."""
        block, row = divmod(slot, BLOCK_ROWS)
        where = self.columns[column]
        start = HEADER_BYTES + block * self.block_bytes + where.offset
        if column == "codes":
            return start + row * self.dim
        return start + (word * BLOCK_ROWS + row) * where.item_bytes

    def header(self) -> bytes:
        """The unchanging part of the header."""
        name = self.embedder.encode()[:_LONGEST_NAME]
        static = _STATIC.pack(MAGIC, VERSION, self.dim, BLOCK_ROWS, len(name)) + name
        return static + struct.pack("<I", zlib.crc32(static))

    def why_refused(self, head: bytes, size: int) -> str | None:
        """Why a file of `size` bytes that begins with `head` is not an index of this layout; None if it is one."""
        if not head.startswith(MAGIC):
            return "it is not an index"
        expected = self.header()
        if head[: len(expected)] != expected:
            return "it is of another version, embedder or dimension, or damaged"
        if size < HEADER_BYTES or (size - HEADER_BYTES) % self.block_bytes:
            return "it is cut off"
        return None


@dataclass(frozen=True, slots=True)
class Counters:
    """The changing part of the header: rows ever `used`, rows ever `appended`, and the slot that is being written now."""

    used: int
    appended: int
    writing: int | None = None

    def packed(self) -> bytes:
        """The bytes that stand at COUNTERS_AT."""
        numbers = _COUNTERS.pack(self.used, self.appended, 0 if self.writing is None else self.writing + 1)
        return numbers + struct.pack("<I", zlib.crc32(numbers))


def counters(head: bytes) -> Counters | None:
    """The counters of a file that begins with `head`; None where they are damaged, or were just being written."""
    numbers = head[COUNTERS_AT : COUNTERS_AT + _COUNTERS.size]
    if len(numbers) < _COUNTERS.size or head[COUNTERS_AT + _COUNTERS.size :][:4] != struct.pack(
        "<I", zlib.crc32(numbers)
    ):
        return None
    used, appended, writing = _COUNTERS.unpack(numbers)
    return Counters(used, appended, writing - 1 if writing else None)


def scope_code(scope: str) -> int:
    """32 bits of a scope. Two scopes may share a code: the entry itself decides."""
    return int.from_bytes(blake2b(scope.encode(errors="surrogatepass"), digest_size=4).digest(), "little")


def entry_key(entry_id: str) -> int:
    """A signed 64-bit key for an entry. Two ids may share one, in theory: the entry itself decides."""
    digest = blake2b(entry_id.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
