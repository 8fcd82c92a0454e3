"""`prices.cost_of`'s list prices for many calls at once: rates are looked up once for each model, tier and half hour, and
applied in whole 1e-12 dollars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Usage
from llmswitch.ledger import own_price, price_list
from llmswitch.ledger.price_list import Rates
from llmswitch.ledger.prices import OPEN_WEIGHTS, CostSource, price_id, rates_of
from llmswitch.ledger.store import to_pico

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SLOT_US = 30 * 60 * 1_000_000
"""Prices change at no other minutes than :00 and :30."""


class _PicoRates(NamedTuple):
    """Whole 1e-12 dollars for a token of each bucket, and for the call."""

    fresh: int
    read: int
    short: int
    hour: int
    output: int
    call: int


class Charge(NamedTuple):
    """An amount in whole 1e-12 dollars, None if it is not known; what a cost made of it is called; the price version."""

    pico: int | None
    source: CostSource
    version: str | None


_UNKNOWN = Charge(None, "unknown", None)


class RateCache:
    """Charges calls at the prices of their own time."""

    def __init__(self) -> None:
        self._limits: dict[tuple[str, str], tuple[int, ...]] = {}
        self._rates: dict[tuple[str, str, int, int], tuple[_PicoRates | Rates | None, CostSource, str | None]] = {}

    def charge(self, model: Model, provider: ProviderSettings, at: int, usage: Usage) -> Charge:
        """What the call would owe that began `at` (microseconds since 1970 UTC), whoever pays."""
        fresh, read, short = usage.input_tokens, usage.cache_read_tokens or 0, usage.cache_write_5m_tokens or 0
        hour, output = usage.cache_write_1h_tokens or 0, usage.output_tokens or 0
        if fresh is None:
            return _UNKNOWN
        found, source, version = self._found(model, provider, at, fresh + read + short + hour)
        if found is None:
            return _UNKNOWN
        if isinstance(found, Rates):
            pico = to_pico(found.charge(usage))
            return _UNKNOWN if pico is None else Charge(pico, source, version)
        pico = fresh * found.fresh + read * found.read + short * found.short + hour * found.hour
        return Charge(pico + output * found.output + found.call, source, version)

    def _found(
        self, model: Model, provider: ProviderSettings, at: int, prompt: int
    ) -> tuple[_PicoRates | Rates | None, CostSource, str | None]:
        name = (model.name, model.model)
        if name not in self._limits:
            self._limits[name] = tuple(sorted({*_thresholds(model, provider), *own_price.thresholds(model.price)}))
        key = (*name, at // _SLOT_US, sum(prompt > limit for limit in self._limits[name]))
        if key not in self._rates:
            rates, source, version = rates_of(model, provider, _EPOCH + timedelta(microseconds=at), prompt)
            self._rates[key] = rates and (_whole(rates) or rates), source, version
        return self._rates[key]


def _thresholds(model: Model, provider: ProviderSettings) -> tuple[int, ...]:
    """Prompt sizes at which a price may change. A suffix is left out, for the plain id has the same tiers."""
    if model.local:
        return price_list.thresholds("openrouter", OPEN_WEIGHTS.get(model.model.removesuffix(":latest"), ""))
    owner, bare = price_id(provider) or "", model.model.partition("[")[0]
    return tuple(sorted({*price_list.thresholds(owner, bare), *price_list.thresholds(owner, bare.rpartition(":")[0])}))


def _whole(rates: Rates) -> _PicoRates | None:
    """The same in integers; None where that would not be exact: fractions, reasoning apart, a bucket without a price."""
    fresh = rates.input
    short = fresh if rates.cache_write_5m is None else rates.cache_write_5m
    hour = short if rates.cache_write_1h is None else rates.cache_write_1h
    read = fresh if rates.cache_read is None else rates.cache_read
    dollars = (fresh, read, short, hour, rates.output)
    if rates.reasoning is not None or any(rate is None or rate * 10**6 % 1 for rate in dollars):
        return None
    whole = [int(rate * 10**6) for rate in dollars if rate is not None]
    return _PicoRates(whole[0], whole[1], whole[2], whole[3], whole[4], to_pico(rates.request) or 0)
