"""One connection to a Redis server that never keeps its caller waiting for long; every failure becomes a CacheError.

After a failure the server is left alone for a while, so that a dispatch with several questions waits once.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from llmswitch.errors import CacheError

if TYPE_CHECKING:
    import redis

    from llmswitch.cache.limits import Limits

DEFAULT_URL = "redis://127.0.0.1:6379/0"


class RedisConnection:
    """Sends commands to the server at `url` (`redis://`, `rediss://` or `unix://`, with user and password where needed).
    Nothing is sent before the first command."""

    def __init__(self, url: str, limits: Limits) -> None:
        """Raises CacheError where the `redis` package is missing or the URL is none."""
        self.shown = shown(url)
        self._limits = limits
        self._failed: CacheError | None = None
        self._resting_until = 0.0
        self._client = _client(url, limits, self.shown)
        self._scripts: dict[str, Any] = {}

    @contextlib.contextmanager
    def talking(self) -> Iterator[Any]:
        """The `redis.Redis` client, whose types differ from release to release, for a few commands. Raises CacheError; at
        once while the server rests."""
        if self._failed and time.monotonic() < self._resting_until:
            raise CacheError(self._failed.message, hint=self._failed.hint)
        from redis import exceptions

        try:
            yield self._client
        except (exceptions.RedisError, OSError) as error:
            failure = self._translated(error)
            if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError | OSError):
                self._failed, self._resting_until = failure, time.monotonic() + self._limits.rest_s
            raise failure from error

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a Lua script of ours, sent in full only where the server does not know it yet. Raises CacheError."""
        with self.talking() as client:
            known = self._scripts.get(script)
            if known is None:
                known = self._scripts[script] = client.register_script(script)
            return known(args=arguments, client=client)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _translated(self, error: Exception) -> CacheError:
        from redis import exceptions

        where = f"the cache server {self.shown}"
        said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        match error:
            case exceptions.AuthenticationError():
                return CacheError(f"{where} refused the password: {said}", hint="set it in `[cache] url`")
            case exceptions.NoPermissionError():
                return CacheError(f"{where} forbids a command: {said}", hint="give its user the commands it needs")
            case exceptions.TimeoutError():
                return CacheError(f"{where} did not answer in time", hint='start it, or set `[cache] store = "disk"`')
            case exceptions.OutOfMemoryError():
                hint = "raise its `maxmemory`, or set its `maxmemory-policy` to volatile-lru"
                return CacheError(f"{where} is full", hint=hint)
            case exceptions.ConnectionError() | OSError():
                hint = 'start it (`docker compose up -d`), or set `[cache] store = "disk"`'
                return CacheError(f"{where} is not there: {said}", hint=hint)
        if said.startswith("NOAUTH"):
            return CacheError(f"{where} wants a password", hint="set it in `[cache] url`")
        return CacheError(f"{where} refused: {said}")


def shown(url: str) -> str:
    """The URL without user, password and options, for messages."""
    parts = urlsplit(url)
    place = parts.hostname or ""
    with contextlib.suppress(ValueError):
        place += f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{place}{parts.path}"


def _client(url: str, limits: Limits, name: str) -> redis.Redis:
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError as error:
        raise CacheError(
            "the cache store `redis` needs the package `redis`", hint="pip install 'llmswitch[redis]'"
        ) from error
    try:
        return redis.Redis.from_url(
            url,
            socket_connect_timeout=limits.connect_s,
            socket_timeout=limits.operation_s,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            decode_responses=False,
        )
    except ValueError as error:
        raise CacheError(f"`{name}` is no address of a Redis server: {error}", hint=f"such as {DEFAULT_URL}") from error
