"""An outlook for people: a table for one profile, profiles side by side for several, then what it rests on."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, TextIO

import typer

from llmswitch.commands.cost_table import count
from llmswitch.commands.plan_query import Outlook
from llmswitch.commands.plan_tables import calls_text, model_text, saving_text, tables
from llmswitch.ledger import price_list
from llmswitch.ledger.expected import Expected
from llmswitch.terminal.currency import Currency
from llmswitch.terminal.markdown_cells import escaped
from llmswitch.terminal.named_lines import Note, named_lines
from llmswitch.terminal.style import BOLD, is_terminal, paint, uses_color, width, write
from llmswitch.terminal.tables import render_table

Output = Literal["text", "json", "markdown"]


def put_out(outlook: Outlook, output: Output) -> None:
    """Print the outlook."""
    if output == "json":
        from json import dumps

        from llmswitch.commands.plan_data import as_object

        typer.echo(dumps(as_object(outlook), ensure_ascii=False))
        return
    lines = markdown_lines(outlook) if output == "markdown" else text_lines(outlook, sys.stdout)
    write(sys.stdout, "".join(f"{line}\n" for line in lines))


def text_lines(outlook: Outlook, stream: TextIO) -> list[str]:
    """The outlook as text: styled and fitted to its width on a terminal, plain and whole in a pipe."""
    colored, room = uses_color(stream), width(stream) if is_terminal(stream) else None
    lines = named_lines([headline(outlook)], room=room)
    lines = [paint(line, BOLD if colored else "") for line in lines]
    for table in tables(outlook):
        text = render_table(
            table.headings,
            table.rows,
            stream=stream,
            right=range(table.names, len(table.headings)),
            flexible=range(table.names),
            footer=table.footer,
        )
        lines += ["", *text.splitlines()]
    return [*lines, "", *named_lines(notes(outlook), colored=colored, room=room)]


def markdown_lines(outlook: Outlook) -> list[str]:
    """The same as Markdown."""
    lines = [f"**{escaped(' '.join(part for part in headline(outlook) if part))}**", ""]
    for table in tables(outlook):
        marks = ["---" if number < table.names else "--:" for number in range(len(table.headings))]
        rows = [[escaped(cell) for cell in row] for row in table.rows]
        footer = [[f"**{escaped(cell)}**" if cell else "" for cell in table.footer]] if table.footer else []
        lines += [f"| {' | '.join(row)} |" for row in (table.headings, marks, *rows, *footer)] + [""]
    return [*lines, *(f"- {name}: {escaped(text)}" if name else f"- {escaped(text)}" for name, text in notes(outlook))]


def headline(outlook: Outlook) -> Note:
    """What month it is about."""
    month = outlook.month
    source = {
        "scenario": f"scenario {month.label}",
        "mix": "a usual mix of tasks, not yours",
        "ledger": f"like {month.label}" if month.period and not month.period.month else f"like your {month.label}",
    }[month.source]
    calls = f" · {calls_text(month.calls)} calls" if month.calls is not None else ""
    tokens = f"{count(month.tokens.prompt_tokens)} in, {count(month.tokens.output_tokens)} out"
    return ("a month", f"{source}{calls} · {tokens}")


def notes(outlook: Outlook) -> list[Note]:
    """What stands below the tables."""
    show, found = outlook.currency, list[Note]()
    for expected in outlook.profiles:
        name = expected.profile if len(outlook.profiles) > 1 else None
        found += _bill(expected, show) if name is None else []
        if expected.unused:
            each = _each(expected.unused, show)
            found.append((name or "unused", f"the fees leave out what none of this would use: {each}"))
        if expected.unknown:
            found.append((name or "unknown", _unknown(expected)))
    said = [*outlook.month.rests_on, *_always(outlook)]
    found += [("rests on" if number == 0 else "", text) for number, text in enumerate(said)]
    if show.code != "USD":
        found.append((None, f"amounts in {show.code} at {show.rate} for a US dollar, for display"))
    return found


def _bill(expected: Expected, show: Currency) -> list[Note]:
    more = " + ?" if expected.unknown else ""
    fees = f"{show.text(expected.fixed)} of fees ({_each(expected.fees, show)}) and " if expected.fees else ""
    found: list[Note] = [
        ("expected", f"{show.text(expected.total)}{more} a month: {fees}{show.text(expected.cash)}{more} of cash")
    ]
    if expected.saving is not None and expected.baseline:
        model = expected.baseline_model.rpartition("/")[2]
        alone = f"all of it on {model} over the API would be {show.text(expected.baseline)}, without a plan"
        said = f"about {saving_text(expected, show)}" if expected.saving > 0 else "none"
        found.append(("saving", f"{said}: {alone}"))
    return found


def _always(outlook: Outlook) -> list[str]:
    """What every outlook takes for granted."""
    said = [
        f"prices of today ({price_list.version()}, taken in on {price_list.made()}), the same tokens on every model"
    ]
    if any(volume.task for volume in outlook.month.volumes):
        said.append(
            "each task goes to the first model of its route; no failures, no fallback, no answers from the cache"
        )
    if any(one.fees for one in outlook.profiles):
        said.append("the plans' windows hold all that is sent to them")
    return said


def _unknown(expected: Expected) -> str:
    names = dict.fromkeys(model_text(line) if line.model else f"task {line.volume.task}" for line in expected.unknown)
    return f"? no price is known of {', '.join(names)}: no part of these amounts has it, and more may be owed"


def _each(fees: Mapping[str, Decimal], show: Currency) -> str:
    return ", ".join(f"{name} {show.text(fee)}" for name, fee in fees.items())
