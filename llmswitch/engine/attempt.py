"""One attempt: a candidate's stream under its deadlines, and what is known of it at every moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import cast

from llmswitch.catalog import Model, Timeouts
from llmswitch.conversation import (
    CostReport,
    Event,
    Finish,
    Notice,
    Progress,
    Request,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    Usage,
    UsageReport,
)
from llmswitch.errors import EmptyAnswerError, Failure, NetworkError, ProviderError, RefusedError, TimeoutExceededError
from llmswitch.providers.base import Provider
from llmswitch.tokens import estimate_text

NOT_CHARGED = frozenset(
    {
        Failure.RATE_LIMIT,
        Failure.OVERLOAD,
        Failure.QUOTA,
        Failure.AUTHENTICATION,
        Failure.NOT_FOUND,
        Failure.CONTEXT_TOO_LONG,
        Failure.BAD_REQUEST,
    }
)
"""Failures by which a provider declines a request: it bills nothing for them."""


@dataclass(slots=True)
class Attempt:
    """What is known of one call while it runs. `committed`: content came; `held_back`: it was not
    passed on yet. Times are milliseconds."""

    model: Model
    ordinal: int
    prompt_estimate: int
    started: float = field(default_factory=time.monotonic)
    status: str = "cancelled"  # until it ends in another way
    first_token_ms: float | None = None
    total_ms: float | None = None
    reported: UsageReport | None = None
    cost: CostReport | None = None
    finish: str | None = None
    failure: Failure | None = None
    error: str | None = None
    phase: str | None = None
    committed: bool = False
    held_back: bool = False
    called: bool = False
    texts: list[str] = field(default_factory=list)

    @property
    def passed_on(self) -> bool:
        """Whether content reached the caller: the commit boundary."""
        return self.committed and not self.held_back

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self.texts)

    def elapsed_ms(self) -> float:
        """Since the call was started."""
        return (time.monotonic() - self.started) * 1000

    def spent(self) -> Usage | None:
        """The usage to be billed: as reported when the answer is complete; where it broke off at least what went in and
        came out by our own estimate; nothing where the provider declined the request."""
        told = self.reported.usage if self.reported else None
        if self.finish is not None:
            return told
        if not self.called or self.declined:
            return told or Usage(input_tokens=0, output_tokens=0)
        told = told or Usage()
        known_input = told.input_tokens if told.input_tokens is not None else self.prompt_estimate
        seen = estimate_text(self.text)
        return Usage(
            input_tokens=known_input,
            cache_read_tokens=told.cache_read_tokens,
            cache_write_5m_tokens=told.cache_write_5m_tokens,
            cache_write_1h_tokens=told.cache_write_1h_tokens,
            output_tokens=max(told.output_tokens or 0, seen),
            reasoning_tokens=told.reasoning_tokens,
        )

    @property
    def declined(self) -> bool:
        """Whether the provider turned the request down, or was never reached, so that nothing can be owed."""
        never_reached = self.phase == "connect" and self.reported is None
        return not self.texts and (self.failure in NOT_CHARGED or never_reached)

    def see(self, event: Event, *, thinking_is_content: bool) -> None:
        """Take note of an event that is about to be passed on."""
        match event:
            case TextDelta(text):
                self.texts.append(text)
                if text:
                    self._content()
            case ToolCall():
                self._content()
            case ThinkingDelta() if thinking_is_content:
                self._content()
            case ThinkingDelta():
                self._first_token()
            case UsageReport():
                self.reported = event
            case CostReport():
                self.cost = event
            case Finish(reason):
                self.finish = reason
            case _:
                pass

    def _first_token(self) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = self.elapsed_ms()

    def _content(self) -> None:
        self._first_token()
        self.committed = True


async def stream(
    attempt: Attempt, provider: Provider, request: Request, timeouts: Timeouts, *, thinking_is_content: bool
) -> AsyncIterator[Event]:
    """The provider's events, noted in `attempt`, each within its deadline. Raises ProviderError: the provider's own,
    TimeoutExceededError, EmptyAnswerError for an answer without content, RefusedError for one that was refused outright."""
    attempt.called = True
    source = cast("AsyncGenerator[Event, None]", provider.stream(request, attempt.model))
    async with aclosing(source) as events:
        async for event in _within(events, attempt, timeouts):
            attempt.see(event, thinking_is_content=thinking_is_content)
            if isinstance(event, Finish):
                _check(attempt, event)
            yield event
    if attempt.finish is None:
        raise NetworkError("the answer ended early", provider=attempt.model.provider, model=attempt.model.name)


def _check(attempt: Attempt, finish: Finish) -> None:
    if attempt.committed:
        return
    provider, model = attempt.model.provider, attempt.model.name
    if finish.reason == "refusal":
        raise RefusedError("the provider's filter declined this request", provider=provider, model=model)
    used_up = "the token limit was used up before any content (by reasoning, as a rule)"
    message = used_up if finish.reason == "length" else "the answer was empty"
    raise EmptyAnswerError(message, provider=provider, model=model)


async def _within(events: AsyncIterator[Event], attempt: Attempt, timeouts: Timeouts) -> AsyncIterator[Event]:
    loop = asyncio.get_running_loop()
    started = loop.time()
    idle_since = started
    answering = False
    while True:
        limits = [(started + timeouts.total_s, "total", timeouts.total_s)]
        if answering:
            limits.append((idle_since + timeouts.idle_s, "idle", timeouts.idle_s))
        else:
            limits.append((started + timeouts.first_token_s, "first_token", timeouts.first_token_s))
        deadline, phase, seconds = min(limits)
        try:
            async with asyncio.timeout_at(deadline):
                event = await anext(events)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TimeoutExceededError(
                f"{_PHASES[phase]} within {seconds:g} s",
                provider=attempt.model.provider,
                model=attempt.model.name,
                phase=phase,
                hint=f"[timeouts] {phase}_s in the profile sets this limit",
            ) from None
        idle_since = loop.time()
        if isinstance(event, Progress | Notice) and not answering:
            started = idle_since  # a download or a model load is no silence of the model
        answering = answering or isinstance(event, TextDelta | ThinkingDelta | ToolCall)
        yield event


CUT_OFF: dict[str, str] = {
    "length": "the answer was cut off at the token limit",
    "refusal": "the provider's filter cut the answer off",
}
"""Finish reasons of an answer that has content but is not whole, as the person is told."""

_PHASES = {
    "total": "the answer was not complete",
    "idle": "nothing more came",
    "first_token": "no answer began",
}


def failure_of(error: ProviderError) -> str:
    """The error's message on one line, as the ledger and the person read it."""
    return "".join(char for char in " ".join(error.message.split()) if char.isprintable())


def told(error: ProviderError) -> str:
    """The message, led by the model's name unless the adapter said who it is."""
    message = failure_of(error)
    return message if not error.model or message.startswith(error.provider) else f"{error.model}: {message}"
