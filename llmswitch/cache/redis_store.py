"""The store in a Redis server, shared by whoever uses that server. Vector search as `redis_vectors` finds it there.

The server's own eviction may take any key at any time: what is left behind is noticed when it is met, and removed.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from llmswitch.cache.base import Entry, Neighbour, Observation, StoreStats
from llmswitch.cache.limits import Limits
from llmswitch.cache.record import Record, decode, encode, read_observation, write_observation
from llmswitch.cache.redis_connection import RedisConnection
from llmswitch.cache.redis_scripts import OBSERVE, PREFIX, PUT, REMOVE, space_of
from llmswitch.errors import CacheError

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector
    from llmswitch.cache.exact_cosine import Nearest
    from llmswitch.cache.redis_vectors import Found, VectorSearch

_LOOKED_AT = 16
_FETCHED_AT_ONCE = 8
_SLACK = 0.02
"""More than what a cosine loses in the server's, or our, small numbers."""
_MOST_ROUNDS = 16
_AT_ONCE = 500
_OVERHEAD_BYTES = 900
"""About what the server needs for an entry beside record and vector: eight keys and places in others."""


class RedisStore:
    """A `Store` in the server at `url`. Without an embedder it keeps entries for exact hits only."""

    def __init__(self, url: str, *, embedder: str | None, dim: int, limits: Limits) -> None:
        """Nothing is sent yet. Raises CacheError where the package is missing or the URL is none."""
        self._connection = RedisConnection(url, limits)
        self._embedder = embedder
        self._dim = dim
        self._limits = limits
        self._lock = threading.Lock()
        self._found_search: VectorSearch | None = None

    def exact(self, scope: str, prompt_hash: str, *, max_tier: int) -> Entry | None:
        """The newest entry with this hash whose tier is at most `max_tier`."""
        with self._connection.talking() as client:
            ids = client.hgetall(f"{PREFIX}exact:{scope}:{prompt_hash}")
        names = [
            name.decode(errors="replace") for tier, name in ids.items() if tier.isdigit() and int(tier) <= max_tier
        ]
        entries = [record.entry for record in self._records(names) if record]
        fit = [e for e in entries if e.scope == scope and e.prompt_hash == prompt_hash and e.tier <= max_tier]
        return max(fit, key=lambda entry: entry.created_at, default=None)

    def holds(self, scope: str) -> bool:
        """Whether there may be vectors of this scope; without an embedder nobody can say, so yes."""
        if self._embedder is None:
            return True
        space = space_of(self._embedder, scope)
        with self._connection.talking() as client:
            return bool(client.exists(f"{PREFIX}vectors:{space}", f"{PREFIX}rows:{space}"))

    def near(self, scope: str, vector: Vector, *, k: int, threshold: float, max_tier: int) -> Sequence[Neighbour]:
        """At most `k` entries of this scope and tier with at least this cosine, nearest first."""
        if self._embedder is None:
            return ()
        from llmswitch.cache.exact_cosine import Nearest, checked

        query = checked(vector, self._dim)
        space = space_of(self._embedder, scope)
        with self._lock:
            search = self._search()
            for _ in range(_MOST_ROUNDS):
                nearest = Nearest(query, k=k, threshold=threshold)
                found = search.nearest(space, query, count=_LOOKED_AT + k, max_tier=max_tier)
                unfit = self._offer(nearest, found, scope, max_tier)
                if unfit:
                    search.without(space, unfit)
                if not unfit or nearest.is_full:
                    break
            return nearest.found

    def _offer(self, nearest: Nearest, found: Sequence[Found], scope: str, max_tier: int) -> list[str]:
        """Offer the entries as long as they may be near enough; the ids whose entries are gone or don't fit."""
        unfit: list[str] = []
        for start in range(0, len(found), _FETCHED_AT_ONCE):
            near = [each for each in found[start : start + _FETCHED_AT_ONCE] if each.score + _SLACK >= nearest.bar]
            names = [each.name for each in near]
            for name, record in zip(names, self._records(names), strict=True):
                if record and record.fits(self._embedder or "", self._dim, scope, max_tier):
                    nearest.offer(record)
                else:
                    unfit.append(name)
            if not near:
                break
        return unfit

    def put(self, entry: Entry, vector: Vector | None) -> None:
        """Keep `entry`; one with the same scope, hash and tier is replaced, and what is over the limit goes."""
        now = time.time()
        if entry.expires_at <= now:
            return
        record, stored_vector, extra = Record(entry), b"", "{}"
        where: dict[str, object] = {"prompt": f"{entry.scope}:{entry.prompt_hash}", "tier": str(entry.tier)}
        if vector is not None:
            if self._embedder is None:
                raise CacheError("this cache was opened without an embedder: it keeps no vectors")
            from llmswitch.cache.exact_cosine import as_bytes, checked

            record = Record(entry, self._embedder, as_bytes(vector, self._dim))
            with self._lock:
                stored = self._search().stored(checked(vector, self._dim), entry)
            stored_vector, extra = stored.vector, stored.extra
            where[stored.kind] = space_of(self._embedder, entry.scope)
        written = encode(record)
        where |= {"bytes": len(written) + len(stored_vector) + _OVERHEAD_BYTES, "made": entry.created_at}
        ends, mark = f"{entry.expires_at:.3f}", secrets.token_hex(8)
        told = (json.dumps(where), stored_vector, extra, f"{now:.6f}", ends, self._limits.bytes, mark)
        self._connection.run(PUT, PREFIX, entry.id, written, *told)

    def get(self, entry_id: str) -> Entry | None:
        """The living entry with this id."""
        (record,) = self._records([entry_id])
        return record.entry if record else None

    def touch(self, entry_id: str) -> None:
        """Count a use, for least-recently-used eviction."""
        with self._connection.talking() as client:
            client.zadd(f"{PREFIX}used", {entry_id: time.time()}, xx=True)

    def remove(self, entry_ids: Iterable[str]) -> int:
        """Forget these; how many there were."""
        ids = list(entry_ids)
        parts = (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
        return sum(int(self._connection.run(REMOVE, PREFIX, *part)) for part in parts)

    def entries(self) -> Iterator[Entry]:
        """All live ones, newest first; those that go meanwhile are left out."""
        with self._connection.talking() as client:
            made = [(_made(where), name) for name, where in client.hscan_iter(f"{PREFIX}kept", count=_AT_ONCE)]
        names = [name.decode(errors="replace") for _, name in sorted(made, reverse=True)]
        for start in range(0, len(names), _AT_ONCE):
            for record in self._records(names[start : start + _AT_ONCE]):
                if record:
                    yield record.entry

    def observe(self, entry_id: str, observation: Observation) -> None:
        """Keep what was learnt about serving an entry; of one that is gone, nothing."""
        self._connection.run(OBSERVE, PREFIX, entry_id, write_observation(observation))

    def observations(self, entry_id: str) -> Sequence[Observation]:
        """What was learnt about serving an entry, oldest first."""
        with self._connection.talking() as client:
            stored = client.lrange(f"{PREFIX}seen:{entry_id}", 0, -1)
        return [observation for each in stored if (observation := read_observation(each))]

    def stats(self) -> StoreStats:
        """Live entries, and about the bytes they take in the server."""
        with self._connection.talking() as client:
            living = client.zcount(f"{PREFIX}ends", time.time(), "+inf")
            taken = client.get(f"{PREFIX}bytes")
        return StoreStats(int(living), int(taken or 0))

    def clear(self) -> None:
        """Forget everything of ours in this server; other programs' keys stay."""
        with self._connection.talking() as client:
            for name in client.scan_iter(match=f"{PREFIX}*", count=1_000):
                client.unlink(name)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _search(self) -> VectorSearch:
        if self._found_search is None:
            from llmswitch.cache.redis_vectors import search_with

            self._found_search = search_with(self._connection)
        return self._found_search

    def _records(self, names: Sequence[str]) -> list[Record | None]:
        """The living records of these ids; None for one that is gone, or that we never wrote."""
        if not names:
            return []
        with self._connection.talking() as client:
            found = client.mget([f"{PREFIX}entry:{name}" for name in names])
        return [_record(stored, name) for stored, name in zip(found, names, strict=True)]


def _record(stored: bytes | None, name: str) -> Record | None:
    try:
        record = decode(stored) if stored else None
    except ValueError:
        return None
    return record if record and record.entry.id == name and record.entry.expires_at > time.time() else None


def _made(where: bytes) -> float:
    """When an entry was made, for the order of a listing; 0 where somebody else wrote what stands there."""
    try:
        return float(json.loads(where)["made"])
    except (ValueError, TypeError, KeyError):
        return 0.0
