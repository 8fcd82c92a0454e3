"""Templates: prompts worth keeping, with variables, for `ask -t NAME`."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from llmswitch.commands import live_values
from llmswitch.commands.options import SystemOption
from llmswitch.errors import ExitCode, InputError, UsageError

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A template's name.", autocompletion=live_values.templates)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    group = typer.Typer(no_args_is_help=True, help=__doc__, rich_markup_mode=None)
    group.command("list", help="List the templates: yours, then the shipped ones.")(list_templates)
    group.command("show", help="Print a template as its file has it.")(show)
    group.command("save", help="Keep a prompt under a name.")(save)
    group.command("remove", help="Forget a template of yours.")(remove)
    app.add_typer(group, name="template")


def list_templates(as_json: JsonOption = False) -> None:
    """Name, variables, what it is for."""
    from llmswitch import template
    from llmswitch.terminal.tables import render_table

    found = [template.load(name) for name in template.names()]
    own = template.own_dir()
    if as_json:
        rows = [
            {
                "name": one.name,
                "description": one.description,
                "task": one.task,
                "variables": list(one.variables),
                "defaults": dict(one.defaults),
                "own": one.file is not None and one.file.parent == own,
                "file": str(one.file),
            }
            for one in found
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    table = [(one.name, one.description, " ".join(one.variables)) for one in found]
    sys.stdout.write(render_table(("template", "what for", "variables"), table, stream=sys.stdout, flexible=(1,)))


def show(name: NameArgument) -> None:
    """The TOML; a shipped one is a good start for one of your own."""
    from llmswitch import template

    found = template.load(name)
    typer.echo(template.as_toml(found), nl=False)


def save(
    name: NameArgument,
    prompt: Annotated[
        str | None,
        typer.Argument(metavar="[PROMPT]", help="The text; left out or `-`: from standard input.", show_default=False),
    ] = None,
    description: Annotated[
        str, typer.Option("--description", metavar="TEXT", help="One line for `template list`.", show_default=False)
    ] = "",
    system: SystemOption = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar="TASK",
            help="Its task; left out: classified each time.",
            show_default=False,
            autocompletion=live_values.tasks,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--model",
            metavar="NAME",
            help="Always ask this model.",
            show_default=False,
            autocompletion=live_values.models,
        ),
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option("--default", metavar="NAME=VALUE", help="A variable's default.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the one there is.")] = False,
) -> None:
    """`llmswitch template save review-go 'Review {{file}} for data races'`."""
    from llmswitch import template
    from llmswitch.tasks import TASKS

    if task is not None and task not in TASKS:
        raise UsageError(f"{task!r} is not a task; tasks are {', '.join(TASKS)}")
    text = _text(prompt)
    defaults = template.values_of(default or [])
    made = template.Template(name, text, description, system, task, model, defaults)
    for unused in defaults.keys() - set(made.variables):
        raise UsageError(f"the template has no variable {unused!r}", hint=f"write it as {{{{{unused}}}}} in the prompt")
    file = template.save(made, replace=force)
    taken = f", with {' '.join(made.variables)}" if made.variables else ""
    sys.stderr.write(f"llmswitch: template {name} is kept in {file}{taken}\n")


def remove(name: NameArgument) -> int:
    """Only your own can be removed."""
    from llmswitch import template

    found = template.load(name)
    if found.file is None or found.file.parent != template.own_dir():
        sys.stderr.write(f"llmswitch: {name} is a shipped template; save one of that name to put yours in its place\n")
        return int(ExitCode.FAILED)
    found.file.unlink()
    sys.stderr.write(f"llmswitch: template {name} is removed\n")
    return int(ExitCode.OK)


def _text(prompt: str | None) -> str:
    if prompt in (None, "-"):
        if sys.stdin.isatty():
            sys.stderr.write("llmswitch: reading the template from the terminal; Ctrl-D ends it\n")
        prompt = sys.stdin.read()
    if prompt is None or not prompt.strip():
        raise InputError("the template is empty; nothing was kept")
    return prompt
