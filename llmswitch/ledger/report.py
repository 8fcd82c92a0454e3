"""What was spent in a period, as a whole and in groups. One pass of SQL; nothing is read row by row.

Three totals that are never added together: cash (really owed), plan fees (fixed, of whole months only) and imputed
(what calls that cost nothing would have cost at list price that day).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NamedTuple

from llmswitch.catalog import Plan
from llmswitch.conversation import Usage
from llmswitch.ledger import price_list
from llmswitch.ledger.period import Period
from llmswitch.ledger.prices import BASELINE, baseline_ids
from llmswitch.ledger.store import PICO

GroupBy = Literal["model", "task", "provider", "day", "project", "profile"]
GROUPS: tuple[GroupBy, ...] = ("model", "task", "provider", "day", "project", "profile")

_COLUMN: dict[GroupBy, str] = {
    "model": "a.model",
    "task": "d.task",
    "provider": "a.provider",
    "day": "days.label",
    "project": "d.project",
    "profile": "d.profile",
}
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """Sums of what is known, in disjoint buckets; reasoning is a part of output."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def cache_write_tokens(self) -> int:
        """Both cache write buckets together."""
        return self.cache_write_5m_tokens + self.cache_write_1h_tokens

    @property
    def prompt_tokens(self) -> int:
        """Everything that went in."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    def as_usage(self) -> Usage:
        """The same buckets, to be priced."""
        return Usage(*(getattr(self, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Figures:
    """Calls (attempts), tokens and US dollars. The counts say how the calls were paid: in cash, by a plan, not at all
    because they ran locally or were free, or unknown. `cash`, `imputed` and `baseline` are sums of what is known."""

    calls: int = 0
    failed_calls: int = 0
    paid_calls: int = 0
    plan_calls: int = 0
    local_calls: int = 0
    free_calls: int = 0
    unknown_cost_calls: int = 0
    imputed_calls: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    cash: Decimal = Decimal(0)
    imputed: Decimal = Decimal(0)
    baseline: Decimal = Decimal(0)

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def cash_usd(self) -> Decimal | None:
        """Cash owed; None where nothing but unknown costs was seen."""
        known = self.calls == 0 or self.calls > self.unknown_cost_calls
        return self.cash if known else None

    @property
    def imputed_usd(self) -> Decimal | None:
        """Imputed cost; None where there is no such figure for any call."""
        return self.imputed if self.imputed_calls else None


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one value of each thing grouped by; a value is None where the rows have none."""

    keys: tuple[str | None, ...]
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """`plan_fees` None: the period is no whole month, so no fee belongs to it. `baseline_known` False: the baseline
    model has no known price. `cache_hits` are dispatches that were answered without a call."""

    period: Period
    by: tuple[GroupBy, ...]
    total: Figures
    groups: tuple[Group, ...]
    cache_hits: int
    plan_fees: Decimal | None
    plans: Mapping[str, Plan]
    baseline_model: str
    baseline_known: bool

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
) -> Report:
    """The report of `period`; with several `by`, a group for each combination that occurs."""
    provider_id, model_id = baseline_ids(baseline_model)
    found: dict[tuple[str | None, ...], Figures] = {}
    for keys, figures in _rows(connection, period, by, (provider_id, model_id), zone):
        found[keys] = found.get(keys, Figures()) + figures
    groups = tuple(Group(keys, figures) for keys, figures in sorted(found.items(), key=_order(tuple(by))))
    plans = plans or {}
    fees = sum((Decimal(plan.fee_usd) for plan in plans.values()), Decimal(0))
    return Report(
        period=period,
        by=tuple(by),
        total=sum(found.values(), Figures()),
        groups=groups,
        cache_hits=_cache_hits(connection, period),
        plan_fees=fees if period.month else None,
        plans=plans,
        baseline_model=baseline_model,
        baseline_known=price_list.rates(provider_id, model_id, period.since, 0) is not None,
    )


def _rows(
    connection: sqlite3.Connection,
    period: Period,
    by: Sequence[GroupBy],
    baseline: tuple[str, str],
    zone: tzinfo | None,
) -> Iterable[tuple[tuple[str | None, ...], Figures]]:
    """Partial sums: one row for each group, UTC day, price tier of the baseline and way of paying, so that each can be
    priced exactly and counted under the right word."""
    limits = price_list.thresholds(*baseline)
    days = _day_table(connection, period, zone) if "day" in by else ""
    cursor = connection.execute(
        _sql(by, limits), {"since": _us(period.since), "until": _us(period.until), "days": days}
    )

    @cache
    def rates(utc_day: int, tier: int) -> price_list.Rates | None:
        at = datetime(1970, 1, 1, 12, tzinfo=UTC) + timedelta(days=utc_day)
        return price_list.rates(*baseline, at, limits[tier - 1] + 1 if tier else 0)

    width = len(by)
    for row in cursor:
        utc_day, tier, *rest = row[width:]
        yield row[:width], _figures(_Sums(*rest), rates(utc_day, tier))


class _Sums(NamedTuple):
    """One row of the query, after the group's keys, the UTC day and the tier."""

    status: str
    source: str | None
    local: int
    known: int
    calls: int
    unknown: int
    imputed_calls: int
    cash: int
    imputed: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int


def _figures(sums: _Sums, baseline: price_list.Rates | None) -> Figures:
    """The figures of calls that all ended and were paid in one way."""
    tokens = Tokens(
        sums.input_tokens,
        sums.cache_read_tokens,
        sums.cache_write_5m_tokens,
        sums.cache_write_1h_tokens,
        sums.output_tokens,
        sums.reasoning_tokens,
    )
    successful = sums.status == "ok" and bool(sums.known)
    free = sums.source == "free"
    return Figures(
        calls=sums.calls,
        failed_calls=sums.calls if sums.status in ("failed", "lost") else 0,
        paid_calls=sums.calls if sums.known and sums.source not in ("plan", "free") else 0,
        plan_calls=sums.calls if sums.source == "plan" else 0,
        local_calls=sums.calls if free and sums.local else 0,
        free_calls=sums.calls if free and not sums.local else 0,
        unknown_cost_calls=sums.unknown,
        imputed_calls=sums.imputed_calls,
        tokens=tokens,
        cash=Decimal(sums.cash) / PICO,
        imputed=Decimal(sums.imputed) / PICO,
        baseline=(baseline.charge(tokens.as_usage()) or Decimal(0)) if baseline and successful else Decimal(0),
    )


_TOKEN_COLUMNS = tuple(f.name for f in fields(Tokens))
_UNKNOWN = """a.cost_pico IS NULL AND a.status <> 'open' AND NOT (a.status = 'failed' AND a.failure IS NOT 'timeout'
    AND a.first_token_ms IS NULL AND a.input_tokens IS NULL AND a.output_tokens IS NULL)"""
"""Money may be owed and nobody knows how much. A call that was turned away before anything came back is not billed; one
that ran out of time may be."""


def _sql(by: Sequence[GroupBy], limits: Sequence[int]) -> str:
    prompt = (
        "coalesce(a.input_tokens, 0) + coalesce(a.cache_read_tokens, 0) + coalesce(a.cache_write_5m_tokens, 0)"
        " + coalesce(a.cache_write_1h_tokens, 0)"
    )
    tier = " + ".join(f"({prompt} > {int(limit)})" for limit in limits) or "0"
    columns = "".join(f"{_COLUMN[name]}, " for name in by)
    sums = ", ".join(f"coalesce(sum(a.{name}), 0)" for name in _TOKEN_COLUMNS)
    days, when = "", ":days IS NOT NULL"
    if "day" in by:  # the days lead, each an index range: far quicker than looking a day up for each call
        days = """(SELECT json_extract(value, '$[0]') AS label, json_extract(value, '$[1]') AS since,
            json_extract(value, '$[2]') AS until FROM json_each(:days)) AS days CROSS JOIN"""
        when = "a.started_at >= days.since AND a.started_at < days.until"
    join = "LEFT JOIN dispatches AS d ON d.id = a.dispatch_id" if {"task", "project", "profile"} & set(by) else ""
    return f"""
        SELECT {columns} a.started_at / {_DAY_US}, {tier}, a.status, a.cost_source, a.local, a.cost_pico IS NOT NULL,
            count(*), count(*) FILTER (WHERE {_UNKNOWN}), count(a.imputed_pico),
            coalesce(sum(a.cost_pico), 0), coalesce(sum(a.imputed_pico), 0), {sums}
        FROM {days} attempts AS a {join}
        WHERE {when} AND a.started_at >= :since AND a.started_at < :until
        GROUP BY {", ".join(str(number + 1) for number in range(len(by) + 6))}"""  # noqa: S608 - no value of a user


def _day_table(connection: sqlite3.Connection, period: Period, zone: tzinfo | None) -> str:
    """The local days that can have calls, as JSON for SQLite."""
    first = connection.execute("SELECT min(started_at) FROM attempts").fetchone()[0]
    if first is None:
        return "[]"
    since = max(period.since, datetime.fromtimestamp(first / 1e6, UTC) - timedelta(days=2))
    days = replace(period, since=since).days(zone)
    return json.dumps([[label, _us(max(start, period.since)), _us(end)] for label, start, end in days])


def _cache_hits(connection: sqlite3.Connection, period: Period) -> int:
    row = connection.execute(
        "SELECT count(*) FROM dispatches WHERE started_at >= ? AND started_at < ? AND cache = 'hit'",
        (_us(period.since), _us(period.until)),
    ).fetchone()
    return int(row[0])


def _order(by: Sequence[GroupBy]) -> Callable[[tuple[tuple[str | None, ...], Figures]], tuple[Any, ...]]:
    """Days in order of time, everything else by what it cost, then by how much it was used."""

    def key(item: tuple[tuple[str | None, ...], Figures]) -> tuple[Any, ...]:
        names, figures = tuple(name or "" for name in item[0]), item[1]
        return names if by[:1] == ("day",) else (-figures.cash, -figures.imputed, -figures.calls, names)

    return key


def _us(at: datetime) -> int:
    return (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
