"""The table of a statement: one row for each group, the sums last. The same cells in a pipe, on a terminal and on a page.

A call that cost nothing is never shown as $0: it says `plan`, `local` or `free`. An unknown price is `?`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from llmswitch.commands.cost_query import Statement
from llmswitch.ledger.figures import Day, Figures
from llmswitch.ledger.report import Report
from llmswitch.terminal.currency import Currency

NOTHING = "–"
Keys = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, rows and the row of sums; the first `keys` columns are names, the others numbers. `trends` has the
    values of each row's days."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    footer: tuple[str, ...]
    keys: int
    trends: tuple[tuple[float, ...], ...]

    @property
    def imputed(self) -> tuple[int, ...]:
        """The columns that matter less: what nobody pays."""
        return tuple(number for number, heading in enumerate(self.headings) if heading.startswith("imputed"))


def table(statement: Statement) -> Table:
    """The statement's table; with a month to compare with, then and now side by side."""
    report, show = statement.report, statement.currency
    before = _by_keys(statement.before) if statement.before else None
    make = _compared(before, show) if before is not None else _single(show)
    rows = [(group.keys, group.figures, _values(report, group.days, group.figures)) for group in report.groups]
    if before is not None and not report.rest:
        known = {group.keys for group in report.groups}
        rows += [(keys, Figures(), ()) for keys in before if keys not in known]
    cells = [((*_names(keys),), make.cells(keys, figures), trend) for keys, figures, trend in rows]
    if report.rest:
        name = f"{report.rest.groups} more"
        shown = make.rest(report.rest.figures, [keys for keys, _, _ in rows])
        cells.append(((name, *[""] * (len(report.by) - 1)), shown, ()))
    total = make.total(report.total, statement.before.total if statement.before else None)
    return Table(
        headings=(*report.by, *make.headings),
        rows=tuple((*names, *row) for names, row, _ in cells),
        footer=("total", *[""] * (len(report.by) - 1), *total),
        keys=len(report.by),
        trends=tuple(tuple(trend) for _, _, trend in cells),
    )


def cash(figures: Figures, show: Currency) -> str:
    """What was owed, and in words what was not: `$1.20 + plan + ?`."""
    parts = [show.text(figures.cash)] if figures.paid_calls else []
    counts = (("plan", figures.plan_calls), ("local", figures.local_calls), ("free", figures.free_calls))
    parts += [word for word, count in counts if count]
    parts += ["?"] if figures.unknown_cost_calls else []
    return " + ".join(parts) or NOTHING


def imputed(figures: Figures, show: Currency) -> str:
    """The imputed cost, if any call has one."""
    return show.text(figures.imputed) if figures.imputed_calls else NOTHING


def count(tokens: int) -> str:
    """A number of tokens in four characters or so: 950, 12.3K, 4.5M."""
    for limit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "K")):
        if tokens >= limit:
            return f"{tokens / limit:.1f}{letter}"
    return str(tokens)


def change(now: Decimal, before: Decimal) -> str:
    """By how much it grew or shrank: `+12%`; `new` where there was nothing."""
    if not before:
        return "new" if now else NOTHING
    return f"{(now - before) / before:+.0%}"


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns after the names, and how a row of them is made."""

    headings: tuple[str, ...]
    cells: Callable[[Keys, Figures], tuple[str, ...]]
    rest: Callable[[Figures, Sequence[Keys]], tuple[str, ...]]
    total: Callable[[Figures, Figures | None], tuple[str, ...]]


def _single(show: Currency) -> _Columns:
    def cells(_: Keys, figures: Figures) -> tuple[str, ...]:
        return (
            f"{figures.calls:,}",
            f"{figures.failed_calls:,}" if figures.failed_calls else NOTHING,
            count(figures.tokens.prompt_tokens),
            count(figures.tokens.output_tokens),
            cash(figures, show),
            imputed(figures, show),
        )

    def total(figures: Figures, _: Figures | None) -> tuple[str, ...]:
        found = cells((), figures)
        return (*found[:4], _brief_cash(figures, show), *found[5:])

    return _Columns(
        ("calls", "failed", "in", "out", "cash", "imputed"),
        cells,
        lambda figures, _: cells((), figures),
        total,
    )


def _compared(before: Mapping[Keys, Figures], show: Currency) -> _Columns:
    def row(now: Figures, then: Figures) -> tuple[str, ...]:
        return (
            f"{now.calls:,}",
            f"{then.calls:,}",
            cash(now, show),
            cash(then, show),
            change(now.cash, then.cash),
            imputed(now, show),
            imputed(then, show),
        )

    def total(now: Figures, then: Figures | None) -> tuple[str, ...]:
        then = then or Figures()
        found = row(now, then)
        return (*found[:2], _brief_cash(now, show), _brief_cash(then, show), *found[4:])

    def rest(now: Figures, shown: Sequence[Keys]) -> tuple[str, ...]:
        then = sum((figures for keys, figures in before.items() if keys not in shown), Figures())
        return row(now, then)

    return _Columns(
        ("calls", "before", "cash", "before", "change", "imputed", "imputed before"),
        lambda keys, figures: row(figures, before.get(keys, Figures())),
        rest,
        total,
    )


def _brief_cash(figures: Figures, show: Currency) -> str:
    """The cash of all rows names no kinds of calls: the rows do, and the column stays narrow."""
    if not figures.paid_calls:
        return cash(figures, show)
    return show.text(figures.cash) + (" + ?" if figures.unknown_cost_calls else "")


def _by_keys(report: Report) -> dict[Keys, Figures]:
    return {group.keys: group.figures for group in report.groups}


def _names(keys: Keys) -> list[str]:
    return [NOTHING if key is None else key for key in keys]


def _values(report: Report, days: Mapping[str, Day], figures: Figures) -> tuple[float, ...]:
    """What a group's trend shows of each day: cash, else imputed cost, else calls."""
    name = "cash" if figures.cash else "imputed" if figures.imputed else "calls"
    return tuple(float(getattr(days[label], name)) if label in days else 0.0 for label in report.days)
