"""The OpenAI SDK's client for one provider, whatever it is that speaks OpenAI's protocols."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from llmswitch.catalog import ProviderSettings
from llmswitch.providers import ambient_headers
from llmswitch.providers.base import api_key, base_url

if TYPE_CHECKING:
    import openai

OPENAI_URL = "https://api.openai.com/v1"
KEYLESS = "llmswitch"
"""Sent to servers that need no key: without one the SDK would take `OPENAI_API_KEY` to whoever they are."""
_ORGANIZATION = ("OpenAI-Organization", "OpenAI-Project")


def vendor_url(settings: ProviderSettings, variable: str, default: str) -> str:
    """Where calls go: the profile's URL or its variable, else the vendor's own `variable`, else its `default`."""
    return (base_url(settings) or os.environ.get(variable) or default).rstrip("/")


class OpenAIConnection:
    """The SDK client, made at the first call: neither the SDK nor the key is touched before."""

    def __init__(self, settings: ProviderSettings, url: str, headers: Mapping[str, str] | None = None) -> None:
        self.settings = settings
        self.url = url
        self.key: str | None = None
        self._opening = asyncio.Lock()
        self._extra = dict(headers or {})
        self._client: openai.AsyncOpenAI | None = None

    async def client(self) -> openai.AsyncOpenAI:
        """The one client of this provider. Raises AuthenticationError where a key is needed and missing."""
        async with self._opening:  # two first calls at once share one client, and ask for the key once
            return self._client or await self._new_client()

    async def _new_client(self) -> openai.AsyncOpenAI:
        self.key = await asyncio.to_thread(api_key, self.settings)  # it may run a command
        import openai

        timeouts = self.settings.timeouts
        self._client = openai.AsyncOpenAI(
            api_key=self.key or KEYLESS,
            base_url=self.url,
            max_retries=0,
            timeout=openai.Timeout(timeouts.total_s, connect=timeouts.connect_s),
            default_headers=cast("dict[str, str]", self._headers(openai.Omit())),
        )
        return self._client

    def _headers(self, omit: object) -> dict[str, object]:
        ours = {"Authorization": f"Bearer {self.key or KEYLESS}", **self._extra, **self.settings.headers}
        ambient = [*ambient_headers.custom_names("OPENAI_CUSTOM_HEADERS"), *_ORGANIZATION]
        foreign = self.settings.base_url is not None or "OPENAI" not in (self.settings.api_key_env or "OPENAI")
        return ambient_headers.own_headers(
            ours, ambient=ambient, credential="Authorization", foreign=foreign, omit=omit
        )

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None
