"""Two ways to find near vectors with Redis: vector sets in the server (Redis 8), or rows fetched and scored here.

The second is correct on any Redis, and slower: a process fetches each row of a scope once, then only what came since.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from llmswitch.cache.index_scan import differing_signs
from llmswitch.cache.quantised import codes, cosines, signs
from llmswitch.cache.redis_scripts import PREFIX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from llmswitch.cache.base import Entry, Vector
    from llmswitch.cache.redis_connection import RedisConnection

_VISITED = 10_000
"""Elements that the server looks at before it gives up on finding fit ones: it answers nobody else meanwhile."""
_EFFORT = 128
"""How many candidates the server's search keeps in hand."""
_FETCHED_AT_ONCE = 2_000
_MOST_ROWS = 50_000
"""Rows that are fetched at once, the newest ones: older entries of so large a scope are still served to the same prompt."""
_MOST_SPACES = 64
_SCORED = 1_024
"""Rows whose cosine is computed, of those whose signs differ least."""
_ROW = struct.Struct("<Bdf")


@dataclass(frozen=True, slots=True)
class Stored:
    """A vector as a script writes it; `kind` names the field of `kept` and `extra` are a vector set's attributes."""

    kind: str
    vector: bytes
    extra: str = "{}"


@dataclass(frozen=True, slots=True)
class Found:
    """An id near the query, and about its cosine."""

    name: str
    score: float


class VectorSearch(Protocol):
    """Finds ids near a vector. What it returns is a hint: the record decides."""

    def stored(self, vector: Vector, entry: Entry) -> Stored: ...

    def nearest(self, space: str, query: Vector, *, count: int, max_tier: int) -> Sequence[Found]:
        """At most `count` fit elements of `space`, nearest first."""
        ...

    def without(self, space: str, ids: Sequence[str]) -> None:
        """These ids of `space` are gone: don't return them again."""
        ...


def search_with(connection: RedisConnection) -> VectorSearch:
    """The better way that this server has. Raises CacheError."""
    from redis.exceptions import ResponseError

    with connection.talking() as client:
        try:
            client.execute_command("VCARD", f"{PREFIX}none")
        except ResponseError as error:
            if "unknown command" in str(error).lower() or str(error).startswith("NOPERM"):
                return FetchedRows(connection)
            raise
    return VectorSets(connection)


class VectorSets:
    """Lets the server search. Its scores are (1 + cosine) / 2, of rounded vectors."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection

    def stored(self, vector: Vector, entry: Entry) -> Stored:
        """The vector as float32, and what the search filters by."""
        extra = json.dumps({"tier": entry.tier, "ends": entry.expires_at})
        return Stored("vectors", vector.astype("<f4").tobytes(), extra)

    def nearest(self, space: str, query: Vector, *, count: int, max_tier: int) -> Sequence[Found]:
        """As VectorSearch. The filter works while the server walks its graph, so an unfit element takes nobody's place."""
        key = f"{PREFIX}vectors:{space}"
        fit = f".tier <= {max_tier} and .ends > {time.time():.3f}"
        asked = ("COUNT", count, "EF", _EFFORT, "FILTER", fit, "FILTER-EF", _VISITED)
        with self._connection.talking() as client:
            told = (
                client.execute_command("VSIM", key, "FP32", query.astype("<f4").tobytes(), "WITHSCORES", *asked) or []
            )
        pairs = zip(told[::2], told[1::2], strict=True)
        return [Found(name.decode(errors="replace"), 2 * float(score) - 1) for name, score in pairs]

    def without(self, space: str, ids: Sequence[str]) -> None:
        """Take elements out whose entries the server has let go."""
        with self._connection.talking() as client:
            pipeline = client.pipeline(transaction=False)
            for each in ids:
                pipeline.execute_command("VREM", f"{PREFIX}vectors:{space}", each)
            pipeline.execute()


@dataclass(slots=True)
class _Space:
    """Rows of one space as far as they were fetched: ids; (n,) tiers, ends and scales; (n, dim) codes; (words, n) bits."""

    born: bytes | None = None
    seen: int = 0
    ids: list[str] = field(default_factory=list)
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


class FetchedRows:
    """Fetches the rows of a space and scores them here."""

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection
        self._spaces: dict[str, _Space] = {}

    def stored(self, vector: Vector, entry: Entry) -> Stored:
        """A row: tier, end, scale, and the vector's numbers as bytes."""
        whole, scales = codes(vector[None])
        return Stored("rows", _ROW.pack(min(entry.tier, 255), entry.expires_at, scales[0]) + whole[0].tobytes())

    def nearest(self, space: str, query: Vector, *, count: int, max_tier: int) -> Sequence[Found]:
        """As VectorSearch."""
        known = self._up_to_date(space, len(query))
        if not known.ids:
            return []
        columns = known.columns
        slots = np.flatnonzero((columns["tier"] <= max_tier) & (columns["ends"] > time.time()))
        if len(slots) > _SCORED:
            away = differing_signs(columns["bits"][None], signs(query[None])[0])[0][slots]
            slots = slots[np.argpartition(away, _SCORED)[:_SCORED]]
        scores = cosines(query, columns["codes"][slots], columns["scale"][slots])
        order = np.argsort(-scores, kind="stable")
        best = (Found(known.ids[slots[at]], float(scores[at])) for at in order)
        return list(islice((found for found in best if found.name not in known.gone), count))

    def without(self, space: str, ids: Sequence[str]) -> None:
        """Remember that these are gone."""
        self._spaces.setdefault(space, _Space()).gone.update(ids)

    def _up_to_date(self, space: str, dim: int) -> _Space:
        self._let_go(space)
        known = self._spaces.setdefault(space, _Space())
        with self._connection.talking() as client:
            born = client.get(f"{PREFIX}born")
            if born != known.born:
                known = self._spaces[space] = _Space(born=born)
            since = ("+inf", f"({known.seen}", 0, _MOST_ROWS)
            news = client.zrevrangebyscore(f"{PREFIX}order:{space}", *since, withscores=True)[::-1]
            fetched: list[tuple[str, bytes]] = []
            for start in range(0, len(news), _FETCHED_AT_ONCE):
                names = [name for name, _ in news[start : start + _FETCHED_AT_ONCE]]
                rows = client.hmget(f"{PREFIX}rows:{space}", names)
                fetched += [(name.decode(errors="replace"), row) for name, row in zip(names, rows, strict=True) if row]
        if news:
            known.seen = int(news[-1][1])
            _extend(known, [(name, row) for name, row in fetched if len(row) == _ROW.size + dim], dim)
        return known

    def _let_go(self, space: str) -> None:
        """Forget a space most of whose rows have ended, and all of them where there are many: a process may live for weeks."""
        known = self._spaces.get(space)
        if known and known.ids and 2 * np.count_nonzero(known.columns["ends"] > time.time()) < len(known.ids):
            del self._spaces[space]
        if len(self._spaces) > _MOST_SPACES:
            self._spaces.clear()


def _extend(known: _Space, rows: list[tuple[str, bytes]], dim: int) -> None:
    heads = [_ROW.unpack_from(row) for _, row in rows]
    whole = np.frombuffer(b"".join(row[_ROW.size :] for _, row in rows), np.int8).reshape(-1, dim)
    fresh: dict[str, NDArray[Any]] = {
        "tier": np.array([head[0] for head in heads], np.uint8),
        "ends": np.array([head[1] for head in heads], np.float64),
        "scale": np.array([head[2] for head in heads], np.float32),
        "codes": whole,
        "bits": signs(whole).T,
    }
    old = known.columns
    known.columns = {
        name: np.concatenate((old[name], new), axis=-1 if name == "bits" else 0) if old else new
        for name, new in fresh.items()
    }
    known.ids += [name for name, _ in rows]
    known.gone -= {name for name, _ in rows}
