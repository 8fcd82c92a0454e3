"""What is particular to OpenRouter: its bill, its headers, the errors of the providers behind it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from provider_cases import BY_KIND, KEY, a_model, answer, asked, failure, sent
from upstream import Reply, Upstream

from llmswitch import errors
from llmswitch.catalog import ProviderSettings
from llmswitch.conversation import CostReport

CASE = BY_KIND["openrouter"]


def costs(upstream: Upstream, **usage: Any) -> list[CostReport]:
    """The cost reports of an answer whose usage object carries these fields."""
    upstream.script(Reply(extra=usage))
    return [event for event in answer(CASE.settings(upstream.url)) if isinstance(event, CostReport)]


@pytest.mark.parametrize(
    ("cost", "expected"),
    [(0.00014, "0.00014"), (1.1e-07, "0.00000011"), (0.1, "0.1"), (0, "0"), ("0.0300", "0.0300"), (2, "2")],
)
def test_the_cost_is_passed_on_digit_by_digit(cost: float | str, expected: str, upstream: Upstream) -> None:
    assert costs(upstream, cost=cost) == [CostReport(expected)]


def test_with_a_key_of_ones_own_the_upstream_charge_is_the_cost(upstream: Upstream) -> None:
    details = {"upstream_inference_cost": 0.0042}
    assert costs(upstream, cost=0, is_byok=True, cost_details=details) == [CostReport("0.0042")]


def test_no_cost_is_no_report(upstream: Upstream) -> None:
    assert costs(upstream) == []


def test_usage_is_asked_for_and_the_app_is_named(upstream: Upstream) -> None:
    answer(CASE.settings(upstream.url))
    assert sent(upstream)["usage"] == {"include": True}
    assert upstream.last.headers["x-title"] == "llmswitch"
    assert "http-referer" in upstream.last.headers


def test_reasoning_is_asked_for_with_thinking(upstream: Upstream) -> None:
    answer(
        CASE.settings(upstream.url),
        asked(thinking=True),
        a_model(options={"extra_body": {"provider": {"sort": "price"}}}),
    )
    body = sent(upstream)
    assert body["reasoning"] == {"enabled": True}
    assert body["provider"] == {"sort": "price"}


def test_what_the_provider_behind_it_said_is_in_the_message(upstream: Upstream) -> None:
    metadata = {"provider_name": "DeepInfra", "raw": "engine is restarting"}
    error = {"code": 502, "message": "Provider returned error", "metadata": metadata}
    upstream.script(Reply(error_after=1, error=error))
    raised = failure(CASE.settings(upstream.url))
    assert type(raised) is errors.OverloadedError
    assert "engine is restarting" in raised.message


def test_no_credit_is_a_quota(upstream: Upstream) -> None:
    body = {"error": {"code": 402, "message": "This request requires more credits, or fewer max_tokens."}}
    upstream.script(Reply(status=402, body=json.dumps(body)))
    assert type(failure(CASE.settings(upstream.url))) is errors.QuotaExhaustedError


def test_its_own_variables_are_honoured(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_BASE_URL", upstream.openrouter_url)
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://203.0.113.1:9")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    answer(ProviderSettings("openrouter", kind="openrouter", api_key_env="OPENROUTER_API_KEY"))
    assert upstream.last.path == "/api/v1/chat/completions"
    assert upstream.last.headers["authorization"] == f"Bearer {KEY}"
    assert "openai-organization" not in upstream.last.headers
