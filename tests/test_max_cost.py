"""`--max-cost`: no dispatch costs more, an answer is made shorter to fit, and all attempts of a call share one purse."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from command import Command, command_for
from test_budget_dispatch import bench_of, calls, write_profile
from test_dispatch import Bench
from upstream import DEFAULT_TEXT, Reply, Upstream

from llmswitch.engine.purse import Purse
from llmswitch.errors import ExitCode


@pytest.fixture
def make(upstream: Upstream, tmp_path: Path) -> Iterator[Any]:
    made: list[Bench] = []

    def make(*route: str) -> Bench:
        made.append(bench_of(upstream, tmp_path, *route, limit="1000", on_exceed="warn"))
        return made[-1]

    yield make
    for bench in made:
        bench.engine.ledger.close()


def asked_for(bench: Bench) -> list[int]:
    return [seen.body["max_tokens"] for seen in bench.upstream.requests if seen.method == "POST"]


def test_the_answer_is_made_short_enough_to_fit(make: Any) -> None:
    bench = make("paid")
    assert bench.ask(purse=Purse(Decimal("0.1"))).error is None
    assert asked_for(bench) == [500]  # $200 for a million tokens of output


def test_an_answer_that_fits_is_not_made_shorter(make: Any) -> None:
    bench = make("cheap")
    bench.ask(purse=Purse(Decimal("0.1")))
    assert asked_for(bench) == [1000]


def test_a_model_that_is_too_dear_even_for_a_short_answer_is_passed_over(make: Any) -> None:
    bench = make("paid", "cheap")
    assert bench.ask(purse=Purse(Decimal("0.05"))).text == DEFAULT_TEXT
    assert calls(bench) == ["model-cheap"]


def test_where_nothing_fits_nothing_is_called_and_the_way_out_is_told(make: Any) -> None:
    bench = make("paid")
    error = bench.ask(purse=Purse(Decimal("0.05"))).error
    assert error.exit_code is ExitCode.BUDGET
    assert "--max-cost leaves $0.05" in error.message
    assert "higher --max-cost" in error.hint
    assert calls(bench) == []


def test_an_unknown_price_does_not_pass_unless_it_is_allowed(make: Any) -> None:
    bench = make("mystery")
    assert bench.ask(purse=Purse(Decimal(1))).error.exit_code is ExitCode.BUDGET
    assert bench.ask(purse=Purse(Decimal(1)), allow_unknown_price=True).error is None


@pytest.mark.parametrize("name", ["planned", "local"])
def test_what_costs_no_cash_is_not_limited(make: Any, name: str) -> None:
    bench = make(name)
    assert bench.ask(purse=Purse(Decimal("0.000001"))).error is None


def test_a_second_call_finds_only_what_the_first_one_left(make: Any) -> None:
    bench = make("paid")
    purse = Purse(Decimal("0.1"))
    bench.ask(purse=purse)
    assert purse.left == Decimal("0.1") - Decimal("0.0018")  # the upstream's 9 tokens
    assert purse.held == 0


def test_a_failed_attempt_that_cost_nothing_leaves_the_purse_full(make: Any) -> None:
    bench = make("paid")
    bench.upstream.script(Reply(status=400), model="model-paid")
    purse = Purse(Decimal("0.1"))
    bench.ask(purse=purse)
    assert purse.left == Decimal("0.1")


@pytest.fixture
def command(home: Path, upstream: Upstream) -> Command:
    profile = write_profile(home, upstream, ["paid"], "1000", "warn")
    return Command(home, command_for(home, upstream).environment | {"LLMSWITCH_PROFILE": str(profile)})


def test_the_flag_ends_with_the_budget_s_exit_code(command: Command) -> None:
    assert command("ask", "--max-cost", "0.0501", "hi").code == 79


@pytest.mark.parametrize("amount", ["0", "-1", "much", "nan", "inf"])
def test_an_amount_that_is_none_is_a_usage_error(command: Command, amount: str) -> None:
    done = command("ask", f"--max-cost={amount}", "hi")
    assert done.code == 2
    assert "no amount" in done.err
