"""The price list: which `Rates` one model had at one provider at one moment, for a prompt of one size.

Only the named provider's own entries are asked: the same model name costs three times as much elsewhere. The file's
shape is described in `price_snapshot.py`, which writes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from llmswitch.conversation import Usage
from llmswitch.ledger import price_source

_MILLION = Decimal(1_000_000)
_COMPACT_DATE = re.compile(r"-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars for a million tokens of each bucket; `request` for each call. None: no price is known. `reasoning`
    None means that reasoning costs what other output costs."""

    input: Decimal | None
    output: Decimal | None
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None
    reasoning: Decimal | None = None
    request: Decimal = Decimal(0)

    def charge(self, usage: Usage) -> Decimal | None:
        """What `usage` costs, exactly; None where a bucket with tokens has no price. A bucket that is None counts as
        empty. A cache bucket without a price of its own is charged as fresh input, reasoning once, inside output."""
        output, reasoning = usage.output_tokens or 0, usage.reasoning_tokens or 0
        if self.reasoning is None:
            reasoning = 0  # it stays inside `output`
        reasoning = min(reasoning, output)
        total = self.request
        for tokens, rate in (
            (usage.input_tokens or 0, self.input),
            (usage.cache_read_tokens or 0, _first(self.cache_read, self.input)),
            (usage.cache_write_5m_tokens or 0, _first(self.cache_write_5m, self.input)),
            (usage.cache_write_1h_tokens or 0, _first(self.cache_write_1h, self.cache_write_5m, self.input)),
            (output - reasoning, self.output),
            (reasoning, self.reasoning),
        ):
            if not tokens:
                continue
            if rate is None:
                return None
            total += tokens * rate / _MILLION
        return total


def _first(*rates: Decimal | None) -> Decimal | None:
    return next((rate for rate in rates if rate is not None), None)


def version() -> str:
    """Where the prices come from, such as `genai-prices 0.2.3`: frozen into each row they price."""
    return str(price_source.snapshot()["source"])


def made() -> str:
    """The day the shipped list was made, as `2026-11-23`: what changed after it is not known here."""
    return str(price_source.snapshot()["made"])


@dataclass(frozen=True, slots=True)
class Listed:
    """One price of a model in the list. `holds` says when: from a UTC date on, `16:30–00:30 UTC` of each day, or ""
    for always; `now`: it holds at the instant that was asked about. `tiers` are rates by the prompt size above which they
    apply, the first from 0."""

    holds: str
    now: bool
    tiers: tuple[tuple[int, Rates], ...]


def listed(provider_id: str, model_id: str, at: datetime) -> tuple[Listed, ...]:
    """Every price the list has of a model, in its order; nothing for one it does not know."""
    history = [(when, units) for when, units in _history(provider_id, model_id.lower()) or [] if "input" in units]
    chosen = max([0, *(number for number, (when, _) in enumerate(history) if holds(when, at.astimezone(UTC)))])
    found = []
    for number, (when, units) in enumerate(history):
        starts = {int(start) for price in units.values() if isinstance(price, list) for start, _ in price[1]}
        tiers = tuple((start, _rates(units, start + 1 if start else 0)) for start in (0, *sorted(starts)))
        found.append(Listed(_period_text(when), number == chosen, tiers))
    return tuple(found)


def rates(provider_id: str, model_id: str, at: datetime, prompt_tokens: int) -> Rates | None:
    """The rates for a prompt of `prompt_tokens` (cache included) at the instant `at`, or None where none are known.
    A price tier is a cliff: one token above its threshold, the whole call has its price."""
    units = _units(provider_id, model_id, at)
    return _rates(units, prompt_tokens) if units and "input" in units else None


def _rates(units: dict[str, Any], prompt_tokens: int) -> Rates:
    here = {unit: _at_size(price, prompt_tokens) for unit, price in units.items()}
    return Rates(
        input=here["input"],
        output=here.get("output"),
        cache_read=here.get("cache_read"),
        cache_write_5m=here.get("cache_write"),
        cache_write_1h=here.get("cache_write_1h"),
        reasoning=here.get("reasoning"),
        request=here.get("requests", Decimal(0)) / 1000,
    )


def thresholds(provider_id: str, model_id: str) -> tuple[int, ...]:
    """Every prompt size above which the model's price has ever changed, ascending."""
    entries = _history(provider_id, model_id.lower()) or []
    tiered = [price for _, units in entries for price in units.values() if isinstance(price, list)]
    return tuple(sorted({int(start) for _, tiers in tiered for start, _ in tiers}))


def provider_at(base_url: str) -> str | None:
    """The price list's provider whose published API address `base_url` is, or None."""
    for name, provider in price_source.snapshot()["providers"].items():
        if re.match(provider["api"], base_url):
            return str(name)
    return None


def has_provider(provider_id: str) -> bool:
    """Whether the list has this provider."""
    return provider_id in price_source.snapshot()["providers"]


def forget() -> None:
    """Read the list anew when it is asked for next: it has changed."""
    price_source.snapshot.cache_clear()
    _history.cache_clear()


def _units(provider_id: str, model_id: str, at: datetime) -> dict[str, Any] | None:
    """The price entry in force at `at`, not yet resolved by prompt size."""
    history = _history(provider_id, model_id.lower())
    if not history:
        return None
    chosen: dict[str, Any] = history[0][1]
    for when, units in history:
        if holds(when, at.astimezone(UTC)):
            chosen = units
    return chosen


@cache
def _history(provider_id: str, model_id: str) -> list[Any] | None:
    """The dated prices of one model; a compact date in the id (`-20251211`) is also tried with dashes."""
    models = price_source.snapshot()["providers"].get(provider_id, {}).get("models", [])
    dashed = _COMPACT_DATE.sub(r"-\1-\2-\3", model_id)
    for reference in (model_id,) if dashed == model_id else (model_id, dashed):
        for match, prices in models:
            if matches(match, reference):
                return list(prices)
    return None


def matches(match: Any, text: str) -> bool:
    """Whether a match clause of the list fits a model's id."""
    if isinstance(match, list):
        return any(matches(part, text) for part in match)
    if isinstance(match, dict):
        return all(matches(part, text) for part in match["and"])
    operator, value = str(match[0]), str(match[1:])
    if operator == "=":
        return text == value
    if operator == "^":
        return text.startswith(value)
    if operator == "$":
        return text.endswith(value)
    if operator == "*":
        return value in text
    return bool(re.search(value, text))


def holds(when: dict[str, Any] | None, at: datetime) -> bool:
    """Whether a price holds at the instant `at` in UTC."""
    if when is None:
        return True
    if "from" in when:
        return at.date().isoformat() >= str(when["from"])
    start, end = str(when["between"][0]), str(when["between"][1])
    clock = at.time().isoformat()
    return start <= clock < end if start <= end else clock >= start or clock < end


def _period_text(when: dict[str, Any] | None) -> str:
    if when is None:
        return ""
    if "from" in when:
        return str(when["from"])
    start, end = (str(clock)[:5] for clock in when["between"])
    return f"{start}–{end} UTC"


def _at_size(price: Any, prompt_tokens: int) -> Decimal:
    if not isinstance(price, list):
        return Decimal(price)
    chosen, tiers = price
    for start, above in tiers:
        if prompt_tokens > start:
            chosen = above
    return Decimal(chosen)
