"""`[ledger] retain_days`: old calls go, their sums stay, and nothing is counted twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from command import Command, command_for
from test_ledger_rollup import INSERT, attempt

from llmswitch.catalog import Model
from llmswitch.errors import ConfigError
from llmswitch.ledger import period, retention, transfer
from llmswitch.ledger.cells import Where
from llmswitch.ledger.removal import Which, delete
from llmswitch.ledger.report import GroupBy, Report, report
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CALLS = 3_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Calls of October, with tasks."""
    chance = random.Random(5)
    with Ledger.open(tmp_path / "ledger.db") as opened:
        with opened.writing() as connection:
            connection.executemany(
                "INSERT INTO dispatches (id, started_at, kind, task, status) VALUES (?, 0, 'ask', ?, 'ok')",
                ((f"d{number}", chance.choice(["design", "docs"])) for number in range(CALLS)),
            )
            connection.executemany(INSERT, (attempt(chance, number) for number in range(CALLS)))
        yield opened


def october(ledger: Ledger, *by: GroupBy, where: Where | None = None) -> Report:
    with ledger.reading() as connection:
        return report(connection, period.month(NOW, "2026-10", TOKYO), by=by, zone=TOKYO, where=where)


def reduced(ledger: Ledger, before: datetime) -> None:
    while retention.reduce(ledger, int(before.timestamp()) * 1_000_000):
        pass


NOVEMBER = datetime(2026, 11, 5, tzinfo=TOKYO)
MIDDLE = datetime(2026, 10, 12, tzinfo=TOKYO)


def rows(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM attempts").fetchone()[0])


@pytest.mark.parametrize("by", ["model", "provider", "day", "week"])
@pytest.mark.parametrize("before", [MIDDLE, NOVEMBER])
def test_a_closed_months_sums_stay(ledger: Ledger, by: GroupBy, before: datetime) -> None:
    whole = october(ledger, by)
    reduced(ledger, before)
    assert october(ledger, by) == whole


def test_the_rows_are_gone(ledger: Ledger) -> None:
    before = rows(ledger)
    reduced(ledger, NOVEMBER)
    assert (before, rows(ledger)) == (CALLS, open_calls(ledger))


def open_calls(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM attempts WHERE status = 'open' OR started_at >= ?",
                                      (int(NOVEMBER.timestamp()) * 1_000_000,)).fetchone()[0])  # fmt: skip


def test_newer_rows_stay(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        newer = connection.execute(
            "SELECT count(*) FROM attempts WHERE started_at >= ? OR status = 'open'",
            (int(MIDDLE.timestamp()) * 1_000_000,),
        ).fetchone()[0]
    reduced(ledger, MIDDLE)
    assert rows(ledger) == newer


def test_a_report_by_task_has_the_same_total(ledger: Ledger) -> None:
    whole = october(ledger, "task").total
    reduced(ledger, MIDDLE)
    assert october(ledger, "task").total == whole


def test_what_is_reduced_has_no_task_any_more(ledger: Ledger) -> None:
    reduced(ledger, NOVEMBER)
    assert {group.keys for group in october(ledger, "task").groups} <= {(None,), ("design",), ("docs",)}
    assert next(group for group in october(ledger, "task").groups if group.keys == (None,)).figures.calls > 0


def test_a_report_of_one_task_has_what_is_left_of_it(ledger: Ledger) -> None:
    before = october(ledger, where=Where(task=("design",))).total.calls
    reduced(ledger, MIDDLE)
    assert 0 < october(ledger, where=Where(task=("design",))).total.calls < before


def test_it_is_done_in_pieces(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 200)
    first = retention.reduce(ledger, int(NOVEMBER.timestamp()) * 1_000_000)
    assert 0 < first < CALLS / 2


def test_a_piece_in_between_changes_no_sum(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = october(ledger, "day"), october(ledger, "task").total
    monkeypatch.setattr(retention, "CHUNK", 200)
    retention.reduce(ledger, int(NOVEMBER.timestamp()) * 1_000_000)
    assert (october(ledger, "day"), october(ledger, "task").total) == whole


def test_a_late_row_of_that_time_is_counted_once(ledger: Ledger) -> None:
    reduced(ledger, NOVEMBER)
    before = october(ledger, "task").total.calls
    with ledger.writing() as connection:
        connection.execute(
            "INSERT INTO attempts (dispatch_id, ordinal, started_at, model, provider, model_id, status, cost_pico) "
            "VALUES ('late', 1, ?, 'm', 'p', 'm', 'ok', 5)",
            (int(MIDDLE.timestamp()) * 1_000_000,),
        )
    counts = [october(ledger, by).total.calls for by in ("task", "model")]
    ledger.sum_up()
    counts += [october(ledger, by).total.calls for by in ("task", "model")]
    assert counts == [before + 1] * 4


def test_merging_an_older_copy_brings_nothing_back(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        copy = list(transfer.records(connection))
    reduced(ledger, NOVEMBER)
    whole = october(ledger, "model")
    merged = transfer.merge(ledger, copy)
    assert (merged.attempts, merged.left_out > 0, october(ledger, "model")) == (0, True, whole)


def test_deleting_a_time_takes_its_sums_too(ledger: Ledger) -> None:
    reduced(ledger, NOVEMBER)
    delete(ledger, Which(before=NOVEMBER))
    assert october(ledger, "model").total.calls == open_in_october(ledger)


def open_in_october(ledger: Ledger) -> int:
    october_ = period.month(NOW, "2026-10", TOKYO)
    with ledger.reading() as connection:
        found = connection.execute(
            "SELECT count(*) FROM attempts WHERE started_at >= ? AND started_at < ?",
            [int(at.timestamp()) * 1_000_000 for at in (october_.since, october_.until)],
        ).fetchone()[0]
    return int(found)


def test_nothing_old_is_nothing_to_do(ledger: Ledger) -> None:
    assert retention.reduce(ledger, 0) == 0


def test_at_least_62_days_are_kept() -> None:
    day = retention.horizon(NOW, 1, UTC)
    assert datetime.fromtimestamp(day / 1e6, UTC) == datetime(2026, 9, 23, tzinfo=UTC)


def test_a_profile_that_keeps_less_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('extends = "default"\n[ledger]\nretain_days = 30\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="at least 62 days") as caught:
        load_profile(str(file))
    assert "mine.toml:3" in caught.value.message


@pytest.fixture
def llmswitch(home: Path, upstream: object) -> Command:
    return command_for(home, upstream)  # type: ignore[arg-type]  # the scripted one


def test_an_answer_reduces_what_is_old(llmswitch: Command, home: Path) -> None:
    path = home / ".local/share/llmswitch/ledger.db"
    old = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1e6)
    with Ledger.open(path, clock=lambda: old) as ledger:
        number = ledger.begin_attempt(ledger.begin_dispatch("ask"), 1, Model("old", "anthropic", "old"))
        ledger.settle_attempt(number, status="ok")
    (home / ".config/llmswitch").mkdir(parents=True)
    (home / ".config/llmswitch/config.toml").write_text("[ledger]\nretain_days = 400\n", encoding="utf-8")
    assert llmswitch("ask", "hello").code == 0
    with Ledger.open(path) as ledger, ledger.reading() as connection:
        assert [row[0] for row in connection.execute("SELECT model FROM attempts")] == ["first"]


def test_what_is_reduced_is_in_the_year_it_was_spent(ledger: Ledger) -> None:
    reduced(ledger, NOVEMBER)
    with ledger.reading() as connection:
        found = report(connection, period.year(NOW, "2026", TOKYO), by=("model",), zone=TOKYO)
    assert found.total.calls > CALLS / 2
    assert found.total.cash > Decimal(0)
