"""`llmswitch pr-description`: title and body of a pull request for a range of commits, on stdout."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from llmswitch.commands.ask_output import TextOutput
    from llmswitch.engine.dispatch import Engine
    from llmswitch.hooks.pr_description import PrDescription

RANGE_HELP = "A..B, or A for A..HEAD; left out: the commits that the remote's default branch does not have."


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("pr-description", help="Write title and body of a pull request: the first line, and the rest.")(
        pr_description
    )


def pr_description(
    ctx: typer.Context,
    span: Annotated[str | None, typer.Argument(metavar="[RANGE]", help=RANGE_HELP, show_default=False)] = None,
    hint: Annotated[
        str, typer.Option("--hint", metavar="TEXT", help="What you want to say about the change.", show_default=False)
    ] = "",
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

    repository = Repository.here()
    wanted = resolve(repository, span)

    async def work(engine: Engine, output: TextOutput) -> int:
        from llmswitch.hooks.pr_description import PrWish
        from llmswitch.hooks.pr_description import pr_description as write

        told = await write(engine, repository, PrWish(wanted, hint, model, lang), output.emit)
        output.status.clear()
        sys.stdout.write(json.dumps(_as_json(told), ensure_ascii=False) + "\n" if as_json else told.text)
        sys.stdout.flush()
        if told.result is not None:
            output.finish(told.result)
        return 0

    return run_work(
        lambda: profile_of(ctx, profile, no_project=no_project), work, quiet=quiet, verbose=verbose, timeout_s=timeout
    )


def _as_json(told: PrDescription) -> dict[str, Any]:
    from llmswitch.commands.ask_output import as_json

    answer = as_json(told.result, with_text=False) if told.result else {"model": None, "cost_usd": None}
    secrets = [{"file": secret.place, "line": secret.line, "rule": secret.rule} for secret in told.secrets]
    return {"title": told.title, "body": told.body, "secrets": secrets, **answer}
