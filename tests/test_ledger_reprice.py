"""`ledger reprice`: nothing changes unasked, the old figure is kept, and facts stay facts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from command import command_for
from session_logs import rows

from llmswitch.catalog import Model, Price, ProviderSettings
from llmswitch.conversation import Usage
from llmswitch.ledger import reprice
from llmswitch.ledger.prices import Cost, CostSource
from llmswitch.ledger.reprice import Find
from llmswitch.ledger.store import Ledger

MILLION = Usage(input_tokens=1_000_000, output_tokens=0)
AT = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp() * 1_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def record(path: Path, cost: Cost, model: Model | None = None, at: int = AT, usage: Usage = MILLION) -> None:
    with Ledger.open(path, clock=lambda: at) as ledger:
        dispatch = ledger.begin_dispatch("ask")
        model = model or Model("opus", "anthropic", "claude-opus-4-6")
        ledger.settle_attempt(ledger.begin_attempt(dispatch, 1, model), status="ok", usage=usage, cost=cost)
        ledger.finish_dispatch(dispatch, "ok", 0)


def old(usd: str | None, source: CostSource = "list", imputed: str | None = None) -> Cost:
    amount = None if usd is None else Decimal(usd)
    return Cost(amount, None if imputed is None else Decimal(imputed), source, "genai-prices 0.0.1")


def plain(model: str, provider: str, model_id: str, local: bool) -> tuple[Model, ProviderSettings]:
    return Model(model, provider, model_id, local=local), ProviderSettings(provider, kind=provider)


def applied(path: Path, find: Find = plain, since: datetime | None = None) -> int:
    with Ledger.open(path) as ledger:
        return reprice.apply(ledger, reprice.changes(ledger, find, since), AT + 1)


def test_looking_changes_nothing(path: Path) -> None:
    record(path, old("7"))
    before = rows(path)
    with Ledger.open(path) as ledger:
        reprice.changes(ledger, plain)
    assert rows(path) == before


def test_a_call_gets_the_price_that_is_known_for_its_day(path: Path) -> None:
    record(path, old("7"))
    applied(path)
    assert rows(path, "cost_usd, cost_source") == [(5.0, "list")]


def test_the_old_figure_is_kept(path: Path) -> None:
    record(path, old("7"))
    applied(path)
    kept = "cost_pico, imputed_pico, cost_source, price_version"
    with Ledger.open(path) as ledger, ledger.reading() as connection:
        assert connection.execute(f"SELECT {kept} FROM repricings").fetchall() == [
            (7 * 10**12, None, "list", "genai-prices 0.0.1")
        ]


def test_an_unknown_cost_becomes_known(path: Path) -> None:
    record(path, Cost(None, None, "unknown", None))
    applied(path)
    assert rows(path, "cost_usd, cost_source") == [(5.0, "list")]


def test_a_price_change_is_applied_from_its_day_on(path: Path) -> None:
    argon = Model("argon", "gemini", "gemini-4-argon")
    for day in (30, 31):  # it doubles on 2026-12-01
        record(path, old("9"), argon, AT + (day - 2) * 86_400_000_000)
    applied(path)
    assert rows(path, "cost_usd") == [(2.0,), (4.0,)]


def test_what_a_provider_billed_stays(path: Path) -> None:
    record(path, old("7", "provider"))
    assert applied(path) == 0


def test_what_a_plan_covers_stays_covered(path: Path) -> None:
    record(path, old("0", "plan", imputed="7"), Model("opus", "claude-code", "claude-opus-4-6", plan="max"))
    applied(path)
    assert rows(path, "cost_usd, imputed_usd, cost_source") == [(0.0, 5.0, "plan")]


def test_what_the_client_itself_imputed_stays(path: Path) -> None:
    cost = Cost(Decimal(0), Decimal(7), "plan", None)
    record(path, cost, Model("opus", "claude-code", "claude-opus-4-6", plan="max"))
    assert applied(path) == 0


def test_an_estimate_stays_an_estimate(path: Path) -> None:
    record(path, old("7", "estimate"))
    applied(path)
    assert rows(path, "cost_source") == [("estimate",)]


def test_the_list_price_of_another_route_is_an_estimate(path: Path) -> None:
    record(path, old("7"), Model("fast", "openrouter", "deepseek/deepseek-v3.2:nitro"))
    applied(path)
    assert rows(path, "cost_source") == [("estimate",)]


def test_a_price_that_is_no_longer_known_is_better_than_none(path: Path) -> None:
    record(path, old("7"), Model("gone", "anthropic", "claude-nobody-9"))
    assert applied(path) == 0


def test_calls_before_the_day_that_was_named_stay(path: Path) -> None:
    record(path, old("7"))
    assert applied(path, since=datetime(2026, 11, 3, tzinfo=UTC)) == 0


def test_a_call_that_was_priced_again_meanwhile_stays(path: Path) -> None:
    record(path, old("7"))
    with Ledger.open(path) as ledger:
        found = reprice.changes(ledger, plain)
        reprice.apply(ledger, found, AT + 1)
        assert reprice.apply(ledger, found, AT + 2) == 0


def test_the_users_own_price_counts(path: Path) -> None:
    def find(model: str, provider: str, model_id: str, local: bool) -> tuple[Model, ProviderSettings]:
        return Model(model, provider, model_id, price=(Price("3", "1"),)), ProviderSettings(provider, kind=provider)

    record(path, old("7"))
    applied(path, find)
    assert rows(path, "cost_usd, price_version") == [(3.0, "configured")]


def test_the_differences_are_added_up_by_model(path: Path) -> None:
    record(path, old("7"))
    record(path, old("8"))
    with Ledger.open(path) as ledger:
        (found,) = reprice.differences(reprice.changes(ledger, plain))
    assert (found.calls, found.old_cash, found.cash) == (2, Decimal(15), Decimal(10))


def test_the_command_shows_the_difference_and_changes_nothing(home: Path, path: Path) -> None:
    record(path, old("7"))
    said = command_for(home, None)("ledger", "reprice", LLMSWITCH_LEDGER=str(path))
    assert ("$7.0000  → $5.0000" in said.out, rows(path, "cost_usd")) == (True, [(7.0,)])


def test_the_command_changes_it_when_told_to(home: Path, path: Path) -> None:
    record(path, old("7"))
    said = command_for(home, None)("ledger", "reprice", "--apply", "--json", LLMSWITCH_LEDGER=str(path))
    assert (json.loads(said.out)["applied"], rows(path, "cost_usd")) == (1, [(5.0,)])
