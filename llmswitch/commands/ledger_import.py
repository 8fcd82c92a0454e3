"""`llmswitch ledger import`: what Claude Code and Codex spent outside llmswitch, from their own session logs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of
from llmswitch.errors import UsageError

if TYPE_CHECKING:
    from llmswitch.catalog import Model
    from llmswitch.client_logs.read import Outcome
    from llmswitch.ledger.imported import Pricing


def import_logs(
    ctx: typer.Context,
    programs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[claude-code|codex]…", help="Whose logs; alone, both.", show_default=False),
    ] = None,
    path: Annotated[
        list[Path] | None,
        typer.Option("--path", metavar="DIR", help="Folder of the logs, instead of the usual ones; repeatable."),
    ] = None,
    billed: Annotated[
        str, typer.Option("--billed", metavar="plan|api", help="Who pays: a subscription, or you for each call.")
    ] = "plan",
    plan: Annotated[
        str | None, typer.Option("--plan", metavar="NAME", help="The plan that covers them; else the profile's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Read other programs' session logs into the ledger: only what is new, each call once, nothing but its figures."""
    from llmswitch.client_logs.log_files import SOURCES
    from llmswitch.client_logs.read import import_logs as read
    from llmswitch.ledger.store import Ledger

    if billed not in ("plan", "api"):
        raise UsageError(f"--billed {billed}: nobody pays like that", hint="`plan` or `api`")
    if billed == "api" and plan:
        raise UsageError("--plan and --billed api exclude each other")
    if path and len(programs or ()) != 1:
        raise UsageError("--path needs the one program whose logs are there", hint="such as `import codex --path DIR`")
    for name in programs or ():
        if name not in SOURCES:
            raise UsageError(f"{name}: no such program is known", hint=f"one of: {', '.join(SOURCES)}")
    for folder in path or ():
        if not folder.is_dir():
            raise UsageError(f"--path {folder}: there is no such folder")

    def pricing(name: str) -> Pricing:
        return _pricing(ctx, name, covered=billed == "plan", plan=plan, profile=profile, no_project=no_project)

    found: dict[str, Outcome] = {}
    with Ledger.open() as ledger:
        for note in ledger.notes:
            typer.echo(note, err=True)
        for name in dict.fromkeys(programs or SOURCES):
            folders = [folder for folder in path or SOURCES[name].folders() if folder.is_dir()]
            if not folders and programs:
                usual = " and ".join(str(folder) for folder in SOURCES[name].folders())
                typer.echo(f"{name}: no logs in {usual}; --path names another folder", err=True)
            found[name] = read(ledger, SOURCES[name], folders, lambda name=name: pricing(name))  # type: ignore[misc]
    _show(found, as_json=as_json)


def _pricing(
    ctx: typer.Context, name: str, *, covered: bool, plan: str | None, profile: str | None, no_project: bool
) -> Pricing:
    """The names, tiers, own prices and the plan that the profile has for this program's models."""
    from llmswitch.ledger.imported import Pricing

    chosen = profile_of(ctx, profile, no_project=no_project)
    if plan and plan not in chosen.plans:
        raise UsageError(f"--plan {plan}: the profile has no such plan", hint=f"it has: {', '.join(chosen.plans)}")
    entries: dict[str, Model] = {}
    for entry in chosen.models.values():
        if chosen.providers[entry.provider].kind == name:
            entries.setdefault(entry.model, entry)
    found = plan or next((entry.plan for entry in entries.values() if entry.plan), None)
    return Pricing(name, entries, found, covered)


def _show(found: dict[str, Outcome], *, as_json: bool) -> None:
    import json
    from dataclasses import asdict

    if as_json:
        typer.echo(json.dumps({name: asdict(outcome) for name, outcome in found.items()}))
        return
    for name, outcome in found.items():
        if not outcome.files:
            continue
        said = [f"{outcome.new:,} new calls"]
        said += [f"{outcome.raised:,} completed"] if outcome.raised else []
        said += [f"{outcome.own:,} of llmswitch's own left out"] if outcome.own else []
        said += [f"{outcome.broken:,} lines that can't be read"] if outcome.broken else []
        read = f"{outcome.read:,} of {outcome.files:,} files had something new"
        read += f" ({outcome.megabytes:,.1f} MB)" if outcome.read else ""
        typer.echo(f"{name}: {', '.join(said)}; {read}")
