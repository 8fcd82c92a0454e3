"""A call that another program made and wrote down, on its way into the ledger."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from llmswitch.conversation import Usage


class Counts(NamedTuple):
    """Tokens of one call. `written` is all that went into the cache, `written_1h` the part that stays for an hour: apart,
    so that a record without the split and one with it can be put together. None: not said."""

    fresh: int | None = None
    read: int | None = None
    written: int | None = None
    written_1h: int | None = None
    output: int | None = None
    reasoning: int | None = None

    def usage(self) -> Usage:
        """The same in the ledger's disjoint buckets."""
        hour = self.written_1h
        short = None if self.written is None else max(0, self.written - (hour or 0))
        return Usage(self.fresh, self.read, short, hour, self.output, self.reasoning)

    def __bool__(self) -> bool:
        return any(self)


class LoggedCall(NamedTuple):
    """One call: `key` is the same for every record of it, in whatever file; `at` microseconds since 1970 UTC; `unusual`:
    it is not billed at the list price (a faster tier)."""

    key: int
    at: int
    model: str
    session: str
    cwd: str
    counts: Counts
    unusual: bool = False


class FileMark(NamedTuple):
    """How far a log file was read. `key` stands for its path; `size`, `changed` (ns) and `inode` are as they were;
    `read_to` is the end of the last complete line; `state` is what its reader has to know to go on."""

    key: int
    size: int
    changed: int
    inode: int
    read_to: int
    state: str | None = None


def key_of(*parts: str) -> int:
    """A 64-bit key as SQLite stores integers: a million calls collide with a probability of 1 in 40 million."""
    return int.from_bytes(
        blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True
    )


def merged(one: LoggedCall, other: LoggedCall) -> LoggedCall:
    """Two records of the same call: the larger of each count, for a record may be written before the answer is complete;
    the rest is of the earlier one."""
    first = other if other.at < one.at else one
    if one.counts == other.counts and one.unusual == other.unusual:
        return first
    return first._replace(counts=larger(one.counts, other.counts), unusual=one.unusual or other.unusual)


def larger(one: Counts, other: Counts) -> Counts:
    """The larger of each count."""
    if one == other:
        return one
    return Counts(*(b if a is None else a if b is None or b < a else b for a, b in zip(one, other, strict=True)))
