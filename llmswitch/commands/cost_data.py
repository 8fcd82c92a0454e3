"""A statement for programs: the JSON object of `docs/cost.schema.json`, and CSV."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

from llmswitch.commands.cost_query import Statement
from llmswitch.ledger.budget import State
from llmswitch.ledger.figures import Figures
from llmswitch.ledger.month import CONFIDENCE, Glance
from llmswitch.ledger.period import Period, zone_name
from llmswitch.ledger.report import Report
from llmswitch.terminal.currency import USD, Currency

NO_NAME = "-"
"""Stands in a combined key for a value the rows do not have."""


def as_object(statement: Statement) -> dict[str, Any]:
    """The object `cost --json` prints; amounts are decimal strings or None. `budget` is as of now, whatever the report's
    period; `today`, `before` and `month` are there where they were asked for."""
    report, show = statement.report, statement.currency
    found: dict[str, Any] = {
        **_span(report.period),
        "timezone": zone_name(),
        **_figures(report, report.total, report.plan_fees, show),
        "cache_hits": report.cache_hits,
        "filters": {name: list(values) for name, values in report.where.asked.items()},
        "by": list(report.by),
        "groups": _groups(report, show),
        "rest": _rest(report, show),
        "days": [
            {
                "day": label,
                "calls": day.calls,
                "cash_usd": decimal_text(day.cash),
                "imputed_usd": decimal_text(day.imputed),
            }
            for label, day in report.trend.items()
        ],
        "budget": [_limit(state) for state in statement.budget],
    }
    if today := statement.today:
        found["today"] = {**_span(today.period), **_whole(today, show)}
    if before := statement.before:
        found["before"] = {**_span(before.period), **_whole(before, show), "groups": _groups(before, show)}
    if statement.glance:
        found["month"] = _month(statement.glance, show)
    return found


def csv_lines(statement: Statement) -> list[str]:
    """A header and one line a group, in US dollars; an unknown amount is an empty field. Two months that are compared
    stand below each other."""
    report, before = statement.report, statement.before
    figures = ("calls", "failed_calls", "cash_usd", "imputed_usd", "unknown_cost_calls")
    tokens = tuple(_tokens(Figures()))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(["since"] if before else []), *report.by, *figures, "baseline_usd", *tokens])
    for one in (report, before) if before else (report,):
        since = [one.period.since.date().isoformat()] if before else []
        for group in one.groups:
            row = _figures(one, group.figures, None, USD)
            amounts = [row[name] for name in figures]
            counts = [row["tokens"][name] for name in tokens]
            writer.writerow([*since, *group.keys, *amounts, row["baseline"]["usd"], *counts])
    return out.getvalue().splitlines()


def key_text(keys: tuple[str | None, ...]) -> str | None:
    """One key for a group: None where its only value is missing."""
    if len(keys) == 1:
        return keys[0]
    return " / ".join(NO_NAME if key is None else key for key in keys)


def decimal_text(amount: Decimal | None) -> str | None:
    """Plain digits without trailing zeros or an exponent."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _span(period: Period) -> dict[str, str]:
    return {"since": period.since.isoformat(), "until": period.until.isoformat()}


def _whole(report: Report, show: Currency) -> dict[str, Any]:
    return {**_figures(report, report.total, None, show), "cache_hits": report.cache_hits}


def _groups(report: Report, show: Currency) -> list[dict[str, Any]]:
    return [
        {
            "key": key_text(group.keys),
            "keys": dict(zip(report.by, group.keys, strict=True)),
            **_figures(report, group.figures, None, show),
        }
        for group in report.groups
    ]


def _rest(report: Report, show: Currency) -> dict[str, Any] | None:
    if report.rest is None:
        return None
    return {"groups": report.rest.groups, **_figures(report, report.rest.figures, None, show)}


def _figures(report: Report, figures: Figures, plan_fees: Decimal | None, show: Currency) -> dict[str, Any]:
    baseline = figures.baseline if report.baseline_known else None
    savings = report.savings(figures, plan_fees)
    found: dict[str, Any] = {
        "calls": figures.calls,
        "failed_calls": figures.failed_calls,
        "cash_usd": decimal_text(figures.cash_usd),
        "plan_fees_usd": decimal_text(plan_fees),
        "imputed_usd": decimal_text(figures.imputed_usd),
        "baseline": {"model": report.baseline_model, "usd": decimal_text(baseline)},
        "savings_usd": decimal_text(savings),
        "unknown_cost_calls": figures.unknown_cost_calls,
        "tokens": _tokens(figures),
    }
    if show.code != USD.code:
        amounts = {
            "cash": figures.cash_usd,
            "plan_fees": plan_fees,
            "imputed": figures.imputed_usd,
            "baseline": baseline,
            "savings": savings,
        }
        found["displayed"] = displayed(amounts, show)
    return found


def displayed(amounts: dict[str, Decimal | None], show: Currency) -> dict[str, Any]:
    """The amounts in the currency that was asked for, beside the dollars."""
    converted = {
        name: None if usd is None else decimal_text(show.amount(usd).quantize(Decimal("0.0001")))
        for name, usd in amounts.items()
    }
    return {"currency": show.code, "rate": decimal_text(show.rate), **converted}


def _month(glance: Glance, show: Currency) -> dict[str, Any]:
    forecast, cache = glance.forecast, glance.cache
    answered = sum(calls for _, calls in glance.tiers)
    found: dict[str, Any] = {
        "running": glance.running,
        "fees_usd": decimal_text(glance.fees),
        "cash_usd": decimal_text(glance.cash),
        "to_be_paid_usd": decimal_text(glance.to_be_paid),
        "plans": [
            {
                "plan": plan.plan,
                "fee_usd": decimal_text(plan.fee),
                "imputed_usd": decimal_text(plan.imputed),
                "calls": plan.calls,
                "unpriced_calls": plan.unpriced,
            }
            for plan in glance.plans
        ],
        "savings_usd": decimal_text(glance.savings),
        "cache": {
            "answers": cache.answers,
            "cash_saved_usd": decimal_text(cache.cash and _rounded(cache.cash)),
            "imputed_saved_usd": decimal_text(cache.imputed and _rounded(cache.imputed)),
            "prompt_read_share": None if cache.read_share is None else round(cache.read_share, 6),
        },
        "tiers": [
            {"tier": tier, "calls": calls, "share": round(calls / answered, 6) if answered else 0}
            for tier, calls in glance.tiers
        ],
        "forecast": forecast
        and {
            "cash_usd": decimal_text(forecast.cash),
            "low_usd": decimal_text(forecast.low),
            "high_usd": decimal_text(forecast.high),
            "confidence": CONFIDENCE,
            "days": forecast.days,
        },
        "incomplete_calls": glance.incomplete_calls,
        "incomplete_cash_usd": decimal_text(glance.incomplete_cash),
    }
    if show.code != USD.code:
        amounts = {"fees": glance.fees, "cash": glance.cash, "to_be_paid": glance.to_be_paid, "savings": glance.savings}
        found["displayed"] = displayed(amounts, show)
    return found


def _rounded(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal("1e-12"))


def _limit(state: State) -> dict[str, Any]:
    limit = state.limit
    return {
        "scope": limit.scope,
        "name": limit.name,
        "period": limit.span,
        "limit_usd": decimal_text(limit.usd),
        "used_usd": decimal_text(state.used),
        "reserved_usd": decimal_text(state.reserved),
        "left_usd": decimal_text(state.left),
        "on_exceed": limit.on_exceed,
        "since": state.since.astimezone().isoformat(),
        "resets_at": state.resets_at.astimezone().isoformat(),
    }


def _tokens(figures: Figures) -> dict[str, int]:
    tokens = figures.tokens
    return {
        "input_tokens": tokens.input_tokens,
        "cache_read_tokens": tokens.cache_read_tokens,
        "cache_write_tokens": tokens.cache_write_tokens,
        "cache_write_5m_tokens": tokens.cache_write_5m_tokens,
        "cache_write_1h_tokens": tokens.cache_write_1h_tokens,
        "output_tokens": tokens.output_tokens,
        "reasoning_tokens": tokens.reasoning_tokens,
    }
