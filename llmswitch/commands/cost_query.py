"""From the words of `llmswitch cost` to a statement: periods, profile, ledger."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import typer

from llmswitch.catalog import Plan
from llmswitch.commands.cost import THIS
from llmswitch.commands.options import Global, profile_of
from llmswitch.errors import ConfigError, LedgerError, UsageError
from llmswitch.ledger import budget, period, place
from llmswitch.ledger.budget import Limit, State
from llmswitch.ledger.cells import Where
from llmswitch.ledger.month import Glance, glance
from llmswitch.ledger.period import Period
from llmswitch.ledger.prices import BASELINE
from llmswitch.ledger.report import GROUPS, GroupBy, Report, recent_cash, report
from llmswitch.ledger.schema import in_memory
from llmswitch.ledger.store import Ledger
from llmswitch.terminal.currency import USD, Currency


@dataclass(frozen=True, slots=True)
class Span:
    """The options that say when. `month` and `year` are a value, `this`, or None."""

    today: bool = False
    week: bool = False
    month: str | None = None
    year: str | None = None
    since: str | None = None
    until: str | None = None
    compare: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked. `alone`: nobody said by what to group."""

    span: Span
    by: tuple[GroupBy, ...]
    where: Where = field(default_factory=Where)
    top: int | None = None
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """What the profile says about money."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    baseline: str = BASELINE
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """Everything that one `cost` shows. `today` stands beside the month where no period was asked for, `before` where
    two months are compared; `glance` belongs to a whole month. `empty`: nothing was ever recorded."""

    report: Report
    now: datetime
    today: Report | None = None
    before: Report | None = None
    glance: Glance | None = None
    budget: tuple[State, ...] = ()
    currency: Currency = USD
    empty: bool = False


def statement(query: Query, asked: Asked, currency: Currency = USD, *, now: datetime | None = None) -> Statement:
    """Read the ledger. Raises UsageError and LedgerError."""
    now = now or datetime.now(UTC)
    if zone := period.unknown_zone():
        typer.echo(f"TZ={zone} names no time zone that is known here: days are those of UTC", err=True)
    main, before = _periods(query.span, now)
    with _ledger() as connection:

        def of(when: Period, by: tuple[GroupBy, ...] = query.by, top: int | None = query.top) -> Report:
            return report(
                connection, when, by=by, plans=asked.plans, baseline_model=asked.baseline, where=query.where, top=top
            )

        found = of(main or period.month(now))
        at_a_glance = main and main.month and query.alone and not query.where.asked and not before
        return Statement(
            report=found,
            now=now,
            today=None if main else of(period.today(now), (), None),
            before=of(before, top=None) if before else None,
            glance=glance(found, recent_cash(connection, now), now) if at_a_glance else None,
            budget=tuple(budget.state(connection, limit, now) for limit in asked.limits),
            currency=currency,
            empty=bool(connection.execute("SELECT NOT EXISTS (SELECT 1 FROM dispatches)").fetchone()[0]),
        )


def groups(by: list[str] | None) -> tuple[GroupBy, ...]:
    """The values of `--by`, commas taken apart; `model` without any. Raises UsageError."""
    wanted = dict.fromkeys(part.strip() for value in by or ["model"] for part in value.split(","))
    for name in wanted:
        if name not in GROUPS:
            raise UsageError(f"--by {name}: nothing to group by", hint=f"one of: {', '.join(GROUPS)}")
    return tuple(group for name in wanted for group in GROUPS if group == name)


def currency(code: str | None, rate: str | None) -> Currency:
    """The currency of `--currency` and `--rate`. Raises UsageError."""
    if code is None and rate is None:
        return USD
    if code is None or rate is None:
        raise UsageError(
            "--currency and --rate belong together",
            hint="such as --currency JPY --rate 155: no rate is fetched from anywhere",
        )
    code = code.upper()
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise UsageError(f"--currency {code}: not a currency's code", hint="three letters, such as JPY")
    try:
        value = Decimal(rate)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or value <= 0:
        raise UsageError(f"--rate {rate}: not a rate", hint="a number above 0, such as 155")
    return Currency(code, value)


def asked_profile(ctx: typer.Context, name: str | None, *, no_project: bool) -> Asked:
    """The plans whose fees belong to a month, the baseline model and the budget's limits. A profile that was not asked
    for by name and can't be read is no reason to hide the spending: fees and budget are left out, and that is said."""
    try:
        profile = profile_of(ctx, name, no_project=no_project)
    except ConfigError as error:
        if name or getattr(ctx.find_object(Global), "profile", None):
            raise
        typer.echo(f"plan fees are left out, and so is the budget: {error.message}", err=True)
        return Asked()
    return Asked(profile.plans, profile.baseline, budget.limits(profile.settings["budget"], profile.model))


def _periods(span: Span, now: datetime) -> tuple[Period | None, Period | None]:
    """The one period that was asked for, or None; and the one to compare it with."""
    asked = [
        ("--today", span.today),
        ("--week", span.week),
        ("--month", span.month),
        ("--year", span.year),
        ("--since/--until", span.since or span.until),
    ]
    names = [name for name, value in asked if value]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} are different periods", hint="give one")
    if span.compare:
        if names and names != ["--month"]:
            raise UsageError(f"--compare compares months, not {names[0]}", hint="give it alone or with --month YYYY-MM")
        return period.compared(period.month(now, _value(span.month)), now)
    return _period(span, now), None


def _period(span: Span, now: datetime) -> Period | None:
    if span.today:
        return period.today(now)
    if span.week:
        return period.week(now)
    if span.month:
        return period.month(now, _value(span.month))
    if span.year:
        return period.year(now, _value(span.year))
    return period.between(span.since, span.until, now) if span.since or span.until else None


def _value(text: str | None) -> str | None:
    return None if text == THIS else text


@contextlib.contextmanager
def _ledger() -> Iterator[sqlite3.Connection]:
    """The ledger for reading; an empty one in memory where there is no file, so that asking creates nothing."""
    if not place.exists():
        with contextlib.closing(in_memory()) as connection:
            yield connection
        return
    with Ledger.open() as ledger, ledger.reading() as connection:
        with contextlib.suppress(LedgerError):  # a file that can't be written: the same figures, row by row
            ledger.sum_up()
        for note in ledger.notes:
            typer.echo(note, err=True)
        yield connection
