"""`llmswitch plan`: what a month would cost, before it is spent."""

from __future__ import annotations

from typing import Annotated

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("plan")(plan)


def plan(
    ctx: typer.Context,
    profiles: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROFILE]…", help="Profiles side by side; alone, the one in use.", show_default=False),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", metavar="NAME|FILE", help="A month as a TOML file says it (docs/plan.md)."),
    ] = None,
    from_ledger: Annotated[
        bool, typer.Option("--from-ledger", help="A month like the last 30 days, from your own calls.")
    ] = False,
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="A month like this one, from your own calls.")
    ] = None,
    calls: Annotated[
        int | None,
        typer.Option(
            "--calls", metavar="N", min=1, help="So many calls, in the mix of tasks of your own, else a usual one."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object (docs/plan.schema.json).")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Markdown tables.")] = False,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CODE", help="Show amounts in it, such as JPY; needs --rate.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option("--rate", metavar="NUMBER", help="How much of it one US dollar is, such as 155.")
    ] = None,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """What a month would cost: plan fees, cash, and the saving against the baseline model over its API. Alone: a month
    like your last 30 days. An estimate at today's prices; nothing is called."""
    from llmswitch.commands import plan_query as query
    from llmswitch.commands.cost_query import currency as shown_in
    from llmswitch.commands.plan_output import put_out
    from llmswitch.errors import UsageError

    if as_json and as_markdown:
        raise UsageError("--json and --markdown exclude each other")
    wanted = query.Wanted(scenario, from_ledger, month, calls)
    show = shown_in(currency, rate)
    chosen = query.profiles(ctx, profiles or (), profile, no_project=no_project)
    outlook = query.outlook(wanted, chosen, show)
    put_out(outlook, "json" if as_json else "markdown" if as_markdown else "text")
