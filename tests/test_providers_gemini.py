"""What is particular to Gemini: thoughts are output, and a free day ends at midnight in California."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from provider_cases import BY_KIND, answer, failure, usage_of
from upstream import Reply, Upstream

from llmswitch import errors
from llmswitch.conversation import Usage
from llmswitch.providers.gemini import next_pacific_midnight

CASE = BY_KIND["gemini"]


def quota_body(quota_id: str, *, as_list: bool) -> str:
    """A 429 as Google words it."""
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota_id}]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"},
    ]
    message = "You exceeded your current quota, please check your plan and billing details."
    body = {"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details}}
    return json.dumps([body] if as_list else body)


def test_thoughts_hidden_in_the_total_are_output(upstream: Upstream) -> None:
    upstream.script(Reply(usage={"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 623}))
    assert usage_of(answer(CASE.settings(upstream.url))) == Usage(20, output_tokens=603, reasoning_tokens=405)


def test_without_thoughts_nothing_is_added(upstream: Upstream) -> None:
    upstream.script(Reply(usage={"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 218}))
    assert usage_of(answer(CASE.settings(upstream.url))) == Usage(20, output_tokens=198)


@pytest.mark.parametrize("as_list", [True, False])
def test_the_end_of_a_free_day_is_a_quota_until_midnight_pacific(as_list: bool, upstream: Upstream) -> None:
    body = quota_body("GenerateRequestsPerDayPerProjectPerModel-FreeTier", as_list=as_list)
    upstream.script(Reply(status=429, body=body))
    error = failure(CASE.settings(upstream.url))
    assert type(error) is errors.QuotaExhaustedError
    assert error.resets_at is not None
    assert error.resets_at == next_pacific_midnight(error.resets_at - 1)


def test_a_limit_by_the_minute_is_a_rate_limit_with_its_delay(upstream: Upstream) -> None:
    body = quota_body("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", as_list=True)
    upstream.script(Reply(status=429, body=body))
    error = failure(CASE.settings(upstream.url))
    assert type(error) is errors.RateLimitedError
    assert error.retry_after_s == 34.5


@pytest.mark.parametrize(
    ("now", "midnight"),
    [
        ("2026-01-15T07:59:00", "2026-01-15T08:00:00"),
        ("2026-01-15T08:00:00", "2026-01-16T08:00:00"),
        ("2026-07-15T12:00:00", "2026-07-16T07:00:00"),
        ("2026-03-08T09:00:00", "2026-03-09T07:00:00"),
    ],
)
def test_midnight_pacific_follows_summer_time(now: str, midnight: str) -> None:
    def seconds(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    assert next_pacific_midnight(seconds(now)) == seconds(midnight)
