"""OpenAI's Responses API; where `OPENAI_BASE_URL` points to a server without it, its Chat Completions."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import (
    Event,
    Finish,
    FinishReason,
    Notice,
    Request,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    Usage,
    UsageReport,
)
from llmswitch.errors import NotFoundError
from llmswitch.providers import rate_headers, responses_request
from llmswitch.providers.base import missing_key, origin
from llmswitch.providers.call_site import CallSite, require_event_stream, translated
from llmswitch.providers.drain import drain
from llmswitch.providers.openai_chat import OpenAIChatProvider
from llmswitch.providers.openai_client import OPENAI_URL, OpenAIConnection, vendor_url

if TYPE_CHECKING:
    import openai
    from openai.types.responses import ResponseStreamEvent

INCOMPLETE: dict[str, FinishReason] = {"max_output_tokens": "length", "content_filter": "refusal"}


class OpenAIProvider:
    """The adapter of kind `openai`."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._connection = OpenAIConnection(settings, vendor_url(settings, "OPENAI_BASE_URL", OPENAI_URL))
        self._chat: OpenAIChatProvider | None = None

    def missing(self, model: Model) -> str | None:  # noqa: ARG002  # the Protocol's signature
        return missing_key(self._settings)

    async def aclose(self) -> None:
        await self._connection.aclose()
        if self._chat is not None:
            await self._chat.aclose()

    async def stream(self, request: Request, model: Model) -> AsyncIterator[Event]:
        """The answer. A server other than OpenAI's own that does not know the path is asked again in the older protocol."""
        if self._chat is None:
            try:
                async with aclosing(self._responses(request, model)) as events:
                    async for event in events:
                        yield event
            except NotFoundError:
                if self._connection.url == OPENAI_URL:
                    raise
                self._chat = OpenAIChatProvider(self._settings)
            else:
                return
        async with aclosing(cast("AsyncGenerator[Event, None]", self._chat.stream(request, model))) as events:
            async for event in events:
                yield event

    async def _responses(self, request: Request, model: Model) -> AsyncGenerator[Event, None]:
        client = await self._connection.client()
        import openai

        from llmswitch.providers.translate_openai import translate

        site = CallSite(self._settings.name, model.model, self._connection.url, self._connection.key)
        if request.stop:
            yield Notice(f"{site.provider}: this API has no stop sequences; they are ignored")
        with translated(site, translate):
            arguments = responses_request.arguments(request, model, origin(self._settings, model))
            try:
                opened = await client.responses.create(stream=True, **arguments)
            except openai.APIStatusError as error:
                for report in rate_headers.reports_of(error, time.time()):
                    yield report
                raise
            answer = cast("openai.AsyncStream[ResponseStreamEvent]", opened)
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


@dataclass(slots=True)
class _Answer:
    """The stream so far."""

    site: CallSite
    called: bool = False
    refusal: list[str] = field(default_factory=list)
    finish: Finish | None = None

    def read(self, event: Any) -> list[Event]:
        """Our events for one of the API's. Sets `finish` at the end; raises ProviderError where it failed."""
        match event.type:
            case "response.output_text.delta" if event.delta:
                return [TextDelta(event.delta)]
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" if event.delta:
                return [ThinkingDelta(event.delta)]
            case "response.refusal.delta":
                self.refusal.append(event.delta)  # not content: the next candidate may still answer
            case "response.output_item.done":
                return self._item(event.item)
            case "response.completed" | "response.incomplete":
                return self._end(event.response)
            case "response.failed":
                error = event.response.error
                raise self.site.wire(None, {"error": error.to_dict() if error is not None else None}, {})
            case "error":
                raise self.site.wire(None, {"error": event.to_dict() | {"type": ""}}, {})
        return []

    def _item(self, item: Any) -> list[Event]:
        if item.type == "function_call":
            arguments = json.loads(item.arguments or "{}")
            if not isinstance(arguments, dict):
                raise self.site.protocol(f"the arguments of tool {item.name!r} are not an object")
            self.called = True
            return [ToolCall(item.call_id, item.name, arguments)]
        if item.type == "reasoning" and item.encrypted_content:
            sealed = {"id": item.id, "encrypted_content": item.encrypted_content}
            return [ThinkingDelta("", json.dumps(sealed))]
        return []

    def _end(self, response: Any) -> list[Event]:
        why = response.incomplete_details.reason if response.incomplete_details is not None else None
        reason: FinishReason = "tool_use" if self.called else "stop"
        if response.status == "incomplete":
            reason = INCOMPLETE.get(why or "", "other")
        raw: dict[str, Any] = {"status": response.status, "incomplete_reason": why}
        if self.refusal:
            reason, raw["refusal"] = "refusal", "".join(self.refusal)
        self.finish = Finish(reason, raw)
        if response.usage is None:
            return []
        counted = response.usage.to_dict()
        return [UsageReport(usage_of(counted), counted)]


def usage_of(raw: Mapping[str, Any]) -> Usage:
    """`input_tokens` includes what was read from and written to the cache; reasoning is inside the output."""
    inside = raw.get("input_tokens_details") or {}
    read, written = inside.get("cached_tokens"), inside.get("cache_write_tokens")
    total = raw.get("input_tokens")
    return Usage(
        input_tokens=None if total is None else max(0, total - (read or 0) - (written or 0)),
        cache_read_tokens=read,
        cache_write_5m_tokens=written,
        output_tokens=raw.get("output_tokens"),
        reasoning_tokens=(raw.get("output_tokens_details") or {}).get("reasoning_tokens"),
    )
