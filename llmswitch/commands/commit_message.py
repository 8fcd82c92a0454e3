"""`llmswitch commit-message`: a message for what is staged, on stdout, for lazygit, editors and scripts."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
    from llmswitch.hooks.message import CommitMessage


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("commit-message", help="Write a commit message for what is staged, and print it.")(commit_message)


def commit_message(
    ctx: typer.Context,
    amend: Annotated[bool, typer.Option("--amend", help="For a commit that replaces the last one.")] = False,
    hint: Annotated[
        str, typer.Option("--hint", metavar="TEXT", help="What you want to say about the change.", show_default=False)
    ] = "",
    style: Annotated[
        Literal["auto", "conventional", "plain", "gitmoji"] | None,
        typer.Option("--style", help="How it is written; auto: as in this repository's log.", show_default=False),
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

    repository = Repository.here()

    async def work(engine: Engine, output: TextOutput) -> int:
        from llmswitch.hooks.message import MessageWish
        from llmswitch.hooks.message import commit_message as write

        wish = MessageWish(hint=hint, amend=amend, style=style, language=lang, model=model)
        message = await write(engine, repository, wish, output.emit)
        output.status.clear()
        sys.stdout.write(json.dumps(_as_json(message), ensure_ascii=False) + "\n" if as_json else message.text)
        sys.stdout.flush()
        if message.result is not None:
            output.finish(message.result)
        return 0

    return run_work(
        lambda: profile_of(ctx, profile, no_project=no_project), work, quiet=quiet, verbose=verbose, timeout_s=timeout
    )


def _as_json(message: CommitMessage) -> dict[str, Any]:
    from llmswitch.commands.ask_output import as_json

    subject, _, rest = message.text.rstrip("\n").partition("\n")
    answer = as_json(message.result, with_text=False) if message.result else {"model": None, "cost_usd": None}
    secrets = [{"file": secret.place, "line": secret.line, "rule": secret.rule} for secret in message.secrets]
    return {"message": message.text, "subject": subject, "body": rest.strip("\n"), "secrets": secrets, **answer}
