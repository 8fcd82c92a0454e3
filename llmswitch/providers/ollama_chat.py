"""Models on the user's own machine, through Ollama's native protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace
from secrets import token_hex
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
from llmswitch.errors import ContextTooLongError
from llmswitch.providers import ollama_probe, ollama_request
from llmswitch.providers.base import api_key, missing_key
from llmswitch.providers.call_site import CallSite, translated
from llmswitch.providers.ollama_server import installed, open_client, pull, server_url
from llmswitch.tokens import estimate_request

if TYPE_CHECKING:
    import ollama

__all__ = ["OllamaProvider", "installed", "pull", "server_url"]

FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length"}
_COUNTS = (
    "prompt_eval_count",
    "eval_count",
    "total_duration",
    "load_duration",
    "prompt_eval_duration",
    "eval_duration",
)


class OllamaProvider:
    """The adapter of kind `ollama`."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._url = server_url(settings)
        self._key: str | None = None
        self._opening = asyncio.Lock()
        self._client: ollama.AsyncClient | None = None
        self._windows: dict[str, int] = {}

    def missing(self, model: Model) -> str | None:
        if reason := missing_key(self._settings):
            return reason
        there = ollama_probe.installed_models(self._url)
        if there is None:
            return f"Ollama is not running at {self._url} (`ollama serve` starts it)"
        if model.model == ollama_probe.AUTO and ollama_probe.best(there, model.options.get("prefer", ())) is None:
            return f"Ollama at {self._url} has no model yet (`ollama pull qwen3:8b` fetches one)"
        return None

    def resolve(self, model: Model) -> Model:
        """`auto` becomes the best installed model; any other stays what it is."""
        there = ollama_probe.installed_models(self._url) if model.model == ollama_probe.AUTO else None
        chosen = ollama_probe.best(there, model.options.get("prefer", ())) if there else None
        return replace(model, model=chosen) if chosen else model

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.close()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped
            self._client = None

    async def stream(self, request: Request, model: Model) -> AsyncIterator[Event]:
        client = await self._connected()
        from llmswitch.providers.translate_ollama import translate

        site = CallSite(self._settings.name, model.model, self._url, self._key)
        arguments = ollama_request.arguments(request, model, self._window(request, model, site))
        with translated(site, translate):
            opened = await client.chat(stream=True, **arguments)
            # an async generator, whose closing closes the response
            answer = cast("AsyncGenerator[ollama.ChatResponse, None]", opened)
            state = _Answer(site)
            try:
                async for part in answer:
                    for out in state.read(part):
                        yield out
            finally:
                await answer.aclose()
            if state.finish is None:
                raise site.ended_early()
            yield state.finish

    def _window(self, request: Request, model: Model, site: CallSite) -> int:
        """Never smaller than for the last call: the loaded model already has that room, and a smaller one reloads it."""
        size = ollama_request.window(request, model)
        if estimate_request(request) > max(size, model.context) * 1.25:  # beyond the estimate's error
            raise ContextTooLongError(
                f"{site.provider}, {site.model}: the prompt is too long for a window of {model.context:,} tokens, and "
                "Ollama would cut it without a word",
                provider=site.provider,
                model=site.model,
            )
        if "num_ctx" not in model.options:
            size = self._windows[model.model] = max(size, self._windows.get(model.model, 0))
        return size

    async def _connected(self) -> ollama.AsyncClient:
        async with self._opening:  # two first calls at once share one client, and ask for the key once
            if self._client is None:
                self._key = await asyncio.to_thread(api_key, self._settings)  # it may run a command
                self._client = open_client(self._settings, self._url, self._key)
            return self._client


@dataclass(slots=True)
class _Answer:
    """The stream so far."""

    site: CallSite
    called: bool = False
    finish: Finish | None = None

    def read(self, part: Any) -> list[Event]:
        """Our events for one line. Sets `finish` at the line with `done`."""
        out: list[Event] = []
        if part.message.thinking:
            out.append(ThinkingDelta(part.message.thinking))
        if part.message.content:
            out.append(TextDelta(part.message.content))
        for call in part.message.tool_calls or ():
            # Ollama gives a call no id; ours must not repeat within a conversation
            out.append(ToolCall(f"call_{token_hex(6)}", call.function.name, dict(call.function.arguments)))
            self.called = True
        if part.done:
            out.extend(self._end(part))
        return out

    def _end(self, part: Any) -> list[Event]:
        reason = FINISH.get(part.done_reason or "stop", "other")
        if self.called and reason == "stop":
            reason = "tool_use"
        self.finish = Finish(reason, {"done_reason": part.done_reason})
        raw = {name: value for name in _COUNTS if (value := getattr(part, name)) is not None}
        if "prompt_eval_count" not in raw and "eval_count" not in raw:
            return []
        # the prompt's count is missing where the whole prompt was still in the model's cache: unknown, not zero
        return [UsageReport(Usage(input_tokens=part.prompt_eval_count, output_tokens=part.eval_count), raw)]
