"""An outlook for programs: the JSON object of `docs/plan.schema.json`."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from llmswitch.commands.cost_data import decimal_text, displayed
from llmswitch.commands.plan_query import Outlook
from llmswitch.ledger import price_list
from llmswitch.ledger.expected import Expected, Line
from llmswitch.ledger.figures import Tokens
from llmswitch.terminal.currency import USD, Currency


def as_object(outlook: Outlook) -> dict[str, Any]:
    """The object `plan --json` prints; amounts are decimal strings, None where they are not known."""
    month, show = outlook.month, outlook.currency
    when = month.period
    return {
        "source": month.source,
        "name": month.label,
        "file": month.file,
        "since": when and when.since.isoformat(),
        "until": when and when.until.isoformat(),
        "calls": _calls(month.calls),
        "tokens": _tokens(month.tokens),
        "rests_on": list(month.rests_on),
        "priced_at": outlook.at.isoformat(timespec="seconds"),
        "prices": price_list.version(),
        "profiles": [_profile(expected, show) for expected in outlook.profiles],
    }


def _profile(expected: Expected, show: Currency) -> dict[str, Any]:
    amounts = {
        "plan_fees": expected.fixed,
        "cash": expected.cash,
        "total": expected.total,
        "imputed": expected.imputed,
        "baseline": expected.baseline,
        "savings": expected.saving,
    }
    return {
        "profile": expected.profile,
        "plan_fees_usd": decimal_text(expected.fixed),
        "cash_usd": decimal_text(expected.cash),
        "total_usd": decimal_text(expected.total),
        "imputed_usd": decimal_text(expected.imputed),
        "baseline": {"model": expected.baseline_model, "usd": decimal_text(expected.baseline)},
        "savings_usd": decimal_text(expected.saving),
        "plans": {name: decimal_text(fee) for name, fee in expected.fees.items()},
        "unused_plans": {name: decimal_text(fee) for name, fee in expected.unused.items()},
        "unknown_cost_lines": len(expected.unknown),
        "lines": [_line(line) for line in expected.lines],
        **({"displayed": displayed(amounts, show)} if show.code != USD.code else {}),
    }


def _line(line: Line) -> dict[str, Any]:
    volume, model = line.volume, line.model
    return {
        "task": volume.task,
        "model": model and model.name,
        "provider": model and model.provider,
        "model_id": model and model.model,
        "plan": line.covered_by,
        "calls": _calls(volume.calls),
        "tokens": _tokens(volume.tokens),
        "cash_usd": decimal_text(line.cash),
        "imputed_usd": decimal_text(line.imputed),
        "baseline_usd": decimal_text(line.baseline),
        "cost_source": line.source,
    }


def _calls(calls: Fraction | None) -> float | None:
    """A share of a call is told to two places."""
    return None if calls is None else float(round(Decimal(calls.numerator) / calls.denominator, 2))


def _tokens(tokens: Tokens) -> dict[str, int]:
    return {
        "input_tokens": tokens.input_tokens,
        "cache_read_tokens": tokens.cache_read_tokens,
        "cache_write_5m_tokens": tokens.cache_write_5m_tokens,
        "cache_write_1h_tokens": tokens.cache_write_1h_tokens,
        "output_tokens": tokens.output_tokens,
    }
