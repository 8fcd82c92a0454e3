"""What the key bindings of `llmswitch init SHELL --keys` call: a wish into a command line, a failed command explained."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of

ShellOption = Annotated[str, typer.Option("--shell", metavar="NAME", help="The shell the command is for.")]


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help=__doc__, rich_markup_mode=None)
    group.command("suggest", help="Turn a wish into one command line and print it. It is never run.")(suggest)
    group.command("why", help="Explain why a command may have failed.")(why)
    app.add_typer(group, name="shell")


def suggest(
    ctx: typer.Context,
    wish: Annotated[list[str], typer.Argument(metavar="WISH...", help="What the command should do.")],
    shell: ShellOption = "sh",
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> int:
    """`llmswitch shell suggest "the ten largest files below here"`."""
    from llmswitch.commands.shell_answer import suggestion

    line = suggestion(" ".join(wish), shell, profile_of(ctx, profile, no_project=no_project))
    sys.stdout.write(line + "\n")
    return 0


def why(
    ctx: typer.Context,
    command: Annotated[list[str], typer.Argument(metavar="COMMAND...", help="The command line.")],
    status: Annotated[int, typer.Option("--status", metavar="N", help="The exit code it ended with.")] = 1,
    shell: ShellOption = "sh",
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> int:
    """Only the command line and its exit code are sent, not its output; what looks like a key is taken out first."""
    from llmswitch.commands.shell_answer import explanation

    if status == 0:
        sys.stderr.write("llmswitch: the last command did not fail\n")
        return 0
    return explanation(" ".join(command), status, shell, profile_of(ctx, profile, no_project=no_project))
