"""Limits on cash, and how much of each is gone: what calls cost, and what open calls may still cost.

Only cash counts: what a plan covers, what runs locally or is free costs nothing here. A call is counted in the local
day, week and month it began in. An open call counts with its reserve, the most it can cost; so does one that ended
without anybody being able to say what it cost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from llmswitch.catalog import Model
from llmswitch.ledger import period
from llmswitch.ledger.period import Period
from llmswitch.ledger.store import PICO

Span = Literal["day", "week", "month"]
Scope = Literal["all", "project", "task", "model", "provider"]
OnExceed = Literal["warn", "block", "free-only"]

SPANS: tuple[Span, ...] = ("day", "week", "month")
SCOPES: tuple[Scope, ...] = ("project", "task", "model", "provider")
_THIS: dict[Span, str] = {"day": "today", "week": "this week", "month": "this month"}
_SMALLEST = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `usd` of cash in each local `span`: in all, or of one `name` of a scope. A limit on a model holds for
    its provider's id, whatever other names a profile has for it."""

    usd: Decimal
    span: Span
    on_exceed: OnExceed = "warn"
    scope: Scope = "all"
    name: str | None = None
    model: Model | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The key of the profile that sets it."""
        within = () if self.name is None else (self.scope, self.name)
        return ("budget", *within, f"{self.span}_usd")

    @property
    def text(self) -> str:
        """Such as `$20 this month` or `$5 today for project demo`."""
        of = "" if self.name is None else f" for {self.scope} {self.name}"
        return f"{dollars(self.usd)} {_THIS[self.span]}{of}"

    def binds(self, model: Model, project: str | None, task: str | None) -> bool:
        """Whether a call of `model` counts against it."""
        if self.scope == "model":
            return model.name == self.name or _id_of(model) == _id_of(self.model)
        return self.name == {"all": None, "project": project, "task": task, "provider": model.provider}[self.scope]

    def period(self, at: datetime) -> Period:
        """The local day, week or month of `at`."""
        match self.span:
            case "day":
                return period.today(at)
            case "week":
                return period.week(at)
            case "month":
                return period.month(at)


@dataclass(frozen=True, slots=True)
class State:
    """What is gone of a limit: cash `used` and cash `reserved`, in dollars, since `since` and up to `resets_at`."""

    limit: Limit
    used: Decimal
    reserved: Decimal
    since: datetime
    resets_at: datetime

    @property
    def left(self) -> Decimal:
        """What may still be spent; never below 0."""
        return max(Decimal(0), self.limit.usd - self.used - self.reserved)

    def has_room(self, usd: Decimal) -> bool:
        """Whether a call that can cost `usd` stays within it. One that costs nothing always does."""
        return usd <= 0 or self.used + self.reserved + usd <= self.limit.usd

    @property
    def text(self) -> str:
        """Such as `$3.20 of $20 this month (reserved $0.40)`."""
        held = f" (reserved {dollars(self.reserved)})" if self.reserved else ""
        return f"{dollars(self.used)} of {self.limit.text}{held}"


def limits(settings: Mapping[str, Any], model: Callable[[str], Model]) -> tuple[Limit, ...]:
    """The limits of a profile's `[budget]`; `model` finds an entry by its name. A scope without an `on_exceed` of its
    own has that of `[budget]`."""
    return tuple(_limits(settings, model))


def state(connection: sqlite3.Connection, limit: Limit, at: datetime) -> State:
    """What is gone of `limit` in the period around `at`."""
    now = limit.period(at)
    where, values = _counted(limit)
    join = "JOIN dispatches AS d ON d.id = a.dispatch_id" if limit.scope in ("project", "task") else ""
    used, reserved = connection.execute(
        f"""SELECT coalesce(sum(a.cost_pico), 0), coalesce(sum(a.reserved_pico), 0) FROM attempts AS a {join}
            WHERE a.started_at >= ? AND a.started_at < ? {where}""",  # noqa: S608 - no value of a user
        (_us(now.since), _us(now.until), *values),
    ).fetchone()
    return State(limit, Decimal(used) / PICO, Decimal(reserved) / PICO, now.since, now.until)


def dollars(usd: Decimal) -> str:
    """`$20`, `$3.20`, `$0.0125`: no more digits than say something; `<$0.0001` for what rounds to nothing."""
    if 0 < usd < _SMALLEST / 2:
        return "<$0.0001"
    if usd == usd.to_integral_value():
        return f"${usd:,.0f}"
    text = f"{usd:,.4f}" if usd < 1 else f"{usd:,.2f}"
    whole, _, digits = text.partition(".")
    return f"${whole}.{digits.rstrip('0').ljust(2, '0')}"


def _limits(settings: Mapping[str, Any], model: Callable[[str], Model]) -> Iterator[Limit]:
    everywhere = settings["on_exceed"]
    yield from (
        Limit(Decimal(str(usd)), span, everywhere) for span in SPANS if (usd := settings[f"{span}_usd"]) is not None
    )
    for scope in SCOPES:
        for name, entry in (settings[scope] or {}).items():
            on_exceed = entry.get("on_exceed", everywhere)
            of = model(name) if scope == "model" else None
            for span in SPANS:
                if (usd := entry.get(f"{span}_usd")) is not None:
                    yield Limit(Decimal(str(usd)), span, on_exceed, scope, name, of)


def _counted(limit: Limit) -> tuple[str, tuple[str | None, ...]]:
    """The rows that count against `limit`, as SQL and its values."""
    match limit.scope:
        case "all":
            return "", ()
        case "project" | "task":
            return f"AND d.{limit.scope} = ?", (limit.name,)
        case "provider":
            return "AND a.provider = ?", (limit.name,)
        case "model":
            return "AND (a.model = ? OR (a.provider, a.model_id) = (?, ?))", (limit.name, *_id_of(limit.model))


def _id_of(model: Model | None) -> tuple[str | None, str | None]:
    return (model.provider, model.model) if model else (None, None)


def _us(midnight: datetime) -> int:
    return int(midnight.timestamp()) * 1_000_000
