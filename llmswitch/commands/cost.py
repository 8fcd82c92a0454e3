"""`llmswitch cost`: what was spent, from the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from llmswitch.commands.options import ProfileOption, ProjectOption

THIS = "this"
"""The value of `--month` and `--year` without one."""

NOTHING_YET = 'No calls are recorded yet. Make one: llmswitch ask "Explain git rebase in one sentence"'

Values = list[str] | None


class _OptionalValues(TyperCommand):
    """Lets `--month` and `--year` stand alone: Typer's options take a value always or never. The command has no
    arguments, so a word after one of them that is no option is its value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give one of them without a value the present month or year."""
        full = [
            f"{word}={THIS}" if word in ("--month", "--year") and after.startswith("-") else word
            for word, after in zip(args, [*args[1:], "--"], strict=False)
        ]
        return super().parse_args(ctx, full)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("cost", cls=_OptionalValues)(cost)


def cost(
    ctx: typer.Context,
    today: Annotated[bool, typer.Option("--today", help="The local day.")] = False,
    week: Annotated[bool, typer.Option("--week", help="The local week, from Monday.")] = False,
    month: Annotated[
        str | None, typer.Option("--month", metavar="[YYYY-MM]", help="A calendar month; alone, the present one.")
    ] = None,
    year: Annotated[
        str | None, typer.Option("--year", metavar="[YYYY]", help="A calendar year; alone, the present one.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="From this day (YYYY-MM-DD).")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Up to and with this day.")] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="This month so far beside the same days of the last one.")
    ] = False,
    by: Annotated[
        Values,
        typer.Option(
            "--by",
            metavar="WHAT",
            help="model, task, provider, day, week, project, profile, session or hook; repeatable.",
        ),
    ] = None,
    top: Annotated[int | None, typer.Option("--top", metavar="N", min=1, help="The N dearest groups.")] = None,
    model: Annotated[
        Values, typer.Option("--model", metavar="NAME", help="Only calls of this model; repeatable.")
    ] = None,
    task: Annotated[Values, typer.Option("--task", metavar="NAME", help="Only this task; repeatable.")] = None,
    provider: Annotated[
        Values, typer.Option("--provider", metavar="NAME", help="Only this provider; repeatable.")
    ] = None,
    project: Annotated[
        Values, typer.Option("--project", metavar="NAME", help="Only this project (`-` for none); repeatable.")
    ] = None,
    session: Annotated[
        Values, typer.Option("--session", metavar="NAME", help="Only this session (`-` for none); repeatable.")
    ] = None,
    hook: Annotated[
        Values, typer.Option("--hook", metavar="NAME", help="Only this hook (`-` for none); repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object (docs/cost.schema.json).")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One line a group.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="A Markdown table.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page with charts.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CODE", help="Show amounts in it, such as JPY; needs --rate.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="NUMBER", help="How much of it one US dollar is, such as 155.")
    ] = None,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """What was spent: cash, plan fees and imputed cost. Alone: today and this month."""
    from llmswitch.commands import cost_query as query
    from llmswitch.commands.cost_output import chosen, put_out
    from llmswitch.ledger.cells import Where

    output = chosen(json=as_json, csv=as_csv, markdown=as_markdown, html=html)
    span = query.Span(today, week, month, year, since, until, compare)
    where = Where(*(tuple(values or ()) for values in (model, provider, task, project, session, hook)))
    wanted = query.Query(span, query.groups(by), where, top, alone=not by)
    shown_in = query.currency(currency, rate)
    statement = query.statement(wanted, query.asked_profile(ctx, profile, no_project=no_project), shown_in)
    put_out(statement, output, html)
