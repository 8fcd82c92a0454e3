"""Claude over Anthropic's Messages API, or any server that speaks it."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import (
    Event,
    Finish,
    FinishReason,
    Request,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    Usage,
    UsageReport,
)
from llmswitch.providers import ambient_headers, anthropic_request, rate_headers
from llmswitch.providers.base import api_key, base_url, missing_key, origin
from llmswitch.providers.call_site import CallSite, require_event_stream, translated
from llmswitch.providers.drain import drain

if TYPE_CHECKING:
    import anthropic

DEFAULT_URL = "https://api.anthropic.com"
KEYLESS = "llmswitch"
"""Sent where no key is needed: without an explicit one the SDK would look for other people's in the environment."""

FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_use",
    "refusal": "refusal",
}


class AnthropicProvider:
    """The adapter of kind `anthropic`. `options.auth = "bearer"` sends the key as a bearer token instead."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        url = base_url(settings) or os.environ.get("ANTHROPIC_BASE_URL") or DEFAULT_URL
        self._url = url.rstrip("/").removesuffix("/v1")  # the SDK adds the version itself
        self._client: anthropic.AsyncAnthropic | None = None
        self._key: str | None = None
        self._opening = asyncio.Lock()

    def missing(self, model: Model) -> str | None:  # noqa: ARG002  # the Protocol's signature
        return missing_key(self._settings)

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def stream(self, request: Request, model: Model) -> AsyncIterator[Event]:
        client = await self._connected()
        import anthropic

        from llmswitch.providers.translate_anthropic import translate

        site = CallSite(self._settings.name, model.model, self._url, self._key)
        with translated(site, translate):
            try:
                answer = await self._open(client, request, model)
            except anthropic.APIStatusError as error:
                for report in rate_headers.reports_of(error, time.time()):
                    yield report
                raise
            async with answer:
                await require_event_stream(answer.response, site)
                headers = rate_headers.lower(answer.response.headers)
                for report in rate_headers.quota_reports(headers, time.time()):
                    yield report
                state = _Answer(site)
                async for event in answer:
                    for out in state.read(event):
                        yield out
                    if state.finish is not None:
                        break
                if state.finish is None:
                    raise site.ended_early()
                await drain(answer)
                yield state.finish

    async def _open(
        self, client: anthropic.AsyncAnthropic, request: Request, model: Model
    ) -> anthropic.AsyncStream[anthropic.types.RawMessageStreamEvent]:
        # the id travels in extra_body: given as `model`, the SDK would print warnings of its own about some ids
        arguments = anthropic_request.arguments(request, model, origin(self._settings, model))
        if "output_config" in arguments:
            arguments = _with_strict_schema(arguments)
        extra = anthropic_request.beta_headers(model)
        answer = await client.messages.create(model="claude", stream=True, extra_headers=extra, **arguments)
        return cast("anthropic.AsyncStream[anthropic.types.RawMessageStreamEvent]", answer)

    async def _connected(self) -> anthropic.AsyncAnthropic:
        async with self._opening:  # two first calls at once share one client, and ask for the key once
            return self._client or await self._new_client()

    async def _new_client(self) -> anthropic.AsyncAnthropic:
        self._key = await asyncio.to_thread(api_key, self._settings)  # it may run a command
        import anthropic

        timeouts = self._settings.timeouts
        self._client = anthropic.AsyncAnthropic(
            api_key=self._key or KEYLESS,
            base_url=self._url,
            max_retries=0,
            timeout=anthropic.Timeout(timeouts.total_s, connect=timeouts.connect_s),
            default_headers=cast("dict[str, str]", self._headers(anthropic.Omit())),
        )
        return self._client

    def _headers(self, omit: object) -> dict[str, object]:
        """Exactly one credential, whichever of the two forms the SDK's version would choose by itself."""
        bearer = self._settings.options.get("auth") == "bearer"
        key = self._key or KEYLESS
        credential = {"Authorization": f"Bearer {key}"} if bearer else {"X-Api-Key": key}
        other = "X-Api-Key" if bearer else "Authorization"
        ambient = ambient_headers.custom_names("ANTHROPIC_CUSTOM_HEADERS")
        ours = {**self._settings.headers, **credential}
        foreign = self._settings.base_url is not None
        return {
            **ambient_headers.own_headers(ours, ambient=ambient, credential=other, foreign=foreign, omit=omit),
            other: omit,
        }


def _with_strict_schema(arguments: dict[str, Any]) -> dict[str, Any]:
    """The schema reduced to what the API constrains; the rest becomes description. What can't be reduced is asked for
    in words."""
    import anthropic

    schema = arguments.pop("output_config")["format"]["schema"]
    try:
        strict = anthropic.transform_schema(schema)
    except (ValueError, AssertionError):
        words = {"type": "text", "text": anthropic_request.schema_instruction(schema)}
        return {**arguments, "system": [*arguments.get("system", ()), words]}
    return {**arguments, "output_config": {"format": {"type": "json_schema", "schema": strict}}}


@dataclass(slots=True)
class _Answer:
    """The stream so far. Counts are cumulative: each event replaces what it names and never lowers it."""

    site: CallSite
    usage: dict[str, Any] = field(default_factory=dict)
    tools: dict[int, tuple[str, str, list[str]]] = field(default_factory=dict)
    stop_reason: str | None = None
    finish: Finish | None = None

    def read(self, event: Any) -> list[Event]:
        """Our events for one of the SDK's. Sets `finish` at the end of the message."""
        match event.type:
            case "message_start":
                return self._count(event.message.usage)
            case "content_block_start" if event.content_block.type == "tool_use":
                self.tools[event.index] = (event.content_block.id, event.content_block.name, [])
            case "content_block_delta":
                return self._delta(event.index, event.delta)
            case "content_block_stop" if event.index in self.tools:
                return [self._tool_call(event.index)]
            case "message_delta":
                self.stop_reason = event.delta.stop_reason or self.stop_reason
                return self._count(event.usage)
            case "message_stop":
                reason = FINISH.get(self.stop_reason or "", "other")
                self.finish = Finish(reason, {"stop_reason": self.stop_reason})
        return []

    def _delta(self, index: int, delta: Any) -> list[Event]:
        match delta.type:
            case "text_delta" if delta.text:
                return [TextDelta(delta.text)]
            case "thinking_delta" if delta.thinking:
                return [ThinkingDelta(delta.thinking)]
            case "signature_delta":
                return [ThinkingDelta("", delta.signature)]
            case "input_json_delta" if index in self.tools:
                self.tools[index][2].append(delta.partial_json)
        return []

    def _tool_call(self, index: int) -> ToolCall:
        identifier, name, parts = self.tools.pop(index)
        arguments = json.loads("".join(parts) or "{}")
        if not isinstance(arguments, dict):
            raise self.site.protocol(f"the arguments of tool {name!r} are not an object")
        return ToolCall(identifier, name, arguments)

    def _count(self, said: Any) -> list[Event]:
        if said is None:
            return []
        new = {name: value for name, value in said.to_dict().items() if value is not None}
        for name, value in new.items():
            known = self.usage.get(name)
            self.usage[name] = max(known, value) if isinstance(known, int) and isinstance(value, int) else value
        return [UsageReport(usage_of(self.usage), dict(self.usage))]


def usage_of(raw: Mapping[str, Any]) -> Usage:
    """Anthropic's own count: `input_tokens` already excludes the cache. A creation without its split counts as 5m."""
    split = raw.get("cache_creation") or {}
    short, long = split.get("ephemeral_5m_input_tokens"), split.get("ephemeral_1h_input_tokens")
    if short is None and long is None:
        short = raw.get("cache_creation_input_tokens")
    details = raw.get("output_tokens_details") or {}
    return Usage(
        input_tokens=raw.get("input_tokens"),
        cache_read_tokens=raw.get("cache_read_input_tokens"),
        cache_write_5m_tokens=short,
        cache_write_1h_tokens=long,
        output_tokens=raw.get("output_tokens"),
        reasoning_tokens=details.get("thinking_tokens"),
    )
