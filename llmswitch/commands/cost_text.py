"""A cost report for people: aligned text in a pipe, a table on a terminal.

A call that cost nothing is never shown as $0: it says `plan`, `local` or `free`. An unknown price is `?`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from llmswitch.ledger.budget import State
from llmswitch.ledger.figures import Figures
from llmswitch.ledger.report import Report

_HEADINGS = ("calls", "failed", "in", "out", "cash", "imputed")
_CENT, _SMALLEST = Decimal("0.01"), Decimal("0.0001")


def plain_lines(report: Report, today: Report | None = None, budget: Sequence[State] = ()) -> list[str]:
    """The whole report as lines of text."""
    lines = [_headline(one) for one in (today, report) if one]
    if report.groups:
        lines += ["", *_aligned([_header(report), *_rows(report), _total(report)], len(report.by))]
    notes = [f"{name:<9}  {text}" if name else text for name, text in _notes(report, budget)]
    return [*lines, *(["", *notes] if notes else [])]


def show_on_terminal(report: Report, today: Report | None = None, budget: Sequence[State] = ()) -> None:
    """Print the report with rich: the imputed column dim, the total below a rule."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    for one in (today, report):
        if one:
            console.print(Text(_headline(one), style="bold"), soft_wrap=True)
    if report.groups:
        table = Table(box=box.SIMPLE_HEAD, header_style="dim", show_footer=True, footer_style="bold", pad_edge=False)
        for number, (heading, footer) in enumerate(zip(_header(report), _total(report), strict=True)):
            name = number < len(report.by)
            table.add_column(
                Text(heading),
                Text(footer),
                style="dim" if heading == "imputed" else None,
                justify="left" if name else "right",
                overflow="fold" if name else "ellipsis",
                no_wrap=not name,
                min_width=8 if name else None,
            )
        for row in _rows(report):
            table.add_row(*(Text(cell) for cell in row))
        console.print(table)
    for label, text in _notes(report, budget):
        line = Text.assemble((f"{label:<9}  " if label else "", "bold"), (text, "" if label else "dim"))
        console.print(line, soft_wrap=True)


def money(usd: Decimal) -> str:
    """Dollars: cents from a dollar on, four places below, `<$0.0001` for what rounds to nothing."""
    sign, usd = ("-", -usd) if usd < 0 else ("", usd)
    if 0 < usd < _SMALLEST / 2:
        return f"{sign}<$0.0001"
    return f"{sign}${usd:,.2f}" if usd >= 1 or usd == 0 else f"{sign}${usd:.4f}"


def cash(figures: Figures) -> str:
    """What was owed, and in words what was not: `$1.20 + plan + ?`."""
    parts = [money(figures.cash)] if figures.paid_calls else []
    counts = (("plan", figures.plan_calls), ("local", figures.local_calls), ("free", figures.free_calls))
    parts += [word for word, count in counts if count]
    parts += ["?"] if figures.unknown_cost_calls else []
    return " + ".join(parts) or "–"


def count(tokens: int) -> str:
    """A number of tokens in four characters or so: 950, 12.3K, 4.5M."""
    for limit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "K")):
        if tokens >= limit:
            return f"{tokens / limit:.1f}{letter}"
    return str(tokens)


def _headline(report: Report) -> str:
    figures = report.total
    if not figures.calls:
        return f"{report.period.label:<9}  no calls{_hits(report)}"
    imputed = f" · imputed {money(figures.imputed)}" if figures.imputed_calls else ""
    tokens = f"{count(figures.tokens.prompt_tokens)} in, {count(figures.tokens.output_tokens)} out"
    calls = f"{figures.calls} call{'' if figures.calls == 1 else 's'}"
    return f"{report.period.label:<9}  {cash(figures)} · {calls} · {tokens}{imputed}{_hits(report)}"


def _hits(report: Report) -> str:
    return f" · {report.cache_hits} from the cache" if report.cache_hits else ""


def _header(report: Report) -> list[str]:
    return [*report.by, *_HEADINGS]


def _rows(report: Report) -> list[list[str]]:
    return [[*("–" if key is None else key for key in group.keys), *_cells(group.figures)] for group in report.groups]


def _total(report: Report) -> list[str]:
    """The sums. Its cash names no kinds of calls: the rows do, and the column stays narrow."""
    cells = _cells(report.total)
    if report.total.paid_calls:
        cells[4] = money(report.total.cash) + (" + ?" if report.total.unknown_cost_calls else "")
    return ["total", *[""] * (len(report.by) - 1), *cells]


def _cells(figures: Figures) -> list[str]:
    return [
        str(figures.calls),
        str(figures.failed_calls or "–"),
        count(figures.tokens.prompt_tokens),
        count(figures.tokens.output_tokens),
        cash(figures),
        money(figures.imputed) if figures.imputed_calls else "–",
    ]


def _aligned(rows: list[list[str]], left: int) -> list[str]:
    """Columns two spaces apart: the first `left` to the left, the others to the right."""
    widths = [max(_width(row[number]) for row in rows) for number in range(len(rows[0]))]
    return ["  ".join(_padded(cell, widths[n], n < left) for n, cell in enumerate(row)).rstrip() for row in rows]


def _padded(cell: str, width: int, to_the_left: bool) -> str:
    gap = " " * (width - _width(cell))
    return cell + gap if to_the_left else gap + cell


def _width(text: str) -> int:
    """Columns on a terminal: a project's name may be Japanese."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _notes(report: Report, budget: Sequence[State]) -> list[tuple[str, str]]:
    """What stands below the table: name and text."""
    notes = [("budget", state.text) for state in budget]
    if report.plan_fees:
        each = ", ".join(f"{plan.name} {money(Decimal(plan.fee_usd))}" for plan in report.plans.values())
        notes.append(("plan fees", f"{money(report.plan_fees)} a month ({each}); not a part of cash"))
    if report.total.baseline:
        model = report.baseline_model.rpartition("/")[2]
        notes.append(
            (
                "baseline",
                f"about {money(report.total.baseline)}: the same successful calls on {model} over the API, at list price",
            )
        )
        savings = report.savings(report.total, report.plan_fees)
        if savings is not None:
            less = "cash and plan fees" if report.plan_fees else "cash"
            notes.append(("savings", f"about {money(savings)}: an estimate, baseline less {less}"))
    if unknown := report.total.unknown_cost_calls:
        calls = "1 call has" if unknown == 1 else f"{unknown} calls have"
        notes.append(("", f"? {calls} no known cost and no part in these amounts; more may be owed"))
    return notes
