"""`llmswitch plan`: what a month would cost under a profile, from a scenario or from the ledger's own calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from typer.testing import CliRunner, Result

from llmswitch.catalog import Model, Plan, ProviderSettings
from llmswitch.commands import plan, plan_query
from llmswitch.commands.plan_query import Outlook, Wanted, outlook
from llmswitch.conversation import Usage
from llmswitch.errors import ConfigError, UsageError
from llmswitch.ledger.expected import Expected, expect
from llmswitch.ledger.figures import Tokens
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import Ledger
from llmswitch.ledger.volume import Volume
from llmswitch.profile import load_profile

SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "plan.schema.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OPUS = "anthropic/claude-opus-4-6"
ANTHROPIC = ProviderSettings("anthropic", kind="anthropic")
FREE = Cost(Decimal(0), None, "free", None)


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLMSWITCH_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "ledger.db"


def million(model: Model, provider: ProviderSettings = ANTHROPIC, **volume: Any) -> Expected:
    """A million tokens in and a tenth of that out, under a profile with that one model and its plan."""
    of = Volume(Tokens(1_000_000, output_tokens=100_000), **{"calls": Fraction(100), "task": "docs", **volume})
    plans = {name: Plan(name, "200") for name in ("claude-max", "other")}
    return expect("one", [of], lambda _: (model, provider), plans, OPUS, NOW)


def test_cash_is_the_tokens_at_todays_list_price() -> None:
    assert million(Model("haiku", "anthropic", "claude-haiku-4-5")).cash == Decimal("1.5")


def test_a_covered_month_costs_the_plans_fee_and_no_cash() -> None:
    found = million(Model("opus", "anthropic", "claude-opus-4-6", plan="claude-max"))
    assert (found.cash, found.fixed, found.total) == (Decimal(0), Decimal(200), Decimal(200))


def test_what_a_plan_covers_is_imputed() -> None:
    assert million(Model("opus", "anthropic", "claude-opus-4-6", plan="claude-max")).imputed == Decimal("7.5")


def test_a_plan_that_covers_nothing_is_named_and_not_counted() -> None:
    found = million(Model("haiku", "anthropic", "claude-haiku-4-5"))
    assert (found.fixed, dict(found.unused)) == (Decimal(0), {"claude-max": Decimal(200), "other": Decimal(200)})


def test_a_fee_is_counted_once_for_many_volumes() -> None:
    model = Model("opus", "anthropic", "claude-opus-4-6", plan="claude-max")
    volumes = [Volume(Tokens(1), task="docs"), Volume(Tokens(1), task="design")]
    found = expect("one", volumes, lambda _: (model, ANTHROPIC), {"claude-max": Plan("claude-max", "200")}, OPUS, NOW)
    assert found.fixed == 200


def test_the_saving_is_the_baseline_less_fees_and_cash() -> None:
    assert million(Model("haiku", "anthropic", "claude-haiku-4-5")).saving == Decimal("7.5") - Decimal("1.5")


def test_an_unknown_price_is_none_and_not_zero() -> None:
    line = million(Model("x", "anthropic", "nobody-knows")).lines[0]
    assert (line.cash, line.source) == (None, "unknown")


def test_a_volume_of_unknown_price_saves_nothing() -> None:
    assert million(Model("x", "anthropic", "nobody-knows")).saving == 0


def test_a_task_that_no_model_of_the_profile_does_is_of_unknown_cost() -> None:
    found = expect("none", [Volume(Tokens(10), task="docs")], lambda _: None, {}, OPUS, NOW)
    assert [line.cash for line in found.lines] == [None]


def test_a_middling_prompt_above_a_price_tier_has_the_dearer_price() -> None:
    sonnet = Model("sonnet", "anthropic", "claude-sonnet-4-5")
    small, large = (million(sonnet, calls=Fraction(calls)).cash for calls in (10, 4))
    assert (small, large) == (Decimal("4.5"), Decimal(6) + Decimal("2.25"))


def test_without_a_number_of_calls_prompts_are_below_every_tier() -> None:
    assert million(Model("sonnet", "anthropic", "claude-sonnet-4-5"), calls=None).cash == Decimal("4.5")


def test_a_billed_volume_is_paid_whatever_covers_the_model() -> None:
    found = million(Model("haiku", "anthropic", "claude-haiku-4-5", plan="claude-max", free=True), billed=True)
    assert (found.cash, found.fixed) == (Decimal("1.5"), Decimal(0))


# The shipped scenarios


def reference() -> Outlook:
    return outlook(Wanted(scenario="reference"), [load_profile("default")], now=NOW)


def test_the_reference_month_costs_402_to_404_dollars() -> None:
    assert Decimal(402) <= reference().profiles[0].total <= Decimal(404)


def test_the_reference_months_fees_are_two_subscriptions_of_200() -> None:
    assert dict(reference().profiles[0].fees) == {"claude-max": 200, "chatgpt-pro": 200}


def test_the_reference_month_on_opus_alone_is_above_3650_dollars() -> None:
    baseline = reference().profiles[0].baseline
    assert baseline is not None
    assert Decimal(3650) <= baseline < Decimal(3700)


def test_the_reference_months_figures_are_what_its_file_says_by_hand() -> None:
    paid = 4 * Decimal("0.26") + 1 * Decimal("0.38") + Decimal("2.4") * Decimal("0.3") + Decimal("0.6") * Decimal("2.5")
    opus = sum(
        fresh * 5 + read * Decimal("0.5") + written * Decimal("6.25") + output * 25
        for fresh, read, written, output in (
            (8, 0, 0, 2),
            (30, 1500, 150, 25),
            (100, 600, 0, 12),
        )
    )
    found = reference().profiles[0]
    assert (found.total, found.baseline) == (400 + paid, opus)


def test_the_reference_months_volumes_are_the_ones_it_is_known_by() -> None:
    by_token = {
        str(volume.model).rpartition("/")[2]: volume.tokens.prompt_tokens + volume.tokens.output_tokens
        for volume in reference().month.volumes[:3]
    }
    assert by_token == {"deepseek-v3.2": 5_000_000, "gpt-oss-120b:free": 2_000_000, "gemini-2.5-flash": 3_000_000}


def test_the_readmes_command_makes_the_reference_month() -> None:
    done = run("--scenario", "reference", "-P", "default")
    assert "$403.64 a month: $400.00 of fees" in done.stdout


@pytest.mark.parametrize("name", ["default", "quality", "cheap", "local", "api", "auto"])
def test_every_shipped_profile_has_a_figure_for_the_everyday_mix(name: str) -> None:
    found = outlook(Wanted(calls=600), [load_profile(name)], now=NOW).profiles[0]
    assert [line.volume.task for line in found.unknown] == []


# The ledger's own calls


@pytest.fixture
def recorded(file: Path) -> Path:
    """Ten days with two calls each: a review of 1,000 tokens, and another program's call."""
    at = [NOW]
    with Ledger.open(file, clock=lambda: int(at[0].timestamp() * 1e6)) as ledger:
        for day in range(1, 11):
            at[0] = NOW - timedelta(days=day)
            for task, name, provider in (("review", "glm", "ollama"), (None, "claude-opus-4-6", "claude-code")):
                dispatch = ledger.begin_dispatch("ask", task=task)
                attempt = ledger.begin_attempt(dispatch, 1, Model(name, provider, name))
                ledger.settle_attempt(attempt, status="ok", usage=Usage(1000, 0, 0, 0, 100, 0), cost=FREE)
                ledger.finish_dispatch(dispatch, "ok", 0)
    return file


def of_ledger(**wanted: Any) -> Outlook:
    return outlook(Wanted(**wanted), [load_profile("default")], now=NOW)


def test_a_young_ledger_is_taken_in_proportion(recorded: Path) -> None:
    assert of_ledger(from_ledger=True).month.calls == Fraction(60)


def test_tokens_are_taken_in_proportion_too(recorded: Path) -> None:
    assert of_ledger(from_ledger=True).month.tokens == Tokens(60_000, output_tokens=6_000)


def test_a_month_that_is_named_is_taken_as_it_was(recorded: Path) -> None:
    assert of_ledger(month="2026-11").month.calls == Fraction(20)


def test_a_task_goes_to_the_profiles_own_route(recorded: Path) -> None:
    lines = of_ledger(from_ledger=True).profiles[0].lines
    assert [line.model.name for line in lines if line.model and line.volume.task] == ["qwen-coder"]


def test_a_call_without_a_task_stays_with_its_model_and_its_plan(recorded: Path) -> None:
    lines = of_ledger(from_ledger=True).profiles[0].lines
    assert [line.covered_by for line in lines if line.volume.task is None] == ["claude-max"]


def test_a_call_that_failed_is_not_counted_again(recorded: Path) -> None:
    with Ledger.open(recorded, clock=lambda: int((NOW - timedelta(days=2)).timestamp() * 1e6)) as ledger:
        dispatch = ledger.begin_dispatch("ask", task="review")
        attempt = ledger.begin_attempt(dispatch, 1, Model("glm", "ollama", "glm"))
        ledger.settle_attempt(attempt, status="failed", usage=Usage(500, 0, 0, 0, 0, 0), cost=FREE)
        ledger.finish_dispatch(dispatch, "failed", 1)
    assert of_ledger(month="2026-11").month.calls == Fraction(20)


def test_prompts_of_two_price_tiers_are_not_averaged(recorded: Path) -> None:
    with Ledger.open(recorded, clock=lambda: int((NOW - timedelta(days=2)).timestamp() * 1e6)) as ledger:
        dispatch = ledger.begin_dispatch("ask", task="review")
        attempt = ledger.begin_attempt(dispatch, 1, Model("glm", "ollama", "glm"))
        ledger.settle_attempt(attempt, status="ok", usage=Usage(300_000, 0, 0, 0, 0, 0), cost=FREE)
        ledger.finish_dispatch(dispatch, "ok", 0)
    prompts = [v.mean_prompt for v in of_ledger(month="2026-11").month.volumes if v.task]
    assert prompts == [1000, 300_000]


def test_a_number_of_calls_keeps_the_ledgers_mix(recorded: Path) -> None:
    month = of_ledger(calls=6).month
    assert [(volume.task, volume.calls) for volume in month.volumes] == [("review", Fraction(3)), (None, Fraction(3))]


def test_an_empty_ledger_has_the_usual_mix() -> None:
    assert (of_ledger(calls=100).month.source, of_ledger(calls=100).month.calls) == ("mix", Fraction(100))


def test_an_empty_ledger_that_was_asked_for_is_an_error() -> None:
    with pytest.raises(UsageError, match="fewer than 3 whole days"):
        of_ledger(from_ledger=True)


def test_looking_creates_no_ledger(file: Path) -> None:
    of_ledger()
    assert not file.exists()


def test_a_provider_that_the_profile_no_longer_has_is_of_unknown_cost(recorded: Path) -> None:
    with Ledger.open(recorded, clock=lambda: int((NOW - timedelta(days=2)).timestamp() * 1e6)) as ledger:
        dispatch = ledger.begin_dispatch("ask")
        attempt = ledger.begin_attempt(dispatch, 1, Model("gone", "nowhere", "gone-1"))
        ledger.settle_attempt(attempt, status="ok", usage=Usage(500, 0, 0, 0, 0, 0), cost=FREE)
        ledger.finish_dispatch(dispatch, "ok", 0)
    assert [line.volume.model for line in of_ledger(month="2026-11").profiles[0].unknown] == ["gone"]


# The command


def run(*arguments: str) -> Result:
    app = typer.Typer()
    plan.register(app)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["plan", *arguments])


@pytest.mark.parametrize(
    "arguments",
    [("--scenario", "reference"), ("default", "cheap", "--calls", "50"), ("--currency", "JPY", "--rate", "155")],
)
def test_json_is_as_the_schema_says(arguments: tuple[str, ...]) -> None:
    done = run(*arguments, "--json", *([] if "cheap" in arguments else ["-P", "default"]))
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(json.loads(done.stdout))


def test_json_of_the_ledgers_calls_is_as_the_schema_says(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_query, "datetime", _At)
    done = run("--from-ledger", "--json", "-P", "default")
    jsonschema.validate(json.loads(done.stdout), SCHEMA)


class _At(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # a fixed moment
        return NOW


def test_profiles_stand_side_by_side() -> None:
    lines = run("default", "cheap", "--calls", "600").stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(("default ", "cheap "))] == [
        "default",
        "cheap",
        "cheap",
    ]


def test_each_task_has_its_model_of_each_profile() -> None:
    lines = run("default", "cheap", "--calls", "600").stdout.splitlines()
    assert ["design", "opus", "deepseek"] in [line.split() for line in lines]


def test_markdown_has_a_table_for_the_profiles_and_one_for_the_tasks() -> None:
    done = run("default", "cheap", "--calls", "600", "--markdown")
    assert [line.split(" |")[0] for line in done.stdout.splitlines() if line.startswith(("| profile", "| task"))] == [
        "| profile",
        "| task",
    ]


def test_a_loss_is_no_saving() -> None:
    assert "saving     none: all of it on claude-opus-4-6" in run("--calls", "20", "-P", "default").stdout


def test_amounts_are_shown_in_another_currency() -> None:
    assert "¥62,56" in run("--scenario", "reference", "-P", "default", "--currency", "JPY", "--rate", "155").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("--scenario", "reference", "--from-ledger"),
        ("--scenario", "reference", "--month", "2026-10"),
        ("--json", "--markdown"),
        ("default", "-P", "cheap"),
        ("--month", "2026-13"),
        ("--month", "2026-10"),
        ("--from-ledger",),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    assert isinstance(run(*arguments).exception, UsageError)


def test_an_unknown_profile_is_a_configuration_error() -> None:
    assert isinstance(run("defualt").exception, ConfigError)
