"""Prices: dated, tiered, from the named provider only, and never 0 for what is not known."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmswitch.catalog import Model, Price, ProviderSettings
from llmswitch.conversation import CostReport, Usage
from llmswitch.ledger import price_list
from llmswitch.ledger.prices import Cost, baseline, cost_of, estimate

AUTUMN = datetime(2026, 11, 20, 12, tzinfo=UTC)
VERSION = price_list.version()


def model(provider: str, model_id: str, **more: Any) -> Model:
    return Model("entry", provider, model_id, **more)


def provider(kind: str, **more: Any) -> ProviderSettings:
    return ProviderSettings(kind, kind=kind, **more)


def cost(kind: str, model_id: str, usage: Usage | None, at: datetime = AUTUMN, **more: Any) -> Cost:
    return cost_of(usage, model(kind, model_id, **more), provider(kind), at)


def test_a_call_costs_input_plus_output_at_list_price() -> None:
    found = cost("anthropic", "claude-opus-4-6", Usage(input_tokens=1000, output_tokens=500))
    assert found == Cost(Decimal("0.0175"), None, "list", VERSION)


def test_a_one_hour_cache_write_costs_twice_the_input() -> None:
    found = cost(
        "anthropic", "claude-opus-4-6", Usage(input_tokens=0, cache_write_1h_tokens=1_000_000, output_tokens=0)
    )
    assert found.usd == Decimal(10)


def test_a_five_minute_cache_write_costs_a_quarter_more_than_input() -> None:
    found = cost(
        "anthropic", "claude-opus-4-6", Usage(input_tokens=0, cache_write_5m_tokens=1_000_000, output_tokens=0)
    )
    assert found.usd == Decimal("6.25")


def test_openai_cached_tokens_are_billed_once_at_the_cached_price() -> None:
    fresh = cost("openai", "gpt-5.3-codex", Usage(input_tokens=1_000_000, output_tokens=0)).usd
    cached = cost("openai", "gpt-5.3-codex", Usage(input_tokens=0, cache_read_tokens=1_000_000, output_tokens=0)).usd
    assert (fresh, cached) == (Decimal("1.75"), Decimal("0.175"))


def test_reasoning_is_inside_output_and_not_billed_again() -> None:
    plain = cost("openai", "gpt-5.3-codex", Usage(input_tokens=10, output_tokens=900))
    thought = cost("openai", "gpt-5.3-codex", Usage(input_tokens=10, output_tokens=900, reasoning_tokens=800))
    assert plain.usd == thought.usd


def test_the_1m_suffix_does_not_hide_the_price() -> None:
    usage = Usage(input_tokens=1000, output_tokens=10)
    assert cost("anthropic", "claude-opus-5-5[1m]", usage) == cost("anthropic", "claude-opus-5-5", usage)


def test_above_200k_the_whole_prompt_has_the_higher_price() -> None:
    below = cost("anthropic", "claude-sonnet-4-5", Usage(input_tokens=200_000, output_tokens=0)).usd
    above = cost("anthropic", "claude-sonnet-4-5", Usage(input_tokens=200_001, output_tokens=0)).usd
    assert (below, above) == (Decimal("0.6"), Decimal("1.200006"))


def test_cached_tokens_count_towards_the_200k_tier() -> None:
    usage = Usage(input_tokens=1, cache_read_tokens=200_000, output_tokens=1_000_000)
    expected = (1 * Decimal(6) + 200_000 * Decimal("0.6") + 1_000_000 * Decimal("22.5")) / 1_000_000
    assert cost("anthropic", "claude-sonnet-4-5", usage).usd == expected


def test_a_price_change_inside_a_month_counts_from_its_day_on() -> None:
    usage = Usage(input_tokens=300_000, output_tokens=0)
    before = cost("anthropic", "claude-opus-4-6", usage, datetime(2026, 3, 12, 23, 59, tzinfo=UTC)).usd
    after = cost("anthropic", "claude-opus-4-6", usage, datetime(2026, 3, 13, 0, 0, tzinfo=UTC)).usd
    assert (before, after) == (Decimal(3), Decimal("1.5"))


def test_an_unknown_model_costs_none_and_not_zero() -> None:
    found = cost("anthropic", "claude-of-the-future", Usage(input_tokens=1000, output_tokens=1000))
    assert found == Cost(None, None, "unknown", None)


def test_a_bare_open_model_name_is_not_priced_at_another_provider() -> None:
    found = cost("openrouter", "gpt-oss-120b", Usage(input_tokens=1000, output_tokens=1000))
    assert found.source == "unknown"


def test_a_compatible_server_without_a_known_address_has_no_price() -> None:
    settings_ = ProviderSettings("lmstudio", kind="openai-chat", base_url="http://127.0.0.1:1234/v1")
    found = cost_of(Usage(input_tokens=1, output_tokens=1), model("lmstudio", "gpt-4o"), settings_, AUTUMN)
    assert found.source == "unknown"


def test_a_compatible_server_is_priced_by_its_published_address() -> None:
    settings_ = ProviderSettings("mine", kind="openai-chat", base_url="https://api.deepseek.com/v1")
    found = cost_of(Usage(input_tokens=1000, output_tokens=1), model("mine", "deepseek-chat"), settings_, AUTUMN)
    assert found.source == "list"


def test_an_address_of_another_vendor_wins_over_the_protocol_it_speaks() -> None:
    settings_ = ProviderSettings("grok", kind="openai", base_url="https://api.x.ai/v1")
    found = cost_of(Usage(input_tokens=10, output_tokens=1), model("grok", "gpt-5.3-codex"), settings_, AUTUMN)
    assert found.source == "unknown"


def test_a_proxy_in_front_of_a_vendor_has_the_vendors_prices() -> None:
    settings_ = ProviderSettings("anthropic", kind="anthropic", base_url="http://127.0.0.1:8080")
    found = cost_of(Usage(input_tokens=10, output_tokens=1), model("a", "claude-opus-4-6"), settings_, AUTUMN)
    assert found.source == "list"


def test_a_plan_covered_call_owes_nothing_and_imputes_the_list_price() -> None:
    found = cost("claude-code", "claude-opus-4-6", Usage(input_tokens=1000, output_tokens=500), plan="claude-max")
    assert found == Cost(Decimal(0), Decimal("0.0175"), "plan", VERSION)


def test_a_plans_own_figure_is_imputed_and_never_cash() -> None:
    found = cost_of(
        Usage(input_tokens=1000, output_tokens=500),
        model("claude-code", "claude-opus-4-6", plan="claude-max"),
        provider("claude-code"),
        AUTUMN,
        reported=CostReport("0.02", imputed=True),
    )
    assert found == Cost(Decimal(0), Decimal("0.02"), "plan", None)


def test_a_plans_figure_of_zero_gives_way_to_the_list_price() -> None:
    found = cost_of(
        Usage(input_tokens=1000, output_tokens=500),
        model("claude-code", "claude-opus-4-6", plan="claude-max"),
        provider("claude-code"),
        AUTUMN,
        reported=CostReport("0", imputed=True),
    )
    assert found.imputed == Decimal("0.0175")


def test_a_local_call_is_free_and_imputes_what_the_open_model_costs_elsewhere() -> None:
    found = cost("ollama", "qwen3:8b", Usage(input_tokens=1000, output_tokens=500), local=True)
    assert (found.usd, found.source, found.imputed is not None) == (Decimal(0), "free", True)


def test_a_local_call_of_an_unlisted_model_imputes_nothing() -> None:
    found = cost("ollama", "my-finetune", Usage(input_tokens=1000, output_tokens=500), local=True)
    assert found == Cost(Decimal(0), None, "free", None)


def test_a_local_call_is_free_even_when_its_tokens_are_unknown() -> None:
    assert cost("ollama", "qwen3:8b", None, local=True) == Cost(Decimal(0), None, "free", None)


def test_a_free_suffix_owes_nothing_and_imputes_the_paid_model() -> None:
    found = cost("openrouter", "openai/gpt-oss-120b:free", Usage(input_tokens=1_000_000, output_tokens=0))
    assert found == Cost(Decimal(0), Decimal("0.1"), "free", VERSION)


def test_a_bill_for_a_model_thought_free_is_cash() -> None:
    free = model("openrouter", "openai/gpt-oss-120b:free")
    found = cost_of(Usage(), free, provider("openrouter"), AUTUMN, reported=CostReport("0.003"))
    assert found == Cost(Decimal("0.003"), None, "provider", None)


def test_a_suffix_that_chooses_another_host_makes_the_price_an_estimate() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=0)
    assert cost("openrouter", "openai/gpt-oss-120b:nitro", usage).source == "estimate"


def test_a_compact_date_in_an_id_is_the_dated_model() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=0)
    assert cost("openai", "gpt-5.2-20251211", usage) == cost("openai", "gpt-5.2-2025-12-11", usage)
    assert cost("openai", "gpt-5.2-20251211", usage).usd == Decimal("1.75")


def test_an_unknown_suffix_has_no_price() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=0)
    assert cost("openrouter", "openai/gpt-oss-120b:gold", usage).usd is None


def test_the_providers_own_cost_wins_over_the_list() -> None:
    found = cost_of(
        Usage(input_tokens=1000, output_tokens=1000),
        model("openrouter", "deepseek/deepseek-v3.2"),
        provider("openrouter"),
        AUTUMN,
        reported=CostReport("0.000123456789"),
    )
    assert found == Cost(Decimal("0.000123456789"), None, "provider", None)


@pytest.mark.parametrize("text", ["", "NaN", "-1", "Infinity", "free"])
def test_a_reported_cost_that_is_no_amount_is_not_taken(text: str) -> None:
    found = cost_of(
        Usage(input_tokens=1000, output_tokens=0),
        model("openrouter", "deepseek/deepseek-v3.2"),
        provider("openrouter"),
        AUTUMN,
        reported=CostReport(text),
    )
    assert found.source == "list"


def test_the_users_price_wins_over_the_list() -> None:
    price = (Price(input="1", output="2"),)
    found = cost("anthropic", "claude-opus-4-6", Usage(input_tokens=1_000_000, output_tokens=1_000_000), price=price)
    assert found == Cost(Decimal(3), None, "list", "configured")


def test_the_users_price_for_anthropic_doubles_the_input_for_a_one_hour_cache_write() -> None:
    usage = Usage(0, 0, 1_000_000, 1_000_000, 0)
    price = (Price(input="4", output="20", cache_write="5"),)
    assert cost("anthropic", "claude-next", usage, price=price).usd == Decimal(5) + Decimal(8)


def test_every_anthropic_model_has_a_one_hour_cache_write_at_twice_its_input() -> None:
    from genai_prices.data import providers

    (anthropic,) = [entry for entry in providers if entry.id == "anthropic"]
    rates = {entry.id: price_list.rates("anthropic", entry.id, AUTUMN, 1000) for entry in anthropic.models}
    cached = {name: found for name, found in rates.items() if found and found.cache_write_5m and found.input}
    assert cached
    assert [name for name, found in cached.items() if found.cache_write_1h != 2 * (found.input or 0)] == []


def test_unknown_input_makes_the_cost_unknown() -> None:
    assert cost("openai", "gpt-5.3-codex", Usage(output_tokens=10)).source == "unknown"


def test_unknown_output_makes_the_cost_an_estimate() -> None:
    found = cost("openai", "gpt-5.3-codex", Usage(input_tokens=1_000_000))
    assert (found.usd, found.source) == (Decimal("1.75"), "estimate")


def test_an_aborted_stream_makes_the_cost_an_estimate() -> None:
    usage = Usage(input_tokens=1000, output_tokens=1)
    found = cost_of(usage, model("anthropic", "claude-opus-4-6"), provider("anthropic"), AUTUMN, complete=False)
    assert found.source == "estimate"


def test_an_estimate_says_so_and_prices_the_tier() -> None:
    found = estimate(model("anthropic", "claude-sonnet-4-5"), provider("anthropic"), 300_000, 0, AUTUMN)
    assert found == Cost(Decimal("1.8"), None, "estimate", VERSION)


def test_the_baseline_prices_every_bucket_on_opus() -> None:
    usage = Usage(1_000_000, 1_000_000, 0, 0, 1_000_000)
    assert baseline(usage, AUTUMN) == Decimal(5) + Decimal("0.5") + Decimal(25)


def test_the_baseline_model_can_be_named_with_its_provider() -> None:
    assert baseline(Usage(input_tokens=1_000_000), AUTUMN, "openai/gpt-5.3-codex") == Decimal("1.75")


def test_pricing_imports_no_price_library() -> None:
    code = (
        "import sys; from datetime import datetime, UTC; from llmswitch.ledger.prices import baseline;"
        "from llmswitch.conversation import Usage; assert baseline(Usage(input_tokens=1), datetime.now(UTC));"
        "sys.exit(any(name in sys.modules for name in ('genai_prices', 'pydantic', 'httpx')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


tokens = st.integers(0, 600_000)
usages = st.builds(
    lambda fresh, read, short, long, out, share: Usage(fresh, read, short, long, out, out * share // 100),
    tokens, tokens, tokens, tokens, tokens, st.integers(0, 100),
)  # fmt: skip
MODELS = (
    ("anthropic", "claude-opus-4-6"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-haiku-5-5"),
    ("openai", "gpt-5.3-codex"),
    ("google", "gemini-2.5-flash"),
    ("google", "gemini-2.5-pro"),
    ("openrouter", "deepseek/deepseek-v3.2"),
    ("perplexity", "sonar-deep-research"),
)


@given(usages, st.sampled_from(MODELS))
def test_no_token_is_billed_twice_or_lost(usage: Usage, ids: tuple[str, str]) -> None:
    """The charge is the sum of each bucket charged alone at the rates of the whole prompt."""
    rates = price_list.rates(*ids, AUTUMN, usage.prompt_tokens or 0)
    assert rates
    reasoning = usage.reasoning_tokens or 0
    apart = [
        Usage(input_tokens=usage.input_tokens),
        Usage(cache_read_tokens=usage.cache_read_tokens),
        Usage(cache_write_5m_tokens=usage.cache_write_5m_tokens),
        Usage(cache_write_1h_tokens=usage.cache_write_1h_tokens),
        Usage(output_tokens=(usage.output_tokens or 0) - reasoning),
        Usage(output_tokens=reasoning, reasoning_tokens=reasoning),
    ]
    charges = [rates.charge(part) for part in apart]
    assert rates.charge(usage) == sum(
        (charge - rates.request for charge in charges if charge is not None), rates.request
    )


@settings(deadline=None, max_examples=200)
@given(usages, st.sampled_from(MODELS), st.datetimes(datetime(2024, 6, 1), datetime(2026, 12, 31)))  # noqa: DTZ001
def test_the_snapshot_charges_what_genai_prices_charges(usage: Usage, ids: tuple[str, str], naive: datetime) -> None:
    assert ours(*ids, usage, naive.replace(tzinfo=UTC)) == theirs(*ids, usage, naive.replace(tzinfo=UTC))


def test_every_model_of_the_snapshot_is_priced_as_genai_prices_does() -> None:
    from genai_prices.data import providers

    usage = Usage(150_001, 60_000, 3000, 2000, 4000, 1000)
    wrong = [
        (provider_.id, entry.id)
        for provider_ in providers
        for entry in provider_.models
        if (found := ours(provider_.id, entry.id, usage, AUTUMN)) is not None
        and found != theirs(provider_.id, entry.id, usage, AUTUMN)
    ]
    assert wrong == []


def test_every_text_model_genai_prices_finds_by_its_id_is_found_here() -> None:
    from genai_prices.data import providers

    usage = Usage(input_tokens=10, output_tokens=10)
    missing = [
        (provider_.id, entry.id)
        for provider_ in providers
        for entry in provider_.models
        for prices in [entry.prices[-1].prices if isinstance(entry.prices, list) else entry.prices]
        if prices.input_mtok is not None and prices.output_mtok is not None
        if provider_.find_model(entry.id) is not None and ours(provider_.id, entry.id, usage, AUTUMN) is None
    ]
    assert missing == []


def test_the_shipped_snapshot_is_what_its_script_writes() -> None:
    from llmswitch.ledger import price_snapshot

    assert price_snapshot.PATH.read_text(encoding="utf-8") == price_snapshot.text(price_snapshot.build())


def ours(provider_id: str, model_id: str, usage: Usage, at: datetime) -> Decimal | None:
    rates = price_list.rates(provider_id, model_id, at, usage.prompt_tokens or 0)
    return rates.charge(usage) if rates else None


def theirs(provider_id: str, model_id: str, usage: Usage, at: datetime) -> Decimal:
    import genai_prices

    counted = genai_prices.Usage(
        input_tokens=usage.prompt_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        output_tokens=usage.output_tokens,
        output_reasoning_tokens=usage.reasoning_tokens,
    )
    return genai_prices.calc_price(counted, model_id, provider_id=provider_id, genai_request_timestamp=at).total_price
