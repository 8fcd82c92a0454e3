"""`llmswitch review`: what is wrong with the staged change or a range of commits, with file and line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from llmswitch.commands.git_options import (
    JsonOption,
    LanguageOption,
    ModelOption,
    QuietOption,
    TimeoutOption,
    VerboseOption,
    run_work,
)
from llmswitch.commands.options import ProfileOption, ProjectOption, profile_of
from llmswitch.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from llmswitch.commands.ask_output import TextOutput
    from llmswitch.engine.dispatch import Engine
    from llmswitch.hooks.review import Review

RANGE_HELP = "A..B, or A for A..HEAD; left out: the commits that the remote's default branch does not have."


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("review", help="Review a range of commits or what is staged: file, line, severity.")(review)


def review(
    ctx: typer.Context,
    span: Annotated[str | None, typer.Argument(metavar="[RANGE]", help=RANGE_HELP, show_default=False)] = None,
    staged: Annotated[bool, typer.Option("--staged", help="Review what is staged.")] = False,
    fail_on: Annotated[
        Literal["low", "medium", "high", "critical"] | None,
        typer.Option("--fail-on", help="Exit 10 for a finding of this severity or a worse one.", show_default=False),
    ] = None,
    lang: LanguageOption = None,
    model: ModelOption = None,
    profile: ProfileOption = None,
    timeout: TimeoutOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    no_project: ProjectOption = False,
) -> int:
    from llmswitch.hooks.repository import Repository
    from llmswitch.hooks.staged import resolve

    if staged and span is not None:
        raise UsageError("--staged and a range exclude each other")
    repository = Repository.here()
    wanted = None if staged else resolve(repository, span)

    async def work(engine: Engine, output: TextOutput) -> int:
        from llmswitch.hooks.review import ReviewWish
        from llmswitch.hooks.review import review as run

        wish = ReviewWish(span=wanted, model=model, language=lang)
        done = await run(engine, repository, wish, output.emit)
        return show(done, output, as_json=as_json, fail_on=fail_on)

    return run_work(
        lambda: profile_of(ctx, profile, no_project=no_project), work, quiet=quiet, verbose=verbose, timeout_s=timeout
    )


def show(done: Review, output: TextOutput, *, as_json: bool, fail_on: str | None) -> int:
    """Print the review and return the exit code: 10 for a finding that `fail_on` means, else that of a failed portion."""
    from llmswitch.commands import review_text
    from llmswitch.terminal.error_lines import render_error

    output.status.clear()
    if as_json:
        sys.stdout.write(review_text.as_json(done))
        sys.stdout.flush()
    else:
        review_text.print_findings(sys.stdout, done)
    if not output.quiet:
        for note in review_text.notes(done):
            output.note(note)
        output.note(review_text.verdict(done))
    for error in done.errors:
        output.err.write(render_error(f"a portion was not reviewed: {error.message}", error.hint))
    if fail_on is not None and done.blocking(fail_on):
        return int(ExitCode.BLOCKED)
    return int(done.errors[0].exit_code) if done.errors else int(ExitCode.OK)
