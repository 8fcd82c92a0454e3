"""How an entry is written down: one line of JSON, then its vector as little-endian float32. Never pickle.

The vector stands with its entry so that any index can be made again from the entries alone, without the embedder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from types import NoneType

from llmswitch.cache.base import Entry, Observation

_NUMBER = (int, float)
_TYPES: dict[str, tuple[type, ...]] = {
    "tier": (int,),
    "created_at": _NUMBER,
    "expires_at": _NUMBER,
    "project": (str, NoneType),
    "usage": (dict,),
    "cost_usd": (str, NoneType),
    "imputed_usd": (str, NoneType),
    "total_ms": (*_NUMBER, NoneType),
    "dispatch_id": (str, NoneType),
}
"""What JSON may hold for a field of Entry; the others hold text."""
_FIELDS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True, slots=True)
class Record:
    """An entry as it is stored. `vector` is (dim,) float32 as bytes, empty where `embedder` is None."""

    entry: Entry
    embedder: str | None = None
    vector: bytes = b""

    def fits(self, embedder: str, dim: int, scope: str, max_tier: int) -> bool:
        """Whether this may be a neighbour: a vector of this embedder, in this scope, of at most this tier."""
        here = self.embedder == embedder and len(self.vector) == 4 * dim
        return here and self.entry.scope == scope and self.entry.tier <= max_tier


def encode(record: Record) -> bytes:
    """The bytes that a store keeps."""
    entry = {name: getattr(record.entry, name) for name in _FIELDS} | {"usage": dict(record.entry.usage)}
    head = {"entry": entry, "embedder": record.embedder}
    return (
        json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")
        + b"\n"
        + record.vector
    )


def decode(stored: bytes) -> Record:
    """The record in `stored`. Raises ValueError for anything that `encode` can't have written."""
    line, newline, vector = stored.partition(b"\n")
    head = json.loads(line.decode(errors="surrogatepass"))
    if not newline or not isinstance(head, dict):
        raise ValueError("not a record")
    embedder = head.get("embedder")
    if not isinstance(embedder, str | None) or len(vector) % 4 or bool(vector) != bool(embedder):
        raise ValueError("not a record: embedder and vector don't fit")
    return Record(_entry(head.get("entry")), embedder, vector)


def write_observation(observation: Observation) -> str:
    """The JSON that a store keeps."""
    return json.dumps([observation.score, observation.right], separators=(",", ":"))


def read_observation(stored: str | bytes) -> Observation | None:
    """What `write_observation` wrote; None for anything else."""
    try:
        score, right = json.loads(stored)
    except (ValueError, TypeError):
        return None
    return Observation(float(score), right) if _is(score, int, float) and isinstance(right, bool) else None


def _entry(values: object) -> Entry:
    if not isinstance(values, dict) or values.keys() != set(_FIELDS):
        raise ValueError("not an entry")
    for name, value in values.items():
        _must(_is(value, *_TYPES.get(name, (str,))), name)
    _must(all(_is(tokens, int, NoneType) for tokens in values["usage"].values()), "usage")
    return Entry(**values)


def _is(value: object, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _must(holds: bool, field: str) -> None:
    if not holds:
        raise ValueError(f"not an entry: its `{field}`")
