"""Chat Completions: the protocol that LM Studio, vLLM, llama.cpp, DeepSeek, Groq and most others speak."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import CostReport, Event, Request, Usage
from llmswitch.errors import NetworkError, ProviderError
from llmswitch.providers import chat_request, chat_usage, rate_headers
from llmswitch.providers.base import missing_key, origin
from llmswitch.providers.call_site import CallSite, require_event_stream, translated
from llmswitch.providers.chat_answer import ChatAnswer
from llmswitch.providers.openai_client import OPENAI_URL, OpenAIConnection, vendor_url

if TYPE_CHECKING:
    import openai
    from openai.types.chat import ChatCompletionChunk


class OpenAIChatProvider:
    """The adapter of kind `openai-chat`; `openrouter` and `gemini` change what differs."""

    url_variable: ClassVar[str] = "OPENAI_BASE_URL"
    default_url: ClassVar[str] = OPENAI_URL
    own_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        url = vendor_url(settings, self.url_variable, self.default_url)
        self._connection = OpenAIConnection(settings, url, self.own_headers)

    def missing(self, model: Model) -> str | None:  # noqa: ARG002  # the Protocol's signature
        return missing_key(self._settings)

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def stream(self, request: Request, model: Model) -> AsyncIterator[Event]:
        client = await self._connection.client()
        import openai

        from llmswitch.providers.translate_openai import translate

        site = CallSite(self._settings.name, model.model, self._connection.url, self._connection.key)

        def refined(error: Exception, site: CallSite) -> ProviderError | None:
            failure = translate(error, site)
            return self.refine(error, failure) if failure is not None else None

        with translated(site, refined):
            try:
                answer = await self._open(client, request, model)
            except openai.APIStatusError as error:
                for report in rate_headers.reports_of(error, time.time()):
                    yield report
                raise
            async with answer:
                await require_event_stream(answer.response, site)
                headers = rate_headers.lower(answer.response.headers)
                for report in rate_headers.quota_reports(headers, time.time()):
                    yield report
                state = ChatAnswer(site, self.usage_of, self.cost_of)
                async for event in _events(answer, state, refined):
                    yield event
                for event in state.end():
                    yield event

    async def _open(
        self, client: openai.AsyncOpenAI, request: Request, model: Model
    ) -> openai.AsyncStream[ChatCompletionChunk]:
        arguments = self.arguments(request, model)
        answer = await client.chat.completions.create(stream=True, **arguments)
        return cast("openai.AsyncStream[ChatCompletionChunk]", answer)

    def arguments(self, request: Request, model: Model) -> dict[str, Any]:
        """The keyword arguments of the call."""
        chosen = model.options.get("max_tokens_param") or self._settings.options.get("max_tokens_param")
        openais_own = self._connection.url == OPENAI_URL
        return chat_request.arguments(
            request,
            model,
            max_tokens_param=str(chosen or ("max_completion_tokens" if openais_own else "max_tokens")),
            origin=origin(self._settings, model),
        )

    def usage_of(self, raw: Mapping[str, Any]) -> Usage:
        """The vendor's usage object in our buckets."""
        return chat_usage.usage_of(raw)

    def cost_of(self, raw: Mapping[str, Any]) -> CostReport | None:  # noqa: ARG002  # few vendors say
        """The vendor's own figure, where its usage object has one."""
        return None

    def refine(self, error: Exception, failure: ProviderError) -> ProviderError:  # noqa: ARG002
        """A last word on a failure, for a vendor whose errors say more than the common reading finds."""
        return failure


async def _events(
    answer: openai.AsyncStream[ChatCompletionChunk], state: ChatAnswer, translate: Any
) -> AsyncIterator[Event]:
    try:
        async for chunk in answer:
            for event in state.read(chunk):
                yield event
    except Exception as error:
        # after the finish reason only the usage is outstanding: a connection lost then does not undo the answer
        if state.finished is None or not isinstance(translate(error, state.site), NetworkError):
            raise
