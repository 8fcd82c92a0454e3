"""`llmswitch ledger reprice`: what the calls would cost at the prices known today for their own day; with --apply they do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of
from llmswitch.errors import UsageError
from llmswitch.ledger import place

if TYPE_CHECKING:
    from decimal import Decimal

    from llmswitch.ledger.reprice import Change, Find


def reprice(
    ctx: typer.Context,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="Only calls from this day on.")] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write the new figures; the old ones are kept beside.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Show what would change if the calls were priced again, each at the price of its own day. Reports change only with
    --apply. What a provider billed itself stays."""
    import time
    from datetime import date

    from llmswitch.ledger import reprice as again
    from llmswitch.ledger.period import midnight
    from llmswitch.ledger.store import Ledger

    try:
        start = midnight(date.fromisoformat(since)) if since else None
    except ValueError:
        raise UsageError(f"--since {since}: this is no date", hint="write it as YYYY-MM-DD") from None
    found: list[Change] = []
    done = 0
    if place.exists():
        with Ledger.open() as ledger:
            found = again.changes(ledger, _find(ctx, profile, no_project=no_project), start)
            done = again.apply(ledger, found, time.time_ns() // 1000) if apply and found else 0
    _show(found, applied=done if apply else None, as_json=as_json)


def _find(ctx: typer.Context, name: str | None, *, no_project: bool) -> Find:
    """Models and providers of the profile, whose own prices count; plain ones for what it no longer has."""
    from llmswitch.catalog import Model, ProviderSettings

    profile = profile_of(ctx, name, no_project=no_project)

    def find(model: str, provider: str, model_id: str, local: bool) -> tuple[Model, ProviderSettings]:
        settings = profile.providers.get(provider) or ProviderSettings(provider, kind=provider)
        entry = profile.models.get(model)
        if entry and (entry.provider, entry.model) == (provider, model_id):
            return entry, settings
        return Model(model, provider, model_id, local=local), settings

    return find


def _show(found: list[Change], *, applied: int | None, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from llmswitch.ledger.reprice import differences

    groups = differences(found)
    if as_json:
        objects = [{key: _plain(value) for key, value in asdict(group).items()} for group in groups]
        typer.echo(json.dumps({"calls": len(found), "applied": applied or 0, "differences": objects}))
        return
    if not found:
        typer.echo("every call has the price that is known for its day")
        return
    from llmswitch.terminal.tables import render_table

    headers = ("model", "prices of", "now", "calls", "cash", "", "imputed", "")
    rows = [
        (
            group.model,
            group.old_version or "unknown",
            group.version or "unknown",
            f"{group.calls:,}",
            _usd(group.old_cash) if group.known < group.calls else "unknown",
            f"→ {_usd(group.cash)}",
            _usd(group.old_imputed),
            f"→ {_usd(group.imputed)}",
        )
        for group in groups
    ]
    typer.echo(render_table(headers, rows, stream=sys.stdout, right=(3, 4, 6)), nl=False)
    if applied is None:
        typer.echo("nothing was changed; --apply writes these figures and keeps the old ones", err=True)
    else:
        typer.echo(f"{applied:,} calls were priced again; their old figures are kept", err=True)


def _usd(amount: Decimal) -> str:
    return f"${amount:,.4f}"


def _plain(value: object) -> object:
    from decimal import Decimal

    return f"{value:f}" if isinstance(value, Decimal) else value
