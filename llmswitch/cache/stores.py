"""Which stores there are, by the name that a profile's `[cache] store` gives them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from llmswitch.cache.limits import Limits
from llmswitch.errors import CacheError

if TYPE_CHECKING:
    from llmswitch.cache.base import Store

Opener = Callable[[Path, str | None, str | None, int, Limits], "Store"]
"""Takes the folder, the URL, the embedder's name and dimension, and the limits."""


def _disk(path: Path, _url: str | None, embedder: str | None, dim: int, limits: Limits) -> Store:
    from llmswitch.cache.disk import DiskStore

    return DiskStore(path, embedder=embedder, dim=dim, limits=limits)


def _redis(_path: Path, url: str | None, embedder: str | None, dim: int, limits: Limits) -> Store:
    from llmswitch.cache.redis_connection import DEFAULT_URL
    from llmswitch.cache.redis_store import RedisStore

    return RedisStore(url or DEFAULT_URL, embedder=embedder, dim=dim, limits=limits)


STORES: dict[str, Opener] = {"disk": _disk, "redis": _redis}


def open_store(
    kind: str, *, path: Path, url: str | None, embedder_name: str | None, dim: int, limits: Limits | None = None
) -> Store:
    """Open the store `kind`. `path` is the folder of one on disk, `url` where one on a server is; `embedder_name` None keeps
    entries for exact hits only. Raises CacheError."""
    opener = STORES.get(kind)
    if opener is None:
        raise CacheError(f"there is no cache store `{kind}`", hint=f"one of: {', '.join(sorted(STORES))}")
    return opener(path, url, embedder_name, dim, limits or Limits())
