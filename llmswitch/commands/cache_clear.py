"""`llmswitch cache clear` and `export`: forget what is kept, or take a copy of it."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmswitch.commands.cache_opened import opened
from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of
from llmswitch.errors import UsageError

if TYPE_CHECKING:
    from llmswitch.cache.base import Entry

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def clear(
    ctx: typer.Context,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than", metavar="AGE", help="Only answers older than 30m, 12h, 7d, 2w.", show_default=False
        ),
    ] = None,
    project: Annotated[
        str | None, typer.Option("--project", metavar="NAME", help="Only answers of a project.", show_default=False)
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", metavar="TASK", help="Only answers of a task.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Forget kept answers: those that fit every option given, or all."""
    chosen = _chooser(older_than, project, task)
    with opened(profile_of(ctx, profile, no_project=no_project)) as cache:
        if cache is None:
            typer.echo("nothing is kept")
            return
        if chosen is None:
            count = cache.store.stats().entries
            _agree(f"all {_answers(count)}", yes=yes)
            cache.store.clear()
        else:
            found = [entry.id for entry in cache.store.entries() if chosen(entry)]
            if not found:
                typer.echo("nothing like that is kept")
                return
            _agree(_answers(len(found)), yes=yes)
            count = cache.store.remove(found)
    typer.echo(f"forgotten: {_answers(count)}")


def export(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; left out or `-`: stdout.", show_default=False)
    ] = None,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Write every kept answer as a line of JSON, the newest first, with its prompt."""
    from dataclasses import asdict

    with opened(profile_of(ctx, profile, no_project=no_project)) as cache:
        entries = cache.store.entries() if cache is not None else iter(())
        lines = (json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in entries)
        if file is None or str(file) == "-":
            for line in lines:
                sys.stdout.write(line)
            return
        from llmswitch.commands.private_file import write

        count = write(file, lines)
    typer.echo(f"{file}: {_answers(count)}", err=True)


def seconds_of(age: str) -> float:
    """`30m`, `12h`, `7d`, `2w` in seconds. Raises UsageError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)", age.strip())
    if found is None:
        raise UsageError(f"--older-than {age}: this is no age", hint="a number and a unit, such as 30m, 12h, 7d, 2w")
    return float(found[1]) * _UNITS[found[2]]


def _chooser(older_than: str | None, project: str | None, task: str | None) -> Callable[[Entry], bool] | None:
    """Whether an entry is meant; None for all of them."""
    if older_than is None and project is None and task is None:
        return None
    before = time.time() - seconds_of(older_than) if older_than is not None else None

    def chosen(entry: Entry) -> bool:
        return (
            (before is None or entry.created_at < before)
            and (project is None or entry.project == project)
            and (task is None or entry.task == task)
        )

    return chosen


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count:,} answers"


def _agree(about: str, *, yes: bool) -> None:
    """Go on where it was said before, or is said now. Nobody is asked who can't answer."""
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"this would forget {about} for good", hint="add --yes")
    if not typer.confirm(f"Forget {about} for good?", err=True):
        typer.echo("nothing was forgotten", err=True)
        raise typer.Exit(1)
