"""Whether a prompt stays on this machine when a model is asked: for jobs that must not leave it (`Job.local_only`)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.providers.base import base_url, is_loopback

_HOSTED = re.compile(r"[:-]cloud$")
"""Ollama's names for models that it passes on to its own servers."""


def leaves_machine(model: Model, settings: ProviderSettings) -> str | None:
    """Why `model` is no place for a prompt that must stay here, or None. A profile's `local = true` alone is not enough:
    the server must be one of this machine, called directly."""
    if not model.local:
        return "it is not local, and this prompt must stay on this machine"
    if settings.kind == "embedded":
        return None
    if settings.kind == "ollama":
        from llmswitch.providers.ollama_server import server_url

        url: str | None = server_url(settings)
        if _HOSTED.search(model.model):
            return f"Ollama passes {model.model} on to its own servers, and this prompt must stay on this machine"
    else:
        url = base_url(settings)
    if url is None or not is_loopback(url):
        return f"its server ({urlsplit(url or '').hostname or 'the vendor'}) is another machine, and this prompt must stay here"
    if proxy := _proxy_for(url):
        return (
            f"its server is called through the proxy {proxy}, and this prompt must stay here (NO_PROXY=127.0.0.1 helps)"
        )
    return None


def _proxy_for(url: str) -> str | None:
    """The host of the proxy that the environment names for `url`, if it does."""
    from urllib.request import getproxies, proxy_bypass

    split = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(split.scheme) or proxies.get("all")
    if proxy is None or proxy_bypass(split.hostname or ""):
        return None
    return urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname or "of the environment"
