"""How failures are read: statuses, bodies, headers, exceptions. The tables are the specification."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType

import anthropic
import ollama
import openai
import pytest

from llmswitch import errors
from llmswitch.providers import (
    rate_headers,
    translate_anthropic,
    translate_ollama,
    translate_openai,
    transport_failure,
)
from llmswitch.providers.redaction import excerpt, redact
from llmswitch.providers.wire_failure import failure_class, provider_error, wire_failure

NOW = 1_795_000_000.0

BODIES: list[tuple[int | None, object, type[errors.ProviderError]]] = [
    (400, {"error": {"code": "context_length_exceeded", "message": "too many"}}, errors.ContextTooLongError),
    (400, {"error": {"message": "The input token count (1200000) exceeds the maximum"}}, errors.ContextTooLongError),
    (429, {"error": {"message": "Request too large for gpt-x on tokens per min (TPM)"}}, errors.ContextTooLongError),
    (None, {"type": "error", "error": {"type": "request_too_large", "message": "x"}}, errors.ContextTooLongError),
    (400, {"error": {"message": "Your credit balance is too low to access the API"}}, errors.QuotaExhaustedError),
    (429, {"error": {"code": "insufficient_quota", "message": "You exceeded it"}}, errors.QuotaExhaustedError),
    (429, {"error": {"message": "You exceeded your current quota, check billing"}}, errors.QuotaExhaustedError),
    (429, {"error": {"message": "Rate limit reached for requests"}}, errors.RateLimitedError),
    (400, {"error": {"code": "content_policy_violation", "message": "no"}}, errors.RefusedError),
    (403, {"error": {"message": "Your chosen model requires moderation; flagged"}}, errors.RefusedError),
    (400, {"error": {"message": "foo/bar is not a valid model ID", "code": 400}}, errors.NotFoundError),
    (400, {"error": {"code": "model_not_found", "message": "x"}}, errors.NotFoundError),
    (400, {"error": {"message": "temperature: must be at most 1"}}, errors.BadRequestError),
    (400, {"object": "error", "message": "bad stop", "code": 400}, errors.BadRequestError),
    (422, {"detail": [{"msg": "field required"}]}, errors.BadRequestError),
    (404, "404 page not found", errors.NotFoundError),
    (503, [{"error": {"code": 503, "status": "UNAVAILABLE", "message": "try later"}}], errors.OverloadedError),
    (None, {"error": {"code": 502, "message": "Provider returned error"}}, errors.OverloadedError),
    (None, {"error": {"code": 429, "message": "slow down"}}, errors.RateLimitedError),
    (None, {"error": {"code": "rate_limit_exceeded", "message": "slow down"}}, errors.RateLimitedError),
    (None, {"error": {"type": "overloaded_error", "message": "Overloaded"}}, errors.OverloadedError),
    (None, {"error": {"type": "authentication_error", "message": "x"}}, errors.AuthenticationError),
    (None, {"error": "something nobody has seen before"}, errors.OverloadedError),
]


@pytest.mark.parametrize(("status", "body", "expected"), BODIES)
def test_a_body_is_read_as_its_failure(status: int | None, body: object, expected: type[errors.ProviderError]) -> None:
    assert failure_class(wire_failure(status, body, {})) is expected


def test_a_429_with_a_rejected_plan_window_is_a_quota_with_its_reset() -> None:
    headers = {
        "anthropic-ratelimit-unified-status": "rejected",
        "anthropic-ratelimit-unified-reset": str(int(NOW) + 600),
    }
    error = provider_error(wire_failure(429, {}, headers), provider="p", model="m", now=NOW)
    assert type(error) is errors.QuotaExhaustedError
    assert error.resets_at == NOW + 600


def test_openrouters_daily_limit_carries_its_hidden_reset() -> None:
    hidden = {"headers": {"X-RateLimit-Reset": str(int((NOW + 3600) * 1000))}}
    body = {"error": {"message": "Rate limit exceeded: free-models-per-day", "code": 429, "metadata": hidden}}
    error = provider_error(wire_failure(429, body, {}), provider="p", model="m", now=NOW)
    assert type(error) is errors.QuotaExhaustedError
    assert error.resets_at == NOW + 3600


def test_a_message_names_provider_model_and_status_and_is_cut() -> None:
    error = provider_error(wire_failure(400, "x" * 1000, {}), provider="groq", model="m-1", now=NOW)
    assert error.message.startswith("groq, m-1: the request was refused as malformed (HTTP 400): xxx")
    assert len(error.message) < 400


RETRY_AFTER: list[tuple[dict[str, str], str, float | None]] = [
    ({"retry-after": "30"}, "", 30),
    ({"retry-after": "1.5"}, "", 1.5),
    ({"retry-after": "Wed, 18 Nov 2026 13:21:40 GMT"}, "", 8_100 - 6_000),
    ({"retry-after": "Wed, 01 Jan 2020 00:00:00 GMT"}, "", 0),
    ({"retry-after-ms": "250"}, "", 0.25),
    ({}, "Please try again in 20s.", 20),
    ({}, "try again in 1m2.5s", 62.5),
    ({}, "Try again in 350ms", 0.35),
    ({}, "please retry after 2 minutes", 120),
    ({"retry-after": "5"}, "try again in 20s", 5),
    ({"x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, "", 360),
    ({"x-ratelimit-limit-tokens": "10", "x-ratelimit-remaining-tokens": "4", "x-ratelimit-reset-tokens": "6m0s"}, "", None),
    ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int((NOW + 9) * 1000))}, "", 9),
    ({"retry-after": "soon"}, "", None),
    ({}, "slow down", None),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "message", "expected"), RETRY_AFTER)
def test_when_to_ask_again(headers: dict[str, str], message: str, expected: float | None) -> None:
    now = NOW if "GMT" not in headers.get("retry-after", "") else rate_headers.instant("2026-11-18T12:46:40Z") or 0.0
    assert rate_headers.retry_after_s(headers, message, now) == pytest.approx(expected)


def test_plan_windows_are_reported_with_their_length() -> None:
    headers = {
        "anthropic-ratelimit-unified-5h-utilization": "0.42",
        "anthropic-ratelimit-unified-5h-reset": "1795003600",
        "anthropic-ratelimit-unified-5h-status": "allowed",
        "anthropic-ratelimit-unified-7d-utilization": "0.93",
        "anthropic-ratelimit-unified-7d-reset": "1795403600",
        "anthropic-ratelimit-unified-7d-status": "allowed_warning",
        "anthropic-ratelimit-unified-status": "allowed_warning",
    }
    five, week = rate_headers.quota_reports(headers, NOW)
    assert (five.window, five.utilization, five.minutes, five.status) == ("5h", 0.42, 300, "allowed")
    assert (week.window, week.resets_at, week.minutes, week.status) == ("7d", 1_795_403_600, 10_080, "warning")


def test_key_windows_are_reported_from_limit_and_remaining() -> None:
    headers = {
        "anthropic-ratelimit-requests-limit": "1000",
        "anthropic-ratelimit-requests-remaining": "250",
        "anthropic-ratelimit-requests-reset": "2026-11-18T13:00:00Z",
    }
    (report,) = rate_headers.quota_reports(headers, NOW)
    assert (report.window, report.utilization, report.status) == ("requests", 0.75, "allowed")
    assert report.resets_at == rate_headers.instant("2026-11-18T13:00:00Z")


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abc123DEF456",
        "sk-ant-api03-x_y-z",
        "sk-or-v1-0123456789",
        "AIzaSyA-123456789",
        "gsk_abcdef123456",
        "sk-ab**********yz",
    ],
)
def test_whatever_looks_like_a_key_is_cut_out(key: str) -> None:
    assert redact(f"Incorrect API key provided: {key}. See the docs.") == (
        "Incorrect API key provided: [redacted]. See the docs."
    )


def test_the_key_in_use_is_cut_out_whatever_it_looks_like() -> None:
    assert "hunter2" not in excerpt("no such user: hunter2hunter2", "hunter2hunter2")


def test_ordinary_words_are_not_cut_out() -> None:
    text = "max_tokens: 200000 > 64000, the task-skill model does not risk-assess tokens; key: value"
    assert redact(text) == text


def _subclasses(cls: type) -> Iterator[type]:
    children: list[type] = cls.__subclasses__()
    for child in children:
        yield child
        yield from _subclasses(child)


def _everything_of(package: ModuleType) -> None:
    """Load the package's exception modules, which are imported on demand."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name.rpartition(".")[2].endswith(("_error", "_exceptions", "_error_classes")):
            importlib.import_module(module.name)


def _unmapped(sdk: ModuleType, root: type, mapped: tuple[type, ...], unused: frozenset[str]) -> list[str]:
    """Exception classes of `sdk` that neither are a mapped one nor descend from one."""
    _everything_of(sdk)
    return [
        cls.__name__
        for cls in _subclasses(root)
        if cls.__module__.startswith(sdk.__name__)
        and not issubclass(cls, mapped)
        and not unused & {base.__name__ for base in cls.__mro__}
    ]


def test_every_exception_of_the_anthropic_sdk_is_mapped() -> None:
    mapped = (*translate_anthropic.WIRE, *translate_anthropic.TRANSPORT)
    assert anthropic.RateLimitError in set(_subclasses(anthropic.APIError))
    assert not _unmapped(anthropic, anthropic.APIError, mapped, translate_anthropic.UNUSED)


def test_every_exception_of_the_openai_sdk_is_mapped() -> None:
    mapped = (*translate_openai.WIRE, *translate_openai.TRANSPORT)
    assert openai.RateLimitError in set(_subclasses(openai.APIError))
    assert not _unmapped(openai, openai.APIError, mapped, translate_openai.UNUSED)


def test_every_exception_of_the_ollama_sdk_is_mapped() -> None:
    ours = {cls for cls in vars(ollama).values() if isinstance(cls, type) and issubclass(cls, Exception)}
    assert ours == {*translate_ollama.WIRE, *translate_ollama.CALLER}


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_every_request_error_of_the_http_libraries_is_translated(library: str) -> None:
    http = importlib.import_module(library)
    for cls in (http.InvalidURL, *_subclasses(http.RequestError)):
        failure = transport_failure.transport_failure(cls("broke"), provider="p", model="m", url="http://x")
        assert failure is not None, cls
        if issubclass(cls, http.TimeoutException) and cls is not http.TimeoutException:
            assert type(failure) is errors.TimeoutExceededError, cls


def test_an_exception_that_has_nothing_to_do_with_the_transport_is_left_alone() -> None:
    assert transport_failure.transport_failure(AssertionError("a bug"), provider="p", model="m", url="u") is None


def test_building_every_adapter_and_asking_what_is_missing_imports_no_sdk() -> None:
    program = """
import sys
from llmswitch.catalog import Model, ProviderSettings
from llmswitch.providers.registry import build
for kind in ("anthropic", "openai", "openai-chat", "openrouter", "gemini", "ollama"):
    build(ProviderSettings(kind, kind=kind, api_key_env="NO_SUCH_KEY")).missing(Model("m", kind, "m"))
heavy = {"anthropic", "openai", "ollama", "httpx", "httpx2", "pydantic"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []
