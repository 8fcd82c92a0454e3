"""`llmswitch cost`: what was spent, from the ledger."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from llmswitch.catalog import Plan
from llmswitch.commands.options import Global, ProfileOption, ProjectOption, profile_of
from llmswitch.errors import ConfigError, UsageError
from llmswitch.paths import ledger_file

if TYPE_CHECKING:  # every start of the program reads this file: what only a report needs is imported when it runs
    import sqlite3
    from datetime import datetime

    from llmswitch.ledger.budget import Limit, State
    from llmswitch.ledger.period import Period
    from llmswitch.ledger.report import GroupBy, Report

_THIS = "this"
"""The value of `--month` without one."""

NOTHING_YET = 'No calls are recorded yet. Make one: llmswitch ask "Explain git rebase in one sentence"'


class _OptionalMonth(TyperCommand):
    """Lets `--month` stand alone: Typer's options take a value always or never. The command has no arguments, so a
    word after `--month` that is no option is its value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a `--month` without a value the present month."""
        full = [
            f"{word}={_THIS}" if word == "--month" and after.startswith("-") else word
            for word, after in zip(args, [*args[1:], "--"], strict=False)
        ]
        return super().parse_args(ctx, full)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("cost", cls=_OptionalMonth)(cost)


def cost(
    ctx: typer.Context,
    today: Annotated[bool, typer.Option("--today", help="The local day.")] = False,
    week: Annotated[bool, typer.Option("--week", help="The local week, from Monday.")] = False,
    month: Annotated[
        str | None, typer.Option("--month", metavar="[YYYY-MM]", help="A calendar month; alone, the present one.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="From this day (YYYY-MM-DD).")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Up to and with this day.")] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="WHAT", help="model, task, provider, day, project or profile; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object (docs/cost.schema.json).")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One line a group.")] = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """What was spent: cash, plan fees and imputed cost. Alone: today and this month."""
    import json
    from datetime import UTC, datetime

    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other")
    now = datetime.now(UTC)
    period = _period(now, today=today, week=week, month=month, since=since, until=until)
    plans, baseline_model, limits = _profile(ctx, profile, no_project=no_project)
    with _ledger() as connection:
        reports = _reports(connection, now, period, _groups(by), plans, baseline_model)
        budget = _budget(connection, limits, now)
        empty = connection.execute("SELECT NOT EXISTS (SELECT 1 FROM dispatches)").fetchone()[0]
    if as_json:
        from llmswitch.commands.cost_data import as_object

        typer.echo(json.dumps(as_object(*reports, budget), ensure_ascii=False))
    elif as_csv:
        from llmswitch.commands.cost_data import csv_lines

        typer.echo("\n".join(csv_lines(reports[0])))
    elif empty:
        typer.echo(NOTHING_YET)
    else:
        _show(reports, budget)


def _reports(
    connection: sqlite3.Connection,
    now: datetime,
    period: Period | None,
    by: tuple[GroupBy, ...],
    plans: Mapping[str, Plan],
    baseline_model: str,
) -> tuple[Report, Report | None]:
    """The report, and today's beside it where no period was asked for."""
    from llmswitch.ledger import period as periods
    from llmswitch.ledger.report import report

    main = report(connection, period or periods.month(now), by=by, plans=plans, baseline_model=baseline_model)
    if period:
        return main, None
    return main, report(connection, periods.today(now), by=(), plans=plans, baseline_model=baseline_model)


def _period(
    now: datetime, *, today: bool, week: bool, month: str | None, since: str | None, until: str | None
) -> Period | None:
    """The one period that was asked for, or None."""
    from llmswitch.ledger import period

    asked = [("--today", today), ("--week", week), ("--month", month), ("--since/--until", since or until)]
    names = [name for name, value in asked if value]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} are different periods", hint="give one")
    if today:
        return period.today(now)
    if week:
        return period.week(now)
    if month:
        return period.month(now, None if month == _THIS else month)
    return period.between(since, until, now) if since or until else None


def _groups(by: list[str] | None) -> tuple[GroupBy, ...]:
    from llmswitch.ledger.report import GROUPS

    wanted = dict.fromkeys(part.strip() for value in by or ["model"] for part in value.split(","))
    for name in wanted:
        if name not in GROUPS:
            raise UsageError(f"--by {name}: nothing to group by", hint=f"one of: {', '.join(GROUPS)}")
    return tuple(group for name in wanted for group in GROUPS if group == name)


def _profile(
    ctx: typer.Context, name: str | None, *, no_project: bool
) -> tuple[Mapping[str, Plan], str, tuple[Limit, ...]]:
    """The plans whose fees belong to a month, the baseline model and the budget's limits. A profile that was not asked
    for by name and can't be read is no reason to hide the spending: fees and budget are left out, and that is said."""
    from llmswitch.ledger.budget import limits
    from llmswitch.ledger.prices import BASELINE

    try:
        profile = profile_of(ctx, name, no_project=no_project)
    except ConfigError as error:
        if name or getattr(ctx.find_object(Global), "profile", None):
            raise
        typer.echo(f"plan fees are left out, and so is the budget: {error.message}", err=True)
        return {}, BASELINE, ()
    return profile.plans, profile.baseline, limits(profile.settings["budget"], profile.model)


@contextlib.contextmanager
def _ledger() -> Iterator[sqlite3.Connection]:
    """The ledger for reading; an empty one in memory where there is no file, so that asking creates nothing."""
    from llmswitch.ledger.schema import in_memory
    from llmswitch.ledger.store import Ledger

    if not ledger_file().exists():
        with contextlib.closing(in_memory()) as connection:
            yield connection
        return
    with Ledger.open() as ledger, ledger.reading() as connection:
        for note in ledger.notes:
            typer.echo(note, err=True)
        yield connection


def _budget(connection: sqlite3.Connection, limits: tuple[Limit, ...], now: datetime) -> list[State]:
    from llmswitch.ledger.budget import state

    return [state(connection, limit, now) for limit in limits]


def _show(reports: tuple[Report, Report | None], budget: list[State]) -> None:
    from llmswitch.commands import cost_text

    if sys.stdout.isatty():
        cost_text.show_on_terminal(*reports, budget)
    else:
        typer.echo("\n".join(cost_text.plain_lines(*reports, budget)))
