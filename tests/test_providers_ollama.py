"""What is particular to Ollama: the window, what is installed, and what to do when it does not run."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from provider_cases import BY_KIND, KEY, a_model, answer, asked, collect, failure, sent, usage_of, with_provider
from upstream import MODELS, Reply, Upstream

from llmswitch import errors
from llmswitch.catalog import ProviderSettings
from llmswitch.conversation import (
    Image,
    Message,
    Progress,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    ToolUse,
    Usage,
)
from llmswitch.providers.ollama_chat import installed, pull, server_url
from llmswitch.providers.ollama_request import window

CASE = BY_KIND["ollama"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("", "http://127.0.0.1:11434"),
        ("box", "http://box:11434"),
        ("box:1234", "http://box:1234"),
        (":1234", "http://127.0.0.1:1234"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:1234", "http://127.0.0.1:1234"),
        ("http://0.0.0.0:1234/", "http://127.0.0.1:1234"),
        ("[::]:1234", "http://[::1]:1234"),
        ("http://box", "http://box:80"),
        ("https://box/ollama", "https://box:443/ollama"),
        ("http://localhost:11434/v1", "http://localhost:11434"),
    ],
)
def test_the_host_is_understood_in_every_form(host: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert server_url(ProviderSettings("ollama", kind="ollama", base_url_env="OLLAMA_HOST")) == expected


@pytest.mark.parametrize(
    ("words", "answer_tokens", "context", "expected"),
    [
        (20, None, 128_000, 8_192),
        (20, 1_000, 128_000, 4_096),
        (5_000, 1_000, 128_000, 8_192),
        (15_000, 1_000, 128_000, 24_576),
        (15_000, 1_000, 16_000, 16_000),
        (20, None, 2_048, 2_048),
    ],
)
def test_the_window_holds_prompt_and_answer(words: int, answer_tokens: int | None, context: int, expected: int) -> None:
    request = asked("fox " * words, max_output_tokens=answer_tokens)
    assert window(request, a_model(context=context)) == expected


def test_the_window_does_not_shrink_between_calls(upstream: Upstream) -> None:
    async def long_then_short(provider: Any) -> None:
        await collect(provider, asked("fox " * 15_000), a_model())
        await collect(provider, asked("x"), a_model())

    with_provider(CASE.settings(upstream.url), long_then_short)
    first, second = (seen.body["options"]["num_ctx"] for seen in upstream.requests)
    assert first == second == 24_576


def test_a_prompt_that_would_be_cut_is_not_sent(upstream: Upstream) -> None:
    error = failure(CASE.settings(upstream.url), asked("word " * 20_000), a_model(context=4_096))
    assert type(error) is errors.ContextTooLongError
    assert not upstream.requests


def test_the_profiles_options_are_passed_on(upstream: Upstream) -> None:
    options = {"num_ctx": 5_000, "keep_alive": "1h", "top_k": 20, "think": "high", "prefer": ["qwen3"]}
    request = asked(max_output_tokens=50, temperature=0.1, stop=("END",))
    answer(CASE.settings(upstream.url), request, a_model(options=options))
    body = sent(upstream)
    assert (body["keep_alive"], body["think"]) == ("1h", "high")
    expected = {"num_ctx": 5_000, "num_predict": 50, "temperature": 0.1, "stop": ["END"], "top_k": 20}
    assert body["options"] == expected


def test_the_model_is_kept_loaded_by_default(upstream: Upstream) -> None:
    answer(CASE.settings(upstream.url))
    assert sent(upstream)["keep_alive"] == "10m"


def test_thinking_is_left_to_the_model_unless_asked_for(upstream: Upstream) -> None:
    answer(CASE.settings(upstream.url))
    assert "think" not in sent(upstream)
    answer(CASE.settings(upstream.url), asked(thinking=True))
    assert sent(upstream)["think"] is True


def test_a_schema_is_the_format(upstream: Upstream) -> None:
    schema = {"type": "object", "properties": {"task": {"enum": ["docs", "chat"]}}}
    answer(CASE.settings(upstream.url), asked(schema=schema))
    assert sent(upstream)["format"] == schema


def test_messages_are_translated(upstream: Upstream) -> None:
    request = Request(
        system="Be brief.",
        messages=(
            Message("user", (Text("Look."), Image("image/png", b"\x89PNG"))),
            Message("assistant", (ToolUse("t1", "read", {"p": 1}),)),
            Message("user", (ToolResult("t1", "no such file", is_error=True),)),
        ),
        tools=(Tool("read", "Reads.", {"type": "object", "properties": {"p": {"type": "integer"}}}),),
    )
    answer(CASE.settings(upstream.url), request)
    system, user, assistant, tool = sent(upstream)["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    assert user == {"role": "user", "content": "Look.", "images": ["iVBORw=="]}
    assert assistant["tool_calls"] == [{"function": {"name": "read", "arguments": {"p": 1}}}]
    assert tool == {"role": "tool", "content": "Error: no such file", "tool_name": "read"}


def test_nested_tool_arguments_are_told_in_the_description(upstream: Upstream) -> None:
    inner = {"type": "object", "properties": {"line": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"where": inner}}
    answer(CASE.settings(upstream.url), asked(tools=(Tool("edit", "Edits.", schema),)))
    assert '"line"' in sent(upstream)["tools"][0]["function"]["description"]


def test_ids_of_tool_calls_do_not_repeat_between_answers(upstream: Upstream) -> None:
    upstream.script(Reply(text="", tools=(("read", {}),)), times=2)
    calls = [event for _ in range(2) for event in answer(CASE.settings(upstream.url)) if isinstance(event, ToolCall)]
    assert len({call.id for call in calls}) == 2


def test_a_missing_prompt_count_is_unknown(upstream: Upstream) -> None:
    upstream.script(Reply(usage={"eval_count": 7}))
    assert usage_of(answer(CASE.settings(upstream.url))) == Usage(output_tokens=7)


def test_a_server_that_does_not_run_is_told_in_one_line(refused_url: str) -> None:
    error = failure(CASE.settings(refused_url))
    assert (error.message, error.hint) == (f"Ollama is not running at {refused_url}", "ollama serve")


def test_a_missing_model_comes_with_the_command_that_fetches_it(upstream: Upstream) -> None:
    body = json.dumps({"error": "model 'glm-4.7' not found"})
    upstream.script(Reply(status=404, body=body))
    error = failure(CASE.settings(upstream.url), model=a_model("glm-4.7"))
    assert type(error) is errors.NotFoundError
    assert error.hint == "ollama pull glm-4.7"


def test_installed_models_are_listed(upstream: Upstream) -> None:
    assert asyncio.run(installed(CASE.settings(upstream.url))) == list(MODELS)


def test_listing_says_that_the_server_does_not_run(refused_url: str) -> None:
    with pytest.raises(errors.NetworkError, match="Ollama is not running"):
        asyncio.run(installed(CASE.settings(refused_url)))


def test_a_download_tells_its_progress(upstream: Upstream) -> None:
    async def download() -> list[Progress]:
        return [step async for step in pull(CASE.settings(upstream.url), "glm-4.7")]

    steps = asyncio.run(download())
    assert [(step.done, step.total) for step in steps] == [(0, None), (40, 100), (100, 100), (0, None)]


def test_only_the_configured_key_is_sent(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "belongs-to-ollama-com")
    answer(CASE.settings(upstream.url))
    assert "authorization" not in upstream.last.headers
    monkeypatch.setenv("MOCK_KEY", KEY)
    answer(CASE.settings(upstream.url))
    assert upstream.last.headers["authorization"] == f"Bearer {KEY}"
