"""Write `price_snapshot.json`: the price list of genai-prices, cut to what a text call is billed by.

    python -m llmswitch.ledger.price_snapshot

genai-prices takes a quarter of a second to import; this file is read in a few milliseconds (`price_list.py`). It is
made on a developer's machine and committed, so that prices never change without a diff that somebody read.

Shape: `{"source": "genai-prices 0.2.3", "made": "2026-11-23", "providers": {id: {"api": regex, "models":
[[match, prices], …]}}}` in the source's order, which decides between two entries that both match.
`match` is `=id`, `^prefix`, `$suffix`, `*part` or `/regex`; a list of these of which one must match; or `{"and": list}`.
`prices` is `[[when, {unit: price}], …]`; the last entry whose `when` holds counts. `when` is null,
`{"from": "2026-12-01"}` (UTC date) or `{"between": ["00:30:00", "16:30:00"]}` (UTC, end excluded). A `price` is dollars
for a million tokens (a thousand for `requests`) as a string, or `[base, [[above_prompt_tokens, price], …]]`.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

MADE = "2026-11-23"
"""The day this release of genai-prices was taken in. Change it when the file is written anew."""

UNITS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_reasoning_mtok": "reasoning",
    "requests_kcount": "requests",
}
"""genai-prices' price keys that a text call has, and our names for them."""

PATH = Path(__file__).with_suffix(".json")


def build() -> dict[str, Any]:
    """The snapshot of the installed genai-prices."""
    import genai_prices
    from genai_prices.data import providers

    return {
        "source": f"genai-prices {genai_prices.__version__}",
        "made": MADE,
        "providers": {
            provider.id: {
                "api": provider.api_pattern,
                "models": [[_match(model.match), _prices(model.prices)] for model in provider.models],
            }
            for provider in providers
        },
    }


def _match(clause: Any) -> Any:
    """A match clause as described in the module's docstring."""
    kind = type(clause).__name__
    if kind == "ClauseOr":
        return [_match(part) for part in clause.or_]
    if kind == "ClauseAnd":
        return {"and": [_match(part) for part in clause.and_]}
    if kind == "ClauseRegex":
        return "/" + str(clause.regex)
    operator, field = {
        "ClauseEquals": ("=", "equals"),
        "ClauseStartsWith": ("^", "starts_with"),
        "ClauseEndsWith": ("$", "ends_with"),
        "ClauseContains": ("*", "contains"),
    }[kind]
    return operator + str(getattr(clause, field)).lower()


def _prices(prices: Any) -> list[list[Any]]:
    if not isinstance(prices, list):
        return [[None, _units(prices)]]
    return [[_when(entry.constraint), _units(entry.prices)] for entry in prices]


def _when(constraint: Any) -> dict[str, Any] | None:
    if constraint is None:
        return None
    if hasattr(constraint, "start_date"):
        return {"from": constraint.start_date.isoformat()}
    return {"between": [_utc_clock(constraint.start_time), _utc_clock(constraint.end_time)]}


def _utc_clock(clock: Any) -> str:
    if clock.tzinfo is None:
        return str(clock.isoformat())
    return datetime.combine(date(2000, 1, 1), clock).astimezone(UTC).time().isoformat()


def _units(prices: Any) -> dict[str, Any]:
    known = {UNITS[key]: value for key, value in vars(prices).items() if key in UNITS and value is not None}
    return {
        unit: [str(value.base), [[tier.start, str(tier.price)] for tier in value.tiers]]
        if hasattr(value, "tiers")
        else str(value)
        for unit, value in known.items()
    }


def text(snapshot: dict[str, Any]) -> str:
    """The file's text: one model a line, so that a price change is one line of a diff."""
    providers = []
    for name, provider in snapshot["providers"].items():
        models = ",\n".join(
            json.dumps(model, separators=(",", ":"), ensure_ascii=False) for model in provider["models"]
        )
        providers.append(f'{json.dumps(name)}:{{"api":{json.dumps(provider["api"])},"models":[\n{models}\n]}}')
    about = f'"source":{json.dumps(snapshot["source"])},"made":{json.dumps(snapshot["made"])}'
    return f'{{{about},"providers":{{\n' + ",\n".join(providers) + "\n}}\n"


def main() -> int:
    """Write the file beside this one and say what went in."""
    snapshot = build()
    PATH.write_text(text(snapshot), encoding="utf-8")
    models = sum(len(provider["models"]) for provider in snapshot["providers"].values())
    sys.stderr.write(f"{PATH.name}: {snapshot['source']}, {len(snapshot['providers'])} providers, {models} models\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
