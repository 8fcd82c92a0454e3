"""Models: what the active profile names, and the embedded model's file."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from llmswitch.catalog import Model, ProviderSettings
    from llmswitch.conversation import Event


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    group = typer.Typer(help=__doc__, rich_markup_mode=None, invoke_without_command=True)
    group.callback(help=__doc__)(list_models)
    group.command("fetch", help="Fetch the embedded model's file now (98 MB) instead of at the first `ask`.")(fetch)
    group.command("pull", help="Let Ollama download a model of the profile.")(pull)
    app.add_typer(group, name="models")


def list_models(
    ctx: typer.Context,
    profile: ProfileOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    no_project: ProjectOption = False,
) -> None:
    """Every model of the profile, by tier."""
    if ctx.invoked_subcommand is not None:
        return
    shown = profile_of(ctx, profile, no_project=no_project)
    rows = [
        {
            "name": model.name,
            "tier": model.tier,
            "provider": model.provider,
            "model": model.model,
            "context": model.context,
            "plan": model.plan,
            "note": model.note,
        }
        for model in sorted(shown.models.values(), key=lambda model: model.tier)
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    from llmswitch.terminal.tables import render_table

    table = [
        (
            str(row["tier"]),
            str(row["name"]),
            str(row["provider"]),
            str(row["model"]),
            f"{row['context']:,}",
            str(row["note"] or ""),
        )
        for row in rows
    ]
    sys.stdout.write(
        render_table(("tier", "model", "provider", "id", "context", "note"), table, stream=sys.stdout, right=(0, 4))
    )


def fetch() -> None:
    """Fetch the file, with progress on stderr; nothing to do when it is there."""
    from llmswitch.providers.model_fetch import fetch_default

    _watch(fetch_default())
    sys.stderr.write("llmswitch: the embedded model is there\n")


def pull(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model of the profile behind Ollama, or ollama/ID.")],
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Download a model to the Ollama server, with progress on stderr."""
    shown = profile_of(ctx, profile, no_project=no_project)
    model = shown.model(name)
    pull_model(shown.providers[model.provider], model)


def pull_model(settings: ProviderSettings, model: Model) -> None:
    """The same for a model that is known already. Raises UsageError where it is not behind Ollama, ProviderError."""
    from llmswitch.errors import UsageError

    if settings.kind != "ollama":
        raise UsageError(f"{model.name!r} is served by {model.provider}: only Ollama downloads models")
    from llmswitch.providers.ollama_chat import pull as download

    _watch(download(settings, model.model))
    sys.stderr.write(f"llmswitch: {model.model} is there\n")


def _watch(events: AsyncIterator[Event]) -> None:
    import asyncio

    from llmswitch.conversation import Notice, Progress
    from llmswitch.terminal.progress import Status

    status = Status(sys.stderr, quiet=False)

    async def watch() -> None:
        async for event in events:
            if isinstance(event, Notice):
                status.note(event.text)
            elif isinstance(event, Progress):
                status.progress(event.label, event.done, event.total, event.unit)

    try:
        asyncio.run(watch())
    finally:
        status.clear()
