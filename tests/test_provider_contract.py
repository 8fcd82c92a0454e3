"""What every HTTP adapter keeps to, whichever protocol it speaks: one suite, run over all of them."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any, cast

import pytest
from provider_cases import (
    BY_KIND,
    CASES,
    KEY,
    Case,
    a_model,
    answer,
    asked,
    collect,
    connected,
    failure,
    text_of,
    usage_of,
    with_provider,
)
from upstream import DEFAULT_TEXT, Reply, Upstream

from llmswitch import errors
from llmswitch.catalog import Timeouts
from llmswitch.conversation import Finish, TextDelta, ThinkingDelta, ToolCall, Usage, UsageReport
from llmswitch.providers.base import Provider

every_adapter = pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)


@every_adapter
def test_the_answer_arrives_whole_and_finish_is_last(case: Case, upstream: Upstream) -> None:
    events = answer(case.settings(upstream.url))
    assert text_of(events) == DEFAULT_TEXT
    assert isinstance(events[-1], Finish)
    assert events[-1].reason == "stop"
    assert sum(isinstance(event, Finish) for event in events) == 1


@every_adapter
def test_the_model_id_is_sent_as_it_is(case: Case, upstream: Upstream) -> None:
    answer(case.settings(upstream.url), model=a_model("vendor/some-model:32b"))
    assert upstream.last.model == "vendor/some-model:32b"


@every_adapter
def test_the_first_delta_arrives_before_the_server_has_sent_the_last_chunk(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(text="onetwo", chunks=2, hold_after=1))

    async def first_then_rest(provider: Provider) -> list[str]:
        texts: list[str] = []
        async with aclosing(cast("Any", provider.stream(asked(), a_model()))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    texts.append(event.text)
                    upstream.release()  # only now may the server go on
        return texts

    assert with_provider(case.settings(upstream.url), first_then_rest) == ["one", "two"]


@every_adapter
def test_usage_is_reported_in_buckets(case: Case, upstream: Upstream) -> None:
    usage = usage_of(answer(case.settings(upstream.url)))
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (12, 9)


@pytest.mark.parametrize("case", [case for case in CASES if case.dialect != "anthropic"], ids=lambda case: case.kind)
def test_missing_usage_is_no_report_rather_than_zero(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(usage=None))
    assert not [event for event in answer(case.settings(upstream.url)) if isinstance(event, UsageReport)]


@every_adapter
def test_visible_reasoning_is_not_part_of_the_answer(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(thinking="Foxes are quick."))
    events = answer(case.settings(upstream.url))
    assert "".join(event.text for event in events if isinstance(event, ThinkingDelta)) == "Foxes are quick."
    assert text_of(events) == DEFAULT_TEXT


@every_adapter
def test_tool_calls_are_assembled(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(text="", tools=(("read_file", {"path": "a.py"}), ("list_files", {"depth": 2}))))
    events = answer(case.settings(upstream.url))
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert [(call.name, dict(call.input)) for call in calls] == [
        ("read_file", {"path": "a.py"}),
        ("list_files", {"depth": 2}),
    ]
    assert len({call.id for call in calls}) == 2
    assert cast("Finish", events[-1]).reason == "tool_use"


@pytest.mark.parametrize(
    ("case", "ours", "theirs"),
    [pytest.param(case, *pair, id=f"{case.kind}-{pair[0]}") for case in CASES for pair in case.finishes.items()],
)
def test_the_reason_to_stop_is_translated(case: Case, ours: str, theirs: str, upstream: Upstream) -> None:
    upstream.script(Reply(finish=theirs))
    assert cast("Finish", answer(case.settings(upstream.url))[-1]).reason == ours


@every_adapter
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_characters_split_across_tcp_chunks_survive(case: Case, size: int, upstream: Upstream) -> None:
    text = "設計を見直す: 🦊 é\n"
    upstream.script(Reply(text=text, chunks=3, tcp_bytes=size))
    assert text_of(answer(case.settings(upstream.url))) == text


@every_adapter
def test_an_answer_of_two_megabytes_arrives_whole(case: Case, upstream: Upstream) -> None:
    text = "0123456789abcdef" * 131_072
    upstream.script(Reply(text=text, chunks=64))
    assert text_of(answer(case.settings(upstream.url))) == text


@every_adapter
def test_cancelling_the_task_closes_the_connection(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(stall_after=2))

    async def cancel(provider: Provider) -> bool:
        begun = asyncio.Event()

        async def read() -> None:
            async with aclosing(cast("Any", provider.stream(asked(), a_model()))) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        begun.set()

        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await asyncio.to_thread(upstream.wait_until_client_left)

    assert with_provider(case.settings(upstream.url), cancel)


@every_adapter
def test_closing_the_iterator_closes_the_connection(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(stall_after=1))

    async def close(provider: Provider) -> bool:
        async with aclosing(cast("Any", provider.stream(asked(), a_model()))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        return await asyncio.to_thread(upstream.wait_until_client_left)

    assert with_provider(case.settings(upstream.url), close)


@every_adapter
def test_two_calls_at_once_do_not_mix(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(text="alpha " * 20), model="first", times=1)
    upstream.script(Reply(text="omega " * 20), model="second", times=1)

    async def both(provider: Provider) -> list[str]:
        names = ("first", "second")
        answers = await asyncio.gather(*(collect(provider, asked(), a_model(name)) for name in names))
        return [text_of(events) for events in answers]

    assert with_provider(case.settings(upstream.url), both) == ["alpha " * 20, "omega " * 20]


@every_adapter
def test_a_second_call_uses_the_same_connection(case: Case, upstream: Upstream) -> None:
    async def twice(provider: Provider) -> list[str]:
        return [text_of(await collect(provider, asked(), a_model())) for _ in range(2)]

    assert with_provider(case.settings(upstream.url), twice) == [DEFAULT_TEXT] * 2
    assert upstream.connections == 1


STATUS_FAILURES = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.QuotaExhaustedError,
    403: errors.AuthenticationError,
    404: errors.NotFoundError,
    413: errors.ContextTooLongError,
    422: errors.BadRequestError,
    429: errors.RateLimitedError,
    500: errors.OverloadedError,
    502: errors.OverloadedError,
    503: errors.OverloadedError,
    504: errors.OverloadedError,
    529: errors.OverloadedError,
}


@every_adapter
@pytest.mark.parametrize("status", STATUS_FAILURES)
def test_a_status_becomes_its_failure(case: Case, status: int, upstream: Upstream) -> None:
    upstream.script(Reply(status=status), times=None)
    error = failure(case.settings(upstream.url))
    assert type(error) is STATUS_FAILURES[status]
    assert (error.provider, error.model, error.status) == ("mock", "some-model", status)
    asked_again = case.kind == "openai" and status == 404  # in the older protocol, of a server that lacks this one
    assert len(upstream.requests) == 1 + asked_again, "the engine decides about retries, not the SDK"


@every_adapter
def test_an_error_page_of_a_proxy_is_told_in_words(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(status=502, body="<html><head><title>502 Bad Gateway</title></head></html>"))
    error = failure(case.settings(upstream.url))
    assert type(error) is errors.OverloadedError
    assert "<" not in error.message


@every_adapter
@pytest.mark.parametrize(
    "message",
    [
        "prompt is too long: 203000 tokens > 200000 maximum",
        "This model's maximum context length is 128000 tokens",
        "request (5031 tokens) exceeds the available context size (2048 tokens), try increasing it",
    ],
)
def test_a_prompt_that_is_too_long_is_recognised(case: Case, message: str, upstream: Upstream) -> None:
    body: object = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    upstream.script(Reply(status=400, body=json.dumps(body)))
    assert type(failure(case.settings(upstream.url))) is errors.ContextTooLongError


@pytest.mark.parametrize("case", [case for case in CASES if case.kind != "ollama"], ids=lambda case: case.kind)
def test_retry_after_is_kept(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(status=429, headers={"Retry-After": "17"}))
    assert failure(case.settings(upstream.url)).retry_after_s == 17


@every_adapter
def test_a_page_with_status_200_is_a_protocol_error(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(garbage=True))
    assert type(failure(case.settings(upstream.url))) is errors.ProtocolError


@every_adapter
def test_an_error_event_after_a_200_is_a_failure(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(error_after=2))
    assert type(failure(case.settings(upstream.url))) is errors.OverloadedError


@every_adapter
def test_what_came_before_an_error_event_was_passed_on(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(text="onetwothree", chunks=3, error_after=2))

    async def read(provider: Provider) -> int:
        seen = 0
        try:
            async with aclosing(cast("Any", provider.stream(asked(), a_model()))) as events:
                async for event in events:
                    seen += isinstance(event, TextDelta)
        except errors.OverloadedError:
            return seen
        return -1

    assert with_provider(case.settings(upstream.url), read) == 2


@every_adapter
@pytest.mark.parametrize("pieces", [0, 2])
def test_a_connection_dropped_in_the_stream_is_a_network_error(case: Case, pieces: int, upstream: Upstream) -> None:
    upstream.script(Reply(drop_after=pieces))
    assert type(failure(case.settings(upstream.url))) is errors.NetworkError


@every_adapter
def test_a_connection_closed_without_a_word_is_a_network_error(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(refuse=True))
    assert type(failure(case.settings(upstream.url))) is errors.NetworkError


@every_adapter
def test_a_stream_without_its_final_marker_ended_early(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(end_after=3))
    error = failure(case.settings(upstream.url))
    assert type(error) is errors.NetworkError
    assert "ended early" in error.message


@every_adapter
def test_a_refused_connection_is_a_network_error(case: Case, refused_url: str) -> None:
    error = failure(case.settings(refused_url))
    assert type(error) is errors.NetworkError
    assert error.phase == "connect"


@every_adapter
def test_no_connection_in_time_is_a_connect_timeout(case: Case, silent_url: str) -> None:
    error = failure(case.settings(silent_url, timeouts=Timeouts(connect_s=0.2)))
    assert type(error) is errors.TimeoutExceededError
    assert error.phase == "connect"


@every_adapter
def test_silence_longer_than_the_total_is_an_idle_timeout(case: Case, upstream: Upstream) -> None:
    upstream.script(Reply(stall_after=1))
    error = failure(case.settings(upstream.url, timeouts=Timeouts(total_s=0.3)))
    assert type(error) is errors.TimeoutExceededError
    assert error.phase == "idle"


@every_adapter
def test_the_key_never_shows_in_an_error(case: Case, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_KEY", KEY)
    body = {"error": {"type": "authentication_error", "message": f"invalid key {KEY} (Bearer {KEY})"}}
    upstream.script(Reply(status=401, body=json.dumps(body)))
    error = failure(case.settings(upstream.url))
    assert KEY not in f"{error!r} {error.message} {error.hint} {error.__cause__!r}"
    assert KEY in json.dumps(dict(upstream.last.headers)), "the key was not even sent"


@every_adapter
def test_a_needed_key_that_is_missing_is_told_before_any_call(case: Case, upstream: Upstream) -> None:
    settings = case.settings("http://203.0.113.1:9", key_required=True)

    async def asked_first(provider: Provider) -> str | None:
        return provider.missing(a_model())

    assert with_provider(settings, asked_first) == "no key: MOCK_KEY is not set"
    assert type(failure(settings)) is errors.AuthenticationError


@every_adapter
def test_headers_of_the_profile_are_sent(case: Case, upstream: Upstream) -> None:
    answer(case.settings(upstream.url, headers={"X-Team": "docs"}))
    assert upstream.last.headers["x-team"] == "docs"


@pytest.mark.parametrize("kind", ["anthropic", "openai", "openai-chat"])
def test_llama_cpp_answers_through_the_adapter(kind: str, llama_server: str) -> None:
    settings = BY_KIND[kind].settings(llama_server)
    events = answer(settings, asked("Say hello.", max_output_tokens=8))
    assert text_of(events)
    usage = usage_of(events)
    assert usage is not None
    assert usage.prompt_tokens is not None
    assert usage.prompt_tokens > 10
    assert usage.output_tokens is not None
    assert 0 < usage.output_tokens <= 8  # the model may have finished before the limit


@pytest.mark.parametrize("kind", ["anthropic", "openai", "openai-chat"])
def test_llama_cpp_says_when_the_prompt_is_too_long(kind: str, llama_server: str) -> None:
    error = failure(BY_KIND[kind].settings(llama_server), asked("fox " * 6_000))
    assert type(error) is errors.ContextTooLongError


def test_an_unused_adapter_closes_without_having_connected(upstream: Upstream) -> None:
    async def open_and_close() -> None:
        for case in CASES:
            async with connected(case.settings(upstream.url)):
                pass

    asyncio.run(open_and_close())
    assert not upstream.requests


def test_usage_buckets_never_overlap() -> None:
    usage = Usage(input_tokens=5, cache_read_tokens=7, cache_write_5m_tokens=3)
    assert usage.prompt_tokens == 15
