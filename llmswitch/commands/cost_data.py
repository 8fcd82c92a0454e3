"""A cost report for programs: the JSON object of `docs/cost.schema.json`, and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from llmswitch.ledger.budget import State
from llmswitch.ledger.figures import Figures
from llmswitch.ledger.period import zone_name
from llmswitch.ledger.report import Report

NO_NAME = "-"
"""Stands in a combined key for a value the rows do not have."""


def as_object(report: Report, today: Report | None = None, budget: Sequence[State] = ()) -> dict[str, Any]:
    """The object `cost --json` prints; amounts are decimal strings or None. `today` is added where it was asked for
    beside the month. `budget` is as of now, whatever the report's period."""
    found: dict[str, Any] = {
        "since": report.period.since.isoformat(),
        "until": report.period.until.isoformat(),
        "timezone": zone_name(),
        **_figures(report, report.total, report.plan_fees),
        "cache_hits": report.cache_hits,
        "by": list(report.by),
        "groups": [
            {
                "key": key_text(group.keys),
                "keys": dict(zip(report.by, group.keys, strict=True)),
                **_figures(report, group.figures, None),
            }
            for group in report.groups
        ],
        "budget": [_limit(state) for state in budget],
    }
    if today:
        found["today"] = {
            "since": today.period.since.isoformat(),
            "until": today.period.until.isoformat(),
            **_figures(today, today.total, None),
            "cache_hits": today.cache_hits,
        }
    return found


def csv_lines(report: Report) -> list[str]:
    """A header and one line a group; an unknown amount is an empty field."""
    rows = [(group.keys, _figures(report, group.figures, None)) for group in report.groups]
    figures = ("calls", "failed_calls", "cash_usd", "imputed_usd", "unknown_cost_calls")
    tokens = tuple(_tokens(Figures()))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*report.by, *figures, "baseline_usd", *tokens])
    for keys, row in rows:
        amounts = [row[name] for name in figures]
        writer.writerow([*keys, *amounts, row["baseline"]["usd"], *(row["tokens"][name] for name in tokens)])
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


def _figures(report: Report, figures: Figures, plan_fees: Decimal | None) -> dict[str, Any]:
    baseline = figures.baseline if report.baseline_known else None
    return {
        "calls": figures.calls,
        "failed_calls": figures.failed_calls,
        "cash_usd": decimal_text(figures.cash_usd),
        "plan_fees_usd": decimal_text(plan_fees),
        "imputed_usd": decimal_text(figures.imputed_usd),
        "baseline": {"model": report.baseline_model, "usd": decimal_text(baseline)},
        "savings_usd": decimal_text(report.savings(figures, plan_fees)),
        "unknown_cost_calls": figures.unknown_cost_calls,
        "tokens": _tokens(figures),
    }


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
