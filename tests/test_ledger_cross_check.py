"""Every total of a ledger of 100,000 calls, against code that shares nothing with the reports but the price list."""

from __future__ import annotations

import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from test_ledger_rollup import INSERT, TIERED, attempt

from llmswitch.conversation import Usage
from llmswitch.ledger import period, prices
from llmswitch.ledger.report import Group, GroupBy, report
from llmswitch.ledger.store import Ledger

CALLS = 100_000
ZONE = ZoneInfo("Australia/Lord_Howe")  # half an hour of summer time, which begins on 4 October
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
ROWS = """SELECT a.started_at, a.model, d.task, a.status, a.failure, a.cost_pico, a.imputed_pico, a.cost_source, a.input_tokens,
    a.cache_read_tokens, a.cache_write_5m_tokens, a.cache_write_1h_tokens, a.output_tokens, a.reasoning_tokens
    FROM attempts a LEFT JOIN dispatches d ON d.id = a.dispatch_id"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger; the last tenth of it came after the sums."""
    path = tmp_path_factory.mktemp("cross") / "ledger.db"
    chance = random.Random(2026)
    with Ledger.open(path) as ledger:
        for part in range(10):
            numbers = range(part * CALLS // 10, (part + 1) * CALLS // 10)
            with ledger.writing() as connection:
                connection.executemany(
                    "INSERT INTO dispatches (id, started_at, kind, task, status) VALUES (?, 0, 'ask', ?, 'ok')",
                    ((f"d{number}", chance.choice(["design", "docs", None])) for number in numbers),
                )
                connection.executemany(INSERT, (attempt(chance, number) for number in numbers))
            if part == 8:
                ledger.sum_up()
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(path, isolation_level=None)
    yield opened
    opened.close()


Totals = tuple[int, int, Decimal, Decimal, Decimal, tuple[int, ...]]


def independent(path: Path, by: GroupBy) -> dict[str | None, Totals]:
    """Row by row, in Decimal: calls, failed ones, cash, imputed cost, baseline, tokens."""
    counts: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    money: dict[str | None, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    tokens: dict[str | None, list[int]] = defaultdict(lambda: [0] * 6)
    opened = sqlite3.connect(path)
    for at_us, model, task, status, _, cash, imputed, _, *used in opened.execute(ROWS):
        at = datetime.fromtimestamp(at_us // 1_000_000, UTC)
        local = at.astimezone(ZONE)
        if (local.year, local.month) != (2026, 10):
            continue
        key = {"model": model, "task": task, "day": local.date().isoformat()}[by]
        counts[key][0] += 1
        counts[key][1] += status in ("failed", "lost")
        owed = prices.baseline(Usage(*used), at, TIERED) if status == "ok" and cash is not None else None
        for place, usd in enumerate((Decimal(cash or 0).scaleb(-12), Decimal(imputed or 0).scaleb(-12), owed)):
            money[key][place] += usd or 0
        tokens[key] = [a + (b or 0) for a, b in zip(tokens[key], used, strict=True)]
    opened.close()
    return {key: (*counts[key], *money[key], tuple(tokens[key])) for key in counts}  # type: ignore[misc]  # 2, 3 and 1


def told(group: Group) -> Totals:
    figures = group.figures
    return (
        figures.calls,
        figures.failed_calls,
        figures.cash,
        figures.imputed,
        figures.baseline,
        tuple(getattr(figures.tokens, name) for name in figures.tokens.__slots__),
    )


@pytest.mark.parametrize("by", ["model", "task", "day"])
def test_every_total_of_100000_calls_agrees_to_the_last_digit(
    path: Path, connection: sqlite3.Connection, by: GroupBy
) -> None:
    month = period.month(NOW, "2026-10", ZONE)
    found = report(connection, month, by=(by,), baseline_model=TIERED, zone=ZONE)
    assert {group.keys[0]: told(group) for group in found.groups} == independent(path, by)


def test_the_sum_of_cash_is_what_sqlite_adds_up(path: Path, connection: sqlite3.Connection) -> None:
    always = period.between("2020-01-01", "2030-01-01", NOW, ZONE)
    found = report(connection, always, by=("model",), zone=ZONE).total
    pico, unknown = connection.execute(
        """SELECT sum(cost_pico), sum(cost_pico IS NULL AND status <> 'open' AND NOT (status = 'failed' AND
           coalesce(failure, '') <> 'timeout' AND first_token_ms IS NULL AND input_tokens IS NULL AND output_tokens IS NULL))
           FROM attempts"""
    ).fetchone()
    assert (found.calls, found.cash, found.unknown_cost_calls) == (CALLS, Decimal(pico).scaleb(-12), unknown)
