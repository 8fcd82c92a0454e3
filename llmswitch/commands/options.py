"""Options that several commands share, and what they load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from llmswitch.commands import live_values

if TYPE_CHECKING:
    from llmswitch.profile import Profile

ProfileOption = Annotated[
    str | None,
    typer.Option(
        "-P",
        "--profile",
        metavar="NAME|PATH",
        help="Profile to use (a file wins over a shipped name).",
        show_default=False,
        autocompletion=live_values.profiles,
    ),
]
SystemOption = Annotated[
    str | None, typer.Option("-s", "--system", metavar="TEXT", help="System prompt.", show_default=False)
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "-m",
        "--model",
        metavar="NAME",
        help="Ask this model: one of the profile, or PROVIDER/ID.",
        show_default=False,
        autocompletion=live_values.models,
    ),
]
TaskOption = Annotated[
    str | None,
    typer.Option(
        "--task",
        metavar="TASK",
        help="Say the task instead of classifying.",
        show_default=False,
        autocompletion=live_values.tasks,
    ),
]
MaxTokensOption = Annotated[
    int | None,
    typer.Option("--max-tokens", min=1, metavar="N", help="The longest answer, in tokens.", show_default=False),
]
ProjectOption = Annotated[bool, typer.Option("--no-project", help="Ignore the project's .llmswitch.toml.")]


@dataclass(slots=True)
class Global:
    """What the options before the command said."""

    profile: str | None = None
    no_project: bool = False


def profile_of(ctx: typer.Context, profile: str | None = None, *, no_project: bool = False) -> Profile:
    """The profile of this call: the command's own option, else the one before the command, else the chosen one."""
    from llmswitch.profile import load_profile

    said = ctx.find_object(Global) or Global()
    return load_profile(profile or said.profile, project=not (no_project or said.no_project))
