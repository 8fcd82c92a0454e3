"""The adapters under contract, and how a test calls one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from upstream import Upstream

from llmswitch.catalog import Model, ProviderSettings, Timeouts
from llmswitch.conversation import Event, Message, Request, Text, TextDelta, Usage, UsageReport
from llmswitch.errors import ProviderError
from llmswitch.providers.base import Provider
from llmswitch.providers.registry import build

T = TypeVar("T")
KEY = "sk-test-abcdefghijklmnop"


@dataclass(frozen=True)
class Case:
    """One adapter: the protocol the upstream speaks to it, and below which URL."""

    kind: str
    dialect: str
    path: str
    finishes: dict[str, str] = field(default_factory=dict)

    def settings(self, url: str, **changes: Any) -> ProviderSettings:
        """Settings for an upstream whose root is `url`."""
        given: dict[str, Any] = {
            "name": "mock",
            "kind": self.kind,
            "base_url": url + self.path,
            "api_key_env": "MOCK_KEY",
            "key_required": False,
            "timeouts": Timeouts(connect_s=5.0),
        }
        return ProviderSettings(**(given | changes))


CASES = (
    Case("anthropic", "anthropic", "", {"length": "max_tokens", "refusal": "refusal", "other": "pause_turn"}),
    Case("openai", "responses", "/v1", {"length": "max_output_tokens", "refusal": "content_filter"}),
    Case("openai-chat", "chat", "/v1", {"length": "length", "refusal": "content_filter", "other": "odd"}),
    Case("openrouter", "chat", "/api/v1", {"length": "length", "refusal": "content_filter"}),
    Case("gemini", "chat", "/v1beta/openai", {"length": "length", "refusal": "content_filter"}),
    Case("ollama", "ollama", "", {"length": "length", "other": "load"}),
)
BY_KIND = {case.kind: case for case in CASES}


def asked(text: str = "What is a fox?", **changes: Any) -> Request:
    """A request of one user turn."""
    return Request(messages=(Message("user", (Text(text),)),), **changes)


def a_model(name: str = "some-model", **changes: Any) -> Model:
    """A model of the mock provider."""
    return Model(name="m", provider="mock", model=name, **changes)


@asynccontextmanager
async def connected(settings: ProviderSettings) -> AsyncIterator[Provider]:
    """The adapter for `settings`, closed afterwards."""
    provider = build(settings)
    try:
        yield provider
    finally:
        await provider.aclose()


def with_provider(settings: ProviderSettings, body: Callable[[Provider], Awaitable[T]]) -> T:
    """Run `body` on a fresh loop with the adapter for `settings`."""

    async def main() -> T:
        async with connected(settings) as provider:
            return await body(provider)

    return asyncio.run(main())


async def collect(provider: Provider, request: Request, model: Model) -> list[Event]:
    """All events of one answer."""
    async with aclosing(cast("Any", provider.stream(request, model))) as events:
        return [event async for event in events]


def answer(settings: ProviderSettings, request: Request | None = None, model: Model | None = None) -> list[Event]:
    """All events of one answer, on a loop and a connection of its own."""
    return with_provider(settings, lambda provider: collect(provider, request or asked(), model or a_model()))


def failure(settings: ProviderSettings, request: Request | None = None, model: Model | None = None) -> ProviderError:
    """The error the call ends with."""
    try:
        events = answer(settings, request, model)
    except ProviderError as error:
        return error
    raise AssertionError(f"no ProviderError, but {events}")


def text_of(events: list[Event]) -> str:
    """The answer's text."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def usage_of(events: list[Event]) -> Usage | None:
    """The last usage report's buckets."""
    reports = [event.usage for event in events if isinstance(event, UsageReport)]
    return reports[-1] if reports else None


def sent(upstream: Upstream) -> dict[str, Any]:
    """The body of the newest request."""
    return cast("dict[str, Any]", upstream.last.body)
