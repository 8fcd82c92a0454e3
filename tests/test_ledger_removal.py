"""`ledger delete`: what fits goes, what does not stays, and nothing of it is left in the file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from command import command_for
from session_logs import MESSAGE, answer, append, rows, take_in, write

from llmswitch.catalog import Model
from llmswitch.conversation import Message, Text, Usage
from llmswitch.ledger import history
from llmswitch.ledger.history import Exchange
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.removal import Count, Which, delete
from llmswitch.ledger.store import Ledger

CENT = Cost(Decimal("0.01"), None, "list", "genai-prices 1")
DAY_US = 86_400_000_000
START = datetime(2026, 11, 1, tzinfo=UTC)
START_US = int(START.timestamp() * 1_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def record(path: Path) -> Callable[..., None]:
    """A function that records a call on a day of November 2026, with what was said if it is of a session."""

    def call(day: int, project: str | None = None, session: str | None = None, *, settled: bool = True) -> None:
        at = START_US + (day - 1) * DAY_US + 1
        with Ledger.open(path, clock=lambda: at) as ledger:
            dispatch = ledger.begin_dispatch("ask", project=project, session=session)
            attempt = ledger.begin_attempt(dispatch, 1, Model(f"day{day}", "anthropic", "claude-opus-4-6"))
            if settled:
                ledger.settle_attempt(attempt, status="ok", usage=Usage(1), cost=CENT)
                ledger.finish_dispatch(dispatch, "ok", 0)
            if session:
                said = Exchange(Message("user", (Text(f"secret{day}"),)), Message("assistant", (Text("Yes."),)))
                history.append(ledger, session, said, project=project, now_us=at)

    return call


def removed(path: Path, **which: object) -> Count:
    with Ledger.open(path) as ledger:
        return delete(ledger, Which(**which))  # type: ignore[arg-type]  # a test's own


def left(path: Path) -> list[str]:
    return [row[0] for row in rows(path, "model")]


def test_calls_before_a_day_go(path: Path, record: Callable[..., None]) -> None:
    for day in (1, 2, 3):
        record(day)
    removed(path, before=datetime(2026, 11, 2, tzinfo=UTC))
    assert left(path) == ["day2", "day3"]


def test_a_projects_calls_go(path: Path, record: Callable[..., None]) -> None:
    record(1, "shop")
    record(2, "blog")
    record(3)
    removed(path, project="shop")
    assert left(path) == ["day2", "day3"]


def test_of_two_conditions_both_must_hold(path: Path, record: Callable[..., None]) -> None:
    record(1, "shop")
    record(1, "blog")
    record(2, "shop")
    removed(path, project="shop", before=datetime(2026, 11, 2, tzinfo=UTC))
    assert rows(path, "project", "dispatches") == [("blog",), ("shop",)]


def test_their_dispatches_go_with_them(path: Path, record: Callable[..., None]) -> None:
    record(1, "shop")
    removed(path, project="shop")
    assert rows(path, "*", "dispatches") == []


def test_a_sessions_turns_go_with_its_calls(path: Path, record: Callable[..., None]) -> None:
    record(1, None, "chat")
    record(2, None, "other")
    removed(path, session="chat")
    with Ledger.open(path) as ledger:
        assert [found.session.name for found in history.overviews(ledger)] == ["other"]


def test_a_call_that_is_under_way_stays(path: Path, record: Callable[..., None]) -> None:
    with Ledger.open(path) as ledger:
        ledger.begin_attempt(ledger.begin_dispatch("ask"), 1, Model("mine", "anthropic", "claude-opus-4-6"))
        delete(ledger, Which())
    assert (left(path), len(rows(path, "*", "dispatches"))) == (["mine"], 1)


def test_nothing_of_what_was_said_is_left_in_the_file(path: Path, record: Callable[..., None]) -> None:
    record(1, "shop", "chat")
    with Ledger.open(path) as ledger:
        delete(ledger, Which())
        assert not any(b"secret1" in file.read_bytes() for file in path.parent.glob("ledger.db*"))


def test_deleting_everything_leaves_an_empty_ledger(path: Path, record: Callable[..., None]) -> None:
    record(1, "shop", "chat")
    assert (removed(path), left(path)) == (Count(1, 2), [])


def test_an_imported_call_that_was_deleted_does_not_come_back(path: Path, tmp_path: Path) -> None:
    log = write(tmp_path / "logs" / "s1.jsonl", answer())
    take_in(path, "claude-code", log.parent)
    removed(path, project="demo")
    append(log, answer())
    take_in(path, "claude-code", log.parent)
    assert left(path) == []


def test_imported_calls_that_were_forgotten_as_such_can_be_read_anew(path: Path, tmp_path: Path) -> None:
    log = write(tmp_path / "logs" / "s1.jsonl", answer())
    take_in(path, "claude-code", log.parent)
    removed(path, imported="claude-code")
    take_in(path, "claude-code", log.parent, covered=False)
    assert rows(path, "cost_source") == [("list",)]


def test_deleting_what_one_program_logged_leaves_the_others(
    path: Path, tmp_path: Path, record: Callable[..., None]
) -> None:
    record(1)
    take_in(path, "claude-code", write(tmp_path / "logs" / "s1.jsonl", answer(MESSAGE)).parent)
    removed(path, imported="codex")
    assert len(left(path)) == 2


def test_without_yes_nobody_is_asked_in_a_pipe(home: Path, path: Path, record: Callable[..., None]) -> None:
    record(1)
    said = command_for(home, None)("ledger", "delete", "--all", LLMSWITCH_LEDGER=str(path))
    assert (said.code, len(left(path))) == (2, 1)


def test_the_command_deletes_before_a_local_day(home: Path, path: Path, record: Callable[..., None]) -> None:
    record(1)
    record(2)
    llmswitch = command_for(home, None)  # in Tokyo, day 2 began at 15:00 UTC of day 1
    llmswitch("ledger", "delete", "--before", "2026-11-02", "--yes", LLMSWITCH_LEDGER=str(path), TZ="Asia/Tokyo")
    assert left(path) == ["day2"]


def test_the_sums_that_reports_read_forget_them_too(path: Path, record: Callable[..., None]) -> None:
    for day in (1, 2, 3):
        record(day, "shop" if day < 3 else "blog")
    with Ledger.open(path) as ledger:
        ledger.sum_up()
        delete(ledger, Which(project="shop"))
        with ledger.reading() as connection:
            by_grain = "SELECT sum(calls), sum(cash_pico) FROM sums GROUP BY grain"
            assert set(connection.execute(by_grain)) == {(1, 10**10)}


@pytest.mark.parametrize(
    "options",
    [[], ["--all", "--project", "x"], ["--before", "soon"], ["--before", "2026-11-01", "--keep-days", "3"]],
    ids=["nothing", "all and some", "no date", "two dates"],
)
def test_a_choice_that_is_none_is_a_usage_error(
    home: Path, path: Path, record: Callable[..., None], options: list[str]
) -> None:
    record(1)
    said = command_for(home, None)("ledger", "delete", *options, "--yes", LLMSWITCH_LEDGER=str(path))
    assert (said.code, len(left(path))) == (2, 1)
