"""`llmswitch batch`: many prompts from a JSONL file, results in the same order, with an estimate first and resume after."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llmswitch.commands import live_values
from llmswitch.commands.options import (
    MaxTokensOption,
    ModelOption,
    ProfileOption,
    ProjectOption,
    SystemOption,
    TaskOption,
    profile_of,
)

HELP = "Answer every prompt of a JSONL file; results in the same order, one ledger row each."


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("batch", help=HELP)(batch)


def batch(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.jsonl",
            help='One object a line: {"prompt": …} and, if wanted, id, system, task, model, max_tokens, schema, vars, '
            "metadata. `-` is standard input.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT.jsonl",
            help="Write the results here; the same command goes on after an interruption. Left out: standard output.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, max=64, help="Prompts under way at once.")] = 4,
    template: Annotated[
        str | None,
        typer.Option(
            "-t",
            "--template",
            metavar="NAME",
            help="Put each prompt into this template; `vars` of a line are its variables.",
            show_default=False,
            autocompletion=live_values.templates,
        ),
    ] = None,
    system: SystemOption = None,
    model: ModelOption = None,
    task: TaskOption = None,
    profile: ProfileOption = None,
    max_tokens: MaxTokensOption = None,
    max_cost: Annotated[
        str | None,
        typer.Option("--max-cost", metavar="USD", help="The most the whole batch may cost.", show_default=False),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", min=0.1, metavar="SECONDS", help="Give up on a prompt after this long.", show_default=False
        ),
    ] = None,
    allow_unknown_price: Annotated[
        bool, typer.Option("--allow-unknown-price", help="Let a model without a known price pass the budget.")
    ] = False,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask; begin.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the estimate; send nothing.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Nothing on stderr but errors.")] = False,
    no_project: ProjectOption = False,
) -> int:
    from llmswitch.commands.ask_run import amount
    from llmswitch.commands.batch_run import Call, run

    call = Call(
        file=file,
        output=output,
        jobs=jobs,
        template=template,
        system=system,
        model=model,
        task=task,
        max_tokens=max_tokens,
        max_cost=None if max_cost is None else amount(max_cost),
        timeout_s=timeout,
        allow_unknown_price=allow_unknown_price,
        yes=yes,
        dry_run=dry_run,
        quiet=quiet,
    )
    return run(call, profile_of(ctx, profile, no_project=no_project))
