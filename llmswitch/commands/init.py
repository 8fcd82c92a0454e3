"""`llmswitch init SHELL`: the script that makes a shell know llmswitch: completion, and key bindings where they are wanted."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

HELP = "Print a shell's completion script; with --keys also key bindings."
SCRIPTS = Path(__file__).parent.parent / "shell_scripts"


class Shell(StrEnum):
    """The shells there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("init", help=HELP)(init)


def init(
    shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", help="The shell.")],
    keys: Annotated[
        bool,
        typer.Option(
            "--keys",
            help="Bind Ctrl-X Ctrl-A (turn the line into a command, never run) and Ctrl-X Ctrl-W (why did the last one fail).",
        ),
    ] = False,
) -> None:
    """Print the script. In a file that the shell reads at its start it costs nothing; `eval "$(…)"` costs a start of Python."""
    parts = ["completion", "keys"] if keys else ["completion"]
    for part in parts:
        typer.echo((SCRIPTS / f"{part}.{shell.value}").read_text(encoding="utf-8"), nl=False)
