"""What was spent in a period, as a whole, in groups, and day by day.

Three totals that are never added together: cash (really owed), plan fees (fixed, of whole months only) and imputed
(what calls that cost nothing would have cost at list price that day).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Literal

from llmswitch.catalog import Plan
from llmswitch.ledger import price_list
from llmswitch.ledger.cache_hits import Saved, saved
from llmswitch.ledger.cells import LABELS, Cell, Where, first_call_us, local_days
from llmswitch.ledger.figures import Day, Figures
from llmswitch.ledger.period import Period, midnight
from llmswitch.ledger.prices import BASELINE, baseline_ids
from llmswitch.ledger.store import PICO
from llmswitch.ledger.summed import cells, daily_cash
from llmswitch.ledger.tally import Baseline, Tally, Trend

GroupBy = Literal["model", "task", "provider", "day", "week", "project", "profile", "session", "hook"]
GROUPS: tuple[GroupBy, ...] = ("model", "task", "provider", "day", "week", "project", "profile", "session", "hook")
_IN_TIME = ("day", "week")


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one value of each thing grouped by; a value is None where the rows have none. `days` are the local
    days that had calls."""

    keys: tuple[str | None, ...]
    figures: Figures
    days: Mapping[str, Day] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rest:
    """What `top` left out: how many groups, and their sum."""

    groups: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """`plan_fees` None: the period is no whole month, so no fee belongs to it; or only a part of the calls was asked
    for. `baseline_known` False: the baseline model has no known price. `cache_hits` are dispatches that were answered
    without a call, `cache_saved` is what that saved. `days` are the local days of the period that can have calls,
    `trend` those that had some. `plan_use` are the calls that a plan covered, `tiers` the calls that were answered, by the
    model's tier."""

    period: Period
    by: tuple[GroupBy, ...]
    total: Figures
    groups: tuple[Group, ...]
    cache_hits: int
    plan_fees: Decimal | None
    plans: Mapping[str, Plan]
    baseline_model: str
    baseline_known: bool
    rest: Rest | None = None
    where: Where = field(default_factory=Where)
    days: tuple[str, ...] = ()
    trend: Mapping[str, Day] = field(default_factory=dict)
    plan_use: Mapping[str, Figures] = field(default_factory=dict)
    tiers: Mapping[int | None, int] = field(default_factory=dict)
    cache_saved: Saved = field(default_factory=Saved)

    def savings(self, figures: Figures, plan_fees: Decimal | None) -> Decimal | None:
        """An estimate: the baseline of the successful calls whose cost is known, less cash and fees. None where it
        can't be told, which includes a period that the plans' fees can't be assigned to."""
        if not self.baseline_known or (plan_fees is None and self.plans):
            return None
        return figures.baseline - figures.cash - (plan_fees or 0)


def report(
    connection: sqlite3.Connection,
    period: Period,
    *,
    by: Sequence[GroupBy] = ("model",),
    plans: Mapping[str, Plan] | None = None,
    baseline_model: str = BASELINE,
    zone: tzinfo | None = None,
    where: Where | None = None,
    top: int | None = None,
) -> Report:
    """The report of `period`; with several `by`, a group for each combination that occurs. `where` narrows it down to
    some calls; `top` keeps the dearest groups."""
    ids = baseline_ids(baseline_model)
    days = local_days(connection, period, zone)
    labels = tuple(name for name in LABELS if name in by)
    found = cells(connection, days, labels=labels, where=where, thresholds=price_list.thresholds(*ids))
    sums = _Sums(Baseline(*ids), _keys(tuple(by), labels))
    for cell in found:
        sums.add(cell)
    groups, rest = _chosen(sums.grouped(), tuple(by), top)
    plans = plans or {}
    fees = sum((Decimal(plan.fee_usd) for plan in plans.values()), Decimal(0))
    narrowed = bool(where and where.asked)
    hits = saved(connection, period, where or Where())
    return Report(
        period=period,
        by=tuple(by),
        total=sums.total.figures(sums.baseline),
        groups=groups,
        cache_hits=hits.hits,
        cache_saved=hits,
        plan_fees=fees if period.month and not narrowed else None,
        plans=plans,
        baseline_model=baseline_model,
        baseline_known=price_list.rates(*ids, period.since, 0) is not None,
        rest=rest,
        where=where or Where(),
        days=tuple(label for label, _, _ in days),
        trend=sums.trend.by_day(),
        plan_use={name: tally.figures(sums.baseline) for name, tally in sorted(sums.plans.items())},
        tiers=sums.tiers,
    )


def recent_cash(
    connection: sqlite3.Connection, now: datetime, *, zone: tzinfo | None = None, most: int = 28
) -> list[Decimal]:
    """The cash of each of the last `most` local days that are over, none before the ledger's first call."""
    today = now.astimezone(zone).date()
    start, end = (midnight(day, zone) for day in (today - timedelta(days=most), today))
    days = local_days(connection, Period("", start, end), zone)
    found = daily_cash(connection, days)
    first = first_call_us(connection)
    began = datetime.fromtimestamp((first or 0) / 1e6, UTC).astimezone(zone).date().isoformat()
    return [Decimal(found.get(label, 0)) / PICO for label, _, _ in days if label >= began]


class _Sums:
    """Everything that one pass over the cells adds up."""

    def __init__(self, baseline: Baseline, keys: Callable[[Cell], tuple[str | None, ...]]) -> None:
        self.baseline = baseline
        self._keys = keys
        self.total, self.trend = Tally(), Trend()
        self._groups: dict[tuple[str | None, ...], tuple[Tally, Trend]] = {}
        self.plans: dict[str, Tally] = {}
        self.tiers: dict[int | None, int] = {}

    def add(self, cell: Cell) -> None:
        """Count one cell."""
        kind = cell.kind
        rates = self.baseline.number(cell.utc_day, cell.size)
        self.total.add(cell, rates)
        self.trend.add(cell)
        tally, trend = self._groups.setdefault(self._keys(cell), (Tally(), Trend()))
        tally.add(cell, rates)
        trend.add(cell)
        if kind.plan and kind.source == "plan":
            self.plans.setdefault(kind.plan, Tally()).add(cell, rates)
        if kind.status == "ok":
            self.tiers[kind.tier] = self.tiers.get(kind.tier, 0) + cell.sums[0]

    def grouped(self) -> list[Group]:
        """The groups, in no order."""
        return [
            Group(keys, tally.figures(self.baseline), trend.by_day()) for keys, (tally, trend) in self._groups.items()
        ]


def _keys(by: tuple[GroupBy, ...], labels: tuple[str, ...]) -> Callable[[Cell], tuple[str | None, ...]]:
    """How a cell's values of `by` are read."""

    def value(cell: Cell, name: GroupBy) -> str | None:
        if name == "day":
            return cell.day
        if name == "week":
            return week_of(cell.day)
        return cell.labels[labels.index(name)] if name in labels else str(getattr(cell.kind, name))

    return lambda cell: tuple(value(cell, name) for name in by)


def week_of(day: str) -> str:
    """The ISO week of an ISO date, `2026-W47`: it begins on Monday, and the year is the one its Thursday is in."""
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year:04d}-W{week:02d}"


def _chosen(groups: list[Group], by: tuple[GroupBy, ...], top: int | None) -> tuple[tuple[Group, ...], Rest | None]:
    """Days and weeks in order of time, everything else by what it cost, then by how much it was used. With `top`, the
    dearest of them, and what is left."""
    if top is None:
        return tuple(sorted(groups, key=_in_time if by[:1] and by[0] in _IN_TIME else _by_cost)), None
    ordered = sorted(groups, key=_by_cost)
    left = ordered[top:]
    rest = Rest(len(left), sum((group.figures for group in left), Figures())) if left else None
    return tuple(ordered[:top]), rest


def _in_time(group: Group) -> tuple[Any, ...]:
    return tuple(name or "" for name in group.keys)


def _by_cost(group: Group) -> tuple[Any, ...]:
    figures = group.figures
    return (-figures.cash, -figures.imputed, -figures.calls, *_in_time(group))
