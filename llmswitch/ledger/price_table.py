"""What is known of the prices of a profile's models, as rows to show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.ledger import own_price, price_list
from llmswitch.ledger.price_list import Rates
from llmswitch.ledger.prices import OPEN_WEIGHTS, listed_ids, price_id


@dataclass(frozen=True, slots=True)
class PriceRow:
    """Rates for prompts of more than `above` tokens. `listed_as` is the price list's `provider/id`, None for the user's
    own price or for none; `holds` and `now` as in `price_list.Listed`; `rates` None: not known."""

    model: str
    listed_as: str | None
    holds: str
    now: bool
    above: int
    rates: Rates | None
    version: str | None


def price_rows(model: Model, provider: ProviderSettings, at: datetime) -> tuple[PriceRow, ...]:
    """Every price of `model`, at least one row. The user's own prices stand first: from the day they begin they hide the
    list's, which a price without a day does always."""
    own, now = _own(model, provider, at), bool(own_price.begun(model.price, at))
    if any(price.since is None for price in model.price):
        return own
    listed = _listed(model, provider, at)
    if own and listed[0].rates is None:
        return own
    return (*own, *(replace(row, now=row.now and not now) for row in listed))


def _own(model: Model, provider: ProviderSettings, at: datetime) -> tuple[PriceRow, ...]:
    holding = own_price.begun(model.price, at)
    return tuple(
        PriceRow(
            model.name,
            None,
            price.since.isoformat() if price.since else "",
            price in holding,
            price.above,
            own_price.rates(price, price_id(provider)),
            own_price.version(price),
        )
        for price in sorted(model.price, key=lambda price: (price.since or date.min, price.above))
    )


def _listed(model: Model, provider: ProviderSettings, at: datetime) -> tuple[PriceRow, ...]:
    if model.local:
        owner, names = "openrouter", [OPEN_WEIGHTS.get(model.model.removesuffix(":latest"), "")]
    else:
        owner, names = price_id(provider) or "", listed_ids(model.model)
    for name in names:
        if found := price_list.listed(owner, name, at):
            return tuple(
                PriceRow(model.name, f"{owner}/{name}", one.holds, one.now, above, rates, price_list.version())
                for one in found
                for above, rates in one.tiers
            )
    return (PriceRow(model.name, None, "", True, 0, None, None),)
