"""What is particular to Anthropic's Messages API."""

from __future__ import annotations

import json
import warnings
from typing import Any, cast

import pytest
from provider_cases import BY_KIND, KEY, a_model, answer, asked, collect, failure, sent, usage_of, with_provider
from upstream import Reply, Upstream

from llmswitch import errors
from llmswitch.catalog import ProviderSettings
from llmswitch.conversation import (
    Finish,
    Image,
    Message,
    QuotaReport,
    Request,
    Text,
    Thinking,
    ThinkingDelta,
    Tool,
    ToolResult,
    ToolUse,
    Usage,
    UsageReport,
)
from llmswitch.providers.anthropic_request import DEFAULT_MAX_TOKENS, version

CASE = BY_KIND["anthropic"]
LONG = "A rule of the house. " * 400
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "required": ["a"]}


def test_cache_buckets_are_disjoint_and_split_by_lifetime(upstream: Upstream) -> None:
    counts = {
        "input_tokens": 10,
        "cache_read_input_tokens": 2_000,
        "cache_creation_input_tokens": 700,
        "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 200},
        "output_tokens": 40,
        "output_tokens_details": {"thinking_tokens": 15},
    }
    upstream.script(Reply(usage=counts))
    assert usage_of(answer(CASE.settings(upstream.url))) == Usage(10, 2_000, 500, 200, 40, 15)


def test_a_creation_without_its_split_counts_as_five_minutes(upstream: Upstream) -> None:
    upstream.script(Reply(usage={"input_tokens": 10, "cache_creation_input_tokens": 700, "output_tokens": 4}))
    usage = usage_of(answer(CASE.settings(upstream.url)))
    assert usage is not None
    assert (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens) == (700, None)


def test_cumulative_counts_are_set_and_not_added(upstream: Upstream) -> None:
    upstream.script(Reply(usage={"input_tokens": 25, "output_tokens": 9}, extra={"input_tokens": 25}))
    usage = usage_of(answer(CASE.settings(upstream.url)))
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (25, 9)


def test_an_interrupted_answer_has_its_input_tokens(upstream: Upstream) -> None:
    upstream.script(Reply(drop_after=1))

    async def until_it_breaks(provider: Any) -> Usage | None:
        latest = None
        try:
            async for event in provider.stream(asked(), a_model()):
                latest = event.usage if isinstance(event, UsageReport) else latest
        except errors.NetworkError:
            return latest
        raise AssertionError("it did not break")

    usage = with_provider(CASE.settings(upstream.url), until_it_breaks)
    assert usage is not None
    assert usage.input_tokens == 12


@pytest.mark.parametrize(
    ("asked_for", "limit", "expected"),
    [(None, None, DEFAULT_MAX_TOKENS), (None, 64_000, 64_000), (500, 64_000, 500), (90_000, 64_000, 64_000)],
)
def test_max_tokens_is_always_sent_and_never_above_the_models_limit(
    asked_for: int | None, limit: int | None, expected: int, upstream: Upstream
) -> None:
    answer(CASE.settings(upstream.url), asked(max_output_tokens=asked_for), a_model(max_output=limit))
    assert sent(upstream)["max_tokens"] == expected


def test_every_kind_of_block_is_translated(upstream: Upstream) -> None:
    origin = "mock:some-model"
    request = Request(
        system="Be brief.",
        messages=(
            Message("user", (Text("Look."), Image("image/png", b"\x89PNG"))),
            Message("assistant", (Thinking("Hm.", "sig", origin), Text("I read it."), ToolUse("t1", "read", {"p": 1}))),
            Message("user", (ToolResult("t1", "no such file", is_error=True),)),
        ),
        tools=(Tool("read", "Reads.", {"type": "object"}),),
        stop=("END",),
        temperature=0.5,
    )
    answer(CASE.settings(upstream.url), request, a_model(options={"prompt_cache": False}))
    body = sent(upstream)
    assert body["system"] == [{"type": "text", "text": "Be brief."}]
    first, second, third = body["messages"]
    assert first["content"][1]["source"] == {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}
    assert second["content"][0] == {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
    assert second["content"][2] == {"type": "tool_use", "id": "t1", "name": "read", "input": {"p": 1}}
    assert third["content"] == [
        {"type": "tool_result", "tool_use_id": "t1", "content": "no such file", "is_error": True}
    ]
    assert body["tools"] == [{"name": "read", "description": "Reads.", "input_schema": {"type": "object"}}]
    assert (body["stop_sequences"], body["temperature"]) == (["END"], 0.5)


@pytest.mark.parametrize(
    "block",
    [
        Thinking("Hm.", "sig", "mock:another-model"),
        Thinking("Hm.", "sig", None),
        Thinking("Hm.", None, "mock:some-model"),
    ],
)
def test_foreign_or_unsigned_thinking_is_not_sent_back(block: Thinking, upstream: Upstream) -> None:
    turns = (Message("user", (Text("a"),)), Message("assistant", (block, Text("b"))), Message("user", (Text("c"),)))
    answer(CASE.settings(upstream.url), Request(turns))
    assert [part["type"] for part in sent(upstream)["messages"][1]["content"]] == ["text"]


def test_a_signature_arrives_with_the_thinking(upstream: Upstream) -> None:
    upstream.script(Reply(thinking="Hm.", signature="c2ln"))
    events = answer(CASE.settings(upstream.url))
    assert [event.signature for event in events if isinstance(event, ThinkingDelta)] == [None, "c2ln"]


@pytest.mark.parametrize(
    ("model_id", "expected"),
    [
        ("claude-opus-4-6", (4, 6)),
        ("claude-sonnet-4-5-20250929", (4, 5)),
        ("claude-sonnet-4-20250514", (4, 0)),
        ("claude-3-7-sonnet-20250219", (3, 7)),
        ("anthropic/claude-haiku-4-5", (4, 5)),
        ("claude-opus-5-5[1m]", (5, 5)),
        ("glm-4.7", None),
    ],
)
def test_the_version_is_read_from_the_id(model_id: str, expected: tuple[int, int] | None) -> None:
    assert version(model_id) == expected


def test_thinking_is_adaptive_on_newer_models(upstream: Upstream) -> None:
    answer(CASE.settings(upstream.url), asked(thinking=True, temperature=0.2), a_model("claude-opus-4-6"))
    body = sent(upstream)
    assert body["thinking"]["type"] == "adaptive"
    assert "temperature" not in body


def test_thinking_has_a_budget_below_the_output_on_older_models(upstream: Upstream) -> None:
    request = asked(thinking=True, max_output_tokens=8_000)
    answer(CASE.settings(upstream.url), request, a_model("claude-sonnet-4-5"))
    assert sent(upstream)["thinking"] == {"type": "enabled", "budget_tokens": 4_000}


def test_thinking_is_left_out_where_the_answer_has_no_room_for_it(upstream: Upstream) -> None:
    answer(CASE.settings(upstream.url), asked(thinking=True, max_output_tokens=500), a_model("claude-sonnet-4-5"))
    assert "thinking" not in sent(upstream)


def test_thinking_is_left_out_in_a_tool_loop_that_lost_its_thinking(upstream: Upstream) -> None:
    turns = (
        Message("user", (Text("a"),)),
        Message("assistant", (ToolUse("t1", "read", {}),)),
        Message("user", (ToolResult("t1", "b"),)),
    )
    answer(CASE.settings(upstream.url), Request(turns, thinking=True), a_model("claude-sonnet-4-5"))
    assert "thinking" not in sent(upstream)


def test_long_stable_prefixes_are_marked_for_the_cache(upstream: Upstream) -> None:
    turns = (Message("user", (Text("a"),)), Message("assistant", (Text("b"),)), Message("user", (Text("c"),)))
    answer(CASE.settings(upstream.url), Request(turns, system=LONG))
    body = sent(upstream)
    mark = {"type": "ephemeral"}
    assert body["system"][0]["cache_control"] == mark
    assert body["messages"][1]["content"][-1]["cache_control"] == mark
    assert "cache_control" not in body["messages"][2]["content"][-1]


def test_short_prefixes_are_not_marked_for_the_cache(upstream: Upstream) -> None:
    turns = (Message("user", (Text("a"),)), Message("assistant", (Text("b"),)), Message("user", (Text("c"),)))
    answer(CASE.settings(upstream.url), Request(turns, system="Be brief."))
    assert "cache_control" not in json.dumps(sent(upstream))


def test_the_profile_can_switch_prompt_caching_off(upstream: Upstream) -> None:
    answer(CASE.settings(upstream.url), asked(system=LONG), a_model(options={"prompt_cache": False}))
    assert "cache_control" not in json.dumps(sent(upstream))


def test_a_schema_is_native_where_the_model_takes_it(upstream: Upstream) -> None:
    answer(CASE.settings(upstream.url), asked(schema=SCHEMA), a_model("claude-haiku-4-5"))
    given = sent(upstream)["output_config"]["format"]
    assert given["type"] == "json_schema"
    assert given["schema"]["additionalProperties"] is False


@pytest.mark.parametrize(
    ("model_id", "schema"), [("claude-sonnet-4-20250514", SCHEMA), ("claude-opus-4-6", {"description": "anything"})]
)
def test_a_schema_is_an_instruction_where_it_can_not_be_native(
    model_id: str, schema: dict[str, Any], upstream: Upstream
) -> None:
    answer(CASE.settings(upstream.url), asked(schema=schema, system="Be brief."), a_model(model_id))
    body = sent(upstream)
    assert "output_config" not in body
    text = "".join(block["text"] for block in body["system"])
    assert text.startswith("Be brief.")
    assert json.dumps(schema) in text


def test_plan_windows_in_the_headers_are_reported(upstream: Upstream) -> None:
    headers = {
        "anthropic-ratelimit-unified-5h-utilization": "0.5",
        "anthropic-ratelimit-unified-5h-reset": "1795003600",
    }
    upstream.script(Reply(headers=headers))
    reports = [event for event in answer(CASE.settings(upstream.url)) if isinstance(event, QuotaReport)]
    assert [(report.window, report.utilization) for report in reports] == [("5h", 0.5)]


def test_windows_are_reported_before_a_refusal_too(upstream: Upstream) -> None:
    headers = {"anthropic-ratelimit-unified-5h-utilization": "1.0", "anthropic-ratelimit-unified-status": "rejected"}
    upstream.script(Reply(status=429, headers=headers))

    async def until_refused(provider: Any) -> list[Any]:
        seen: list[Any] = []
        try:
            async for event in provider.stream(asked(), a_model()):
                seen.append(event)  # noqa: PERF401  # what came before the error is the point
        except errors.QuotaExhaustedError:
            return seen
        raise AssertionError("it was not refused")

    (report,) = with_provider(CASE.settings(upstream.url), until_refused)
    assert report.status == "rejected"


def test_exactly_the_configured_key_is_sent(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-somebody-else")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "a-token-of-somebody-else")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Secret: for-another-server\nAuthorization: Bearer other")
    answer(CASE.settings(upstream.url))
    headers = upstream.last.headers
    assert headers["x-api-key"] == KEY
    assert "authorization" not in headers
    assert "else" not in json.dumps(dict(headers))
    assert "x-secret" not in headers


def test_without_a_key_no_credential_of_the_environment_is_sent(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-somebody-else")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "a-token-of-somebody-else")
    answer(CASE.settings(upstream.url))
    assert "else" not in json.dumps(dict(upstream.last.headers))


def test_the_vendors_own_variables_are_honoured(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"{upstream.url}/v1")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Gateway: yes")
    settings = ProviderSettings(
        "anthropic", kind="anthropic", base_url_env="ANTHROPIC_BASE_URL", api_key_env="ANTHROPIC_API_KEY"
    )
    answer(settings)
    assert upstream.last.path == "/v1/messages"
    assert upstream.last.headers["x-api-key"] == KEY
    assert upstream.last.headers["x-gateway"] == "yes"


def test_a_bearer_token_is_sent_where_the_profile_says_so(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_KEY", KEY)
    answer(CASE.settings(upstream.url, options={"auth": "bearer"}))
    assert upstream.last.headers["authorization"] == f"Bearer {KEY}"
    assert "x-api-key" not in upstream.last.headers


def test_the_suffix_for_the_long_window_becomes_a_header(upstream: Upstream) -> None:
    answer(CASE.settings(upstream.url), model=a_model("claude-opus-4-6[1m]"))
    assert upstream.last.model == "claude-opus-4-6"
    assert upstream.last.headers["anthropic-beta"] == "context-1m-2025-08-07"


def test_the_sdk_prints_no_warnings_of_its_own(upstream: Upstream) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer(CASE.settings(upstream.url), model=a_model("claude-3-7-sonnet-20250219"))
    assert upstream.last.model == "claude-3-7-sonnet-20250219"


def test_a_refusal_is_a_finish_and_not_an_error(upstream: Upstream) -> None:
    upstream.script(Reply(text="", finish="refusal"))
    assert cast("Finish", answer(CASE.settings(upstream.url))[-1]).reason == "refusal"


def test_tool_arguments_that_are_not_json_are_a_protocol_error(upstream: Upstream) -> None:
    upstream.script(Reply(text="", tools=(("read", cast("Any", [1, 2])),)))
    assert type(failure(CASE.settings(upstream.url))) is errors.ProtocolError


def test_cancelling_before_the_headers_closes_the_connection(upstream: Upstream) -> None:
    import asyncio

    upstream.script(Reply(first_delay_s=3_600))

    async def cancel(provider: Any) -> bool:
        task = asyncio.create_task(collect(provider, asked(), a_model()))
        while not upstream.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await asyncio.to_thread(upstream.wait_until_client_left)

    assert with_provider(CASE.settings(upstream.url), cancel)
