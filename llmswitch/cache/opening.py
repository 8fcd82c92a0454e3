"""The cache of a profile, put together bit by bit: an exact repeat needs the store alone; policy, embedder and numpy come in
when something is kept in the prompt's scope that may be near."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmswitch import paths
from llmswitch.cache.base import Entry, Lookup, Neighbour, Query, Store
from llmswitch.cache.limits import Limits
from llmswitch.cache.normalise import prompt_hash
from llmswitch.cache.stores import open_store
from llmswitch.errors import CacheError

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector
    from llmswitch.cache.local_judge import LocalJudge
    from llmswitch.cache.semantic import SemanticCache
    from llmswitch.catalog import ProviderSettings


def folder(settings: Mapping[str, Any]) -> Path:
    """Where the `disk` store of a profile's `[cache]` is."""
    return Path(settings["path"]).expanduser() if settings["path"] else paths.cache_dir() / "answers"


def open_cache(settings: Mapping[str, Any], providers: Mapping[str, ProviderSettings]) -> OpenedCache:
    """The cache that a profile's `[cache]` describes; of one that is `off`, what the disk store still holds. Raises
    CacheError."""
    return OpenedCache(settings, providers.get("ollama"))


class OpenedCache:
    """What `engine.cached.Repeats` asks for, and the store for those who look after it. Safe with many threads."""

    def __init__(self, settings: Mapping[str, Any], ollama: ProviderSettings | None) -> None:
        self._settings = settings
        self._ollama = ollama
        self._lock = threading.Lock()
        self._policy: SemanticCache | None = None
        self._spec: str = settings["embedder"]
        light = self._spec == "light"
        self.store: Store = self._open(*_LIGHT) if light else self._open(None, 0)

    def lookup(self, query: Query) -> Lookup:
        """The answer to serve, or why none is. Raises CacheError."""
        same = self.store.exact(query.scope, prompt_hash(query.prompt), max_tier=query.max_tier)
        if same is not None:
            self.store.touch(same.id)
            return Lookup(same, "exact", "the same prompt", Neighbour(same, 1.0))
        if self._spec == "none":
            return Lookup(None, "miss", "no such prompt")
        if not self.store.holds(query.scope):
            return Lookup(None, "miss", "nothing is kept for this task, system prompt, attachments and route")
        return self.policy.lookup(query)

    def nearest(self, query: Query, vector: Vector) -> Neighbour | None:
        """The nearest entry, however far, for an explanation. Raises CacheError."""
        found = self.policy.store.near(query.scope, vector, k=1, threshold=-1.0, max_tier=query.max_tier)
        return found[0] if found else None

    def vector(self, prompt: str) -> Vector | None:
        """The prompt as its entry will be kept; None where nothing is embedded. Raises CacheError."""
        embedder = self.policy.embedder if self._spec != "none" else None
        return embedder.embed([prompt])[0] if embedder is not None else None

    def fill(self, entry: Entry, vector: Vector | None) -> None:
        """Keep an answer. Raises CacheError."""
        self.policy.fill(entry, vector)

    def learn(self, entry_id: str, score: float, *, right: bool) -> None:
        """Remember that serving this entry at cosine `score` was, or would have been, right."""
        self.policy.learn(entry_id, score, right=right)

    @property
    def policy(self) -> SemanticCache:
        """The cache with its embedder and its guard, loaded when first needed. Raises CacheError and ConfigError."""
        with self._lock:
            if self._policy is None:
                self._policy = self._build()
            return self._policy

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()
        if self._policy is not None and self._policy.store is not self.store:
            self._policy.store.close()

    def _build(self) -> SemanticCache:
        from llmswitch.cache import embedders
        from llmswitch.cache.semantic import SemanticCache, Settings

        settings = Settings(threshold=self._settings["threshold"], max_error=self._settings["max_error"])
        embedder = embedders.build(self._spec, self._ollama)
        judge = self._judge()
        if embedder is None or self._spec == "light":
            return SemanticCache(self.store, embedder, settings, judge)
        return SemanticCache(self._open(embedder.name, embedder.dim), embedder, settings, judge)

    def _judge(self) -> LocalJudge | None:
        if not self._settings["judge"]:
            return None
        from llmswitch.cache.local_judge import LocalJudge

        return LocalJudge.at(self._settings["judge"], self._ollama)

    def _open(self, embedder: str | None, dim: int) -> Store:
        kind = "redis" if self._settings["store"] == "redis" else "disk"
        if kind == "disk":
            _make_private(folder(self._settings))
        return open_store(
            kind,
            path=folder(self._settings),
            url=self._settings["url"],
            embedder_name=embedder,
            dim=dim,
            limits=Limits(bytes=self._settings["limit_mb"] * 2**20),
        )


def _make_private(where: Path) -> None:
    """Our folders on the way to the store: 0700. Raises CacheError."""
    try:
        if where.is_relative_to(paths.cache_dir()):
            paths.private_dir(paths.cache_dir())
        paths.private_dir(where)
    except OSError as error:
        raise CacheError(f"the cache {where}: {error.strerror}", hint="make the folder yours and writable") from error


_LIGHT = ("light-1", 384)
"""Name and size of the light embedder's vectors, so that an exact hit needn't load it."""
