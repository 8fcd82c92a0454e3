"""`llmswitch cost` on a terminal: trends, bars, what fits, and ASCII where blocks can't be shown."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from llmswitch.catalog import Model, Plan
from llmswitch.commands.cost_query import Asked, Query, Span, Statement, statement
from llmswitch.commands.cost_text import plain_lines, terminal_lines
from llmswitch.conversation import Usage
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import Ledger
from llmswitch.terminal.cells import cell_width

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
PLANS = {"claude-max": Plan("claude-max", "200")}
PAID = Model("opus", "anthropic", "claude-opus-4-6", tier=0)
PLANNED = Model("opus-max", "claude-code", "claude-opus-4-6", tier=0, plan="claude-max")
_STYLE = re.compile("\x1b\\[[0-9;]*m")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a StringIO has none
        return self._encoding

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of three weeks: a call in cash each day, one of the plan each second."""
    path = tmp_path / "ledger.db"
    monkeypatch.setenv("LLMSWITCH_LEDGER", str(path))
    monkeypatch.setenv("COLUMNS", "100")
    at = [NOW]
    with Ledger.open(path, clock=lambda: int(at[0].timestamp() * 1e6)) as ledger:
        for day in range(20):
            at[0] = NOW - timedelta(days=day)
            calls = [(PAID, Cost(Decimal(1 + day % 4), None, "list", "v"))]
            calls += [(PLANNED, Cost(Decimal(0), Decimal(17), "plan", "v"))] if day % 2 else []
            for model, cost in calls:
                dispatch = ledger.begin_dispatch("ask", task="docs", project="日本語の家")
                attempt = ledger.begin_attempt(dispatch, 1, model)
                ledger.settle_attempt(attempt, status="ok", usage=Usage(1200, 0, 0, 0, 450), cost=cost)
                ledger.finish_dispatch(dispatch, "ok", 0)
    return path


def october(*by: str, **more: object) -> Statement:
    query = Query(Span(month="2026-10"), by or ("model",), alone=not by)  # type: ignore[arg-type]  # known groups
    return statement(query, Asked(plans=PLANS), now=NOW)


def bare(lines: list[str]) -> list[str]:
    return [_STYLE.sub("", line) for line in lines]


def test_each_row_has_its_trend() -> None:
    lines = bare(terminal_lines(october(), Terminal()))
    trends = {line.split()[0]: sum(char in "▁▂▃▄▅▆▇█" for char in line) for line in lines if line.startswith("opus")}
    assert trends == {"opus": 20, "opus-max": 10}


def test_days_have_bars_of_cash_and_of_imputed_cost() -> None:
    lines = bare(terminal_lines(october(), Terminal()))
    assert [line for line in lines if " a day, at most " in line] == [
        "cash a day, at most $4.00",
        "imputed a day, at most $17.00",
    ]


def test_the_cells_are_those_of_the_plain_table() -> None:
    shown = "\n".join(bare(terminal_lines(october(), Terminal())))
    [row] = [line for line in plain_lines(october()) if line.startswith("opus-max")]
    assert all(cell in shown for cell in row.split())


@pytest.mark.parametrize("columns", [70, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = bare(terminal_lines(october("project", "model"), Terminal()))
    table = [line for line in lines if not line.startswith("2026-10 ")]
    assert max(cell_width(line) for line in table) <= columns


def test_a_narrow_terminal_has_no_trends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert "trend" not in "\n".join(terminal_lines(october(), Terminal()))


def test_rows_that_are_days_have_no_trend() -> None:
    assert "trend" not in "\n".join(terminal_lines(october("day"), Terminal()))


def test_without_blocks_the_plots_are_ascii() -> None:
    lines = bare(terminal_lines(october(), Terminal("ascii")))
    start = next(number for number, line in enumerate(lines) if line.startswith("cash a day"))
    assert all(line.isascii() for line in lines[start : start + 7])


def test_headings_are_dim() -> None:
    lines = terminal_lines(october(), Terminal())
    assert any(line.startswith("\x1b[2mmodel\x1b[0m") for line in lines)


def test_no_color_leaves_no_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in "".join(terminal_lines(october(), Terminal()))


def test_a_pipe_gets_no_plots() -> None:
    assert not set("".join(plain_lines(october()))) & set("▁▂▃▄▅▆▇█")


def test_the_month_alone_is_shown_at_a_glance() -> None:
    names = [line.split("  ")[0] for line in plain_lines(october())]
    assert names[2:10] == ["fees", "cash", "to be paid", "plan use", "savings", "tiers", "forecast", ""]


def test_a_grouped_month_has_its_table_alone() -> None:
    assert not [line for line in plain_lines(october("task")) if line.startswith("forecast")]


def test_the_use_of_a_plan_is_compared_with_its_fee() -> None:
    [line] = [line for line in plain_lines(october()) if line.startswith("plan use")]
    assert "claude-max: $170.00 of use for $200.00 (85% of the fee)" in line


def test_a_long_note_goes_on_below_its_text() -> None:
    lines = bare(terminal_lines(october(), Terminal()))
    place = next(number for number, line in enumerate(lines) if line.startswith("savings"))
    assert lines[place + 1].startswith(" " * 12)
