"""Where a statement goes: a terminal, a pipe, or a page in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import typer

from llmswitch.commands.cost import NOTHING_YET
from llmswitch.commands.cost_query import Statement
from llmswitch.errors import LlmSwitchError, UsageError

Output = Literal["text", "json", "csv", "markdown", "html"]


def chosen(*, json: bool, csv: bool, markdown: bool, html: Path | None) -> Output:
    """The one output that was asked for. Raises UsageError for several."""
    asked: list[tuple[Output, bool]] = [
        ("json", json),
        ("csv", csv),
        ("markdown", markdown),
        ("html", html is not None),
    ]
    names = [name for name, wanted in asked if wanted]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(f'--{name}' for name in names)} exclude each other")
    return names[0] if names else "text"


def put_out(statement: Statement, output: Output, file: Path | None = None) -> None:
    """Print the statement, or write the page to `file`."""
    match output:
        case "json":
            from json import dumps

            from llmswitch.commands.cost_data import as_object

            typer.echo(dumps(as_object(statement), ensure_ascii=False))
        case "csv":
            from llmswitch.commands.cost_data import csv_lines

            typer.echo("\n".join(csv_lines(statement)))
        case "markdown":
            from llmswitch.commands.cost_text import markdown_lines

            typer.echo("\n".join(markdown_lines(statement)))
        case "html":
            if file is not None:
                _write_page(statement, file)
        case "text":
            _show(statement)


def _show(statement: Statement) -> None:
    from llmswitch.commands import cost_text
    from llmswitch.terminal.style import is_terminal, write

    if statement.empty:
        lines = [NOTHING_YET]
    elif is_terminal(sys.stdout):
        lines = cost_text.terminal_lines(statement, sys.stdout)
    else:
        lines = cost_text.plain_lines(statement)
    write(sys.stdout, "".join(f"{line}\n" for line in lines))


def _write_page(statement: Statement, file: Path) -> None:
    from llmswitch.commands.cost_page import page

    try:
        file.touch(mode=0o600)  # it names projects and what they cost; a file that is there keeps its mode
        file.write_text(page(statement), encoding="utf-8")
    except OSError as error:
        raise LlmSwitchError(
            f"{file}: {error.strerror or error}", hint="name a file in a folder that you can write to"
        ) from error
    typer.echo(f"written to {file}", err=True)
