"""`llmswitch ledger`: where the ledger is, whether it is sound, and its care."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from llmswitch.commands.ledger_care import export, merge, vacuum
from llmswitch.commands.ledger_delete import delete
from llmswitch.commands.ledger_import import import_logs
from llmswitch.commands.ledger_reprice import reprice
from llmswitch.errors import LedgerError
from llmswitch.ledger import place
from llmswitch.paths import ledger_file

if TYPE_CHECKING:
    import sqlite3


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    ledger = typer.Typer(
        help="The record of every call: where it is, whether it is sound, what else belongs in it.",
        no_args_is_help=True,
    )
    ledger.command("path")(path)
    ledger.command("check")(check)
    ledger.command("import")(import_logs)
    ledger.command("export")(export)
    ledger.command("merge")(merge)
    ledger.command("reprice")(reprice)
    ledger.command("delete")(delete)
    ledger.command("vacuum")(vacuum)
    app.add_typer(ledger, name="ledger")


def path() -> None:
    """Print the ledger's file, or the database it is in."""
    typer.echo(place.shown())


def check() -> None:
    """Look whether the file is sound and count what is in it. Changes nothing but marking abandoned calls as lost."""
    from llmswitch.ledger.schema import damage, translated
    from llmswitch.ledger.store import Ledger

    if place.url() is not None:
        with Ledger.open() as ledger, ledger.reading() as connection:
            for line in [f"place       {place.shown()}", *_counts(connection)]:
                typer.echo(line)
        return
    file = ledger_file()
    if not file.exists():
        typer.echo(f"{file}: not there yet; the first call creates it")
        return
    with translated(file):
        found = damage(file)
    if found:
        raise LedgerError(
            f"{file} is damaged: {found}",
            hint=f"move it away and the next call starts a new one; `sqlite3 {file} .recover` may save its rows",
        )
    with Ledger.open() as ledger, ledger.reading() as connection:
        for line in _lines(connection):
            typer.echo(line)


def _lines(connection: sqlite3.Connection) -> list[str]:
    version, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "page_count"))
    page = connection.execute("PRAGMA page_size").fetchone()[0]
    about = [
        "integrity   ok: every page and index was read (SQLite's quick_check)",
        f"version     {version}",
        f"size        {size * page / 1e6:.1f} MB",
    ]
    return [*about, *_counts(connection)]


def _counts(connection: sqlite3.Connection) -> list[str]:
    dispatches = connection.execute("SELECT count(*) FROM dispatches").fetchone()[0]
    by_status = connection.execute("SELECT status, count(*) FROM attempts GROUP BY status ORDER BY status").fetchall()
    attempts = sum(number for _, number in by_status)
    kept = connection.execute("SELECT kept_before FROM sums_mark").fetchone()[0]
    reduced = f"{datetime.fromtimestamp(kept / 1e6, UTC).astimezone():%Y-%m-%d}: before it only sums" if kept else "all"
    unknown = connection.execute("SELECT count(*) FROM attempts WHERE cost_source = 'unknown'").fetchone()[0]
    statuses = ", ".join(f"{number} {status}" for status, number in by_status) or "none"
    return [
        f"dispatches  {dispatches}",
        f"attempts    {attempts} ({statuses})",
        f"unknown     {unknown} without a known cost",
        f"rows since  {reduced}",
    ]
