"""Reports: three totals that are never added, unknown is not 0, and every sum agrees with independent code."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from llmswitch.catalog import Model, Plan, ProviderSettings
from llmswitch.conversation import Usage
from llmswitch.errors import Failure
from llmswitch.ledger import period, prices
from llmswitch.ledger.cells import Where
from llmswitch.ledger.figures import Day, Figures
from llmswitch.ledger.prices import UNKNOWN, Cost, cost_of
from llmswitch.ledger.report import GROUPS, GroupBy, Report, report, week_of
from llmswitch.ledger.store import AttemptStatus, Ledger

TOKYO = ZoneInfo("Asia/Tokyo")
NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
OPUS = Model("opus", "anthropic", "claude-opus-4-6")
PLANNED = Model("opus-max", "claude-code", "claude-opus-4-6", plan="claude-max")
LOCAL = Model("qwen", "ollama", "qwen3:8b", local=True)
FREE = Model("gpt-oss", "openrouter", "openai/gpt-oss-120b:free")
MAX = {"claude-max": Plan("claude-max", "200")}


@dataclass
class Clock:
    """A clock that stands where it is put."""

    at: datetime = NOON

    def __call__(self) -> int:
        return int(self.at.timestamp() * 1_000_000)


class Recorder:
    """Writes whole calls into a ledger."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.ledger = Ledger.open(path, clock=self.clock)

    def call(
        self,
        model: Model = OPUS,
        usage: Usage | None = None,
        cost: Cost | None = None,
        *,
        at: datetime = NOON,
        status: AttemptStatus = "ok",
        failure: Failure | None = None,
        task: str = "bugfix",
        project: str | None = None,
        profile: str = "default",
        session: str | None = None,
        hook: str | None = None,
    ) -> None:
        """One dispatch with one attempt, priced from the list unless `cost` says otherwise."""
        self.clock.at = at
        dispatch = self.ledger.begin_dispatch(
            "ask", task=task, project=project, profile=profile, session=session, hook=hook
        )
        attempt = self.ledger.begin_attempt(dispatch, 1, model)
        cost = cost or cost_of(usage, model, ProviderSettings(model.provider, kind=model.provider), at)
        self.ledger.settle_attempt(attempt, status=status, failure=failure, usage=usage, cost=cost)
        self.ledger.finish_dispatch(dispatch, "failed" if status == "failed" else "ok", 0)

    def report(self, *by: GroupBy, plans: dict[str, Plan] | None = None, zone: ZoneInfo | None = None) -> Report:
        """The report of October 2026."""
        with self.ledger.reading() as connection:
            month = period.month(NOON, "2026-10", zone or UTC)
            return report(connection, month, by=by or ("model",), plans=plans, zone=zone or UTC)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    recorder = Recorder(tmp_path / "ledger.db")
    yield recorder
    recorder.ledger.close()


MILLION = Usage(input_tokens=1_000_000, output_tokens=0)


def test_cash_is_the_sum_of_what_is_owed(recorder: Recorder) -> None:
    recorder.call(usage=MILLION)
    recorder.call(usage=MILLION)
    assert recorder.report().total.cash_usd == Decimal(10)


def test_a_plan_covered_call_is_imputed_and_not_cash(recorder: Recorder) -> None:
    recorder.call(PLANNED, MILLION)
    total = recorder.report().total
    assert (total.cash, total.imputed_usd, total.plan_calls, total.paid_calls) == (Decimal(0), Decimal(5), 1, 0)


def test_local_and_free_calls_are_told_apart(recorder: Recorder) -> None:
    recorder.call(LOCAL, MILLION)
    recorder.call(FREE, MILLION)
    total = recorder.report().total
    assert (total.local_calls, total.free_calls) == (1, 1)


def test_an_unknown_cost_is_counted_and_not_zero(recorder: Recorder) -> None:
    recorder.call(Model("mystery", "anthropic", "mystery"), MILLION)
    total = recorder.report().total
    assert (total.cash_usd, total.unknown_cost_calls) == (None, 1)


def test_a_call_that_was_turned_away_is_not_of_unknown_cost(recorder: Recorder) -> None:
    recorder.call(status="failed", failure=Failure.RATE_LIMIT)
    total = recorder.report().total
    assert (total.failed_calls, total.unknown_cost_calls) == (1, 0)


def test_a_call_that_ran_out_of_time_may_be_owed(recorder: Recorder) -> None:
    recorder.call(status="failed", failure=Failure.TIMEOUT)
    assert recorder.report().total.unknown_cost_calls == 1


def test_plan_fees_belong_to_a_whole_month(recorder: Recorder) -> None:
    assert recorder.report(plans=MAX).plan_fees == Decimal(200)


def test_plan_fees_are_never_prorated(recorder: Recorder) -> None:
    with recorder.ledger.reading() as connection:
        assert report(connection, period.week(NOON, UTC), plans=MAX, zone=UTC).plan_fees is None


def test_savings_are_the_baseline_less_cash_and_fees(recorder: Recorder) -> None:
    recorder.call(PLANNED, Usage(input_tokens=100_000_000, output_tokens=0))
    found = recorder.report(plans=MAX)
    assert found.savings(found.total, found.plan_fees) == Decimal(500) - Decimal(200)


def test_a_failed_calls_tokens_are_not_in_the_baseline(recorder: Recorder) -> None:
    recorder.call(usage=MILLION, status="failed", failure=Failure.NETWORK)
    assert recorder.report().total.baseline == 0


def test_a_call_of_unknown_cost_saves_nothing(recorder: Recorder) -> None:
    recorder.call(usage=MILLION, cost=UNKNOWN)
    found = recorder.report()
    assert found.savings(found.total, found.plan_fees) == 0


def test_the_baseline_has_the_price_of_the_calls_own_day(recorder: Recorder) -> None:
    large = Usage(input_tokens=300_000, output_tokens=0)
    for day in (12, 13):  # the surcharge above 200K ended on the 13th
        recorder.call(usage=large, at=datetime(2026, 3, day, 12, tzinfo=UTC))
    with recorder.ledger.reading() as connection:
        march = report(connection, period.month(NOON, "2026-03", UTC), zone=UTC)
    assert march.total.baseline == Decimal(3) + Decimal("1.5")


def test_two_prompts_below_a_price_tier_do_not_add_up_to_one_above_it(recorder: Recorder) -> None:
    for _ in range(2):
        recorder.call(usage=Usage(input_tokens=150_000, output_tokens=0), at=datetime(2026, 3, 12, 12, tzinfo=UTC))
    with recorder.ledger.reading() as connection:
        march = report(connection, period.month(NOON, "2026-03", UTC), zone=UTC)
    assert march.total.baseline == Decimal("1.5")


def test_a_call_at_the_turn_of_a_month_in_tokyo_is_in_the_local_month(recorder: Recorder) -> None:
    recorder.call(usage=MILLION, at=datetime(2026, 9, 30, 14, 59, 59, 999_999, tzinfo=UTC))
    recorder.call(usage=MILLION, at=datetime(2026, 9, 30, 15, 0, tzinfo=UTC))
    recorder.call(usage=MILLION, at=datetime(2026, 10, 31, 15, 0, tzinfo=UTC))
    days = recorder.report("day", zone=TOKYO).groups
    assert [(group.keys, group.figures.calls) for group in days] == [(("2026-10-01",), 1)]


def test_the_first_instant_after_a_month_is_not_in_it(recorder: Recorder) -> None:
    recorder.call(usage=MILLION, at=datetime(2026, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    recorder.call(usage=MILLION, at=datetime(2026, 11, 1, tzinfo=UTC))
    assert recorder.report().total.calls == 1


def test_days_come_in_order(recorder: Recorder) -> None:
    for day in (9, 3, 21):
        recorder.call(usage=MILLION, at=datetime(2026, 10, day, 12, tzinfo=UTC))
    assert [group.keys[0] for group in recorder.report("day").groups] == ["2026-10-03", "2026-10-09", "2026-10-21"]


def test_models_come_with_the_dearest_first(recorder: Recorder) -> None:
    recorder.call(LOCAL, MILLION)
    recorder.call(OPUS, MILLION)
    assert [group.keys[0] for group in recorder.report("model").groups] == ["opus", "qwen"]


def test_two_groupings_give_each_combination_that_occurs(recorder: Recorder) -> None:
    recorder.call(OPUS, MILLION, task="design")
    recorder.call(OPUS, MILLION, task="review")
    recorder.call(LOCAL, MILLION, task="review")
    keys = {group.keys for group in recorder.report("model", "task").groups}
    assert keys == {("opus", "design"), ("opus", "review"), ("qwen", "review")}


def test_calls_outside_a_repository_have_no_project(recorder: Recorder) -> None:
    recorder.call(usage=MILLION)
    recorder.call(usage=MILLION, project="llmswitch")
    assert {group.keys for group in recorder.report("project").groups} == {(None,), ("llmswitch",)}


@pytest.mark.parametrize("by", GROUPS)
def test_the_groups_add_up_to_the_total(recorder: Recorder, by: GroupBy) -> None:
    fill(recorder, 60)
    found = recorder.report(by)
    assert sum((group.figures for group in found.groups), Figures()) == found.total


def test_an_open_call_is_counted_and_is_not_of_unknown_cost(recorder: Recorder) -> None:
    recorder.clock.at = NOON
    recorder.ledger.begin_attempt(recorder.ledger.begin_dispatch("ask"), 1, OPUS)
    total = recorder.report().total
    assert (total.calls, total.unknown_cost_calls) == (1, 0)


def test_cache_hits_are_counted_without_a_call(recorder: Recorder) -> None:
    recorder.clock.at = NOON
    recorder.ledger.finish_dispatch(recorder.ledger.begin_dispatch("ask", cache="hit"), "ok", 0)
    found = recorder.report()
    assert (found.cache_hits, found.total.calls) == (1, 0)


def fill(recorder: Recorder, count: int) -> None:
    """`count` random calls over October and the days around it."""
    chance = random.Random(7)
    for _ in range(count):
        usage = Usage(*(chance.choice([None, chance.randrange(400_000)]) for _ in range(5)))
        status, failure = chance.choice([("ok", None), ("partial", None), ("failed", Failure.NETWORK)])
        recorder.call(
            chance.choice([OPUS, PLANNED, LOCAL, FREE, Model("mystery", "anthropic", "mystery")]),
            usage,
            at=datetime(2026, 9, 28, tzinfo=UTC) + timedelta(seconds=chance.randrange(36 * 86_400)),
            status=status,  # type: ignore[arg-type]  # the three above
            failure=failure,
            task=chance.choice(["design", "bugfix"]),
            project=chance.choice([None, "a", "b"]),
        )


def test_every_sum_agrees_with_code_that_adds_row_by_row(recorder: Recorder) -> None:
    fill(recorder, 300)
    month = period.month(NOON, "2026-10", TOKYO)
    cash: dict[str, Decimal] = defaultdict(Decimal)
    baseline: dict[str, Decimal] = defaultdict(Decimal)
    with recorder.ledger.reading() as connection:
        rows = connection.execute(
            "SELECT started_at, status, cost_pico, input_tokens, cache_read_tokens, cache_write_5m_tokens, "
            "cache_write_1h_tokens, output_tokens FROM attempts"
        ).fetchall()
    for started_at, status, pico, *tokens in rows:
        at = datetime.fromtimestamp(started_at / 1e6, UTC)
        if not month.since <= at < month.until:
            continue
        day = at.astimezone(TOKYO).date().isoformat()
        cash[day] += Decimal(pico or 0).scaleb(-12)
        if status == "ok" and pico is not None:
            baseline[day] += prices.baseline(Usage(*tokens), at) or Decimal(0)
    found = {group.keys[0]: group.figures for group in recorder.report("day", zone=TOKYO).groups}
    assert {day: figures.cash for day, figures in found.items() if figures.cash} == {d: c for d, c in cash.items() if c}
    assert {day: f.baseline for day, f in found.items() if f.baseline} == {d: b for d, b in baseline.items() if b}


def test_a_week_is_the_iso_week_of_the_local_day(recorder: Recorder) -> None:
    recorder.call(usage=MILLION, at=datetime(2026, 10, 4, 14, 59, tzinfo=UTC))  # Sunday evening in Tokyo
    recorder.call(usage=MILLION, at=datetime(2026, 10, 4, 15, 0, tzinfo=UTC))  # Monday there
    assert [group.keys for group in recorder.report("week", zone=TOKYO).groups] == [("2026-W40",), ("2026-W41",)]


def test_the_first_days_of_a_year_may_belong_to_the_last_week_of_the_year_before() -> None:
    assert (week_of("2027-01-03"), week_of("2027-01-04")) == ("2026-W53", "2027-W01")


def narrowed(recorder: Recorder, where: Where, by: GroupBy = "model", top: int | None = None) -> Report:
    with recorder.ledger.reading() as connection:
        return report(
            connection, period.month(NOON, "2026-10", UTC), by=(by,), where=where, top=top, plans=MAX, zone=UTC
        )


@pytest.fixture
def mixed(recorder: Recorder) -> Recorder:
    """A call of each of several kinds."""
    recorder.call(OPUS, MILLION, task="design", project="a", session="s", hook="pre-commit")
    recorder.call(OPUS, MILLION, task="review", project="b")
    recorder.call(LOCAL, MILLION, task="review", project="b")
    recorder.call(PLANNED, MILLION, task="docs")
    return recorder


@pytest.mark.parametrize(
    ("where", "calls"),
    [
        (Where(model=("opus",)), 2),
        (Where(model=("opus", "qwen")), 3),
        (Where(task=("review",)), 2),
        (Where(provider=("ollama",)), 1),
        (Where(project=("b",)), 2),
        (Where(project=("-",)), 1),
        (Where(session=("s",)), 1),
        (Where(hook=("pre-commit",)), 1),
        (Where(model=("opus",), project=("b",)), 1),
        (Where(model=("o'pus; --",)), 0),
    ],
)
def test_a_filter_keeps_only_its_calls(mixed: Recorder, where: Where, calls: int) -> None:
    assert narrowed(mixed, where).total.calls == calls


@pytest.mark.parametrize(("by", "key"), [("session", "s"), ("hook", "pre-commit")])
def test_calls_are_grouped_by_session_and_hook(mixed: Recorder, by: GroupBy, key: str) -> None:
    assert {group.keys for group in mixed.report(by).groups} == {(None,), (key,)}


def test_no_plan_fee_belongs_to_a_part_of_the_calls(mixed: Recorder) -> None:
    assert narrowed(mixed, Where(model=("opus",))).plan_fees is None


def test_top_keeps_the_dearest_and_sums_up_the_rest(mixed: Recorder) -> None:
    found = narrowed(mixed, Where(), top=1)
    assert found.rest
    assert ([group.keys for group in found.groups], found.rest.groups, found.rest.figures.calls) == ([("opus",)], 2, 2)


def test_a_top_that_holds_everything_leaves_no_rest(mixed: Recorder) -> None:
    assert narrowed(mixed, Where(), top=3).rest is None


def test_top_days_are_the_dearest_ones(recorder: Recorder) -> None:
    for day, times in ((3, 1), (9, 3), (21, 2)):
        for _ in range(times):
            recorder.call(usage=MILLION, at=datetime(2026, 10, day, 12, tzinfo=UTC))
    assert [group.keys[0] for group in narrowed(recorder, Where(), "day", 2).groups] == ["2026-10-09", "2026-10-21"]


def test_cache_hits_are_not_counted_for_a_model(recorder: Recorder) -> None:
    recorder.clock.at = NOON
    recorder.ledger.finish_dispatch(recorder.ledger.begin_dispatch("ask", cache="hit", task="docs"), "ok", 0)
    wheres = (Where(), Where(task=("docs",)), Where(task=("test",)), Where(model=("opus",)))
    assert [narrowed(recorder, where).cache_hits for where in wheres] == [1, 1, 0, 0]


def test_the_trend_has_the_local_days_of_each_group(recorder: Recorder) -> None:
    recorder.call(OPUS, MILLION, at=datetime(2026, 10, 4, 15, 0, tzinfo=UTC))
    recorder.call(LOCAL, MILLION, at=datetime(2026, 10, 9, 1, 0, tzinfo=UTC))
    groups = {group.keys[0]: dict(group.days) for group in recorder.report(zone=TOKYO).groups}
    assert {name: list(days) for name, days in groups.items()} == {"opus": ["2026-10-05"], "qwen": ["2026-10-09"]}
    assert groups["opus"]["2026-10-05"] == Day(1, Decimal(5), Decimal(0))


def test_the_cash_of_calls_without_a_whole_answer_is_told(recorder: Recorder) -> None:
    recorder.call(usage=MILLION)
    recorder.call(usage=MILLION, status="partial")
    total = recorder.report().total
    assert (total.cash, total.incomplete_cash, total.incomplete_calls) == (Decimal(10), Decimal(5), 1)


def test_the_use_of_a_plan_is_told_by_plan(mixed: Recorder) -> None:
    assert {name: figures.imputed for name, figures in mixed.report().plan_use.items()} == {"claude-max": Decimal(5)}
