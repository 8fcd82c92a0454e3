"""What one call cost: a fact with its source, or None. Never 0 for an unknown price.

Cash is what is really owed. Imputed is what a call that nobody has to pay for (a plan covers it, it ran locally, it was
free) would have cost at list price on that day. The two are never added.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import CostReport, Usage
from llmswitch.ledger import own_price, price_list
from llmswitch.ledger.price_list import Rates

CostSource = Literal["provider", "list", "plan", "free", "estimate", "unknown"]

BASELINE = "anthropic/claude-opus-4-6"
"""The model of the savings figure, as `price list's provider/model id`, where a profile names none."""

PRICE_IDS: dict[str, str] = {
    "anthropic": "anthropic",
    "claude-code": "anthropic",
    "openai": "openai",
    "codex": "openai",
    "openrouter": "openrouter",
    "gemini": "google",
}
"""Adapter kind → the price list's provider. `openai-chat` speaks to anyone: there the address or the name decides."""

OPEN_WEIGHTS: dict[str, str] = {
    "codestral:22b": "mistralai/codestral-2501",
    "deepseek-r1:70b": "deepseek/deepseek-r1-distill-llama-70b",
    "gemma3:4b": "google/gemma-3-4b-it",
    "gemma3:12b": "google/gemma-3-12b-it",
    "gemma3:27b": "google/gemma-3-27b-it",
    "glm-4.7": "z-ai/glm-4.7",
    "glm-4.7-flash": "z-ai/glm-4.7-flash",
    "gpt-oss:20b": "openai/gpt-oss-20b",
    "gpt-oss:120b": "openai/gpt-oss-120b",
    "llama3.1:8b": "meta-llama/llama-3.1-8b-instruct",
    "llama3.3:70b": "meta-llama/llama-3.3-70b-instruct",
    "mistral-nemo": "mistralai/mistral-nemo",
    "phi4": "microsoft/phi-4",
    "qwen2.5-coder:32b": "qwen/qwen-2.5-coder-32b-instruct",
    "qwen3:8b": "qwen/qwen3-8b",
    "qwen3:14b": "qwen/qwen3-14b",
    "qwen3:30b": "qwen/qwen3-30b-a3b",
    "qwen3:32b": "qwen/qwen3-32b",
    "qwen3-coder:30b": "qwen/qwen3-coder-30b-a3b-instruct",
}
"""Ollama's name of an open model → OpenRouter's, for the imputed price of a local call. Exact names only."""

_CONTEXT_SUFFIX = re.compile(r"\[[^\]]*\]$")
_SAME_PRICE = frozenset({"thinking", "extended", "beta"})
_OTHER_ROUTE = frozenset({"nitro", "floor", "online", "exacto"})


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars. `usd` None: not known. `imputed` None: not known, or the call was paid in cash. `version` says which
    price list, or `configured`; None where no list was asked."""

    usd: Decimal | None
    imputed: Decimal | None
    source: CostSource
    version: str | None


UNKNOWN = Cost(None, None, "unknown", None)


def cost_of(
    usage: Usage | None,
    model: Model,
    provider: ProviderSettings,
    at: datetime,
    *,
    reported: CostReport | None = None,
    complete: bool = True,
) -> Cost:
    """The cost of one call of `model` at the instant `at` (with a time zone).

    `reported` is the provider's own figure; it wins. `complete` False says that the answer broke off, so that `usage`
    may be short. A figure made from incomplete usage (no output count, or broken off) has the source `estimate` and is
    a lower bound; without an input count there is none."""
    told = _amount(reported)
    listed, source, version = _listed(usage, model, provider, at)
    covered = model.plan is not None and (reported is None or reported.imputed)  # a plan's extra usage is real money
    if covered or (reported is not None and reported.imputed):
        return Cost(Decimal(0), told or listed, "plan", None if told else version)
    if is_free(model) and not told:
        return Cost(Decimal(0), listed, "free", version)
    if told is not None:  # a bill for a model that was thought free is a bill
        return Cost(told, None, "provider", None)
    if listed is None or usage is None:
        return UNKNOWN
    if not complete or usage.output_tokens is None:
        source = "estimate"
    return Cost(listed, None, source, version)


def estimate(model: Model, provider: ProviderSettings, prompt_tokens: int, output_tokens: int, at: datetime) -> Cost:
    """What a call of that size would cost, nothing of it cached."""
    cost = cost_of(Usage(input_tokens=prompt_tokens, output_tokens=output_tokens), model, provider, at)
    return replace(cost, source="estimate") if cost.source == "list" else cost


def baseline(usage: Usage, at: datetime, model: str = BASELINE) -> Decimal | None:
    """What the same tokens would have cost on `model` (`provider/id` of the price list, or an id of Anthropic's) over
    its API that day."""
    provider_id, model_id = baseline_ids(model)
    found = price_list.rates(provider_id, model_id, at, usage.prompt_tokens or 0)
    return found.charge(usage) if found else None


def baseline_ids(model: str) -> tuple[str, str]:
    """`provider/id` taken apart; a bare id is Anthropic's."""
    provider_id, slash, model_id = model.partition("/")
    if slash and price_list.has_provider(provider_id):
        return provider_id, model_id
    return "anthropic", model


def rates_of(
    model: Model, provider: ProviderSettings, at: datetime, prompt_tokens: int
) -> tuple[Rates | None, CostSource, str | None]:
    """What a call of `model` with a prompt of that size is priced by, with the source of a cost made from it and the
    version: the user's own price, else the list's. A local model has that of its open weights elsewhere."""
    provider_id, model_id = price_id(provider), model.model
    if own := own_price.in_force(model.price, at, prompt_tokens):
        return own_price.rates(own, provider_id), "list", own_price.version(own)
    if model.local:
        provider_id, model_id = "openrouter", OPEN_WEIGHTS.get(model.model.removesuffix(":latest"), "")
    if provider_id is None or not model_id:
        return None, "unknown", None
    found, source = _routed(provider_id, model_id, at, prompt_tokens)
    return (found, source, price_list.version()) if found else (None, "unknown", None)


def is_free(model: Model) -> bool:
    """Whether no money can be owed: it runs locally, or the provider gives it away."""
    return model.local or model.free or model.model.endswith(":free")


def price_id(provider: ProviderSettings) -> str | None:
    """The price list's name of `provider`, or None where its prices are not known."""
    if provider.price_id:
        return provider.price_id
    if provider.base_url and (known := price_list.provider_at(provider.base_url)):
        return known
    if provider.kind in PRICE_IDS:
        return PRICE_IDS[provider.kind]
    if provider.base_url:
        return None
    if provider.kind == "openai-chat":
        return "openai"
    return provider.name if price_list.has_provider(provider.name) else None


def listed_ids(model_id: str) -> list[str]:
    """The names a model may have in the price list, the likeliest first: without a context suffix (`[1m]`), then without
    a routing suffix (`:free`)."""
    bare = _CONTEXT_SUFFIX.sub("", model_id)
    root, _, suffix = bare.rpartition(":")
    if suffix == "free":
        return [root]
    return [bare, root] if suffix in _SAME_PRICE | _OTHER_ROUTE else [bare]


def _amount(reported: CostReport | None) -> Decimal | None:
    """The reported dollars; None for no report or one that is not an amount."""
    if reported is None:
        return None
    try:
        usd = Decimal(reported.usd)
    except InvalidOperation:
        return None
    return usd if usd.is_finite() and usd >= 0 else None


def _listed(
    usage: Usage | None, model: Model, provider: ProviderSettings, at: datetime
) -> tuple[Decimal | None, CostSource, str | None]:
    """The user's price, else the list's, applied to `usage`: amount, source, version."""
    if usage is None or usage.input_tokens is None:
        return None, "unknown", None
    found, source, version = rates_of(model, provider, at, usage.prompt_tokens or 0)
    amount = found.charge(usage) if found else None
    return (None, "unknown", None) if amount is None else (amount, source, version)


def _routed(provider_id: str, model_id: str, at: datetime, prompt_tokens: int) -> tuple[Rates | None, CostSource]:
    """Rates of an id that may end in a routing suffix. `:free` is priced as what it is free of; a suffix that chooses
    another host (`:nitro`) makes the list price an estimate; an unknown one has no price."""
    bare = _CONTEXT_SUFFIX.sub("", model_id)
    root, _, suffix = bare.rpartition(":")
    if suffix == "free":
        return price_list.rates(provider_id, root, at, prompt_tokens), "list"
    if exact := price_list.rates(provider_id, bare, at, prompt_tokens):
        return exact, "list"
    if suffix in _SAME_PRICE:
        return price_list.rates(provider_id, root, at, prompt_tokens), "list"
    if suffix in _OTHER_ROUTE:
        return price_list.rates(provider_id, root, at, prompt_tokens), "estimate"
    return None, "unknown"
