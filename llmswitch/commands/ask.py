"""`llmswitch ask`: the prompt in, the answer out on stdout; everything else on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

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

PROMPT_HELP = "The prompt; `-` stands for standard input. Piped text is added after it, files in between."


class OptionalModel(TyperCommand):
    """Lets `--second-opinion` stand alone; a model is given as `--second-opinion=MODEL`, so that a prompt may follow."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a `--second-opinion` without a value an empty one."""
        end = args.index("--") if "--" in args else len(args)
        options = [f"{word}= " if word == "--second-opinion" else word for word in args[:end]]
        return super().parse_args(ctx, options + args[end:])


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("ask", help="Answer a prompt: the answer on stdout, everything else on stderr.", cls=OptionalModel)(ask)


def ask(
    ctx: typer.Context,
    prompt: Annotated[
        list[str] | None, typer.Argument(metavar="[PROMPT]...", help=PROMPT_HELP, show_default=False)
    ] = None,
    file: Annotated[
        list[Path] | None,
        typer.Option(
            "-f", "--file", metavar="PATH", help="Add a text file or an image; any number of times.", show_default=False
        ),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            "-t",
            "--template",
            metavar="NAME",
            help="Put the prompt into this template.",
            show_default=False,
            autocompletion=live_values.templates,
        ),
    ] = None,
    var: Annotated[
        list[str] | None,
        typer.Option(
            "--var",
            metavar="NAME=VALUE",
            help="A value for the template; NAME=@FILE takes a file's text.",
            show_default=False,
        ),
    ] = None,
    system: SystemOption = None,
    model: ModelOption = None,
    task: TaskOption = None,
    profile: ProfileOption = None,
    max_tokens: MaxTokensOption = None,
    schema: Annotated[
        str | None,
        typer.Option(
            "--schema", metavar="FILE|JSON", help="Answer with JSON of this JSON Schema, validated.", show_default=False
        ),
    ] = None,
    second_opinion: Annotated[
        str | None,
        typer.Option(
            "--second-opinion",
            metavar="[=MODEL]",
            help="Let another family's strongest model (or MODEL) review the answer.",
            show_default=False,
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option("--compare", metavar="A,B,C", help="Ask several models; print all answers.", show_default=False),
    ] = None,
    continued: Annotated[
        bool, typer.Option("-c", "--continue", help="Go on with the newest session (of this project).")
    ] = False,
    session: Annotated[
        str | None,
        typer.Option(
            "--session",
            metavar="NAME",
            help="Go on with this session, or start it; it is kept.",
            show_default=False,
            autocompletion=live_values.sessions,
        ),
    ] = None,
    pin: Annotated[
        bool | None,
        typer.Option("--pin/--no-pin", help="Keep the session's model, or route every turn.", show_default=False),
    ] = None,
    editor: Annotated[bool, typer.Option("--editor", help="Write the prompt in $VISUAL or $EDITOR.")] = False,
    allow_unknown_price: Annotated[
        bool,
        typer.Option("--allow-unknown-price", help="Let a model without a known price pass the budget."),
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Give up after this long.", show_default=False),
    ] = None,
    max_cost: Annotated[
        str | None,
        typer.Option("--max-cost", metavar="USD", help="The most this may cost, as in 0.05.", show_default=False),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither answer from the cache nor keep the answer for repeats.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask again, and keep the new answer instead of the kept one.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show task, route and costs; call nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    json_stream: Annotated[bool, typer.Option("--json-stream", help="Print one JSON event a line.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Print the answer as it comes, also on a terminal.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Nothing on stderr but errors.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Tell about the route and show reasoning, on stderr.")
    ] = False,
    no_stdin: Annotated[bool, typer.Option("--no-stdin", help="Do not read standard input.")] = False,
    no_project: ProjectOption = False,
) -> int:
    from llmswitch.commands.ask_run import Call, Output, amount, run

    output: Output = "json" if as_json else "json-stream" if json_stream else "raw" if raw else "auto"
    call = Call(
        words=tuple(prompt or ()),
        files=tuple(file or ()),
        template=template,
        variables=tuple(var or ()),
        system=system,
        model=model,
        task=task,
        max_tokens=max_tokens,
        schema=schema,
        second_opinion=None if second_opinion is None else second_opinion.strip(),
        compare=compare,
        session=session,
        continued=continued,
        pin=pin,
        allow_unknown_price=allow_unknown_price,
        timeout_s=timeout,
        max_cost=None if max_cost is None else amount(max_cost),
        no_cache=no_cache,
        refresh=refresh,
        editor=editor,
        explain=explain,
        output=output,
        quiet=quiet,
        verbose=verbose,
        use_stdin=not no_stdin,
    )
    return run(call, lambda: profile_of(ctx, profile, no_project=no_project), ctx.get_help)
