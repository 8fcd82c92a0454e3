"""A newer price list, from data that the user names: genai-prices' published `data.json`, or a file of our own shape.

It is kept in the data folder and read instead of the shipped one until it is taken back. Calls that are recorded keep
the price they have.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path
from typing import Any

from llmswitch.errors import LlmSwitchError
from llmswitch.ledger import price_list
from llmswitch.ledger.price_snapshot import UNITS, text
from llmswitch.paths import prices_file, private_dir

_CLAUSES = {"equals": "=", "starts_with": "^", "ends_with": "$", "contains": "*", "regex": "/"}


def snapshot_of(data: bytes, name: str, today: date) -> dict[str, Any]:
    """The price list in `data`, which came from `name`. Raises LlmSwitchError for anything that is none."""
    try:
        found = json.loads(data, parse_float=Decimal)
        providers = found["providers"] if isinstance(found, Mapping) else _providers(found)
        snapshot = {
            "source": f"{name} {sha256(data).hexdigest()[:8]}",
            "made": today.isoformat(),
            "providers": providers,
        }
        for provider in providers.values():
            re.compile(provider["api"])
            for match, prices in provider["models"]:
                _check(match, prices)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation, re.error) as error:
        raise LlmSwitchError(
            f"{name} is no price list: {type(error).__name__}: {error}",
            hint="genai-prices publishes one as prices/new_data/v2/data.json; nothing was changed",
        ) from error
    if not providers:
        raise LlmSwitchError(f"{name} has no provider in it; nothing was changed")
    return snapshot


def save(snapshot: Mapping[str, Any]) -> Path:
    """Use this list from now on. Written beside and renamed: nobody reads a half of it."""
    path = prices_file()
    handle, beside = tempfile.mkstemp(dir=private_dir(path.parent), prefix=".prices.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text(dict(snapshot)))
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    price_list.forget()
    return path


def take_back() -> bool:
    """Use the shipped list again; whether another one was in use."""
    had = prices_file().exists()
    prices_file().unlink(missing_ok=True)
    price_list.forget()
    return had


def _providers(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """genai-prices' own shape: a list of providers."""
    return {
        str(provider["id"]): {
            "api": str(provider["api_pattern"]),
            "models": [[_match(model["match"]), _prices(model["prices"])] for model in provider["models"]],
        }
        for provider in found
    }


def _match(clause: Mapping[str, Any]) -> Any:
    """As described in `price_snapshot`. Raises KeyError for a kind that is not known."""
    ((kind, value),) = clause.items()
    if kind == "or":
        return [_match(part) for part in value]
    if kind == "and":
        return {"and": [_match(part) for part in value]}
    return _CLAUSES[kind] + (str(value) if kind == "regex" else str(value).lower())


def _prices(prices: Any) -> list[list[Any]]:
    if isinstance(prices, Mapping):
        return [[None, _units(prices)]]
    return [[_when(entry.get("constraint")), _units(entry["prices"])] for entry in prices]


def _when(constraint: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if constraint is None:
        return None
    if "start_date" in constraint:
        return {"from": date.fromisoformat(constraint["start_date"]).isoformat()}
    return {"between": [_utc_clock(constraint["start_time"]), _utc_clock(constraint["end_time"])]}


def _utc_clock(said: str) -> str:
    clock = time.fromisoformat(said)
    if clock.tzinfo is None:
        return clock.isoformat()
    return datetime.combine(date(2000, 1, 1), clock).astimezone(UTC).time().isoformat()


def _units(prices: Mapping[str, Any]) -> dict[str, Any]:
    return {UNITS[key]: _price(value) for key, value in prices.items() if key in UNITS and value is not None}


def _price(value: Any) -> Any:
    if isinstance(value, Mapping):
        return [_dollars(value["base"]), [[int(tier["start"]), _dollars(tier["price"])] for tier in value["tiers"]]]
    return _dollars(value)


def _dollars(value: Any) -> str:
    """Raises ValueError for what is no price: a negative one would make a call pay for another."""
    amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{value} is no price")
    return str(value)


def _check(match: Any, prices: Any) -> None:
    """Raises where `price_list` could not read one model's entry."""
    price_list.matches(match, "x")
    for when, units in prices:
        price_list.holds(when, datetime.now(UTC))
        for price in units.values():
            above = [each for _, each in price[1]] if isinstance(price, list) else []
            for one in (price[0] if above or isinstance(price, list) else price, *above):
                _dollars(one)
