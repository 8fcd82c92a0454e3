"""What stands in the disk store's database, as diskcache rows: records by number, and by name what leads to them.

    <number>               the record of an entry; the number is made from its id
    exact:<scope>:<hash>   {"<tier>": "<id>"}: the entries with this normalised prompt
    seen:<id>              [score, right], a line each: what was learnt about serving an entry
    appended:<embedder>    how many rows that embedder's index must have seen

Rows are kept in the order of their last use: a use writes its record anew, at the end. Every row ends with its entry.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from diskcache import Cache

from llmswitch.cache.base import Entry, Observation
from llmswitch.cache.index_layout import entry_key
from llmswitch.cache.record import Record, decode, encode, read_observation, write_observation

ROW_BYTES = 700
"""About what SQLite needs for a row beside its value: the key twice, times, what is left free of a page."""
ROWS_AN_ENTRY = 2
_MOST_SEEN = 256


class EntryRows:
    """The rows of one database. Methods that write are to be called inside `Cache.transact`."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def record(self, key: int) -> Record | None:
        """The living record with this number; None where there is none, or something that we never wrote."""
        stored = self._cache.get(key)
        try:
            record = decode(stored) if isinstance(stored, bytes) else None
        except ValueError:
            return None
        return record if record and record.entry.expires_at > time.time() else None

    def get(self, entry_id: str) -> Record | None:
        """The living record of this entry."""
        record = self.record(entry_key(entry_id))
        return record if record and record.entry.id == entry_id else None

    def by_prompt(self, scope: str, prompt_hash: str) -> dict[int, str]:
        """Ids by tier of the entries with this prompt; they may have gone since."""
        found = self._json(_exact(scope, prompt_hash))
        if not isinstance(found, dict):
            return {}
        return {int(tier): i for tier, i in found.items() if tier.isdecimal() and isinstance(i, str)}

    def holds(self, scope: str) -> bool:
        """Whether any prompt of this scope leads to an entry; answered by the index over the keys."""
        sql = "SELECT 1 FROM Cache WHERE raw = 1 AND key > ? AND key < ? LIMIT 1"
        first = _exact(scope, "")
        return self._cache._sql(sql, (first, f"{first}~")).fetchone() is not None

    def write(self, record: Record) -> None:
        """Keep a record, in place of one with the same scope, prompt and tier."""
        entry = record.entry
        others = self._living(self.by_prompt(entry.scope, entry.prompt_hash).values())
        kept = others | {entry.tier: entry}
        self._set(entry_key(entry.id), encode(record), entry.expires_at)
        self._point_to(kept)

    def move_to_end(self, entry_id: str) -> None:
        """Make a record the most recently used one."""
        if record := self.get(entry_id):
            self._cache.delete(entry_key(entry_id))
            self._set(entry_key(entry_id), encode(record), record.entry.expires_at)

    def delete(self, entry: Entry) -> None:
        """Forget an entry with all that leads to it."""
        others = self._living(self.by_prompt(entry.scope, entry.prompt_hash).values())
        left = {tier: other for tier, other in others.items() if other.id != entry.id}
        if left:
            self._point_to(left)
        else:
            self._cache.delete(_exact(entry.scope, entry.prompt_hash))
        self._cache.delete(f"seen:{entry.id}")
        self._cache.delete(entry_key(entry.id))

    def delete_foreign(self, key: int) -> None:
        """Forget a row whose value is not a record."""
        self._cache.delete(key)

    def observe(self, entry: Entry, observation: Observation) -> None:
        """Add to what was learnt about an entry; the newest are kept."""
        seen = [write_observation(each) for each in (*self.seen(entry.id), observation)]
        self._set(f"seen:{entry.id}", "\n".join(seen[-_MOST_SEEN:]).encode(), entry.expires_at)

    def seen(self, entry_id: str) -> list[Observation]:
        """What was learnt about an entry, oldest first."""
        stored = self._cache.get(f"seen:{entry_id}")
        lines = stored.splitlines() if isinstance(stored, bytes) else []
        return [observation for line in lines if (observation := read_observation(line))]

    def keys(self) -> list[int]:
        """The numbers of all records, least recently used first. Inside a transaction nothing is missed."""
        return [key for key in self._cache if isinstance(key, int)]

    def least_recent(self) -> Iterator[tuple[int, Record | None]]:
        """All records with their numbers, least recently used first; None for what is not a living record."""
        for key in self._cache:
            if isinstance(key, int):
                yield key, self.record(key)

    def appended(self, embedder: str) -> int:
        """How many rows the index of `embedder` must have seen."""
        found = self._json(f"appended:{embedder}")
        return found if isinstance(found, int) else 0

    def set_appended(self, embedder: str, count: int) -> None:
        """Say how many rows the index of `embedder` has seen."""
        self._cache.set(f"appended:{embedder}", _dump(count))

    def bytes_kept(self, index_row_bytes: int) -> int:
        """About the bytes of all rows in the database, and of an index with so many bytes for each entry."""
        rows = int(self._cache.reset("count"))
        return int(self._cache.reset("size")) + ROW_BYTES * rows + index_row_bytes * rows // ROWS_AN_ENTRY

    def number(self) -> int:
        """About how many entries there are."""
        return int(self._cache.reset("count")) // ROWS_AN_ENTRY

    def _living(self, ids: Iterable[str]) -> dict[int, Entry]:
        """The living entries among these, by tier."""
        found = (self.get(entry_id) for entry_id in ids)
        return {record.entry.tier: record.entry for record in found if record}

    def _point_to(self, entries: dict[int, Entry]) -> None:
        """Let their prompt lead to these entries, until the last one ends."""
        one = next(iter(entries.values()))
        ids = {tier: entry.id for tier, entry in entries.items()}
        until = max(entry.expires_at for entry in entries.values())
        self._set(_exact(one.scope, one.prompt_hash), _dump(ids), until)

    def _set(self, key: int | str, value: bytes, expires_at: float) -> None:
        self._cache.set(key, value, expire=expires_at - time.time())

    def _json(self, key: str) -> Any:
        stored = self._cache.get(key)
        try:
            return json.loads(stored) if isinstance(stored, bytes) else None
        except ValueError:
            return None


def _exact(scope: str, prompt_hash: str) -> str:
    return f"exact:{scope}:{prompt_hash}"


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
