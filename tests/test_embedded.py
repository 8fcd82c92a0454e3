"""The embedded model: the real llama.cpp with the real small model, and the ways it must not fail."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from llmswitch import paths
from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import (
    Event,
    Finish,
    Image,
    Message,
    Notice,
    Progress,
    Request,
    Text,
    TextDelta,
    ToolCall,
    UsageReport,
)
from llmswitch.errors import BadRequestError, ContextTooLongError, NotFoundError, ProtocolError, ProviderError
from llmswitch.providers import embedded, llama_server, model_file
from llmswitch.providers.embedded import EmbeddedProvider
from llmswitch.providers.embedded_answer import EmbeddedAnswer
from llmswitch.providers.generation import chunks
from llmswitch.providers.registry import build

SETTINGS = ProviderSettings("embedded", kind="embedded", key_required=False)
MODEL = Model("small", "embedded", "smollm2-135m-instruct", context=8_192, local=True)
STORY = "Tell me a very long story about the sea, with many chapters."


def ask(text: str, **more: Any) -> Request:
    return Request((Message("user", (Text(text),)),), **more)


def with_path(path: Path, **more: Any) -> Model:
    return replace(MODEL, options={"path": str(path)}, **more)


def events_of(request: Request, model: Model, provider: EmbeddedProvider | None = None) -> list[Event]:
    async def collect() -> list[Event]:
        used = provider or EmbeddedProvider(SETTINGS)
        try:
            return [event async for event in used.stream(request, model)]
        finally:
            await used.aclose()

    return asyncio.run(collect())


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def generating() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "llmswitch-generation"]


# --- with the real model ---


def test_an_answer_arrives_in_pieces_and_ends_with_finish(gguf_path: Path) -> None:
    events = events_of(ask("Say hello.", max_output_tokens=16), with_path(gguf_path))
    assert sum(isinstance(event, TextDelta) for event in events) > 1
    assert isinstance(events[-1], Finish)


def test_loading_is_shown_before_the_answer(gguf_path: Path) -> None:
    first = events_of(ask("Say hello.", max_output_tokens=2), with_path(gguf_path))[0]
    assert first == Progress(f"loading {gguf_path.name}")


def test_usage_counts_prompt_and_answer(gguf_path: Path) -> None:
    events = events_of(ask(STORY, max_output_tokens=12), with_path(gguf_path))
    usage = next(event.usage for event in events if isinstance(event, UsageReport))
    assert (usage.output_tokens, usage.cache_read_tokens) == (12, 0)
    assert 30 < (usage.input_tokens or 0) < 60


def test_tokens_of_an_earlier_prompt_are_cache_reads(gguf_path: Path) -> None:
    async def twice() -> list[Event]:
        provider = EmbeddedProvider(SETTINGS)
        for _ in range(2):
            events = [event async for event in provider.stream(ask(STORY, max_output_tokens=2), with_path(gguf_path))]
        await provider.aclose()
        return events

    usage = next(event.usage for event in asyncio.run(twice()) if isinstance(event, UsageReport))
    assert (usage.cache_read_tokens or 0) > 20
    assert (usage.input_tokens or 0) < 5


def test_an_answer_cut_at_its_limit_finishes_with_length(gguf_path: Path) -> None:
    assert events_of(ask(STORY, max_output_tokens=5), with_path(gguf_path))[-1] == Finish(
        "length", {"finish_reason": "length"}
    )


def test_a_stop_sequence_ends_the_answer(gguf_path: Path) -> None:
    events = events_of(ask("Count: 1, 2, 3", max_output_tokens=60, stop=("e",)), with_path(gguf_path))
    assert "e" not in text_of(events)


def test_a_schema_is_obeyed(gguf_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"sea": {"type": "boolean"}, "n": {"enum": [1, 2]}},
        "required": ["sea", "n"],
        "additionalProperties": False,
    }
    answer = json.loads(
        text_of(events_of(ask("Describe water.", schema=schema, max_output_tokens=200), with_path(gguf_path)))
    )
    assert (type(answer["sea"]), answer["n"] in (1, 2)) == (bool, True)


def test_a_schema_that_is_none_is_a_bad_request(gguf_path: Path) -> None:
    with pytest.raises(BadRequestError, match="refused the request"):
        events_of(ask("Hi", schema={"type": "objekt"}), with_path(gguf_path))


def test_cancelling_stops_the_generation_thread(gguf_path: Path) -> None:
    async def start() -> list[str]:
        provider, begun = EmbeddedProvider(SETTINGS), asyncio.Event()

        async def consume() -> None:
            async for event in provider.stream(ask(STORY, max_output_tokens=4_000), with_path(gguf_path)):
                if isinstance(event, TextDelta):
                    begun.set()

        task = asyncio.create_task(consume())
        await begun.wait()
        assert generating()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return generating()

    assert asyncio.run(start()) == []


def test_cancelling_stops_the_work_of_the_processor(gguf_path: Path) -> None:
    async def start() -> tuple[float, float]:
        provider = EmbeddedProvider(SETTINGS)
        model = with_path(gguf_path)
        async with aclosing(cast("Any", provider.stream(ask(STORY, max_output_tokens=4_000), model))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        begun = time.process_time()
        await asyncio.sleep(1)
        used = time.process_time() - begun
        await provider.aclose()
        return used, 0.1

    used, limit = asyncio.run(start())
    assert used < limit  # CPU seconds, not wall time: a running generation takes what it gets of a core


def test_closing_while_the_prompt_is_read_stops_the_thread(gguf_path: Path) -> None:
    async def start() -> list[str]:
        provider = EmbeddedProvider(SETTINGS)
        model = with_path(gguf_path)
        async with aclosing(cast("Any", provider.stream(ask("foo bar " * 1_500), model))) as events:
            async for event in events:
                if isinstance(event, Progress) and event.unit == "tokens":
                    break
        return generating()

    assert asyncio.run(start()) == []


def test_after_a_cancelled_call_the_next_one_answers(gguf_path: Path) -> None:
    async def start() -> list[Event]:
        provider, model = EmbeddedProvider(SETTINGS), with_path(gguf_path)
        async with aclosing(cast("Any", provider.stream(ask(STORY), model))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        answered = [event async for event in provider.stream(ask("Say hello.", max_output_tokens=4), model)]
        await provider.aclose()
        return answered

    assert isinstance(asyncio.run(start())[-1], Finish)


def test_a_loaded_model_stays_in_memory_between_calls(gguf_path: Path) -> None:
    async def twice() -> list[Event]:
        provider, model = EmbeddedProvider(SETTINGS), with_path(gguf_path)
        for _ in range(2):
            events = [event async for event in provider.stream(ask("Hi", max_output_tokens=2), model)]
        await provider.aclose()
        return events

    assert not any(isinstance(event, Progress) for event in asyncio.run(twice()))


def test_two_calls_at_once_are_both_answered(gguf_path: Path) -> None:
    async def both() -> tuple[list[Event], list[Event]]:
        provider, model = EmbeddedProvider(SETTINGS), with_path(gguf_path)

        async def one(text: str) -> list[Event]:
            return [event async for event in provider.stream(ask(text, max_output_tokens=4), model)]

        answers = await asyncio.gather(one("Say hello."), one("Name a colour."))
        await provider.aclose()
        return answers

    assert all(isinstance(events[-1], Finish) for events in asyncio.run(both()))


def test_a_prompt_larger_than_the_window_is_context_too_long(gguf_path: Path) -> None:
    with pytest.raises(ContextTooLongError, match="holds 2,048"):
        events_of(ask("word " * 2_500), with_path(gguf_path, context=2_048))


def test_a_prompt_that_was_underestimated_gets_a_larger_window(
    gguf_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "estimate_request", lambda request: 10)
    monkeypatch.setattr(llama_server, "WINDOWS", (256, 1_024))
    events = events_of(ask("word " * 300, max_output_tokens=2), with_path(gguf_path))
    loads = [event for event in events if isinstance(event, Progress) and event.label.startswith("loading")]
    assert (len(loads), type(events[-1])) == (2, Finish)


def test_llama_cpp_writes_nothing_to_stdout_or_stderr(gguf_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    events_of(ask("Hi", max_output_tokens=2), with_path(gguf_path))
    assert capfd.readouterr() == ("", "")


def test_nobody_can_reach_the_server_inside(gguf_path: Path) -> None:
    server = llama_server.load(gguf_path, 2_048, 1)
    address = str(server.listening_address)
    assert address.startswith("unix://")
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(FileNotFoundError):
        client.connect(address.removeprefix("unix://"))


def test_a_truncated_file_is_a_protocol_error_that_names_it(gguf_path: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    with gguf_path.open("rb") as source:
        cut.write_bytes(source.read(5_000_000))
    with pytest.raises(ProtocolError, match=r"cut\.gguf"):
        events_of(ask("Hi"), with_path(cut))


def test_garbage_behind_the_magic_is_a_protocol_error(gguf_path: Path, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.gguf"
    garbage.write_bytes(b"GGUF\x03\x00\x00\x00" + os.urandom(100_000))
    with pytest.raises(ProtocolError, match="can't load"):
        events_of(ask("Hi"), with_path(garbage))


@pytest.fixture
def default_file(gguf_path: Path) -> Path:
    """The default model where `fetch` would have put it."""
    fetched = paths.models_dir() / model_file.DEFAULT.name
    fetched.parent.mkdir(parents=True)
    fetched.symlink_to(gguf_path)
    return fetched


def test_the_small_model_is_introduced_before_its_first_answer(default_file: Path) -> None:
    events = events_of(ask("Hi", max_output_tokens=2), MODEL)
    kinds = [type(event) for event in events if isinstance(event, Notice | TextDelta)]
    assert kinds[0] is Notice


def test_the_small_model_is_introduced_once(default_file: Path) -> None:
    events_of(ask("Hi", max_output_tokens=2), MODEL)
    assert not any(isinstance(event, Notice) for event in events_of(ask("Hi", max_output_tokens=2), MODEL))


def test_a_file_of_the_user_is_not_introduced(gguf_path: Path) -> None:
    events = events_of(ask("Hi", max_output_tokens=2), with_path(gguf_path))
    assert not any(isinstance(event, Notice) for event in events)


def test_a_damaged_default_file_is_removed_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xllamacpp", reason="the embedded extra is not installed")
    damaged = paths.models_dir() / model_file.DEFAULT.name
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"GGUF" + bytes(996))
    monkeypatch.setattr(model_file, "DEFAULT", replace(model_file.DEFAULT, size=1_000))
    with pytest.raises(ProtocolError) as caught:
        events_of(ask("Hi"), MODEL)
    assert "has been removed" in (caught.value.hint or "")
    assert not damaged.exists()


# --- without it ---


def test_the_registry_builds_it() -> None:
    assert isinstance(build(SETTINGS), EmbeddedProvider)


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    assert EmbeddedProvider(SETTINGS).missing(MODEL) == "the embedded model needs `pip install 'llmswitch[embedded]'`"


@pytest.fixture
def extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra were installed."""
    monkeypatch.setattr(embedded, "find_spec", lambda name: object())


@pytest.mark.usefixtures("extra")
def test_a_default_model_still_to_be_fetched_is_not_missing() -> None:
    assert EmbeddedProvider(SETTINGS).missing(MODEL) is None


@pytest.mark.usefixtures("extra")
def test_offline_without_the_file_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMSWITCH_OFFLINE", "1")
    assert "LLMSWITCH_OFFLINE forbids" in (EmbeddedProvider(SETTINGS).missing(MODEL) or "")


@pytest.mark.usefixtures("extra")
def test_a_configured_file_that_is_absent_is_named(tmp_path: Path) -> None:
    absent = tmp_path / "absent.gguf"
    assert (
        EmbeddedProvider(SETTINGS).missing(with_path(absent))
        == f"options.path of model 'small' names no file: {absent}"
    )


@pytest.mark.usefixtures("extra")
def test_a_missing_file_fails_the_call_as_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"absent\.gguf"):
        events_of(ask("Hi"), with_path(tmp_path / "absent.gguf"))


@pytest.mark.usefixtures("extra")
def test_a_failure_names_provider_and_model(tmp_path: Path) -> None:
    with pytest.raises(ProviderError) as caught:
        events_of(ask("Hi"), with_path(tmp_path / "absent.gguf"))
    assert (caught.value.provider, caught.value.model) == ("embedded", "smollm2-135m-instruct")


@pytest.mark.usefixtures("extra")
def test_a_file_that_is_no_gguf_is_refused_before_llama_cpp_sees_it(tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("this is not a model, whatever its name says")
    with pytest.raises(ProtocolError, match="is not a GGUF model file"):
        events_of(ask("Hi"), with_path(tmp_path / "text.gguf"))


@pytest.mark.usefixtures("extra")
def test_an_image_is_a_bad_request() -> None:
    request = Request((Message("user", (Image("image/png", b"x"),)),))
    with pytest.raises(BadRequestError, match="no images"):
        events_of(request, MODEL)


def test_an_answer_has_a_limit_where_nobody_sets_one() -> None:
    assert embedded.body(ask("Hi"), MODEL, "embedded:x", tiny=True)["max_tokens"] == 1_024


def test_a_temperature_of_the_request_wins() -> None:
    assert embedded.body(ask("Hi", temperature=0.9), MODEL, "embedded:x", tiny=True)["temperature"] == 0.9


def test_a_larger_model_keeps_its_own_sampling() -> None:
    assert "temperature" not in embedded.body(ask("Hi"), MODEL, "embedded:x", tiny=False)


def test_the_window_is_never_larger_than_the_model() -> None:
    assert llama_server.window(50_000, 8_192) == 8_192


def test_the_window_grows_in_steps() -> None:
    assert [llama_server.window(needed, 32_768) for needed in (1, 2_048, 2_049, 9_000)] == [2_048, 2_048, 4_096, 16_384]


def test_a_tool_call_in_pieces_is_put_together() -> None:
    answer = EmbeddedAnswer("m")
    pieces = [
        {"index": 0, "id": "c1", "function": {"name": "look", "arguments": '{"a"'}},
        {"index": 0, "function": {"arguments": ": 1}"}},
    ]
    for piece in pieces:
        answer.read({"choices": [{"delta": {"tool_calls": [piece]}, "finish_reason": None}]})
    answer.read({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]})
    assert answer.end() == [ToolCall("c1", "look", {"a": 1}), Finish("tool_use", {"finish_reason": "tool_calls"})]


def test_an_answer_without_an_end_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="in the middle"):
        EmbeddedAnswer("m").end()


class EndlessServer:
    """Calls back for ever, as fast as it may, until it is told to stop."""

    def __init__(self) -> None:
        self.called = 0

    def handle_chat_completions(self, body: Mapping[str, Any], callback: Any) -> None:
        while not callback({"n": self.called}):
            self.called += 1


def test_a_slow_reader_holds_the_generation_back() -> None:
    async def read_one() -> int:
        server = EndlessServer()
        async with aclosing(chunks(server, {})) as stream:
            await anext(stream)
            await asyncio.sleep(0.3)
            return server.called

    assert asyncio.run(read_one()) < 100


def test_a_stream_left_to_the_loops_end_stops_its_thread() -> None:
    kept: list[AsyncIterator[Any]] = []

    async def leave() -> None:
        stream = chunks(EndlessServer(), {})
        kept.append(stream)
        await anext(stream)

    asyncio.run(leave())
    assert generating() == []


class SteppingServer:
    """Calls back once, then again when it is let; `stopped` is what the second call was told."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.stopped: bool | None = None

    def handle_chat_completions(self, body: Mapping[str, Any], callback: Any) -> None:
        callback({})
        self.go.wait()
        self.stopped = callback({})


def test_the_first_chunk_after_closing_stops_the_generation() -> None:
    async def close() -> bool | None:
        server = SteppingServer()
        stream = chunks(server, {})
        await anext(stream)
        closing = asyncio.create_task(stream.aclose())
        await asyncio.sleep(0)  # the closing has begun and waits for the thread
        server.go.set()
        await closing
        return server.stopped

    assert asyncio.run(close()) is True
