"""`llmswitch ledger delete`: take calls out of the ledger, for privacy or because they are old."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from llmswitch.errors import UsageError
from llmswitch.ledger import place
from llmswitch.paths import ledger_file

if TYPE_CHECKING:
    from datetime import datetime


def delete(
    before: Annotated[
        str | None, typer.Option("--before", metavar="DATE", help="Calls of earlier local days (YYYY-MM-DD).")
    ] = None,
    keep_days: Annotated[
        int | None, typer.Option("--keep-days", metavar="N", min=1, help="Calls that are older than N days.")
    ] = None,
    project: Annotated[str | None, typer.Option("--project", metavar="NAME", help="Calls of a project.")] = None,
    session: Annotated[str | None, typer.Option("--session", metavar="NAME", help="Calls of a session.")] = None,
    imported: Annotated[
        str | None,
        typer.Option(
            "--imported", metavar="PROGRAM", help="Calls from a program's logs; the next import reads them anew."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Take calls out, with what was said in them: those that fit every option given. Budgets and reports forget them too."""
    from llmswitch.ledger.removal import Which, count
    from llmswitch.ledger.removal import delete as take_out
    from llmswitch.ledger.store import Ledger

    which = Which(_before(before, keep_days), project, session, imported)
    if everything is not which.everything:
        if everything:
            raise UsageError("--all and an option that chooses some of them exclude each other")
        raise UsageError(
            "which calls?", hint="--before DATE, --project NAME, --session NAME, --imported PROGRAM or --all"
        )
    place.only_a_file("`ledger delete`")
    if not ledger_file().exists():
        typer.echo(f"{ledger_file()}: not there yet; nothing to delete")
        return
    with Ledger.open() as ledger:
        found = count(ledger, which)
        about = f"{found.attempts:,} calls and {found.turns:,} turns of sessions"
        if not _agreed(about, yes=yes):
            typer.echo("nothing was deleted", err=True)
            raise typer.Exit(1)
        done = take_out(ledger, which, told=lambda text: typer.echo(text, err=True))
    typer.echo(f"deleted: {done.attempts:,} calls and {done.turns:,} turns of sessions")


def _before(text: str | None, keep_days: int | None) -> datetime | None:
    """The local midnight before which everything goes."""
    from datetime import UTC, date, datetime, timedelta

    from llmswitch.ledger.period import midnight

    if text is not None and keep_days is not None:
        raise UsageError("--before and --keep-days exclude each other")
    if keep_days is not None:
        return midnight(datetime.now(UTC).astimezone().date() - timedelta(days=keep_days))
    if text is None:
        return None
    try:
        return midnight(date.fromisoformat(text))
    except ValueError:
        raise UsageError(f"--before {text}: this is no date", hint="write it as YYYY-MM-DD") from None


def _agreed(about: str, *, yes: bool) -> bool:
    """Whether it may be done: said before, or asked now. Nobody is asked who can't answer."""
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"this would delete {about} for good", hint="add --yes")
    return typer.confirm(f"Delete {about} for good?", err=True)
