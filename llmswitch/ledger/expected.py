"""What a month of work would cost under a profile: fees and cash, and what the baseline model alone would cost.

Every volume is priced at today's prices and at the size of its middling prompt. A plan that covers it makes it cost
nothing in cash and its fee is counted, once; an unknown price is None and never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from llmswitch.catalog import Model, Plan, ProviderSettings
from llmswitch.ledger import price_list
from llmswitch.ledger.prices import CostSource, baseline_ids, is_free, rates_of
from llmswitch.ledger.volume import Volume

Choose = Callable[[Volume], tuple[Model, ProviderSettings] | None]
"""The model that a profile has for a volume, and who serves it; None where it has none."""


@dataclass(frozen=True, slots=True)
class Line:
    """One volume under a profile. `model` None: the profile has none for it. `cash` None: its price is not known; so with
    `imputed` (what a call that nobody pays for would cost) and `baseline`."""

    volume: Volume
    model: Model | None
    cash: Decimal | None
    imputed: Decimal | None
    baseline: Decimal | None
    source: CostSource

    @property
    def covered_by(self) -> str | None:
        """The plan that covers it."""
        return self.model.plan if self.model and self.source == "plan" else None


@dataclass(frozen=True, slots=True)
class Expected:
    """The whole month under one profile; amounts in dollars. `fees` are those of plans that cover something, `unused` the
    profile's other plans. `cash`, `imputed` and `baseline` are sums of what is known; `baseline` has only the volumes
    whose cost is known as well, so that the saving compares like with like."""

    profile: str
    baseline_model: str
    lines: tuple[Line, ...]
    fees: Mapping[str, Decimal]
    unused: Mapping[str, Decimal]

    @property
    def fixed(self) -> Decimal:
        """All fees."""
        return sum(self.fees.values(), Decimal(0))

    @property
    def cash(self) -> Decimal:
        """What is paid by the token."""
        return sum((line.cash for line in self.lines if line.cash is not None), Decimal(0))

    @property
    def total(self) -> Decimal:
        """Fees and cash."""
        return self.fixed + self.cash

    @property
    def imputed(self) -> Decimal | None:
        """What plan-covered, local and free calls would cost at list price."""
        known = [line.imputed for line in self.lines if line.imputed is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def baseline(self) -> Decimal | None:
        """All of it on the baseline model over its API, without a plan; None where that has no known price."""
        known = [line.baseline for line in self.lines if line.cash is not None]
        amounts = [usd for usd in known if usd is not None]
        return sum(amounts, Decimal(0)) if len(amounts) == len(known) else None

    @property
    def saving(self) -> Decimal | None:
        """The baseline less fees and cash."""
        return None if self.baseline is None else self.baseline - self.total

    @property
    def unknown(self) -> tuple[Line, ...]:
        """The volumes whose price is not known; no figure has them."""
        return tuple(line for line in self.lines if line.cash is None)


def expect(
    profile: str,
    volumes: Sequence[Volume],
    choose: Choose,
    plans: Mapping[str, Plan],
    baseline_model: str,
    at: datetime,
) -> Expected:
    """`volumes` under a profile, at the prices of the instant `at`."""
    lines = tuple(_line(volume, choose(volume), baseline_model, at) for volume in volumes)
    used = {line.covered_by for line in lines}
    fees = {name: Decimal(plan.fee_usd) for name, plan in plans.items()}
    return Expected(
        profile,
        baseline_model,
        lines,
        {name: fee for name, fee in fees.items() if name in used},
        {name: fee for name, fee in fees.items() if name not in used},
    )


def _line(volume: Volume, chosen: tuple[Model, ProviderSettings] | None, baseline_model: str, at: datetime) -> Line:
    owner, model_id = baseline_ids(baseline_model)
    baseline = _charged(price_list.rates(owner, model_id, at, volume.mean_prompt), volume)
    if chosen is None:
        return Line(volume, None, None, None, baseline, "unknown")
    model, provider = chosen
    if volume.billed:
        model = replace(model, plan=None, free=False)
    rates, source, _ = rates_of(model, provider, at, volume.mean_prompt)
    usd = _charged(rates, volume)
    if model.plan is not None:
        return Line(volume, model, Decimal(0), usd, baseline, "plan")
    if is_free(model):
        return Line(volume, model, Decimal(0), usd, baseline, "free")
    return Line(volume, model, usd, None, baseline, "unknown" if usd is None else source)


def _charged(rates: price_list.Rates | None, volume: Volume) -> Decimal | None:
    """What all the calls cost at the same rates."""
    one = rates.charge(volume.tokens.as_usage()) if rates else None
    if rates is None or one is None:
        return None
    more = Decimal(int(volume.calls)) - 1 if volume.calls else Decimal(0)  # one call's own price is in it already
    return one + rates.request * max(Decimal(0), more)
