"""The sums of quarters of an hour say what the rows say, whatever is written, in whatever order, by whomever."""

from __future__ import annotations

import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from llmswitch.catalog import Model
from llmswitch.conversation import Usage
from llmswitch.ledger import cells as rows
from llmswitch.ledger import period, price_list, price_source, rollup, summed
from llmswitch.ledger.cells import Cell, Where
from llmswitch.ledger.figures import Figures
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.report import recent_cash, report
from llmswitch.ledger.store import Ledger

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
START = int(datetime(2026, 9, 25, tzinfo=UTC).timestamp())
ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin")
]
TIERED = "anthropic/claude-sonnet-4-5"
"""A baseline whose price has a cliff."""

INSERT = """INSERT INTO attempts (dispatch_id, ordinal, started_at, model, provider, model_id, tier, plan, local, status,
    failure, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
    reasoning_tokens, cost_pico, imputed_pico, cost_source)
    VALUES (?, ?, ?, ?, ?, 'id', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def attempt(chance: random.Random, number: int) -> tuple[object, ...]:
    """A random row, any of its values missing that may be."""
    source = chance.choice(["list", "plan", "free", "provider", "estimate", "unknown", None])
    status = chance.choice(["ok", "ok", "ok", "failed", "partial", "cancelled", "lost", "open"])
    cost = None if source in ("unknown", None) else 0 if source in ("plan", "free") else chance.randrange(10**12)
    return (
        f"d{number}",
        1,
        (START + chance.randrange(50 * 86_400)) * 1_000_000 + chance.randrange(1_000_000),
        chance.choice(["opus", "haiku", "qwen"]),
        chance.choice(["anthropic", "ollama"]),
        chance.choice([0, 1, 3, None]),
        "claude-max" if source == "plan" else None,
        int(source == "free" and chance.random() < 0.5),
        status,
        chance.choice(["timeout", "network"]) if status == "failed" else None,
        *(chance.choice([None, chance.randrange(50), chance.randrange(300_000)]) for _ in range(6)),
        cost,
        chance.choice([None, chance.randrange(10**12)]),
        source,
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture
def chance() -> random.Random:
    return random.Random(5)


def filled(ledger: Ledger, chance: random.Random, count: int) -> None:
    with ledger.writing() as connection:
        connection.executemany(INSERT, (attempt(chance, number) for number in range(count)))


def added(found: list[Cell]) -> dict[tuple[object, ...], list[int]]:
    """Cells of the same day, kind and size as one."""
    sums: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0] * 11)
    for cell in found:
        key = (cell.day, cell.utc_day, cell.size, cell.kind)
        sums[key] = [a + b for a, b in zip(sums[key], cell.sums, strict=True)]
    return dict(sums)


def both(ledger: Ledger, zone: ZoneInfo = ZONES[0], where: Where | None = None) -> tuple[object, object]:
    """October by the sums and by the rows."""
    thresholds = price_list.thresholds("anthropic", "claude-sonnet-4-5")
    with ledger.reading() as connection:
        days = rows.local_days(connection, period.month(NOW, "2026-10", zone), zone)
        made = summed.cells(connection, days, where=where, thresholds=thresholds)
        return added(made), added(list(rows.cells(connection, days, where=where, thresholds=thresholds)))


def test_before_anything_is_summed_the_rows_are_read(ledger: Ledger, chance: random.Random) -> None:
    filled(ledger, chance, 300)
    by_sums, by_rows = both(ledger)
    assert by_sums == by_rows


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_sums_compose_the_days_of_every_zone(ledger: Ledger, chance: random.Random, zone: ZoneInfo) -> None:
    filled(ledger, chance, 300)
    ledger.sum_up()
    by_sums, by_rows = both(ledger, zone)
    assert by_sums == by_rows


def test_rows_after_the_sums_are_added_to_them(ledger: Ledger, chance: random.Random) -> None:
    filled(ledger, chance, 200)
    ledger.sum_up()
    filled_more = [attempt(chance, number) for number in range(200, 300)]
    with ledger.writing() as connection:
        connection.executemany(INSERT, filled_more)
    by_sums, by_rows = both(ledger)
    assert by_sums == by_rows


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE attempts SET status = 'ok', cost_pico = 7, cost_source = 'list' WHERE status = 'open'",
        "UPDATE attempts SET cost_pico = cost_pico * 2",
        "UPDATE attempts SET started_at = started_at + 3600000000",
        "UPDATE attempts SET tier = NULL, plan = NULL, cost_source = NULL",
        "UPDATE attempts SET input_tokens = input_tokens * 3",
        "UPDATE attempts SET failure = 'timeout' WHERE status = 'failed'",
        "DELETE FROM attempts WHERE id % 3 = 0",
        "DELETE FROM attempts",
        "INSERT OR IGNORE INTO attempts SELECT * FROM copies",
        "INSERT INTO attempts SELECT * FROM copies",
    ],
)
def test_a_later_change_is_in_the_sums(ledger: Ledger, chance: random.Random, change: str) -> None:
    filled(ledger, chance, 200)
    ledger.sum_up()
    with ledger.writing() as connection:
        if "copies" in change:
            columns = ", ".join(
                row[1] for row in connection.execute("PRAGMA table_info(attempts)")
            )  # no generated ones
            connection.execute(f"CREATE TEMP TABLE copies AS SELECT {columns} FROM attempts WHERE id % 4 = 0")
            connection.execute("DELETE FROM attempts WHERE id % 4 = 0")
            connection.execute(change.replace("INTO attempts", f"INTO attempts ({columns})"))
        else:
            connection.execute(change)
    by_sums, by_rows = both(ledger)
    assert by_sums == by_rows


def test_a_statement_that_replaces_does_not_change_what_a_sum_is_of(ledger: Ledger, chance: random.Random) -> None:
    filled(ledger, chance, 50)
    ledger.sum_up()
    with ledger.writing() as connection:
        connection.execute("DELETE FROM attempts WHERE id = 7")
        columns = "dispatch_id, ordinal, started_at, model, provider, model_id, status"
        connection.execute(
            f"INSERT OR REPLACE INTO attempts (id, {columns}) SELECT 7, 'new', 1, started_at, model, provider, 'x', status "
            "FROM attempts WHERE id = 8"
        )
    by_sums, by_rows = both(ledger)
    assert by_sums == by_rows


def test_random_writes_never_part_the_sums_from_the_rows(ledger: Ledger, chance: random.Random) -> None:
    for turn in range(30):
        with ledger.writing() as connection:
            connection.executemany(INSERT, (attempt(chance, 1000 * turn + number) for number in range(20)))
            connection.execute("DELETE FROM attempts WHERE id % 17 = ?", (chance.randrange(17),))
            connection.execute("UPDATE attempts SET status = 'ok' WHERE id % 13 = ?", (chance.randrange(13),))
            if chance.random() < 0.5:
                rollup.advance(connection)
    by_sums, by_rows = both(ledger)
    assert by_sums == by_rows


@pytest.mark.parametrize("where", [Where(model=("opus",)), Where(provider=("ollama", "x")), Where(model=("none",))])
def test_the_sums_are_narrowed_as_the_rows_are(ledger: Ledger, chance: random.Random, where: Where) -> None:
    filled(ledger, chance, 200)
    ledger.sum_up()
    by_sums, by_rows = both(ledger, where=where)
    assert by_sums == by_rows


def test_a_period_that_cuts_a_quarter_of_an_hour_is_read_by_row(ledger: Ledger, chance: random.Random) -> None:
    filled(ledger, chance, 200)
    ledger.sum_up()
    with ledger.reading() as connection:
        odd = period.between("2026-10-02T03:07:11", "2026-10-09T11:01", NOW, UTC)
        found = report(connection, odd, by=(), zone=UTC).total.calls
        since, until = (rows.microseconds(at) for at in (odd.since, odd.until))
        counted = "SELECT count(*) FROM attempts WHERE started_at >= ? AND started_at < ?"
        assert found == connection.execute(counted, (since, until)).fetchone()[0]


def test_nothing_empty_is_left_of_deleted_calls(ledger: Ledger, chance: random.Random) -> None:
    filled(ledger, chance, 50)
    ledger.sum_up()
    with ledger.writing() as connection:
        connection.execute("DELETE FROM attempts")
        assert connection.execute("SELECT count(*) FROM sums").fetchone() == (0,)


def test_the_sums_are_made_in_chunks(ledger: Ledger, chance: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "CHUNK", 40)
    filled(ledger, chance, 100)
    with ledger.writing() as connection:
        assert [rollup.advance(connection) for _ in range(3)] == [True, True, False]


def test_calls_bring_the_sums_up_by_themselves(ledger: Ledger, chance: random.Random) -> None:
    filled(ledger, chance, 999)
    model = Model("opus", "anthropic", "claude-opus-4-6")
    dispatch = ledger.begin_dispatch("ask")
    number = ledger.begin_attempt(dispatch, 1, model)
    ledger.settle_attempt(number, status="ok", usage=Usage(1), cost=Cost(Decimal(1), None, "list", "v"))
    ledger.finish_dispatch(dispatch, "ok", 0)
    with ledger.reading() as connection:
        assert (number, rollup.is_behind(connection)) == (1000, False)


def test_the_last_days_cash_is_the_rows_cash(ledger: Ledger, chance: random.Random) -> None:
    filled(ledger, chance, 300)
    with ledger.reading() as connection:
        by_rows = recent_cash(connection, NOW, zone=ZONES[2])
    ledger.sum_up()
    with ledger.reading() as connection:
        assert recent_cash(connection, NOW, zone=ZONES[2]) == by_rows
        assert any(by_rows)


def test_every_cliff_of_the_price_list_is_a_size_of_the_sums() -> None:
    snapshot = price_source.snapshot()["providers"]
    prices = [units for provider in snapshot.values() for _, history in provider["models"] for _, units in history]
    limits = {
        int(start) for units in prices for price in units.values() if isinstance(price, list) for start, _ in price[1]
    }
    assert limits <= set(rollup.SIZES)


LATER_COLUMNS = (
    "cache_entry",
    "cache_how",
    "cache_score",
    "saved_pico",
    "saved_imputed_pico",
    "saved_ms",
    "cache_wrong",
    "local_label",
)


def test_a_ledger_of_the_version_before_is_summed_from_its_rows(tmp_path: Path, chance: random.Random) -> None:
    path = tmp_path / "old.db"
    with Ledger.open(path) as ledger:
        filled(ledger, chance, 100)
    with sqlite3.connect(path) as connection:
        for kind in ("insert", "update", "delete"):
            connection.execute(f"DROP TRIGGER sums_after_{kind}")
        for table in ("sums", "sums_mark", "sum_kinds"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DROP INDEX dispatches_hits")
        connection.execute("DROP INDEX dispatches_wrong_hits")
        connection.execute("DROP INDEX dispatches_local_label")
        for column in LATER_COLUMNS:
            connection.execute(f"ALTER TABLE dispatches DROP COLUMN {column}")
        connection.execute("PRAGMA user_version = 4")
    connection.close()
    with Ledger.open(path) as ledger:
        ledger.sum_up()
        by_sums, by_rows = both(ledger)
    assert by_sums == by_rows


def test_a_tiered_baseline_is_priced_alike_from_sums_and_rows(ledger: Ledger, chance: random.Random) -> None:
    filled(ledger, chance, 300)

    def total() -> Figures:
        with ledger.reading() as connection:
            month = period.month(NOW, "2026-10", UTC)
            return report(connection, month, by=(), baseline_model=TIERED, zone=UTC).total

    by_rows = total()
    ledger.sum_up()
    assert (total(), bool(by_rows.baseline)) == (by_rows, True)


def test_the_sums_of_a_month_end_with_it(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        for number, at in enumerate((datetime(2026, 10, 31, 14, 59, 59), datetime(2026, 10, 31, 15))):  # noqa: DTZ001
            row = list(attempt(random.Random(1), number))
            row[2] = rows.microseconds(at.replace(tzinfo=UTC) - timedelta(0))
            connection.execute(INSERT, row)
    ledger.sum_up()
    with ledger.reading() as connection:
        zone = ZONES[1]
        assert report(connection, period.month(NOW, "2026-10", zone), by=(), zone=zone).total.calls == 1
