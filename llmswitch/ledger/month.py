"""A month at a glance: what has to be paid, whether each plan was worth its fee, where the month is heading.

Fees and cash are what is paid, and their sum is the bill. Imputed cost is never part of a sum with them: it stands
beside a plan's fee, to be compared. What is no fact (savings, forecast, what the cache saved) is an estimate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from llmswitch.ledger.figures import Figures
from llmswitch.ledger.report import Report

FEWEST_DAYS = 3
"""Whole days without which there is no forecast."""

CONFIDENCE = 0.8
_DEVIATIONS = 1.2816
"""Standard deviations on each side of the mean that hold `CONFIDENCE` of a normal distribution."""

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class PlanUse:
    """A plan's fee (None: the profile does not have the plan) and what its calls would have cost at list price (None:
    no call has such a figure). `unpriced` calls are not in it."""

    plan: str
    fee: Decimal | None
    imputed: Decimal | None
    calls: int
    unpriced: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Cash at the end of the month, and the range that holds it in `CONFIDENCE` of cases if its days go on as the last
    `days` whole ones went."""

    cash: Decimal
    low: Decimal
    high: Decimal
    days: int


@dataclass(frozen=True, slots=True)
class CacheUse:
    """Answers from our own cache, with the cash and imputed cost they saved: what the calls that made them had cost, and
    for the `estimated` ones, whose call has no known cost, the month's mean for an answered call. None: not even that is
    known. `ms` is the time saved. And the share of all prompt tokens that the providers read from their caches (None
    without prompts)."""

    answers: int
    cash: Decimal | None
    imputed: Decimal | None
    read_share: float | None
    estimated: int = 0
    ms: int = 0


@dataclass(frozen=True, slots=True)
class Glance:
    """The month of a report. `to_be_paid` is fees and cash. `tiers` are (tier, answered calls), the strongest first.
    `forecast` is None for a month that is over or has not begun, and for a ledger that is too young."""

    running: bool
    fees: Decimal
    cash: Decimal
    to_be_paid: Decimal
    plans: tuple[PlanUse, ...]
    savings: Decimal | None
    cache: CacheUse
    tiers: tuple[tuple[int | None, int], ...]
    forecast: Forecast | None
    incomplete_calls: int
    incomplete_cash: Decimal


def glance(report: Report, recent: Sequence[Decimal], now: datetime) -> Glance:
    """The glance at `report`, which is one of a whole month. `recent` is the cash of the last whole local days."""
    total, fees = report.total, report.plan_fees or Decimal(0)
    running = report.period.since <= now < report.period.until
    return Glance(
        running=running,
        fees=fees,
        cash=total.cash,
        to_be_paid=fees + total.cash,
        plans=_plans(report),
        savings=report.savings(total, report.plan_fees),
        cache=_cache(report),
        tiers=tuple(sorted(report.tiers.items(), key=lambda item: (item[0] is None, item[0] or 0))),
        forecast=forecast(total.cash, recent, (report.period.until - now) / timedelta(days=1)) if running else None,
        incomplete_calls=total.incomplete_calls,
        incomplete_cash=total.incomplete_cash,
    )


def forecast(so_far: Decimal, recent: Sequence[Decimal], days_left: float) -> Forecast | None:
    """Cash at the end of the month: `so_far`, and `days_left` days like the `recent` ones. The range has both parts of
    what is uncertain: how days differ, and that their mean is known from few of them."""
    count = len(recent)
    if count < FEWEST_DAYS:
        return None
    values = [float(usd) for usd in recent]
    mean = sum(values) / count
    variance = sum((value - mean) ** 2 for value in values) / (count - 1)
    spread = _DEVIATIONS * math.sqrt(variance * (days_left + days_left**2 / count))
    expected = so_far + _cents(mean * days_left)
    return Forecast(expected, max(so_far, expected - _cents(spread)), expected + _cents(spread), count)


def _cents(usd: float) -> Decimal:
    return Decimal(usd).quantize(_CENT)


def _plans(report: Report) -> tuple[PlanUse, ...]:
    """The profile's plans in its order, then those that only the rows know."""
    names = [*report.plans, *(name for name in report.plan_use if name not in report.plans)]
    found = []
    for name in names:
        used = report.plan_use.get(name, Figures())
        plan = report.plans.get(name)
        fee = Decimal(plan.fee_usd) if plan else None
        found.append(PlanUse(name, fee, used.imputed_usd, used.calls, used.calls - used.imputed_calls))
    return tuple(found)


def _cache(report: Report) -> CacheUse:
    total, saved, answered = report.total, report.cache_saved, sum(report.tiers.values())
    read = total.tokens.cache_read_tokens / total.tokens.prompt_tokens if total.tokens.prompt_tokens else None
    estimated = saved.hits - saved.known
    if not saved.hits or (estimated and not answered):
        return CacheUse(saved.hits, None, None, read, estimated, saved.ms)
    cash, imputed = saved.cash, saved.imputed if saved.known else None
    if estimated:
        cash += total.cash * estimated / answered
        if total.imputed_usd is not None:
            imputed = (imputed or 0) + total.imputed_usd * estimated / answered
    return CacheUse(saved.hits, cash, imputed, read, estimated, saved.ms)
