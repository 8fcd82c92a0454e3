"""What a cache is made of: entries, what a lookup asks for, and the two Protocols behind which stores and embedders stand.

Nothing here imports numpy; a vector is a float32 array (dim,), L2-normalised, so that a dot product is the cosine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]
    """(dim,) one prompt, or (n, dim) several."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer. `scope` is a digest of all that must be equal for a hit (system prompt, attachments, format, language,
    task …); `prompt_hash` one of the normalised prompt. Instants are POSIX seconds; amounts are decimal strings in US
    dollars or None where not known; `tier` is that of the model that answered (0 the strongest)."""

    id: str
    scope: str
    prompt_hash: str
    prompt: str
    answer: str
    task: str
    model: str
    provider: str
    model_id: str
    tier: int
    created_at: float
    expires_at: float
    project: str | None = None
    finish: str = "stop"
    usage: Mapping[str, int | None] = field(default_factory=dict)
    cost_usd: str | None = None
    imputed_usd: str | None = None
    total_ms: float | None = None
    dispatch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A stored entry near a prompt; `score` is the cosine, -1..1."""

    entry: Entry
    score: float


@dataclass(frozen=True, slots=True)
class Observation:
    """What was learnt about serving an entry for a prompt at cosine `score`: whether it would have been right."""

    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class StoreStats:
    """How much is kept: live entries, and bytes on disk or in the server."""

    entries: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Query:
    """What a lookup asks with. `max_tier` is the weakest tier whose answer may serve; `now` POSIX seconds."""

    prompt: str
    scope: str
    max_tier: int
    now: float


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a lookup found. `entry` is None for a miss; `how` says what answered; `neighbour` is the nearest one that was
    looked at, also where it was refused; `reason` says in a few words why it was served or not. `vector` (dim,) is kept
    for the entry that a miss will fill, None where nothing was embedded."""

    entry: Entry | None
    how: Literal["exact", "semantic", "miss"]
    reason: str
    neighbour: Neighbour | None = None
    vector: Vector | None = None


class Embedder(Protocol):
    """Turns prompts into vectors. `name` says model and version: vectors of different names never meet. `threshold` is
    the cosine from which two prompts are worth a closer look, for this embedder."""

    @property
    def name(self) -> str: ...

    @property
    def dim(self) -> int: ...

    @property
    def threshold(self) -> float: ...

    def embed(self, texts: Sequence[str]) -> Vector:
        """(n, dim) for n texts. Raises CacheError where the model can't be had."""
        ...


class Store(Protocol):
    """Keeps entries for one embedder (by name; None keeps entries without vectors, for exact hits only). Expired entries
    are never returned. Safe with many threads and processes. Every method raises CacheError where the store can't serve."""

    def exact(self, scope: str, prompt_hash: str, *, max_tier: int) -> Entry | None:
        """The newest entry with this hash whose tier is at most `max_tier`."""
        ...

    def holds(self, scope: str) -> bool:
        """Whether anything is kept in this scope; in doubt yes. Cheap: it saves a miss the embedding."""
        ...

    def near(self, scope: str, vector: Vector, *, k: int, threshold: float, max_tier: int) -> Sequence[Neighbour]:
        """At most `k` entries of this scope and tier with a cosine of at least `threshold`, nearest first. Filters are
        applied before ranking, so that an unfit entry never hides a fit one."""
        ...

    def put(self, entry: Entry, vector: Vector | None) -> None:
        """Keep `entry`; one with the same scope, hash and tier is replaced."""
        ...

    def get(self, entry_id: str) -> Entry | None: ...

    def touch(self, entry_id: str) -> None:
        """Count a use, for least-recently-used eviction."""
        ...

    def remove(self, entry_ids: Iterable[str]) -> int:
        """Forget these; how many there were."""
        ...

    def entries(self) -> Iterator[Entry]:
        """All live ones, newest first."""
        ...

    def observe(self, entry_id: str, observation: Observation) -> None: ...

    def observations(self, entry_id: str) -> Sequence[Observation]: ...

    def stats(self) -> StoreStats: ...

    def clear(self) -> None: ...

    def close(self) -> None: ...
