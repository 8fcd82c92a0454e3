"""Limits on cash over a real ledger: what counts, since when, and what a profile may say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llmswitch.catalog import Model
from llmswitch.errors import ConfigError
from llmswitch.ledger import budget
from llmswitch.ledger.budget import Limit, State, dollars
from llmswitch.ledger.prices import UNKNOWN, Cost
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile
from llmswitch.profile.layers import environment_keys

OPUS = Model("opus", "anthropic", "claude-opus-4-6")
NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)  # a Wednesday
MODELS = '[models.opus]\nprovider = "anthropic"\nmodel = "claude-opus-4-6"\n[routes]\ndefault = ["opus"]\n'


class Book:
    """A ledger whose clock the test sets."""

    def __init__(self, path: Path) -> None:
        self.now = NOON
        self.ledger = Ledger.open(path, clock=lambda: int(self.now.timestamp() * 1e6))

    def spend(self, usd: str | None, model: Model = OPUS, at: datetime = NOON, reserve: str = "2", **more: Any) -> None:
        cost = UNKNOWN if usd is None else Cost(Decimal(usd), None, "list", "v")
        self.ledger.settle_attempt(self.begin(model, at, reserve, **more), status="ok", cost=cost)

    def begin(self, model: Model = OPUS, at: datetime = NOON, reserve: str = "2", **more: Any) -> int:
        self.now = at
        return self.ledger.begin_attempt(self.ledger.begin_dispatch("ask", **more), 1, model, Decimal(reserve))

    def state(self, limit: Limit, at: datetime = NOON) -> State:
        with self.ledger.reading() as connection:
            return budget.state(connection, limit, at)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    book = Book(tmp_path / "ledger.db")
    yield book
    book.ledger.close()
    monkeypatch.undo()
    time.tzset()


def limit(usd: str = "10", **more: Any) -> Limit:
    return Limit(Decimal(usd), **{"span": "month", **more})


def test_settled_cash_is_used_and_open_reserve_is_reserved(book: Book) -> None:
    book.spend("1.25")
    book.begin(reserve="0.5")
    state = book.state(limit())
    assert (state.used, state.reserved, state.left) == (Decimal("1.25"), Decimal("0.5"), Decimal("8.25"))


def test_a_cost_nobody_could_say_goes_on_counting_with_its_reserve(book: Book) -> None:
    book.spend(None, reserve="2")
    assert book.state(limit()).reserved == 2


def test_a_lost_attempt_does_not_count(book: Book) -> None:
    book.begin(reserve="3")
    with book.ledger.writing() as connection:
        connection.execute("UPDATE attempts SET owner = 'x:y:1:1'")
    book.now = datetime(2026, 10, 20, tzinfo=UTC)
    book.ledger.sweep_lost()
    assert book.state(limit()).reserved == 0


@pytest.mark.parametrize(
    ("span", "first", "before"),
    [
        ("day", "2026-10-14T00:00:00+09:00", "2026-10-13T23:59:59+09:00"),
        ("week", "2026-10-12T00:00:00+09:00", "2026-10-11T23:59:59+09:00"),
        ("month", "2026-10-01T00:00:00+09:00", "2026-09-30T23:59:59+09:00"),
    ],
)
def test_a_period_begins_at_its_local_midnight(book: Book, span: str, first: str, before: str) -> None:
    book.spend("1", at=datetime.fromisoformat(first))
    book.spend("4", at=datetime.fromisoformat(before))
    assert book.state(limit(span=span)).used == 1


def test_a_month_begins_anew_at_the_next_local_midnight(book: Book) -> None:
    assert book.state(limit()).resets_at == datetime.fromisoformat("2026-11-01T00:00:00+09:00")


@pytest.mark.parametrize(
    ("scoped", "used"),
    [
        ({}, 15),
        ({"scope": "project", "name": "demo"}, 1),
        ({"scope": "task", "name": "review"}, 2),
        ({"scope": "provider", "name": "openai"}, 4),
        ({"scope": "model", "name": "opus", "model": OPUS}, 3 + 8),
    ],
    ids=lambda value: str(value),
)
def test_a_scoped_limit_counts_only_its_own(book: Book, scoped: dict[str, Any], used: int) -> None:
    book.spend("1", project="demo")
    book.spend("2", task="review")
    book.spend("4", Model("gpt", "openai", "gpt-5"))
    book.spend("8", Model("anthropic/claude-opus-4-6", "anthropic", "claude-opus-4-6"))
    assert book.state(limit(**scoped)).used == used


def test_a_limit_on_a_model_binds_its_id_under_any_name() -> None:
    mine = limit(scope="model", name="opus", model=OPUS)
    assert mine.binds(Model("anthropic/claude-opus-4-6", "anthropic", "claude-opus-4-6"), None, None)
    assert not mine.binds(Model("haiku", "anthropic", "claude-haiku-4-5"), None, None)


def test_a_limit_on_a_project_does_not_bind_another() -> None:
    assert not limit(scope="project", name="demo").binds(OPUS, "other", None)


def test_a_call_that_costs_nothing_has_room_beyond_the_limit() -> None:
    spent = State(limit("1"), Decimal(5), Decimal(0), NOON, NOON)
    assert (spent.has_room(Decimal(0)), spent.has_room(Decimal("0.000001"))) == (True, False)
    assert spent.left == 0


def test_the_last_cent_may_be_spent() -> None:
    state = State(limit("1"), Decimal("0.75"), Decimal("0.15"), NOON, NOON)
    assert (state.has_room(Decimal("0.1")), state.has_room(Decimal("0.100001"))) == (True, False)


def test_the_line_of_a_limit_says_used_limit_and_reserve() -> None:
    state = State(limit("20"), Decimal("3.2"), Decimal("0.4"), NOON, NOON)
    assert state.text == "$3.20 of $20 this month (reserved $0.40)"
    scoped = limit("5", span="day", scope="project", name="demo")
    assert State(scoped, Decimal(0), Decimal(0), NOON, NOON).text == "$0 of $5 today for project demo"


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        ("20", "$20"),
        ("3.2", "$3.20"),
        ("0.0125", "$0.0125"),
        ("1234.5", "$1,234.50"),
        ("0.00001", "<$0.0001"),
        ("0", "$0"),
    ],
)
def test_dollars_have_the_digits_that_say_something(usd: str, text: str) -> None:
    assert dollars(Decimal(usd)) == text


def profile_of(folder: Path, text: str) -> Any:
    path = folder / "p.toml"
    path.write_text(MODELS + text, encoding="utf-8")
    return load_profile(str(path), start=folder)


def test_a_profile_has_limits_for_each_scope_and_span(tmp_path: Path) -> None:
    profile = profile_of(
        tmp_path,
        '[budget]\nmonth_usd = 20\non_exceed = "free-only"\n'
        "[budget.project.demo]\nday_usd = 0.1\nweek_usd = 2\n"
        '[budget.task.review]\nmonth_usd = "3"\non_exceed = "block"\n'
        "[budget.model.opus]\nweek_usd = 10\n[budget.provider.anthropic]\nmonth_usd = 15\n",
    )
    found = budget.limits(profile.settings["budget"], profile.model)
    assert {(".".join(one.path), str(one.usd), one.on_exceed) for one in found} == {
        ("budget.month_usd", "20", "free-only"),
        ("budget.project.demo.day_usd", "0.1", "free-only"),
        ("budget.project.demo.week_usd", "2", "free-only"),
        ("budget.task.review.month_usd", "3", "block"),
        ("budget.model.opus.week_usd", "10", "free-only"),
        ("budget.provider.anthropic.month_usd", "15", "free-only"),
    }
    assert str(profile.origins["budget", "project", "demo", "week_usd"]).endswith("p.toml:11")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[budget]\nyear_usd = 1\n", 7, "unknown key 'year_usd'"),
        ("[budget]\nmonth_usd = -1\n", 7, "an amount in dollars"),
        ("[budget.task.reviw]\nday_usd = 1\n", 7, "did you mean 'review'"),
        ("[budget.model.opsu]\nday_usd = 1\n", 7, "did you mean 'opus'"),
        ("[budget.provider.antropic]\nday_usd = 1\n", 7, "did you mean 'anthropic'"),
        ("[budget.project.demo]\nmonth = 1\n", 7, "did you mean 'month_usd'"),
        ('[budget.project.demo]\nday_usd = 1\non_exceed = "stop"\n', 8, "one of warn, block, free-only"),
        ("[budget.project]\nday_usd = 1\n", 7, "must be a table"),
    ],
)
def test_a_wrong_limit_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        profile_of(tmp_path, text)
    assert caught.value.line == line


def test_a_limit_may_name_a_model_by_provider_and_id(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, '[budget.model."openrouter/x-ai/grok"]\nday_usd = 1\n')
    [found] = budget.limits(profile.settings["budget"], profile.model)
    assert found.model is not None
    assert found.model.model == "x-ai/grok"


def test_an_untrusted_project_may_not_set_a_limit(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".llmswitch.toml").write_text("[budget.project.demo]\nday_usd = 1000\n")
    with pytest.raises(ConfigError, match="may not set"):
        profile_of(tmp_path, "")


def test_the_environment_sets_plain_limits_only() -> None:
    names = [variable for variable, _, _ in environment_keys() if variable.startswith("LLMSWITCH_BUDGET")]
    assert names == [f"LLMSWITCH_BUDGET_{key}" for key in ("DAY_USD", "WEEK_USD", "MONTH_USD", "ON_EXCEED")]
