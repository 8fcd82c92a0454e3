"""What is particular to OpenAI's two protocols, Responses and Chat Completions."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from provider_cases import BY_KIND, KEY, a_model, answer, asked, failure, sent, text_of, usage_of
from upstream import DEFAULT_TEXT, Reply, Upstream

from llmswitch import errors
from llmswitch.catalog import ProviderSettings
from llmswitch.conversation import (
    Finish,
    Image,
    Message,
    Notice,
    Request,
    Text,
    Thinking,
    ThinkingDelta,
    Tool,
    ToolCall,
    ToolResult,
    ToolUse,
    Usage,
)
from llmswitch.providers import chat_usage
from llmswitch.providers.openai_chat import OpenAIChatProvider
from llmswitch.providers.strict_schema import is_strict

RESPONSES = BY_KIND["openai"]
CHAT = BY_KIND["openai-chat"]
STRICT = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
LOOSE = {"type": "object", "properties": {"a": {"type": "integer"}}}
TOOL_LOOP = Request(
    system="Be brief.",
    messages=(
        Message("user", (Text("Look."), Image("image/png", b"\x89PNG"))),
        Message("assistant", (Text("I read it."), ToolUse("t1", "read", {"p": "é"}))),
        Message("user", (ToolResult("t1", "no such file", is_error=True), Text("And now?"))),
    ),
    tools=(Tool("read", "Reads.", {"type": "object"}),),
)


def test_responses_are_not_stored(upstream: Upstream) -> None:
    answer(RESPONSES.settings(upstream.url))
    assert sent(upstream)["store"] is False


def test_responses_input_items_keep_their_order(upstream: Upstream) -> None:
    answer(RESPONSES.settings(upstream.url), TOOL_LOOP)
    body = sent(upstream)
    assert body["instructions"] == "Be brief."
    assert [item.get("type", item.get("role")) for item in body["input"]] == [
        "user",
        "assistant",
        "function_call",
        "function_call_output",
        "user",
    ]
    assert body["input"][0]["content"][1]["image_url"] == "data:image/png;base64,iVBORw=="
    assert body["input"][2] == {
        "type": "function_call",
        "call_id": "t1",
        "name": "read",
        "arguments": '{"p": "é"}',
    }
    assert body["input"][3]["output"] == "Error: no such file"


def test_responses_usage_is_split(upstream: Upstream) -> None:
    counts = {
        "input_tokens": 1_000,
        "input_tokens_details": {"cached_tokens": 600, "cache_write_tokens": 100},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 30},
        "total_tokens": 1_050,
    }
    upstream.script(Reply(usage=counts))
    usage = usage_of(answer(RESPONSES.settings(upstream.url)))
    assert usage == Usage(300, 600, 100, None, 50, 30)


def test_sealed_reasoning_travels_back_to_the_model_that_sealed_it(upstream: Upstream) -> None:
    upstream.script(Reply(thinking="Hm.", signature="c2VhbGVk"))
    events = answer(RESPONSES.settings(upstream.url), asked(thinking=True))
    assert sent(upstream)["include"] == ["reasoning.encrypted_content"]
    deltas = [event for event in events if isinstance(event, ThinkingDelta)]
    block = Thinking(deltas[0].text, deltas[-1].signature, "mock:some-model")
    foreign = Thinking("Other.", "{}", "mock:another")
    turns = (
        Message("user", (Text("a"),)),
        Message("assistant", (foreign, block, Text("b"))),
        Message("user", (Text("c"),)),
    )
    answer(RESPONSES.settings(upstream.url), Request(turns))
    reasoning = [item for item in sent(upstream)["input"] if item.get("type") == "reasoning"]
    assert reasoning == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "encrypted_content": "c2VhbGVk",
            "summary": [{"type": "summary_text", "text": "Hm."}],
        }
    ]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": "rate_limit_exceeded", "message": "try again in 3s"}, errors.RateLimitedError),
        ({"code": "context_length_exceeded", "message": "too long"}, errors.ContextTooLongError),
        ({"code": "insufficient_quota", "message": "no"}, errors.QuotaExhaustedError),
        ({"code": "invalid_prompt", "message": "flagged"}, errors.RefusedError),
        ({"code": "server_error", "message": "oops"}, errors.OverloadedError),
    ],
)
def test_a_failed_response_is_read_by_its_code(
    error: dict[str, str], expected: type[errors.ProviderError], upstream: Upstream
) -> None:
    upstream.script(Reply(error_after=1, error=error))
    assert type(failure(RESPONSES.settings(upstream.url))) is expected


def test_the_wait_inside_a_failed_response_is_kept(upstream: Upstream) -> None:
    upstream.script(Reply(error_after=0, error={"code": "rate_limit_exceeded", "message": "Please try again in 3.5s."}))
    assert failure(RESPONSES.settings(upstream.url)).retry_after_s == 3.5


def test_stop_sequences_are_not_ignored_in_silence(upstream: Upstream) -> None:
    events = answer(RESPONSES.settings(upstream.url), asked(stop=("END",)))
    assert any(isinstance(event, Notice) and "stop sequences" in event.text for event in events)


@pytest.mark.parametrize(("schema", "strict"), [(STRICT, True), (LOOSE, False)])
def test_schemas_are_native_in_both_protocols(schema: dict[str, Any], strict: bool, upstream: Upstream) -> None:
    answer(RESPONSES.settings(upstream.url), asked(schema=schema))
    given = sent(upstream)["text"]["format"]
    assert (given["type"], given["schema"], given["strict"]) == ("json_schema", schema, strict)
    answer(CHAT.settings(upstream.url), asked(schema=schema))
    chosen = sent(upstream)["response_format"]
    assert chosen["json_schema"] == {"name": "answer", "schema": schema, "strict": strict}


def test_strictness_is_decided_by_every_nested_object() -> None:
    assert is_strict({**STRICT, "properties": {"a": STRICT}})
    assert not is_strict({**STRICT, "properties": {"a": LOOSE}})
    assert not is_strict({"type": "array", "items": LOOSE})
    assert not is_strict({"anyOf": [STRICT, LOOSE]})


def test_chat_messages_are_translated(upstream: Upstream) -> None:
    answer(CHAT.settings(upstream.url), TOOL_LOOP)
    system, user, assistant, tool, last = sent(upstream)["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    assert user["content"][1] == {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}
    assert assistant["tool_calls"][0]["function"] == {"name": "read", "arguments": '{"p": "é"}'}
    assert tool == {"role": "tool", "tool_call_id": "t1", "content": "Error: no such file"}
    assert last == {"role": "user", "content": "And now?"}


def test_reasoning_goes_back_in_a_tool_loop_to_its_own_model_only(upstream: Upstream) -> None:
    def loop(origin: str) -> Request:
        calling = Message("assistant", (Thinking("Hm.", None, origin), ToolUse("t1", "read", {})))
        return Request((Message("user", (Text("a"),)), calling, Message("user", (ToolResult("t1", "b"),))))

    answer(CHAT.settings(upstream.url), loop("mock:some-model"))
    assert sent(upstream)["messages"][1]["reasoning_content"] == "Hm."
    answer(CHAT.settings(upstream.url), loop("mock:another"))
    assert "reasoning_content" not in sent(upstream)["messages"][1]


CHAT_USAGE = [
    ({"prompt_tokens": 10, "completion_tokens": 5}, Usage(10, None, None, None, 5)),
    ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}, Usage(6, 4, output_tokens=5)),
    ({"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": 8}, Usage(2, 8, output_tokens=5)),
    ({"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 15},
     Usage(10, output_tokens=5, reasoning_tokens=3)),
    ({"prompt_tokens": 10, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 30}, "total_tokens": 45},
     Usage(10, output_tokens=35, reasoning_tokens=30)),
    ({}, Usage()),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), CHAT_USAGE)
def test_chat_usage_is_split_without_billing_a_token_twice(raw: dict[str, Any], expected: Usage) -> None:
    assert chat_usage.usage_of(raw) == expected


def test_the_name_of_the_output_limit_depends_on_the_server(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited, model = asked(max_output_tokens=7), a_model()
    answer(CHAT.settings(upstream.url), limited)
    assert sent(upstream)["max_tokens"] == 7
    answer(CHAT.settings(upstream.url, options={"max_tokens_param": "max_completion_tokens"}), limited)
    assert sent(upstream)["max_completion_tokens"] == 7
    at_openai = OpenAIChatProvider(ProviderSettings("openai", kind="openai-chat"))
    assert at_openai.arguments(limited, model)["max_completion_tokens"] == 7


def test_extra_body_of_the_model_is_sent(upstream: Upstream) -> None:
    answer(CHAT.settings(upstream.url), model=a_model(options={"extra_body": {"top_k": 20}}))
    assert sent(upstream)["top_k"] == 20


def test_an_error_object_with_status_200_is_that_error(upstream: Upstream) -> None:
    upstream.script(Reply(plain={"error": {"code": 429, "message": "slow down"}}))
    assert type(failure(CHAT.settings(upstream.url))) is errors.RateLimitedError


def test_a_plain_answer_with_status_200_is_a_protocol_error(upstream: Upstream) -> None:
    upstream.script(Reply(plain={"choices": []}))
    assert type(failure(CHAT.settings(upstream.url))) is errors.ProtocolError


def test_a_connection_lost_after_the_finish_reason_does_not_undo_the_answer(upstream: Upstream) -> None:
    pieces = len(Reply().pieces())
    upstream.script(Reply(drop_after=pieces))
    events = answer(CHAT.settings(upstream.url))
    assert text_of(events) == DEFAULT_TEXT
    assert cast("Finish", events[-1]).reason == "stop"


def test_a_stop_after_tool_calls_is_a_tool_use(upstream: Upstream) -> None:
    upstream.script(Reply(text="", tools=(("read", {}),), finish="stop"))
    events = answer(CHAT.settings(upstream.url))
    assert [event.name for event in events if isinstance(event, ToolCall)] == ["read"]
    assert cast("Finish", events[-1]).reason == "tool_use"


@pytest.mark.parametrize("case", [RESPONSES, CHAT], ids=["responses", "chat"])
def test_nothing_of_openais_environment_goes_to_another_server(
    case: Any, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "belongs-to-openai")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: belongs-to-openai\nAuthorization: Bearer belongs-to-openai")
    answer(RESPONSES.settings(upstream.url))
    assert "belongs-to-openai" not in json.dumps(dict(upstream.last.headers))


def test_openais_own_variables_are_honoured(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.openai_url)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    answer(ProviderSettings("openai", kind="openai", base_url_env="OPENAI_BASE_URL", api_key_env="OPENAI_API_KEY"))
    headers = upstream.last.headers
    assert (headers["authorization"], headers["openai-organization"]) == (f"Bearer {KEY}", "org-1")


def test_a_key_with_a_line_break_is_told_without_showing_it(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOCK_KEY", "sk-secret\nvalue")
    error = failure(CHAT.settings(upstream.url))
    assert type(error) is errors.AuthenticationError
    assert "secret" not in error.message


def test_a_server_without_the_responses_api_is_asked_for_chat_completions(upstream: Upstream) -> None:
    upstream.script(Reply(status=404, body='{"error": {"message": "no such path"}}'), path="/responses", times=None)
    assert text_of(answer(RESPONSES.settings(upstream.url), asked("hello"))) == DEFAULT_TEXT
    assert [seen.path for seen in upstream.requests] == ["/v1/responses", "/v1/chat/completions"]


def test_a_model_that_neither_protocol_knows_is_not_found(upstream: Upstream) -> None:
    upstream.script(Reply(status=404, body='{"error": {"message": "no such model"}}'), times=None)
    assert type(failure(RESPONSES.settings(upstream.url), asked("hello"))) is errors.NotFoundError
