"""`price` of a model entry: one table or a list of them, as the catalog has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from llmswitch.catalog import Price


def own_prices(value: Any) -> tuple[Price, ...]:
    """The prices of a valid `price`."""
    tables = [value] if isinstance(value, Mapping) else value
    return tuple(
        Price(
            **{name: str(amount) for name, amount in table.items() if name not in ("from", "above")},
            since=day_of(table.get("from")),
            above=table.get("above", 0),
        )
        for table in tables
    )


def is_money(value: Any) -> bool:
    """Whether it is an amount of dollars, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return False
    return amount.is_finite() and amount >= 0


def day_of(value: Any) -> date | None:
    """A TOML date, or one as text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
