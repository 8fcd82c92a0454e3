"""`llmswitch wrong`: the last label was wrong, or the answer that came from the cache."""

from __future__ import annotations

from typing import Annotated

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of
from llmswitch.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("wrong")(wrong)


def wrong(
    ctx: typer.Context,
    task: Annotated[
        str | None, typer.Argument(metavar="[TASK]", help="What the prompt really was.", show_default=False)
    ] = None,
    dispatch_id: Annotated[
        str | None, typer.Argument(metavar="[DISPATCH]", help="Another dispatch than the last one, by its id.")
    ] = None,
    cache: Annotated[
        bool,
        typer.Option(
            "--cache", help="The answer from the cache was wrong: forget it. Then the only argument is [DISPATCH]."
        ),
    ] = False,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> None:
    """Relabel the last dispatch in the ledger; with --cache, forget the answer it got from the cache, or left there."""
    if cache:
        from llmswitch.commands.wrong_hit import forget

        if dispatch_id is not None:
            raise UsageError("--cache takes no task, only a dispatch", hint="llmswitch wrong --cache [DISPATCH]")
        forget(profile_of(ctx, profile, no_project=no_project), task)
        return
    if task is None:
        raise UsageError("which task was it?", hint="llmswitch wrong TASK; or llmswitch wrong --cache")
    _relabel(task, dispatch_id)


def _relabel(task: str, dispatch_id: str | None) -> None:
    from llmswitch.classify import corrections
    from llmswitch.ledger.relabel import relabel
    from llmswitch.ledger.store import Ledger
    from llmswitch.profile.validate import nearest
    from llmswitch.tasks import TASKS

    if task not in TASKS:
        raise UsageError(f"{task!r} is not a task{nearest(task, TASKS)}", hint=f"one of {', '.join(TASKS)}")
    with Ledger.open() as ledger:
        changed = relabel(ledger, task, dispatch_id)
    if changed is None:
        raise UsageError(
            f"there is no dispatch {dispatch_id!r}" if dispatch_id else "there is no dispatch to correct yet"
        )
    found, before = changed
    learnable = corrections.correct(found, task)
    typer.echo(f"{before or 'no task'} → {task}  {found}")
    if learnable:
        typer.echo("llmswitch classify --learn takes it in", err=True)
    else:
        typer.echo(
            "the ledger is corrected; the prompt's features are no longer known, so nothing can be learned", err=True
        )
