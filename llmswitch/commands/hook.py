"""Hooks: git writes its own messages, checks them, and reviews what is pushed. A hook never stands in git's way."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from llmswitch.commands.hook_status import status
from llmswitch.commands.options import ProfileOption, ProjectOption
from llmswitch.errors import UsageError
from llmswitch.profile.validate import nearest

if TYPE_CHECKING:
    from llmswitch.hooks.install import HooksFolder
    from llmswitch.hooks.review import Review
    from llmswitch.hooks.shim import Hook

NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[HOOK]...",
        help="prepare-commit-msg, commit-msg, pre-push, post-commit; left out: prepare-commit-msg (uninstall: all).",
        show_default=False,
    ),
]
GlobalOption = Annotated[
    bool, typer.Option("--global", help="In all your repositories; tells first what will be done.")
]
ViaOption = Annotated[
    Literal["hooks-path", "template"],
    typer.Option("--via", help="How --global does it: core.hooksPath, or init.templateDir for new repositories."),
]
YesOption = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help=__doc__, rich_markup_mode=None)
    group.command("install", help="Install hooks into this repository; a hook that is there goes on to run.")(install)
    group.command("uninstall", help="Take them out again; what was there before is as it was.")(uninstall)
    group.command("status", help="Say what is installed where, and whether the llmswitch it calls is there.")(status)
    group.command(
        "run",
        help="What an installed hook calls. Exit 0 whatever happens; 10 where you asked to be stopped.",
        context_settings={"ignore_unknown_options": True},
    )(run)
    app.add_typer(group, name="hook")


def install(
    names: NamesArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="All four hooks.")] = False,
    everywhere: GlobalOption = False,
    via: ViaOption = "hooks-path",
    yes: YesOption = False,
) -> None:
    from llmswitch.hooks import install as installing
    from llmswitch.hooks.shim import HOOKS

    hooks = HOOKS if everything else _named(names, ("prepare-commit-msg",))
    program = installing.program()
    if everywhere:
        _install_everywhere(hooks, via, program, yes=yes)
        return
    folder = _folder()
    if folder.shared:
        raise UsageError(
            f"core.hooksPath is set for all your repositories: hooks in {folder.path} run in every one of them",
            hint="`llmswitch hook install --global` adds them there",
        )
    for _, change, found in installing.install(folder.path, hooks, program):
        chained = " (runs the hook that was there first)" if found.foreign else ""
        typer.echo(f"{change}: {found.path}{chained}")
    if folder.tracked:
        _say(f"{folder.path} is part of the repository: git will show the change")
    for note in installing.notes(folder.path, hooks):
        _say(note)


def _install_everywhere(
    hooks: Sequence[Hook], via: Literal["hooks-path", "template"], program: str, *, yes: bool
) -> None:
    from llmswitch.hooks import install_global

    where = install_global.place(via)
    for line in install_global.plan(where, hooks):
        _say(line)
    _confirm(yes=yes)
    for hook, change in install_global.install(where, hooks, program):
        typer.echo(f"{change}: {where.hooks / hook}")


def uninstall(
    names: NamesArgument = None, everywhere: GlobalOption = False, via: ViaOption = "hooks-path", yes: YesOption = False
) -> None:
    from llmswitch.hooks import install as installing
    from llmswitch.hooks import install_global
    from llmswitch.hooks.shim import HOOKS

    if everywhere:
        if names:
            raise UsageError("--global takes all of them out", hint="then install the ones that are to stay")
        where = install_global.place(via)
        ours = f", and unset {install_global.KEYS[via]}" if not where.users_own else ""
        _say(f"this will take the hooks of llmswitch out of {where.hooks}{ours}")
        _confirm(yes=yes)
        for hook, change in install_global.uninstall(where):
            if change != "absent":
                typer.echo(f"{change}: {where.hooks / hook}")
        return
    folder = _folder()
    done = [item for item in installing.uninstall(folder.path, _named(names, HOOKS)) if item[1] == "removed"]
    for _, change, found in done:
        typer.echo(f"{change}: {found.path}{' (the hook that was there stays)' if found.foreign else ''}")
    if not done:
        _say(f"no hook of llmswitch is installed in {folder.path}")


def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="HOOK", help="The hook's name.", show_default=False)],
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[ARGUMENT]...", help="As git gave them.", show_default=False)
    ] = None,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
) -> int:
    from llmswitch.commands.options import Global
    from llmswitch.hooks import run_hook
    from llmswitch.hooks.hook_session import Choice

    said = ctx.find_object(Global) or Global()
    (hook,) = _named([name], ())
    choice = Choice(_show_review, profile or said.profile, project=not (no_project or said.no_project))
    return run_hook.run(hook, arguments or [], choice)


def _show_review(done: Review) -> None:
    """All on stderr, where git leaves it to the person."""
    from llmswitch.commands import review_text

    review_text.print_findings(sys.stderr, done)
    for note in (*review_text.notes(done), review_text.verdict(done)):
        _say(note)


def _named(names: Sequence[str] | None, otherwise: Sequence[Hook]) -> Sequence[Hook]:
    """The names as hooks that we know. Raises UsageError."""
    from llmswitch.hooks.shim import HOOKS

    for name in names or ():
        if name not in HOOKS:
            raise UsageError(f"llmswitch has no hook {name!r}{nearest(name, HOOKS)}")
    return [hook for hook in HOOKS if hook in names] if names else otherwise


def _folder() -> HooksFolder:
    from llmswitch.hooks.install import hooks_folder
    from llmswitch.hooks.repository import Repository

    return hooks_folder(Repository.here())


def _confirm(*, yes: bool) -> None:
    """Go on where it was said before, or is said now. Nobody is asked who can't answer: UsageError."""
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("nothing was done: there is no terminal to ask on", hint="--yes does it")
    if not typer.confirm("Do it?", err=True):
        _say("nothing was done")
        raise typer.Exit(1)


def _say(text: str) -> None:
    from llmswitch.terminal.progress import Status

    Status(sys.stderr, quiet=False).note(text)
