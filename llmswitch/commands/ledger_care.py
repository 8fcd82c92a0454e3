"""`llmswitch ledger vacuum|export|merge`: the file's size, a copy of its rows, and another machine's rows."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from llmswitch.errors import LedgerError, UsageError
from llmswitch.ledger import place
from llmswitch.paths import ledger_file


def vacuum() -> None:
    """Give the space of deleted rows back to the disk. Other programs have to wait meanwhile."""
    from llmswitch.ledger.store import Ledger

    place.only_a_file("`ledger vacuum`")
    file = ledger_file()
    if not file.exists():
        typer.echo(f"{file}: not there yet; the first call creates it")
        return
    before = file.stat().st_size
    with Ledger.open() as ledger, ledger.reading() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute("VACUUM")
        connection.execute("PRAGMA optimize")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    typer.echo(f"{file}: {before / 1e6:.1f} MB before, {file.stat().st_size / 1e6:.1f} MB now")


def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to; left out or `-`: stdout.", show_default=False)
    ] = None,
    no_history: Annotated[bool, typer.Option("--no-history", help="Leave out what was said in sessions.")] = False,
) -> None:
    """Write every row as a line of JSON, for `ledger merge` on another machine or as a copy to keep."""
    from llmswitch.ledger.store import Ledger
    from llmswitch.ledger.transfer import records

    place.only_a_file("`ledger export`")
    if not ledger_file().exists():
        raise LedgerError(f"{ledger_file()} is not there yet: nothing to export")
    with Ledger.open() as ledger, ledger.reading() as connection:
        found = records(connection, history=not no_history)
        if file is None or str(file) == "-":
            for line in _lines(found):
                sys.stdout.write(line)
            return
        from llmswitch.commands.private_file import write

        count = write(file, _lines(found)) - 1  # the first line says what the file is
    typer.echo(f"{file}: {count:,} rows", err=True)


def merge(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export, or another machine's ledger.db.")],
) -> None:
    """Put another ledger's rows into this one: those that are not here yet. It can be done again at any time."""
    from llmswitch.ledger.store import Ledger
    from llmswitch.ledger.transfer import merge as put_in
    from llmswitch.ledger.transfer import read_file

    if not file.is_file():
        raise UsageError(f"{file}: there is no such file")
    if ledger_file().exists() and file.samefile(ledger_file()):
        raise UsageError(f"{file} is this machine's own ledger")
    with Ledger.open() as ledger:
        merged = put_in(ledger, read_file(file))
    said = f"{merged.attempts:,} new calls in {merged.dispatches:,} requests"
    said += f", {merged.turns:,} turns of sessions" if merged.turns else ""
    said += f", {merged.updated:,} brought up to date" if merged.updated else ""
    typer.echo(f"{file}: {said}")
    if merged.left_out:
        typer.echo(
            f"{merged.left_out:,} calls were left out: of their time this ledger keeps only sums (retain_days), "
            "which may have them already",
            err=True,
        )


def _lines(found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    import json

    for record in found:
        yield json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
