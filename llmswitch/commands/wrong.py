"""`llmswitch wrong`: the last label was wrong. The ledger is put right, and `classify --learn` can learn from it."""

from __future__ import annotations

from typing import Annotated

import typer

from llmswitch.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("wrong")(wrong)


def wrong(
    task: Annotated[str, typer.Argument(metavar="TASK", help="What the prompt really was.")],
    dispatch_id: Annotated[
        str | None, typer.Argument(metavar="[DISPATCH]", help="Another dispatch than the last one, by its id.")
    ] = None,
) -> None:
    """Relabel the last dispatch in the ledger."""
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
