"""The user's own prices of a model: dated, and by the size of the prompt, over the price list.

A price holds from its day on (UTC, as the list's do) until a later one begins; before the first begins, the list holds.
Of those that begin on one day, the one with the largest `above` that the prompt exceeds counts, for the whole prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from llmswitch.catalog import Price
from llmswitch.ledger.price_list import Rates

CONFIGURED = "configured"
"""The price version of a call that was priced by the user's own `price`; a dated one has its day behind it."""


def in_force(prices: Sequence[Price], at: datetime, prompt_tokens: int) -> Price | None:
    """The price of a prompt of that size at the instant `at`, or None where none has begun."""
    days = begun(prices, at)
    if not days:
        return None
    return max((price for price in days if price.above == 0 or prompt_tokens > price.above), key=lambda one: one.above)


def begun(prices: Sequence[Price], at: datetime) -> list[Price]:
    """The prices of the last day that has begun at `at`, the smallest prompt's first."""
    day = at.astimezone(UTC).date()
    started = [price for price in prices if (price.since or date.min) <= day]
    newest = max((price.since or date.min for price in started), default=None)
    return sorted((price for price in started if (price.since or date.min) == newest), key=lambda price: price.above)


def thresholds(prices: Sequence[Price]) -> set[int]:
    """Every prompt size above which a price of the user's begins."""
    return {price.above for price in prices if price.above}


def version(price: Price) -> str:
    """What is frozen into a row: `configured`, or `configured from 2026-11-01`."""
    return f"{CONFIGURED} from {price.since.isoformat()}" if price.since else CONFIGURED


def rates(price: Price, provider_id: str | None) -> Rates:
    """The price as rates. Where nothing is said of it, Anthropic's 1-hour cache write is twice the input price, whatever
    the 5-minute one is."""
    written = _dollars(price.cache_write)
    hour = _dollars(price.cache_write_1h)
    if hour is None:
        hour = 2 * Decimal(price.input) if provider_id == "anthropic" else written
    return Rates(
        input=Decimal(price.input),
        output=Decimal(price.output),
        cache_read=_dollars(price.cache_read),
        cache_write_5m=written,
        cache_write_1h=hour,
        reasoning=_dollars(price.reasoning),
        request=_dollars(price.request) or Decimal(0),
    )


def _dollars(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)
