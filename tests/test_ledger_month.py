"""A month at a glance: the bill, each plan against its fee, the forecast and how often its range holds."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from llmswitch.catalog import Model, Plan
from llmswitch.conversation import Usage
from llmswitch.ledger import cache_hits, period
from llmswitch.ledger.month import Forecast, Glance, forecast, glance
from llmswitch.ledger.prices import UNKNOWN, Cost
from llmswitch.ledger.report import recent_cash, report
from llmswitch.ledger.store import AttemptStatus, Ledger

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
PAID = Model("opus", "anthropic", "claude-opus-4-6", tier=0)
PLANNED = Model("opus-max", "claude-code", "claude-opus-4-6", tier=0, plan="claude-max")
LIGHT = Model("haiku", "anthropic", "claude-haiku-4-5", tier=3)
PLANS = {"claude-max": Plan("claude-max", "200"), "chatgpt-pro": Plan("chatgpt-pro", "200")}


class Book:
    """A ledger whose clock the test sets."""

    def __init__(self, path: Path) -> None:
        self.at = NOW
        self.ledger = Ledger.open(path, clock=lambda: int(self.at.timestamp() * 1e6))

    def call(
        self, model: Model, cost: Cost, at: datetime = NOW, status: AttemptStatus = "ok", usage: Usage | None = None
    ) -> None:
        self.at = at
        dispatch = self.ledger.begin_dispatch("ask", task="docs")
        self.ledger.settle_attempt(
            self.ledger.begin_attempt(dispatch, 1, model),
            status=status,
            cost=cost,
            usage=usage or Usage(100, 300, 0, 0, 9),
        )
        self.ledger.finish_dispatch(dispatch, "ok", 0)

    def hit(self, cost: Cost | None = None) -> None:
        dispatch = self.ledger.begin_dispatch("ask", cache="hit")
        if cost is not None:
            cache_hits.record(
                self.ledger,
                dispatch,
                entry="e",
                how="exact",
                score=None,
                cash=cost.usd,
                imputed=cost.imputed,
                ms=1500,
            )
        self.ledger.finish_dispatch(dispatch, "ok", 0)

    def glance(self, now: datetime = NOW, plans: dict[str, Plan] | None = None) -> Glance:
        with self.ledger.reading() as connection:
            found = report(
                connection, period.month(NOW, "2026-10", UTC), plans=PLANS if plans is None else plans, zone=UTC
            )
            return glance(found, recent_cash(connection, now, zone=UTC), now)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "ledger.db")


def cash(usd: str) -> Cost:
    return Cost(Decimal(usd), None, "list", "v")


def covered(usd: str | None) -> Cost:
    return Cost(Decimal(0), None if usd is None else Decimal(usd), "plan", "v")


def test_the_bill_is_fees_and_cash_and_nothing_imputed(book: Book) -> None:
    book.call(PAID, cash("12.5"))
    book.call(PLANNED, covered("340"))
    found = book.glance()
    assert (found.fees, found.cash, found.to_be_paid) == (Decimal(400), Decimal("12.5"), Decimal("412.5"))


def test_each_plan_stands_beside_its_fee(book: Book) -> None:
    book.call(PLANNED, covered("340"))
    plans = [(plan.plan, plan.fee, plan.imputed, plan.calls) for plan in book.glance().plans]
    assert plans == [("claude-max", Decimal(200), Decimal(340), 1), ("chatgpt-pro", Decimal(200), None, 0)]


def test_a_plan_that_the_profile_no_longer_has_is_shown_without_a_fee(book: Book) -> None:
    book.call(PLANNED, covered("340"))
    assert [(plan.plan, plan.fee) for plan in book.glance(plans={}).plans] == [("claude-max", None)]


def test_calls_of_a_plan_without_a_price_are_counted(book: Book) -> None:
    book.call(PLANNED, covered("1"))
    book.call(PLANNED, covered(None))
    assert book.glance().plans[0].unpriced == 1


def test_tiers_count_answered_calls_the_strongest_first(book: Book) -> None:
    for model, status in ((LIGHT, "ok"), (PAID, "ok"), (LIGHT, "ok"), (LIGHT, "failed")):
        book.call(model, cash("1"), status=status)  # type: ignore[arg-type]  # one of the two above
    assert book.glance().tiers == ((0, 1), (3, 2))


def test_a_cache_hit_saves_the_mean_cost_of_an_answer(book: Book) -> None:
    book.call(PAID, cash("3"))
    book.call(LIGHT, cash("1"))
    book.hit()
    cache = book.glance().cache
    assert (cache.answers, cache.cash, cache.imputed) == (1, Decimal(2), None)


def test_a_cache_hit_saves_what_its_own_call_had_cost(book: Book) -> None:
    book.call(PAID, cash("3"))
    book.hit(cash("0.25"))
    book.hit(covered("0.5"))
    cache = book.glance().cache
    assert (cache.answers, cache.cash, cache.imputed, cache.ms) == (2, Decimal("0.25"), Decimal("0.5"), 3000)


def test_only_hits_of_calls_without_a_known_cost_are_reckoned_at_the_mean(book: Book) -> None:
    book.call(PAID, cash("3"))
    book.hit(cash("0.25"))
    book.hit(UNKNOWN)
    cache = book.glance().cache
    assert (cache.answers, cache.cash, cache.estimated) == (2, Decimal("3.25"), 1)


def test_the_share_of_prompt_tokens_from_the_providers_caches_is_told(book: Book) -> None:
    book.call(PAID, cash("3"))
    assert book.glance().cache.read_share == 0.75


def test_spend_without_a_whole_answer_is_told(book: Book) -> None:
    book.call(PAID, cash("3"), status="partial")
    book.call(PAID, UNKNOWN, status="failed")
    found = book.glance()
    assert (found.incomplete_calls, found.incomplete_cash, found.cash) == (2, Decimal(3), Decimal(3))


def test_a_month_that_is_over_has_no_forecast(book: Book) -> None:
    book.call(PAID, cash("3"))
    found = book.glance(now=NOW + timedelta(days=40))
    assert (found.running, found.forecast) == (False, None)


def test_a_young_ledger_has_no_forecast(book: Book) -> None:
    book.call(PAID, cash("3"), NOW - timedelta(days=2))
    assert book.glance().forecast is None


def test_a_steady_month_goes_on_steadily(book: Book) -> None:
    for days in range(5):
        book.call(PAID, cash("2"), NOW - timedelta(days=days))
    found = book.glance().forecast
    assert found == Forecast(Decimal("33.00"), Decimal("33.00"), Decimal("33.00"), 4)  # 10 so far, 11.5 days at 2


def test_days_before_the_first_call_do_not_count_as_days_without_spending(book: Book) -> None:
    book.call(PAID, cash("2"), NOW - timedelta(days=4))
    with book.ledger.reading() as connection:
        assert recent_cash(connection, NOW, zone=UTC) == [2, 0, 0, 0]


def test_the_forecast_rests_on_at_most_28_days(book: Book) -> None:
    book.call(PAID, cash("2"), NOW - timedelta(days=90))
    with book.ledger.reading() as connection:
        assert len(recent_cash(connection, NOW, zone=UTC)) == 28


def test_a_forecast_is_never_below_what_is_spent() -> None:
    found = forecast(Decimal(50), [Decimal(0)] * 9 + [Decimal(50)], 20)
    assert found
    assert found.low == 50


def test_the_range_holds_about_as_often_as_it_says() -> None:
    chance = random.Random(11)
    held = 0
    for _ in range(400):
        days = [Decimal(round(chance.gammavariate(2, 3), 2)) for _ in range(30)]
        found = forecast(sum(days[:14], Decimal(0)), days[:14], 16)
        assert found
        held += found.low <= sum(days, Decimal(0)) <= found.high
    assert 0.7 < held / 400 < 0.9
