"""`llmswitch prices`: what the models cost, as far as it is known, and as of when."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of
from llmswitch.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from llmswitch.catalog import Model, ProviderSettings
    from llmswitch.ledger.price_table import PriceRow
    from llmswitch.profile import Profile

UPDATE = "update"
_BUCKETS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "reasoning")
_LISTED = ("anthropic", "openai", "google", "openrouter", "deepseek", "mistral", "x-ai")
"""Where a bare id that is no entry of the profile is looked for, in this order."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("prices")(prices)


def prices(
    ctx: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]",
            help="A model of the profile, PROVIDER/ID or an id, with every price it had; or `update`.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE|URL]",
            help="With `update`: a price list to use from now on, or `shipped` for the one that came with llmswitch.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """What the profile's models cost now, in dollars for a million tokens; of one model, every price that is known."""
    import json
    from datetime import UTC, datetime

    from llmswitch.ledger import price_list, price_source
    from llmswitch.ledger.price_table import price_rows

    now = datetime.now(UTC)
    if model != UPDATE and source:
        raise UsageError(f"{source}: one model at a time", hint="`llmswitch prices update FILE|URL` takes a price list")
    if model == UPDATE:
        from llmswitch.commands.prices_update import how_to_update, update

        if source:
            update(source, profile_of(ctx, profile, no_project=no_project), now)
        else:
            typer.echo(how_to_update())
        return
    if why := price_source.unread():
        typer.echo(why, err=True)
    chosen = profile_of(ctx, profile, no_project=no_project)
    if model:
        rows = list(price_rows(*_named(chosen, model, now), now))
    else:
        entries = [(entry, chosen.providers[entry.provider]) for entry in chosen.models.values()]
        rows = [row for entry in entries for row in price_rows(*entry, now) if row.now]
    if as_json:
        about = {"source": price_list.version(), "made": price_list.made()}
        typer.echo(json.dumps({**about, "prices": [_object(row) for row in rows]}, ensure_ascii=False))
    else:
        _show(rows, dated=model is not None)


def _named(profile: Profile, name: str, now: datetime) -> tuple[Model, ProviderSettings]:
    """The profile's model of that name; else what the price list has under it."""
    from llmswitch.catalog import Model, ProviderSettings
    from llmswitch.ledger import price_list

    if name in profile.models:
        return profile.models[name], profile.providers[profile.models[name].provider]
    owner, slash, model_id = name.partition("/")
    if slash and owner in profile.providers:
        return profile.model(name), profile.providers[owner]
    tried = [(owner, model_id)] if slash else []
    tried += [(listed, name) for listed in _LISTED]
    for listed, wanted in tried:
        if price_list.listed(listed, wanted, now):
            return Model(name, listed, wanted), ProviderSettings(listed, kind=listed, price_id=listed)
    raise UsageError(
        f"no price of {name} is known",
        hint="`llmswitch prices` shows the profile's models; a `price` in a [models] entry makes one known",
    )


def _show(rows: list[PriceRow], *, dated: bool) -> None:
    from llmswitch.ledger import price_list
    from llmswitch.terminal.tables import render_table

    headings = [
        "model",
        *(["since"] if dated else []),
        "prompt",
        "input",
        "output",
        "cached",
        "write 5m",
        "write 1h",
        "from",
    ]
    lines = []
    for row in rows:
        when = [f"{row.holds or 'always'}{'' if row.now else ' (not now)'}"] if dated else []
        lines.append([row.model, *when, f"> {row.above:,}" if row.above else "any", *_cells(row), _origin(row)])
    numbers = range(len(headings) - 6, len(headings) - 1)
    typer.echo(render_table(headings, lines, stream=sys.stdout, right=numbers), nl=False)
    typer.echo(
        f"dollars for a million tokens; {price_list.version()}, taken in on {price_list.made()}: later changes are not known",
        err=True,
    )


def _cells(row: PriceRow) -> list[str]:
    if row.rates is None:
        return ["unknown", "", "", "", ""]
    return [dollars(getattr(row.rates, name)) for name in _BUCKETS[:5]]


def _origin(row: PriceRow) -> str:
    return row.listed_as or ("your `price`" if row.version else "")


def dollars(rate: Decimal | None) -> str:
    """A rate without zeros at its end; `-` for none."""
    if rate is None:
        return "-"
    return f"{rate:f}".rstrip("0").rstrip(".") if "." in f"{rate:f}" else f"{rate:f}"


def _object(row: PriceRow) -> dict[str, object]:
    rates = row.rates
    return {
        "model": row.model,
        "listed_as": row.listed_as,
        "holds": row.holds or None,
        "now": row.now,
        "above_prompt_tokens": row.above,
        "usd_per_million": rates and {name: _text(getattr(rates, name)) for name in _BUCKETS},
        "usd_per_call": rates and _text(rates.request),
        "version": row.version,
    }


def _text(rate: Decimal | None) -> str | None:
    return None if rate is None else dollars(rate)
