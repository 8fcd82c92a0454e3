"""The Protocol every provider satisfies, and how a key is found."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Event, Request
from llmswitch.errors import AuthenticationError
from llmswitch.providers import key_store

KEY_COMMAND_S = 30
"""How long an `api_key_cmd` may take; some ask for a fingerprint first."""


class Provider(Protocol):
    """One way to reach models. An instance belongs to one `ProviderSettings` and one event loop."""

    def __init__(self, settings: ProviderSettings) -> None: ...

    def missing(self, model: Model) -> str | None:
        """Why `model` can't be tried right now (no key, no binary, no file), or None. Cheap: no network, no import
        of an SDK."""

    def stream(self, request: Request, model: Model) -> AsyncIterator[Event]:
        """The answer, event by event. The last event is `Finish`; a failure is one `ProviderError`. Closing the
        iterator or cancelling its task stops the call at once and frees what it held."""

    async def aclose(self) -> None:
        """Let go of connections and processes."""


def base_url(settings: ProviderSettings) -> str | None:
    """The profile's URL, else the vendor's own variable, else None (the SDK's default)."""
    if settings.base_url:
        return settings.base_url
    return os.environ.get(settings.base_url_env, "") or None if settings.base_url_env else None


@runtime_checkable
class Resolving(Protocol):
    """An adapter that can turn a model id which stands for several (`auto`) into the one it will call."""

    def resolve(self, model: Model) -> Model:
        """The model to call; `model` itself where its id is one already. Cheap, as `missing` is."""


def is_loopback(url: str | None) -> bool:
    """Whether `url` points at this machine: such servers are used without a key when none is set."""
    host = urlsplit(url).hostname if url else None
    return host in ("localhost", "::1") or bool(host and host.startswith("127."))


def missing_key(settings: ProviderSettings) -> str | None:
    """Why there is no key, or None. Runs no `api_key_cmd` and asks no keyring."""
    if not settings.key_required or settings.api_key_cmd or is_loopback(base_url(settings)):
        return None
    if settings.api_key_env and os.environ.get(settings.api_key_env):
        return None
    if key_store.place_of(settings.name):
        return None
    return f"no key: {settings.api_key_env} is not set" if settings.api_key_env else "no key is configured"


def api_key(settings: ProviderSettings) -> str | None:
    """The key, from the first that has one: the environment, the command, `llmswitch key set`. None where none is needed
    and none is set."""
    if settings.api_key_env and (value := os.environ.get(settings.api_key_env)):
        return value
    if settings.api_key_cmd:
        return _key_from_command(settings, settings.api_key_cmd)
    if (settings.key_required or settings.api_key_env) and (kept := key_store.get(settings.name)):
        return kept
    if problem := missing_key(settings):
        raise AuthenticationError(
            problem, provider=settings.name, hint=f"set it, or keep one with `llmswitch key set {settings.name}`"
        )
    return None


def _key_from_command(settings: ProviderSettings, command: str) -> str:
    import shlex
    import subprocess

    try:
        done = subprocess.run(  # the user's own configuration names this command
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=KEY_COMMAND_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AuthenticationError(
            f"api_key_cmd of provider {settings.name!r} gave no key within {KEY_COMMAND_S} s",
            provider=settings.name,
            hint="run it once by hand: it may be waiting to be unlocked",
        ) from None  # the command line may hold a secret
    except (OSError, ValueError) as error:
        raise AuthenticationError(
            f"api_key_cmd of provider {settings.name!r} could not be run: {error.__class__.__name__}",
            provider=settings.name,
        ) from None  # the command line may hold a secret
    key = done.stdout.strip()
    if done.returncode or not key:
        raise AuthenticationError(
            f"api_key_cmd of provider {settings.name!r} gave no key (exit {done.returncode})", provider=settings.name
        )
    return key


def origin(settings: ProviderSettings, model: Model) -> str:
    """What `conversation.Thinking.origin` holds for reasoning that came from here: a signature is valid nowhere else."""
    return f"{settings.name}:{model.model}"
