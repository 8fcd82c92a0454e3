"""The Ollama server itself: where it is, which models it has, and how it gets one more."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from llmswitch.catalog import ProviderSettings
from llmswitch.conversation import Progress
from llmswitch.errors import ConfigError
from llmswitch.providers.base import api_key, base_url
from llmswitch.providers.call_site import CallSite, translated

if TYPE_CHECKING:
    import httpx
    import ollama

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 11434


def server_url(settings: ProviderSettings) -> str:
    """The server's URL from the profile or `OLLAMA_HOST`, in any form Ollama itself takes: `host`, `host:port`, `:port`,
    `http://…`. An address to listen on (`0.0.0.0`) becomes the one to call."""
    value = (base_url(settings) or os.environ.get("OLLAMA_HOST") or "").strip().rstrip("/").removesuffix("/v1")
    scheme, separator, rest = value.partition("://")
    if not separator:
        scheme, rest = "http", value
    split = urlsplit(f"//{rest}")
    host = split.hostname or DEFAULT_HOST
    host = {"0.0.0.0": DEFAULT_HOST, "::": "::1"}.get(host, host)  # noqa: S104  # recognised, not bound
    if ":" in host:
        host = f"[{host}]"
    try:
        port = split.port
    except ValueError:
        raise ConfigError(
            f"{value!r} is not an address of Ollama", file="$OLLAMA_HOST or base_url", hint="host:port"
        ) from None
    fallback = {"http": 80, "https": 443}[scheme] if separator and scheme in ("http", "https") else DEFAULT_PORT
    return f"{scheme}://{host}:{port or fallback}{split.path}"


def open_client(settings: ProviderSettings, url: str, key: str | None) -> ollama.AsyncClient:
    """The SDK's client. It carries `key` and no other: by itself the SDK would take `OLLAMA_API_KEY` anywhere."""
    import httpx
    import ollama

    headers = dict(settings.headers)
    if key:
        headers["authorization"] = f"Bearer {key}"
    ours = {name.lower() for name in headers}

    async def only_ours(request: httpx.Request) -> None:
        if "authorization" not in ours:
            request.headers.pop("authorization", None)

    timeouts = settings.timeouts
    return ollama.AsyncClient(
        host=url,
        headers=headers,
        timeout=httpx.Timeout(timeouts.total_s, connect=timeouts.connect_s),
        event_hooks={"request": [only_ours]},
    )


async def installed(settings: ProviderSettings) -> list[str]:
    """The names of the models the server has. Raises ProviderError (NetworkError if it does not run)."""
    from llmswitch.providers.translate_ollama import translate

    url, key = server_url(settings), api_key(settings)
    async with open_client(settings, url, key) as client:
        with translated(CallSite(settings.name, "list of models", url, key), translate):
            listed = await client.list()
            return [model.model for model in listed.models if model.model]


async def pull(settings: ProviderSettings, model: str) -> AsyncIterator[Progress]:
    """Download `model` (Ollama's name) to the server, telling the bytes as they come. Raises ProviderError."""
    from llmswitch.providers.translate_ollama import translate

    url, key = server_url(settings), api_key(settings)
    site = CallSite(settings.name, model, url, key)
    async with open_client(settings, url, key) as client:
        with translated(site, translate):
            done = False
            async for step in await client.pull(model, stream=True):
                done = step.status == "success"
                yield Progress(f"{model}: {step.status}", done=step.completed or 0, total=step.total)
            if not done:
                raise site.ended_early()
