"""`llmswitch cache`: the answers that are kept for repeats, and how well they serve."""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from llmswitch.commands.cache_clear import clear, export
from llmswitch.commands.cache_opened import folder_or_url, opened
from llmswitch.commands.cache_stats import stats
from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of
from llmswitch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmswitch.cache.base import Entry

FIRST_WORDS = 60
"""Cells of a prompt that a list shows."""
OF_OTHERS = ("cache_judge", "cache_bench")
"""Modules that add a sub-command of their own."""

TaskOption = Annotated[
    str | None, typer.Option("--task", metavar="TASK", help="Only of this task.", show_default=False)
]
InProjectOption = Annotated[
    str | None, typer.Option("--project", metavar="NAME", help="Only of this project.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    group = typer.Typer(
        help="Answers that are kept for repeats: how well they serve, what is kept, how to forget it.",
        no_args_is_help=True,
    )
    group.command("path")(path)
    group.command("stats")(stats)
    group.command("list")(show_list)
    group.command("show")(show)
    group.command("clear")(clear)
    group.command("export")(export)
    for name in OF_OTHERS:
        importlib.import_module(f"llmswitch.commands.{name}").register(group)
    app.add_typer(group, name="cache")


def path(ctx: typer.Context, profile: ProfileOption = None, no_project: ProjectOption = False) -> None:
    """Print the store's folder, or the URL of its Redis."""
    typer.echo(folder_or_url(profile_of(ctx, profile, no_project=no_project)))


def show_list(
    ctx: typer.Context,
    task: TaskOption = None,
    project: InProjectOption = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 20,
    prompts: Annotated[bool, typer.Option("--prompts", help="Show how the prompts begin.")] = False,
    as_json: JsonOption = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """List what is kept, the newest first. No prompt is shown unless asked for, or where the profile keeps a history."""
    loaded = profile_of(ctx, profile, no_project=no_project)
    prompts = prompts or loaded.history
    with opened(loaded) as cache:
        found = [] if cache is None else _first(cache.store.entries(), limit, task, project)
    if as_json:
        for entry in found:
            sys.stdout.write(json.dumps(_object(entry, prompts=prompts), ensure_ascii=False) + "\n")
        return
    if not found:
        typer.echo("nothing is kept", err=True)
        return
    _print(found, prompts=prompts)


def show(
    ctx: typer.Context,
    entry_id: Annotated[str, typer.Argument(metavar="ENTRY", help="Its id, as `cache list` has it.")],
    as_json: JsonOption = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Print one kept answer (on stdout) with its prompt and where it comes from (on stderr)."""
    with opened(profile_of(ctx, profile, no_project=no_project)) as cache:
        entry = cache.store.get(entry_id) if cache is not None else None
    if entry is None:
        raise UsageError(f"there is no entry {entry_id!r}", hint="`llmswitch cache list` shows their ids; they expire")
    if as_json:
        typer.echo(json.dumps(_object(entry, prompts=True) | {"answer": entry.answer}, ensure_ascii=False))
        return
    for name, value in _facts(entry):
        typer.echo(f"{name:<9} {value}", err=True)
    typer.echo(entry.answer)


def _first(entries: Iterable[Entry], limit: int, task: str | None, project: str | None) -> list[Entry]:
    found = []
    for entry in entries:
        if (task is None or entry.task == task) and (project is None or entry.project == project):
            found.append(entry)
            if len(found) == limit:
                break
    return found


def _print(found: list[Entry], *, prompts: bool) -> None:
    from llmswitch.terminal.amounts import age, megabytes
    from llmswitch.terminal.cells import cut
    from llmswitch.terminal.tables import render_table

    now = time.time()
    headers = ["entry", "age", "left", "task", "model", "project", "size", *(["prompt"] if prompts else [])]
    rows = [
        [
            entry.id,
            age(now - entry.created_at),
            age(entry.expires_at - now),
            entry.task,
            entry.model,
            entry.project or "",
            megabytes(size_of(entry)),
            *([cut(" ".join(entry.prompt.split()), FIRST_WORDS)] if prompts else []),
        ]
        for entry in found
    ]
    sys.stdout.write(render_table(headers, rows, stream=sys.stdout, right=(1, 2, 6)))
    if not prompts:
        typer.echo("--prompts shows how they begin, `llmswitch cache show ENTRY` all of one", err=True)


def _facts(entry: Entry) -> list[tuple[str, str]]:
    from llmswitch.terminal.amounts import age

    now = time.time()
    cost = f"${entry.cost_usd}" if entry.cost_usd is not None else "not known"
    cost += f", imputed ${entry.imputed_usd}" if entry.imputed_usd else ""
    return [
        ("entry", entry.id),
        ("age", f"{age(now - entry.created_at)}, forgotten in {age(entry.expires_at - now)}"),
        ("task", entry.task),
        ("model", f"{entry.model} ({entry.provider}/{entry.model_id}, tier {entry.tier})"),
        ("project", entry.project or "none"),
        ("cost", cost),
        ("dispatch", entry.dispatch_id or "not known"),
        ("prompt", entry.prompt),
    ]


def _object(entry: Entry, *, prompts: bool) -> dict[str, object]:
    from dataclasses import asdict

    hidden = ("answer",) if prompts else ("answer", "prompt")
    return {name: value for name, value in asdict(entry).items() if name not in hidden} | {"bytes": size_of(entry)}


def size_of(entry: Entry) -> int:
    """Bytes of what was said."""
    return len(entry.prompt.encode("utf-8", "surrogatepass")) + len(entry.answer.encode("utf-8", "surrogatepass"))
