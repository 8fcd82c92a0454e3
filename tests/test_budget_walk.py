"""The budget in the fallback's walk and the worst case of a call: pure, no ledger and no clock."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from test_fallback_walk import candidate, play, skipped, tried

from llmswitch.catalog import Model, Price, ProviderSettings
from llmswitch.conversation import Message, Request, Text
from llmswitch.engine.fallback import Candidate, Failed, OverBudget
from llmswitch.engine.worst_case import bounded, worst_case
from llmswitch.errors import ExitCode, Failure
from llmswitch.ledger.prices import estimate
from llmswitch.tokens import estimate_request, estimate_text

AT = datetime(2026, 10, 14, 12, tzinfo=UTC)
BLOCKS = OverBudget("dear", "it could cost $1", "hint", blocks=True)
FREE_ONLY = OverBudget("dear", "it could cost $1", "hint")
ANTHROPIC = ProviderSettings("anthropic", "anthropic", price_id="anthropic")
HELLO = Request((Message("user", (Text("hello " * 400),)),))


def dear(over: OverBudget) -> Candidate:
    return candidate("dear", over_budget=over)


def free(name: str = "free") -> Candidate:
    return candidate(name, is_free=True)


def test_what_the_budget_has_no_room_for_is_passed_over_with_the_figure() -> None:
    steps, verdict = play([dear(BLOCKS), candidate("cheap")], {})
    assert (skipped(steps), tried(steps), verdict) == (["dear"], ["cheap"], None)
    assert steps[0].why == "it could cost $1"


def test_nothing_left_because_of_the_budget_is_exit_79() -> None:
    _, verdict = play([dear(FREE_ONLY), candidate("broken", skipped="no key", lacks_key=True)], {})
    assert verdict is not None
    assert verdict.exit_code is ExitCode.BUDGET


def test_failures_beside_the_budget_keep_their_own_code() -> None:
    _, verdict = play([dear(FREE_ONLY), candidate("a")], {"a": [Failed(Failure.AUTHENTICATION)]})
    assert verdict is not None
    assert verdict.exit_code is ExitCode.AUTHENTICATION


def test_free_only_goes_on_with_what_is_free() -> None:
    steps, verdict = play([dear(FREE_ONLY), free()], {})
    assert (tried(steps), verdict) == (["free"], None)


def test_block_lets_nothing_free_take_the_place() -> None:
    steps, verdict = play([dear(BLOCKS), free()], {})
    assert tried(steps) == []
    assert verdict is not None
    assert verdict.exit_code is ExitCode.BUDGET


def test_block_leaves_a_free_model_that_comes_first_alone() -> None:
    steps, verdict = play([free(), dear(BLOCKS)], {})
    assert (tried(steps), verdict) == (["free"], None)


def refused_late(over: OverBudget, *others: Candidate) -> tuple[list[str], list[str], ExitCode | None]:
    steps, verdict = play([candidate("dear"), *others], {"dear": [over]})  # type: ignore[list-item]  # as dispatch sends it
    return tried(steps), skipped(steps), verdict.exit_code if verdict else None


def test_a_late_refusal_is_a_skip_and_the_next_candidate_is_tried() -> None:
    assert refused_late(BLOCKS, candidate("cheap")) == (["dear", "cheap"], ["dear"], None)


def test_a_late_refusal_alone_is_exit_79() -> None:
    assert refused_late(FREE_ONLY) == (["dear"], ["dear"], ExitCode.BUDGET)


def test_a_late_block_lets_nothing_free_take_the_place() -> None:
    assert refused_late(BLOCKS, free()) == (["dear"], ["dear", "free"], ExitCode.BUDGET)


def test_a_late_refusal_rules_out_no_other_model_of_the_provider() -> None:
    one, other = candidate("dear", "p"), candidate("cheap", "p")
    steps, _ = play([one, other], {"dear": [FREE_ONLY]})  # type: ignore[list-item]
    assert tried(steps) == ["dear", "cheap"]


def test_the_worst_case_is_the_list_price_of_the_largest_prompt_and_answer() -> None:
    model = Model("m", "x", "m", max_output=1_000, price=(Price("10", "50"),))
    prompt = -(-estimate_request(HELLO) * 13 // 10)
    assert worst_case(HELLO, model, ProviderSettings("x", "x"), AT) == (prompt * 10 + 1_000 * 50) / Decimal(10**6)


def test_the_worst_case_has_the_prompt_written_to_the_cache() -> None:
    model = Model("m", "x", "m", max_output=1_000, price=(Price("10", "50", cache_write="12.5"),))
    prompt = -(-estimate_request(HELLO) * 13 // 10)
    assert worst_case(HELLO, model, ProviderSettings("x", "x"), AT) == (prompt * Decimal("12.5") + 50_000) / 10**6


def test_the_worst_case_of_a_prompt_near_a_price_tier_has_the_dearer_tier() -> None:
    model = Model("sonnet", "anthropic", "claude-sonnet-4-5", max_output=1_000)
    words = 170_000_000 // estimate_text("hello " * 1_000)  # 170,000 tokens by our estimate, 221,000 with the margin
    near = Request((Message("user", (Text("hello " * words),)),))
    worst = worst_case(near, model, ANTHROPIC, AT)
    below, above = (estimate(model, ANTHROPIC, tokens, 1_000, AT).usd for tokens in (199_000, 220_000))
    assert worst is not None
    assert below is not None
    assert above is not None
    assert worst >= above > 2 * below


@pytest.mark.parametrize(
    "model",
    [
        Model("a", "anthropic", "claude-opus-4-6", plan="max"),
        Model("b", "anthropic", "claude-opus-4-6", local=True),
        Model("c", "openrouter", "openai/gpt-oss-120b:free"),
    ],
    ids=["plan", "local", "free"],
)
def test_what_nobody_pays_for_has_a_worst_case_of_nothing(model: Model) -> None:
    assert worst_case(HELLO, model, ANTHROPIC, AT) == 0


def test_an_unknown_price_has_no_worst_case() -> None:
    assert worst_case(HELLO, Model("m", "x", "m"), ProviderSettings("x", "x"), AT) is None


@pytest.mark.parametrize(
    ("asked", "of_model", "kind", "sent"),
    [
        (None, None, "openai", 16_384),
        (None, None, "openai-chat", 8_192),
        (None, 4_000, "openai", 4_000),
        (500, 4_000, "openai", 500),
        (9_000, 4_000, "openai", 4_000),
        (64_000, None, "openai-chat", 64_000),
    ],
)
def test_a_watched_call_says_how_long_its_answer_may_be(
    asked: int | None, of_model: int | None, kind: str, sent: int
) -> None:
    request = Request(HELLO.messages, max_output_tokens=asked)
    found = bounded(request, Model("m", "x", "m", max_output=of_model), ProviderSettings("x", kind))
    assert found.max_output_tokens == sent
