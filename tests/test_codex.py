"""The adapter for `codex exec`: the real program against the scripted upstream, and a scripted program for the rest."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from fixtures_clients import Step, alive_in_group, until
from provider_cases import a_model, answer, asked, connected, failure, text_of, usage_of
from upstream import DEFAULT_TEXT, Reply, Upstream

from llmswitch import errors
from llmswitch.catalog import ProviderSettings
from llmswitch.conversation import CostReport, Event, Finish, Progress, TextDelta, ThinkingDelta, Usage
from llmswitch.providers import codex_failure
from llmswitch.providers.call_site import CallSite
from llmswitch.providers.codex_events import Answer

PLAN = a_model("gpt-5.3-codex", plan="chatgpt-pro")
CASH = a_model("gpt-5.3-codex")
SITE = CallSite("codex", "m", "codex")
STRICT = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
Scripted = Callable[..., list[str]]


def settings(command: str | list[str], **options: Any) -> ProviderSettings:
    return ProviderSettings("codex", kind="codex", key_required=False, options={"command": command, **options})


def at(program: str | list[str], upstream: Upstream) -> ProviderSettings:
    """The real program with whatever login it has, talking to the scripted upstream."""
    server = f'{{name="mock",base_url="{upstream.openai_url}",wire_api="responses",requires_openai_auth=true}}'
    return settings(program, args=["-c", f"model_providers.mock={server}", "-c", "model_provider=mock"])


def message(text: str, identifier: str = "item_1") -> Step:
    return {"out": {"type": "item.completed", "item": {"id": identifier, "type": "agent_message", "text": text}}}


def completed(**usage: int) -> Step:
    return {"out": {"type": "turn.completed", "usage": usage}}


def read(*steps: Step, structured: bool = False) -> tuple[list[Event], Answer]:
    """Our events for the lines that these steps would print."""
    state = Answer(SITE, structured=structured)
    return [event for step in steps for event in state.read(step["out"])], state


def posts(upstream: Upstream) -> list[Any]:
    return [request for request in upstream.requests if request.method == "POST"]


# the real program


def test_on_a_plan_the_answer_comes_on_the_login_and_never_on_a_key(
    codex_program: str, codex_upstream: Upstream, chatgpt_login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-costs-money")
    monkeypatch.setenv("CODEX_API_KEY", "sk-costs-money-too")
    events = answer(at(codex_program, codex_upstream), model=PLAN)
    assert text_of(events) == DEFAULT_TEXT
    sent = {request.headers.get("authorization") for request in codex_upstream.requests}
    assert sent == {f"Bearer {chatgpt_login}"}


def test_without_tools_nothing_that_runs_commands_is_offered_to_the_model(
    codex_program: str, codex_upstream: Upstream, chatgpt_login: str
) -> None:
    answer(at(codex_program, codex_upstream), model=PLAN)
    offered = {tool.get("name") or tool["type"] for tool in posts(codex_upstream)[0].body["tools"]}
    assert offered <= {"request_user_input", "view_image"}


def test_an_api_keys_login_is_refused_on_a_plan_before_anything_is_sent(
    codex_program: str, codex_upstream: Upstream, api_key_login: None
) -> None:
    error = failure(at(codex_program, codex_upstream), model=PLAN)
    assert (type(error), codex_upstream.requests) == (errors.AuthenticationError, [])


def test_its_first_retry_of_its_own_ends_the_call(
    codex_program: str, codex_upstream: Upstream, chatgpt_login: str
) -> None:
    codex_upstream.script(Reply(drop_after=1), times=None)
    error = failure(at(codex_program, codex_upstream), model=PLAN)
    assert (type(error), len(posts(codex_upstream))) == (errors.NetworkError, 1)


def test_cancelling_ends_the_real_program(
    codex_program: str,
    codex_upstream: Upstream,
    chatgpt_login: str,
    with_pid: Callable[[str], tuple[list[str], Path]],
) -> None:
    codex_upstream.script(Reply(stall_after=1))
    command, pid = with_pid(codex_program)

    async def main() -> None:
        async with connected(at(command, codex_upstream)) as provider:

            async def consume() -> None:
                async with aclosing(cast("Any", provider.stream(asked(), PLAN))) as events:
                    async for _ in events:
                        pass

            task = asyncio.create_task(consume())
            await until(lambda: posts(codex_upstream) or task.done())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
    assert alive_in_group(int(pid.read_text())) == []


# how it is called


def _saved(scripted: Scripted, tmp_path: Path, **options: Any) -> dict[str, Any]:
    """What the program saw of one call without a plan."""
    request = options.pop("request", asked())
    path = tmp_path / "saved.json"
    answer(settings(scripted({"save": str(path)}, message("ok"), completed()), **options), request, CASH)
    saved: dict[str, Any] = json.loads(path.read_text())
    return saved


def test_a_prompt_of_a_megabyte_goes_through_stdin(scripted: Scripted, tmp_path: Path) -> None:
    saved = _saved(scripted, tmp_path, request=asked("word " * 200_000))
    assert (saved["stdin"], saved["argv"][-1]) == ("word " * 200_000, "-")


def test_the_system_prompt_is_the_developers_instructions(scripted: Scripted, tmp_path: Path) -> None:
    argv = _saved(scripted, tmp_path, request=asked(system='Say "はい".\n'))["argv"]
    assert 'developer_instructions="Say \\"はい\\".\\n"' in argv


def test_a_system_prompt_too_large_for_an_argument_goes_in_front_of_the_prompt(
    scripted: Scripted, tmp_path: Path
) -> None:
    saved = _saved(scripted, tmp_path, request=asked("Go.", system="x" * 150_000))
    assert saved["stdin"] == f"<instructions>\n{'x' * 150_000}\n</instructions>\n\nGo."


def test_a_strict_schema_goes_as_a_file(scripted: Scripted, tmp_path: Path) -> None:
    saved = _saved(scripted, tmp_path, request=asked(schema=STRICT))
    path = saved["argv"][saved["argv"].index("--output-schema") + 1]
    assert json.loads(saved["files"][path]) == STRICT


def test_a_loose_schema_goes_in_words(scripted: Scripted, tmp_path: Path) -> None:
    saved = _saved(scripted, tmp_path, request=asked("Go.", schema={"type": "object"}))
    assert "--output-schema" not in saved["argv"]
    assert saved["stdin"].endswith('{"type": "object"}')


def test_without_tools_the_sandbox_is_read_only_whatever_is_configured(scripted: Scripted, tmp_path: Path) -> None:
    argv = _saved(scripted, tmp_path, sandbox="danger-full-access")["argv"]
    assert argv[argv.index("--sandbox") + 1] == "read-only"


def test_the_login_is_asked_for_once(scripted: Scripted, tmp_path: Path) -> None:
    given = settings(scripted(message("ok"), completed(), {"raw": "Logged in using ChatGPT\n"}))

    async def main() -> int:
        asked_for = 0
        async with connected(given) as provider:
            original = codex_failure.require_plan_login
            with pytest.MonkeyPatch.context() as patch:

                def count(*arguments: Any) -> None:
                    nonlocal asked_for
                    asked_for += 1
                    original(*arguments)

                patch.setattr(codex_failure, "require_plan_login", count)
                for _ in range(2):
                    async with aclosing(cast("Any", provider.stream(asked(), PLAN))) as events:
                        async for _ in events:
                            pass
        return asked_for

    assert asyncio.run(main()) == 1


@pytest.mark.parametrize(
    ("status", "said", "refused"),
    [
        (0, "Logged in using ChatGPT", False),
        (0, "API key configured - sk-proj-***rstuv", True),
        (0, "Logged in using an API key - sk-***", True),
        (1, "Not logged in", True),
        (None, "", True),
    ],
)
def test_a_login_is_read_as(status: int | None, said: str, refused: bool) -> None:
    if refused:
        with pytest.raises(errors.AuthenticationError):
            codex_failure.require_plan_login(status, said, SITE)
    else:
        codex_failure.require_plan_login(status, said, SITE)


# what it prints


def test_cached_tokens_are_taken_out_of_the_input_and_reasoning_stays_in_the_output() -> None:
    counts = {"input_tokens": 100, "cached_input_tokens": 60, "cache_write_input_tokens": 10}
    events, _ = read(completed(**counts, output_tokens=50, reasoning_output_tokens=20))
    assert usage_of(events) == Usage(30, 60, 10, None, 50, 20)


def test_no_cost_is_claimed(scripted: Scripted) -> None:
    events = answer(settings(scripted(message("ok"), completed(input_tokens=1, output_tokens=1))), model=CASH)
    assert not [event for event in events if isinstance(event, CostReport)]


def test_a_message_comes_whole_and_the_end_last(scripted: Scripted) -> None:
    events = answer(settings(scripted(message("all of it"), completed())), model=CASH)
    assert (events[0], type(events[-1])) == (TextDelta("all of it"), Finish)


def test_a_message_that_grows_is_passed_on_once() -> None:
    grown = {"out": {"type": "item.updated", "item": {"id": "item_1", "type": "agent_message", "text": "all"}}}
    events, _ = read(grown, message("all of it"))
    assert events == [TextDelta("all"), TextDelta(" of it")]


def test_with_a_schema_only_the_last_message_is_the_answer() -> None:
    events, _ = read(message("I will look.", "item_1"), message('{"a": 1}', "item_2"), completed(), structured=True)
    assert text_of(events) == '{"a": 1}'


def test_reasoning_is_passed_on_as_thinking() -> None:
    events, _ = read({"out": {"type": "item.completed", "item": {"id": "r", "type": "reasoning", "text": "hm"}}})
    assert events == [ThinkingDelta("hm\n\n")]


def test_a_command_it_runs_is_progress_and_not_content() -> None:
    item = {"id": "c", "type": "command_execution", "command": "ls"}
    events, _ = read({"out": {"type": "item.started", "item": item}})
    assert events == [Progress("codex: ls", unit="command_execution")]


def test_a_warning_item_does_not_end_the_call() -> None:
    warning = {"out": {"type": "item.completed", "item": {"id": "w", "type": "error", "message": "no metadata"}}}
    events, state = read(warning, message("ok"), completed())
    assert (text_of(events), state.failure) == ("ok", None)


def test_a_failed_turn_is_its_error(scripted: Scripted) -> None:
    failed = {
        "out": {"type": "turn.failed", "error": {"message": "Quota exceeded. Check your plan and billing details."}}
    }
    assert type(failure(settings(scripted(failed, {"exit": 1})), model=CASH)) is errors.QuotaExhaustedError


def test_a_program_that_dies_in_mid_answer_is_a_broken_connection(scripted: Scripted) -> None:
    steps: list[Step] = [{"out": {"type": "turn.started"}}, {"exit": 101}]
    assert type(failure(settings(scripted(*steps)), model=CASH)) is errors.NetworkError


FAILURES: list[tuple[str, type[errors.ProviderError]]] = [
    (
        "You’ve hit your usage limit. Visit https://x to purchase more credits or try again at 12:22 PM.",
        errors.QuotaExhaustedError,
    ),
    ("Quota exceeded. Check your plan and billing details.", errors.QuotaExhaustedError),
    ("unexpected status 401 Unauthorized: Incorrect API key provided, url: http://x", errors.AuthenticationError),
    ("Your access token could not be refreshed. Please log out and sign in again.", errors.AuthenticationError),
    ("Codex ran out of room in the model's context window. Start a new thread.", errors.ContextTooLongError),
    ("The model x does not exist", errors.NotFoundError),
    ("The 'x' model is not supported when using Codex with a ChatGPT account.", errors.NotFoundError),
    ("rate limit exceeded: Rate limit reached. Please try again in 7s.", errors.RateLimitedError),
    ("exceeded retry limit, last status: 429 Too Many Requests", errors.RateLimitedError),
    ("exceeded retry limit, last status: 503 Service Unavailable", errors.OverloadedError),
    ("We’re currently experiencing high demand, which may cause temporary errors.", errors.OverloadedError),
    ("Selected model is at capacity. Please try a different model.", errors.OverloadedError),
    ("unexpected status 400 Bad Request: no such parameter, url: http://x", errors.BadRequestError),
    ("stream disconnected before completion: Transport error: network error", errors.NetworkError),
    ("Connection failed: error sending request", errors.NetworkError),
    (
        "stream disconnected before completion: Incomplete response returned, reason: content_filter",
        errors.RefusedError,
    ),
]


@pytest.mark.parametrize(("said", "expected"), FAILURES)
def test_what_it_says_is_read_as(said: str, expected: type[errors.ProviderError]) -> None:
    assert type(codex_failure.failure(said, SITE)) is expected


@pytest.mark.parametrize(
    "said", ["Reconnecting... 1/5 (Connection failed: x)", "Reconnecting... waiting for network (Connection failed: x)"]
)
def test_a_retry_is_read_as_what_it_retries(said: str) -> None:
    _, state = read({"out": {"type": "error", "message": said}})
    assert state.failure is not None
    assert (type(state.failure), state.failure.phase) == (errors.NetworkError, "connect")


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A local clock that is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("try again at 9:22 PM.", "2026-11-23T21:23:00+09:00"),
        ("try again at 1:05 AM.", "2026-11-24T01:06:00+09:00"),
        ("try again at Nov 26th, 2026 12:22 AM.", "2026-11-26T00:23:00+09:00"),
        ("try again in 3 days 4 hours 5 minutes.", "2026-11-27T00:05:00+09:00"),
    ],
)
def test_a_limit_ends_when_the_local_clock_says(said: str, expected: str, tokyo: None) -> None:
    now = datetime.fromisoformat("2026-11-23T20:00:00+09:00").timestamp()
    assert codex_failure.resets_at(said, now) == datetime.fromisoformat(expected).timestamp()
