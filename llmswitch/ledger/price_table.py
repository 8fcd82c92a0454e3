"""What is known of the prices of a profile's models, as rows to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.ledger import price_list
from llmswitch.ledger.price_list import Rates
from llmswitch.ledger.prices import OPEN_WEIGHTS, listed_ids, price_id, rates_of


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
    """Every price of `model`, at least one row. The user's own price hides the list's."""
    if model.price:
        rates, _, version = rates_of(model, provider, at, 0)
        return (PriceRow(model.name, None, "", True, 0, rates, version),)
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
