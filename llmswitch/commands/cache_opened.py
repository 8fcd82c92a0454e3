"""The cache of a profile, for the commands that look after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmswitch.cache.opening import OpenedCache
    from llmswitch.profile import Profile


@contextmanager
def opened(profile: Profile) -> Iterator[OpenedCache | None]:
    """The profile's cache, also where it is off by now; None where there never was one on disk, so that looking makes none.
    Raises CacheError."""
    from llmswitch.cache.opening import folder, open_cache

    settings = profile.settings["cache"]
    if settings["store"] != "redis" and not folder(settings).exists():
        yield None
        return
    cache = open_cache(settings, profile.providers)
    try:
        yield cache
    finally:
        cache.close()


def folder_or_url(profile: Profile) -> str:
    """Where it is; a password in the URL is not shown."""
    from llmswitch.cache.opening import folder
    from llmswitch.cache.redis_connection import DEFAULT_URL, shown

    settings = profile.settings["cache"]
    return shown(settings["url"] or DEFAULT_URL) if settings["store"] == "redis" else str(folder(settings))
