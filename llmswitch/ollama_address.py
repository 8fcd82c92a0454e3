"""Where Ollama listens, from the profile or `OLLAMA_HOST`, in every form Ollama itself takes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from llmswitch.catalog import ProviderSettings

HOST, PORT = "127.0.0.1", 11434
_LISTENS_EVERYWHERE = {"0.0.0.0": HOST, "::": "::1"}  # noqa: S104 - recognised, not bound


@dataclass(frozen=True, slots=True)
class Address:
    """A server; `path` is the prefix of its routes, without a slash at the end."""

    host: str
    port: int
    secure: bool = False
    path: str = ""


def address_of(settings: ProviderSettings | None) -> Address:
    """`host`, `host:port`, `:port` or a URL; an address to listen on becomes the one to call. Raises ValueError for none
    of these."""
    value = (settings.base_url if settings else None) or ""
    if not value and settings is not None and settings.base_url_env:
        value = os.environ.get(settings.base_url_env, "")
    value = (value or os.environ.get("OLLAMA_HOST", "")).strip().rstrip("/").removesuffix("/v1")
    scheme, separator, rest = value.partition("://")
    if not separator:
        scheme, rest = "http", value
    if scheme not in ("http", "https"):
        raise ValueError(f"{scheme}:// is not spoken here")
    split = urlsplit(f"//{rest}")
    host = split.hostname or HOST
    default = {"http": 80, "https": 443}[scheme] if separator else PORT
    return Address(
        _LISTENS_EVERYWHERE.get(host, host), split.port or default, scheme == "https", split.path.rstrip("/")
    )
