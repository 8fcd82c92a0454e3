"""The Typer app, the global options, and the one error boundary: error → message on stderr → exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated

import typer

import llmswitch
from llmswitch import errors
from llmswitch.commands.options import Global, ProfileOption, ProjectOption
from llmswitch.errors import ExitCode, LlmSwitchError

COMMANDS = (
    "ask",
    "batch",
    "classify",
    "wrong",
    "cost",
    "plan",
    "status",
    "history",
    "cache",
    "profile",
    "models",
    "prices",
    "ledger",
    "hook",
    "commit-message",
    "review",
    "pr-description",
    "template",
    "key",
    "init",
    "shell",
)
"""One module of `llmswitch.commands` each, in the order of `--help`; its `register(app)` adds the verb."""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"llmswitch {llmswitch.__version__}")
        raise typer.Exit


def _global(
    ctx: typer.Context,
    profile: ProfileOption = None,
    no_project: ProjectOption = False,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    ctx.obj = Global(profile, no_project)


def build(verbs: Sequence[str] = COMMANDS) -> typer.Typer:
    """The app with these verbs. A start that knows its verb builds only that one, which is half of a start."""
    app = typer.Typer(
        name="llmswitch",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Label the task, pick the model, stream the answer, keep the bill.",
    )
    app.callback()(_global)
    for verb in verbs:
        import_module(f"llmswitch.commands.{verb.replace('-', '_')}").register(app)
    return app


def verbs_of(arguments: Sequence[str]) -> Sequence[str]:
    """The verb of a command line, or all of them where it is not plain which one it is (help, a typo, completion)."""
    words = iter(arguments)
    for word in words:
        if word in ("-P", "--profile"):
            next(words, None)
        elif word != "--no-project" and not word.startswith("--profile="):
            return (word,) if word in COMMANDS else COMMANDS
    return COMMANDS


COMPLETE = "_LLMSWITCH_COMPLETE"
"""Typer's own variable: a shell asks for what may come next, with the line so far in `_TYPER_COMPLETE_ARGS`."""


def verbs_to_complete() -> Sequence[str]:
    """The verb of the line that a shell asks about, or all where the verb itself is not complete yet."""
    import shlex

    from typer.completion import get_completion_inspect_parameters

    get_completion_inspect_parameters()  # makes Typer know the shells without its --install-completion
    line = os.environ.get("_TYPER_COMPLETE_ARGS", "")
    try:
        words = shlex.split(line)[1:]
    except ValueError:  # a quote that is still open
        words = line.split()[1:]
    return verbs_of(words if line[-1:].isspace() else words[:-1])


def run(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit code. Every error ends here."""
    words = sys.argv[1:] if arguments is None else arguments
    _open_missing_streams()
    verbs = verbs_to_complete() if COMPLETE in os.environ else verbs_of(words)
    try:
        code = build(verbs)(args=words, prog_name="llmswitch", standalone_mode=False)
    except LlmSwitchError as error:
        _say(error.message, error.hint)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Typer turns a closed pipe into a plain failure
            return _reader_gone()
        return end.code if isinstance(end.code, int) else int(ExitCode.FAILED)
    except typer.Abort:
        return int(ExitCode.INTERRUPTED)
    except OSError as error:
        return _unwritable(error) if error.errno in _OUTPUT_ERRORS else _bug(error)
    except Exception as error:  # noqa: BLE001 - the boundary: a bug becomes one line and a log
        if shown := _usage_error(error):
            return shown
        return _bug(error)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    except OSError as error:
        return _unwritable(error)
    return int(code) if isinstance(code, int) else 0


def _usage_error(error: Exception) -> int | None:
    """Click's own errors (an unknown option, a missing argument) print themselves."""
    show = getattr(error, "show", None)
    if show is None or not hasattr(error, "exit_code"):
        return None
    show()
    return int(ExitCode.USAGE)


def _say(message: str, hint: str | None) -> None:
    from llmswitch.terminal.error_lines import render_error

    sys.stderr.write(render_error(message, hint))


_OUTPUT_ERRORS = (errno.ENOSPC, errno.EIO, errno.EBADF)


def _open_missing_streams() -> None:
    """A program may be started with stdout or stderr closed (`>&-`): what is written there then goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - lives as long as we do


def _unwritable(error: OSError) -> int:
    _say(f"the output can't be written: {error.strerror}", None)
    _reader_gone()
    return int(ExitCode.FAILED)


def _reader_gone() -> int:
    """The reader closed the pipe: end quietly, and let nothing be written at interpreter exit."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, sys.stdout.fileno())
    return int(ExitCode.READER_GONE)


def _bug(error: Exception) -> int:
    from llmswitch.crash_log import write

    path = write(error)
    _say(
        f"this is a bug in llmswitch: {type(error).__name__}",
        f"paste {path} into a report (keys are taken out; read it first)" if path else "the log could not be written",
    )
    return int(errors.ExitCode.FAILED)
