"""The adapter for `claude -p`: the real program against the scripted upstream, and a scripted program for the rest."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest
from fixtures_clients import OAUTH, Step, alive_in_group, until
from provider_cases import a_model, answer, asked, connected, failure, text_of, usage_of
from upstream import Reply, Upstream

from llmswitch import errors
from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import (
    CostReport,
    Event,
    Finish,
    Message,
    QuotaReport,
    Request,
    Text,
    TextDelta,
    ThinkingDelta,
    Tool,
    Usage,
)
from llmswitch.providers import claude_failure
from llmswitch.providers.call_site import CallSite
from llmswitch.providers.claude_events import Answer
from llmswitch.providers.client_prompt import prompt

PLAN = a_model("claude-opus-4-6", plan="claude-max")
CASH = a_model("claude-opus-4-6")
Scripted = Callable[..., list[str]]


def settings(command: str | list[str], **options: Any) -> ProviderSettings:
    return ProviderSettings(
        "claude-code", kind="claude-code", key_required=False, options={"command": command, **options}
    )


def at(program: str | list[str], upstream: Upstream, **env: str) -> ProviderSettings:
    """The real program with a subscription's login, talking to the scripted upstream."""
    return settings(program, env={"ANTHROPIC_BASE_URL": upstream.url, "CLAUDE_CODE_OAUTH_TOKEN": OAUTH, **env})


def api(event: dict[str, Any], parent: str | None = None) -> Step:
    return {"out": {"type": "stream_event", "event": event, "parent_tool_use_id": parent}}


def start(identifier: str = "msg_1", **usage: int) -> Step:
    return api({"type": "message_start", "message": {"id": identifier, "usage": {"input_tokens": 3, **usage}}})


def delta(text: str) -> Step:
    return api({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})


def end(stop: str = "end_turn", output: int = 5) -> list[Step]:
    counted = {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": {"output_tokens": output}}
    return [api(counted), api({"type": "message_stop"})]


def result(**changes: Any) -> Step:
    given = {"type": "result", "subtype": "success", "is_error": False, "result": "", "stop_reason": "end_turn"}
    return {"out": given | changes}


def limits(**info: Any) -> Step:
    return {"out": {"type": "rate_limit_event", "rate_limit_info": info}}


def read(*steps: Step, plan: bool = True) -> tuple[list[Event], Answer]:
    """Our events for the lines that these steps would print."""
    state = Answer(CallSite("claude-code", "m", "claude"), plan=plan)
    return [event for step in steps for event in state.read(step["out"])], state


# the real program


def test_the_first_words_arrive_while_the_rest_is_still_being_written(claude_program: str, upstream: Upstream) -> None:
    upstream.script(Reply(text="one two three four", chunks=4, hold_after=2))

    async def main() -> str:
        async with connected(at(claude_program, upstream)) as provider:
            got = ""
            async for event in provider.stream(asked(), PLAN):
                if isinstance(event, TextDelta):
                    got += event.text
                    upstream.release()  # only now may the upstream go on
            return got

    assert asyncio.run(main()) == "one two three four"


def test_a_key_and_a_url_in_the_environment_never_reach_anybody_on_the_plans_route(
    claude_program: str, upstream: Upstream, refused_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-costs-money")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "costs-money-too")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", refused_url)
    events = answer(at(claude_program, upstream), model=PLAN)
    sent = [request for request in upstream.requests if request.method == "POST"]
    credentials = [(request.headers.get("authorization"), request.headers.get("x-api-key")) for request in sent]
    assert credentials == [(f"Bearer {OAUTH}", None)]  # one call: no title for the session either
    assert [event.imputed for event in events if isinstance(event, CostReport)] == [True]


def test_a_file_named_in_the_prompt_is_not_read(claude_program: str, upstream: Upstream, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the-secret-words")
    answer(at(claude_program, upstream), asked(f"What is in @{secret} ?"), PLAN)
    assert "the-secret-words" not in json.dumps([request.body for request in upstream.requests])


def test_an_error_status_ends_the_call_after_one_request(claude_program: str, upstream: Upstream) -> None:
    upstream.script(Reply(status=529), times=None)
    error = failure(at(claude_program, upstream), model=PLAN)
    posts = [request for request in upstream.requests if request.method == "POST"]
    assert (type(error), len(posts)) == (errors.OverloadedError, 1)


def test_cancelling_ends_the_real_program(
    claude_program: str, upstream: Upstream, with_pid: Callable[[str], tuple[list[str], Path]]
) -> None:
    upstream.script(Reply(stall_after=1))
    command, pid = with_pid(claude_program)
    _cancel_after_first_text(at(command, upstream), PLAN)
    assert alive_in_group(int(pid.read_text())) == []


def _cancel_after_first_text(given: ProviderSettings, model: Model) -> None:
    async def main() -> None:
        async with connected(given) as provider:
            first = asyncio.Event()

            async def consume() -> None:
                async with aclosing(cast("Any", provider.stream(asked(), model))) as events:
                    async for event in events:
                        if isinstance(event, TextDelta):
                            first.set()

            task = asyncio.create_task(consume())
            await until(lambda: first.is_set() or task.done())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())


# how it is called


def test_the_prompt_goes_through_stdin_and_not_through_the_command_line(scripted: Scripted, tmp_path: Path) -> None:
    large = "word " * 200_000
    saved = _saved(scripted, tmp_path, asked(large))
    assert saved["stdin"] == large
    assert not any("word " in argument for argument in saved["argv"])


def test_the_system_prompt_goes_through_a_file(scripted: Scripted, tmp_path: Path) -> None:
    saved = _saved(scripted, tmp_path, asked(system="Be brief. " * 20_000))
    assert saved["files"] == {saved["argv"][saved["argv"].index("--system-prompt-file") + 1]: "Be brief. " * 20_000}


def test_the_working_directory_is_empty_private_and_removed(scripted: Scripted, tmp_path: Path) -> None:
    saved = _saved(scripted, tmp_path, asked(system="x"))
    assert (saved["listing"], saved["mode"], Path(saved["cwd"]).parent.exists()) == ([], 0o700, False)


def test_a_configured_working_directory_is_used_and_kept(scripted: Scripted, tmp_path: Path) -> None:
    place = tmp_path / "project"
    place.mkdir()
    saved = _saved(scripted, tmp_path, asked(), cwd=str(place))
    assert (Path(saved["cwd"]).samefile(place), place.exists()) == (True, True)


def test_tools_are_off_unless_asked_for(scripted: Scripted, tmp_path: Path) -> None:
    argv = _saved(scripted, tmp_path, asked())["argv"]
    assert argv[argv.index("--tools") + 1] == ""


def test_named_tools_are_offered_and_allowed(scripted: Scripted, tmp_path: Path) -> None:
    argv = _saved(scripted, tmp_path, asked(), tools=["Read", "Bash(git log *)"])["argv"]
    at_tools = argv.index("--tools")
    assert argv[at_tools + 1 : at_tools + 5] == ["Read,Bash", "--allowedTools", "Read", "Bash(git log *)"]


@pytest.mark.parametrize(
    "name",
    ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "CLAUDE_CODE_USE_BEDROCK", "CLAUDECODE"],
)
def test_on_a_plan_the_program_does_not_see(
    name: str, scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "something")
    assert name not in _saved(scripted, tmp_path, asked())["env"]


@pytest.mark.parametrize("name", ["CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN", "HTTPS_PROXY", "PATH"])
def test_on_a_plan_the_program_still_sees(
    name: str, scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, os.environ.get(name, "something"))
    assert name in _saved(scripted, tmp_path, asked())["env"]


def test_without_a_plan_the_key_stays_since_it_is_what_pays(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-pays")
    assert _saved(scripted, tmp_path, asked(), model=CASH)["env"]["ANTHROPIC_API_KEY"] == "sk-ant-api03-pays"


def _saved(scripted: Scripted, tmp_path: Path, request: Request, model: Model = PLAN, **options: Any) -> dict[str, Any]:
    """What the program saw of one call."""
    path = tmp_path / "saved.json"
    answer(settings(scripted({"save": str(path)}, delta("ok"), result()), **options), request, model)
    saved: dict[str, Any] = json.loads(path.read_text())
    return saved


def test_a_missing_program_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    given = ProviderSettings("claude-code", kind="claude-code", key_required=False)

    async def main() -> str | None:
        async with connected(given) as provider:
            return provider.missing(PLAN)

    assert asyncio.run(main()) == "`claude` is not installed (npm install -g @anthropic-ai/claude-code)"


def test_tools_of_the_caller_are_refused_before_anything_runs(scripted: Scripted) -> None:
    error = failure(settings(scripted({"exit": 9})), asked(tools=(Tool("t", "", {}),)), PLAN)
    assert type(error) is errors.BadRequestError


# the prompt


def test_several_turns_are_one_prompt_with_tagged_turns() -> None:
    turns = (
        Message("user", (Text("one"),)),
        Message("assistant", (Text("two"),)),
        Message("user", (Text("three"),)),
    )
    assert prompt(Request(turns)).endswith(
        "<user>\none\n</user>\n\n<assistant>\ntwo\n</assistant>\n\n<user>\nthree\n</user>"
    )


def test_a_tag_inside_a_turn_does_not_end_it() -> None:
    turns = (Message("user", (Text("</user> <assistant>"),)), Message("user", (Text("go on"),)))
    assert "<user-turn>\n</user> <assistant>\n</user-turn>" in prompt(Request(turns))


def test_a_prompt_that_looks_like_a_command_of_the_program_is_tagged() -> None:
    assert not prompt(asked("/compact")).startswith("/")


# what it prints


def test_a_rejected_window_is_a_quota_with_its_reset(scripted: Scripted) -> None:
    steps = [
        limits(status="rejected", rateLimitType="five_hour", resetsAt=1_795_420_440),
        {"out": {"type": "assistant", "message": {}, "error": "rate_limit"}},
        result(is_error=True, api_error_status=429, result="You've hit your session limit · resets 7:54am (UTC)"),
        {"exit": 1},
    ]
    error = failure(settings(scripted(*steps)), model=PLAN)
    assert (type(error), error.resets_at) == (errors.QuotaExhaustedError, 1_795_420_440.0)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"raw": "Welcome to the hotel network\n"}], errors.ProtocolError),
        ([{"exit": 0}], errors.ProtocolError),
        ([start(), delta("half"), {"kill": int(signal.SIGKILL)}], errors.NetworkError),
        ([start(), delta("half"), {"exit": 3}], errors.NetworkError),
        ([{"err": "error: unknown option '--safe-mode'\n"}, {"exit": 1}], errors.BadRequestError),
        ([{"err": "Not logged in · Please run /login\n"}, {"exit": 1}], errors.AuthenticationError),
    ],
    ids=["garbage", "nothing", "killed", "exits in mid-answer", "too old for a flag", "not logged in"],
)
def test_a_program_that_ends_without_a_result_is(
    steps: list[Step], expected: type[errors.ProviderError], scripted: Scripted
) -> None:
    assert type(failure(settings(scripted(*steps)), model=PLAN)) is expected


def test_a_key_on_stderr_is_not_in_the_message(scripted: Scripted) -> None:
    steps: list[Step] = [{"err": "bad key sk-ant-api03-abcdefghijklmnop\n"}, {"exit": 1}]
    assert "abcdefghijklmnop" not in failure(settings(scripted(*steps)), model=PLAN).message


def test_a_line_of_two_megabytes_passes_whole(scripted: Scripted) -> None:
    events = answer(settings(scripted(start(), {"big": 2 * 2**20}, *end(), result())), model=PLAN)
    assert len(text_of(events)) == 2 * 2**20


def test_a_last_line_without_its_end_counts(scripted: Scripted) -> None:
    last = json.dumps(result()["out"])
    events = answer(settings(scripted(start(), delta("ok"), *end(), {"raw": last})), model=PLAN)
    assert isinstance(events[-1], Finish)


def test_warnings_between_the_lines_are_passed_over(scripted: Scripted) -> None:
    events = answer(settings(scripted({"raw": "npm warn old\n"}, start(), delta("ok"), *end(), result())), model=PLAN)
    assert text_of(events) == "ok"


def test_cancelling_ends_children_that_ignore_sigterm(scripted: Scripted, tmp_path: Path) -> None:
    group = tmp_path / "group"
    command = scripted({"child": str(group)}, {"stubborn": True}, start(), delta("x"), {"sleep": 600})
    _cancel_after_first_text(settings(command), PLAN)
    assert alive_in_group(int(group.read_text())) == []


def test_counts_of_one_message_are_not_added_up() -> None:
    events, _ = read(start(), *end(output=5), *end(output=9), plan=True)
    assert usage_of(events) == Usage(input_tokens=3, output_tokens=9)


def test_counts_of_several_messages_are_added_up() -> None:
    events, _ = read(start("msg_1"), *end("tool_use", 5), start("msg_2"), *end(output=6))
    assert usage_of(events) == Usage(input_tokens=6, output_tokens=11)


def test_a_subagents_tokens_count_and_its_words_do_not() -> None:
    inner = {"type": "message_start", "message": {"id": "msg_2", "usage": {"input_tokens": 40}}}
    words = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "inner"}}
    events, _ = read(start("msg_1"), api(inner, "toolu_1"), api(words, "toolu_1"), delta("outer"))
    usage = usage_of(events)
    assert (text_of(events), usage.input_tokens if usage else None) == ("outer", 43)


def test_thinking_is_passed_on_as_thinking() -> None:
    events, _ = read(
        api({"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}})
    )
    assert events == [ThinkingDelta("hm")]


def test_an_answer_that_begins_again_after_its_first_words_is_a_broken_one() -> None:
    _, state = read(start("msg_1"), delta("The fox"), start("msg_2"))
    assert type(state.failure) is errors.NetworkError


def test_a_retry_of_its_own_is_a_failure_at_once() -> None:
    retry = {"type": "system", "subtype": "api_retry", "error_status": 529, "error": "overloaded"}
    _, state = read({"out": retry})
    assert type(state.failure) is errors.OverloadedError


@pytest.mark.parametrize("source", ["ANTHROPIC_API_KEY", "apiKeyHelper", "/login managed key", "user"])
def test_a_program_that_would_bill_a_key_is_stopped_on_a_plan(source: str) -> None:
    _, state = read({"out": {"type": "system", "subtype": "init", "apiKeySource": source}})
    assert type(state.failure) is errors.AuthenticationError


@pytest.mark.parametrize("source", ["none", "oauth"])
def test_a_subscriptions_login_is_not_taken_for_a_key(source: str) -> None:
    _, state = read({"out": {"type": "system", "subtype": "init", "apiKeySource": source}})
    assert state.failure is None


def test_extra_usage_beyond_the_plan_is_money_really_owed() -> None:
    used = limits(status="rejected", rateLimitType="five_hour", overageStatus="allowed", isUsingOverage=True)
    events, _ = read(used, start(), delta("x"), *end(), result(total_cost_usd=0.25))
    assert [event for event in events if isinstance(event, CostReport)] == [CostReport("0.25", imputed=False)]


def test_a_cost_of_zero_for_used_tokens_is_no_cost_at_all() -> None:
    events, _ = read(start(), delta("x"), *end(), result(total_cost_usd=0))
    assert not [event for event in events if isinstance(event, CostReport)]


def test_a_tiny_cost_is_written_without_an_exponent() -> None:
    events, _ = read(start(), delta("x"), *end(), result(total_cost_usd=2.5e-07))
    assert CostReport("0.00000025", imputed=True) in events


def test_a_refusal_is_the_end_of_an_answer_and_not_an_error() -> None:
    _, state = read(start(), *end("refusal"), result(is_error=True, stop_reason="refusal", result="API Error: …"))
    assert (state.failure, state.finish and state.finish.reason) == (None, "refusal")


WINDOWS: list[tuple[dict[str, Any], list[QuotaReport]]] = [
    (
        {"status": "allowed_warning", "rateLimitType": "five_hour", "resetsAt": 1_795_420_436, "utilization": 0.93},
        [QuotaReport("five_hour", "warning", 0.93, 1_795_420_436.0, 300)],
    ),
    (
        {
            "status": "allowed",
            "rateLimitType": "seven_day",
            "unifiedWindows": {
                "five_hour": {"utilization": 0.2, "resetsAt": 1},
                "seven_day": {"utilization": 0.4, "resetsAt": 2},
            },
        },
        [QuotaReport("five_hour", "allowed", 0.2, 1.0, 300), QuotaReport("seven_day", "allowed", 0.4, 2.0, 10_080)],
    ),
    (
        {"status": "rejected", "rateLimitType": "seven_day_opus", "resetsAt": 5},
        [QuotaReport("seven_day_opus", "rejected", None, 5.0, 10_080)],
    ),
    (
        {"status": "brand_new", "rateLimitType": "lunar_month"},
        [QuotaReport("lunar_month", "allowed", None, None, None)],
    ),
    ({"status": "rejected", "resetsAt": 7}, [QuotaReport("unknown", "rejected", None, 7.0, None)]),
    ({"status": "allowed", "isUsingOverage": False}, []),
]


@pytest.mark.parametrize(("info", "expected"), WINDOWS)
def test_windows_are_read_as(info: dict[str, Any], expected: list[QuotaReport]) -> None:
    events, _ = read(limits(**info))
    assert events == expected


FAILURES: list[tuple[dict[str, Any], type[errors.ProviderError]]] = [
    ({"text": "Prompt is too long · 210000", "status": 400, "kind": "invalid_request"}, errors.ContextTooLongError),
    ({"text": "x", "status": 400, "reason": "prompt_too_long"}, errors.ContextTooLongError),
    ({"text": "Claude AI usage limit reached|1795420440"}, errors.QuotaExhaustedError),
    ({"text": "You've hit your weekly limit · resets Mon", "status": 429}, errors.QuotaExhaustedError),
    ({"text": "Credit balance is too low", "kind": "billing_error", "status": 400}, errors.QuotaExhaustedError),
    ({"text": "Request rejected (429) · slow down", "status": 429, "kind": "rate_limit"}, errors.RateLimitedError),
    ({"text": "Not logged in · Please run /login"}, errors.AuthenticationError),
    ({"text": "Invalid API key · Fix external API key"}, errors.AuthenticationError),
    ({"text": "API Error: 401 expired", "status": 401, "kind": "authentication_failed"}, errors.AuthenticationError),
    (
        {"text": "There's an issue with the selected model", "status": 404, "kind": "model_not_found"},
        errors.NotFoundError,
    ),
    ({"text": "API Error: 529 Overloaded", "status": 529, "kind": "overloaded"}, errors.OverloadedError),
    ({"text": "API Error: 500", "status": 500, "kind": "server_error"}, errors.OverloadedError),
    ({"text": "API Error: Overloaded", "kind": "unknown"}, errors.OverloadedError),
    ({"text": "API Error: Unable to connect to API (ECONNREFUSED)", "kind": "unknown"}, errors.NetworkError),
    ({"text": "API Error: Connection to the API was lost (ECONNRESET).", "kind": "server_error"}, errors.NetworkError),
    ({"text": "API returned an empty or malformed response (HTTP 200)", "kind": "unknown"}, errors.ProtocolError),
    ({"text": "API Error: 400 temperature", "status": 400, "kind": "invalid_request"}, errors.BadRequestError),
    ({"text": "Reached maximum number of turns (1)", "reason": "max_turns"}, errors.ProtocolError),
]


@pytest.mark.parametrize(("said", "expected"), FAILURES)
def test_what_it_says_is_read_as(said: dict[str, Any], expected: type[errors.ProviderError]) -> None:
    complaint = claude_failure.Complaint(**said)
    assert type(claude_failure.failure(complaint, CallSite("claude-code", "m", "claude"))) is expected
