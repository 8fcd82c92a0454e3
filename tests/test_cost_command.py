"""`llmswitch cost` and `llmswitch ledger` as a user and a script meet them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from typer.testing import CliRunner, Result

from llmswitch.catalog import Model
from llmswitch.commands import cost, ledger
from llmswitch.commands.cost_data import decimal_text
from llmswitch.commands.cost_query import Asked, Query, Span, Statement, statement
from llmswitch.commands.cost_table import cash, change, count
from llmswitch.commands.cost_text import plain_lines
from llmswitch.conversation import Usage
from llmswitch.errors import ConfigError, LedgerError, UsageError
from llmswitch.ledger.figures import Figures
from llmswitch.ledger.prices import UNKNOWN, Cost
from llmswitch.ledger.store import Ledger
from llmswitch.terminal.currency import USD, Currency

SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "cost.schema.json").read_text(encoding="utf-8"))
PAID = Cost(Decimal("0.25"), None, "list", "v")
PLANNED = Cost(Decimal(0), Decimal("1.5"), "plan", "v")
OPUS = Model("opus", "anthropic", "claude-opus-4-6")


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger's place in an empty home; no file is made."""
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    monkeypatch.setenv("LLMSWITCH_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.delenv("LLMSWITCH_PROFILE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "ledger.db"


@pytest.fixture
def recorded(file: Path) -> Path:
    """A ledger with a paid, a planned, a local and an unknown call of this moment."""
    record(file, OPUS, PAID)
    record(file, Model("opus-max", "claude-code", "claude-opus-4-6", plan="claude-max"), PLANNED)
    record(file, Model("qwen", "ollama", "qwen3:8b", local=True), Cost(Decimal(0), None, "free", None))
    record(file, Model("mystery", "somewhere", "mystery"), UNKNOWN)
    return file


def record(file: Path, model: Model, cost_: Cost, at: datetime | None = None) -> None:
    clock = (lambda: int(at.timestamp() * 1e6)) if at else None
    with Ledger.open(file, clock=clock) as opened:
        dispatch = opened.begin_dispatch("ask", task="bugfix", project="日本語の家", profile="default")
        attempt = opened.begin_attempt(dispatch, 1, model)
        opened.settle_attempt(attempt, status="ok", usage=Usage(1200, 0, 0, 0, 450), cost=cost_)
        opened.finish_dispatch(dispatch, "ok", 0)


@pytest.fixture
def app() -> Iterator[typer.Typer]:
    app = typer.Typer()
    cost.register(app)
    ledger.register(app)
    return app  # type: ignore[return-value]  # a fixture


def run(app: typer.Typer, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def as_object(app: typer.Typer, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(app, "cost", "--json", *arguments).stdout)
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--today"],
        ["--week"],
        ["--month"],
        ["--month", "2026-10"],
        ["--since", "2026-01-01"],
        ["--by", "day"],
        ["--by", "model", "--by", "task"],
        ["--by", "project,profile"],
        ["--by", "provider"],
        ["--by", "week,session,hook"],
        ["--year"],
        ["--compare"],
        ["--compare", "--currency", "JPY", "--rate", "155.5"],
        ["--month", "--currency", "JPY", "--rate", "155.5"],
        ["--currency", "EUR", "--rate", "0.9", "--top", "2"],
        ["--month", "--model", "opus", "--project", "-"],
    ],
    ids=" ".join,
)
def test_the_json_is_what_the_schema_says(app: typer.Typer, recorded: Path, arguments: list[str]) -> None:
    jsonschema.validate(as_object(app, *arguments), SCHEMA, format_checker=jsonschema.FormatChecker())


def test_the_json_of_an_empty_ledger_is_what_the_schema_says(app: typer.Typer) -> None:
    jsonschema.validate(as_object(app, "--month"), SCHEMA)


def test_the_schema_refuses_an_amount_that_is_a_number(app: typer.Typer, recorded: Path) -> None:
    wrong = as_object(app) | {"cash_usd": 0.25}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


def test_the_three_totals_stand_apart(app: typer.Typer, recorded: Path) -> None:
    found = as_object(app, "--month", "-P", "default")
    assert (found["cash_usd"], found["imputed_usd"], found["plan_fees_usd"]) == ("0.25", "1.5", "400")


def test_month_may_stand_before_another_option(app: typer.Typer, recorded: Path) -> None:
    assert json.loads(run(app, "cost", "--month", "--json").stdout)["calls"] == 4


def test_month_takes_a_value(app: typer.Typer, file: Path) -> None:
    record(file, OPUS, PAID, datetime(2025, 2, 10, 12, tzinfo=UTC))
    counts = [as_object(app, *form)["calls"] for form in (["--month", "2025-02"], ["--month=2025-02"], ["--month"])]
    assert counts == [1, 1, 0]


def test_a_wrong_month_is_a_usage_error(app: typer.Typer) -> None:
    with pytest.raises(UsageError, match="not a month"):
        run(app, "cost", "--month", "2026-13")


def test_two_periods_at_once_are_a_usage_error(app: typer.Typer) -> None:
    with pytest.raises(UsageError, match="--today and --week"):
        run(app, "cost", "--today", "--week")


def test_an_unknown_grouping_is_a_usage_error_that_lists_the_known(app: typer.Typer) -> None:
    with pytest.raises(UsageError) as caught:
        run(app, "cost", "--by", "colour")
    assert "project" in (caught.value.hint or "")


def test_json_and_csv_together_are_a_usage_error(app: typer.Typer) -> None:
    with pytest.raises(UsageError, match="exclude"):
        run(app, "cost", "--json", "--csv")


def test_a_profile_asked_for_by_name_must_exist(app: typer.Typer) -> None:
    with pytest.raises(ConfigError):
        run(app, "cost", "-P", "no-such-profile")


def test_a_broken_configuration_does_not_hide_the_spending(
    app: typer.Typer, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMSWITCH_PROFILE", "no-such-profile")
    result = run(app, "cost", "--month")
    assert "opus" in result.stdout
    assert "plan fees are left out" in result.stderr


def test_an_empty_ledger_is_one_line_that_says_what_to_run(app: typer.Typer) -> None:
    assert run(app, "cost").stdout == cost.NOTHING_YET + "\n"


def test_asking_creates_no_ledger(app: typer.Typer, file: Path) -> None:
    run(app, "cost")
    assert not file.exists()


def test_a_period_without_calls_says_so(app: typer.Typer, recorded: Path) -> None:
    assert "no calls" in run(app, "cost", "--month", "2020-01").stdout


def test_alone_it_shows_today_and_the_month(app: typer.Typer, recorded: Path) -> None:
    heads = [line.split()[0] for line in run(app, "cost").stdout.splitlines()[:2]]
    assert heads == ["today", f"{datetime.now().astimezone():%Y-%m}"]


@pytest.mark.parametrize(
    ("model", "shown"), [("opus-max", "plan"), ("qwen", "local"), ("mystery", "?"), ("opus", "$0.2500")]
)
def test_a_call_is_shown_as_how_it_was_paid(app: typer.Typer, recorded: Path, model: str, shown: str) -> None:
    lines = run(app, "cost", "--month").stdout.splitlines()
    (row,) = [line.split() for line in lines if line.split()[:1] == [model]]
    assert row[5] == shown


def test_no_amount_is_a_plain_zero(app: typer.Typer, recorded: Path) -> None:
    assert "$0 " not in run(app, "cost", "--month").stdout.replace("\n", " ")


def test_an_unknown_cost_has_a_footnote(app: typer.Typer, recorded: Path) -> None:
    assert "? 1 call has no known cost" in run(app, "cost", "--month").stdout


def test_the_savings_are_called_an_estimate(app: typer.Typer, recorded: Path) -> None:
    (line,) = [line for line in run(app, "cost", "--month").stdout.splitlines() if line.startswith("savings")]
    assert "estimate" in line


def test_the_csv_has_a_line_a_group(app: typer.Typer, recorded: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run(app, "cost", "--month", "--csv").stdout)))
    assert {row["model"]: row["cash_usd"] for row in rows} == {
        "opus": "0.25",
        "opus-max": "0",
        "qwen": "0",
        "mystery": "",
    }


def test_columns_stay_aligned_under_japanese_names(app: typer.Typer, recorded: Path) -> None:
    lines = run(app, "cost", "--month", "--by", "project").stdout.splitlines()
    header, row = (
        next(line for line in lines if line.startswith("project")),
        next(line for line in lines if "日本語" in line),
    )
    wide = sum(1 for char in row if ord(char) > 0x2E80)
    assert len(header) == len(row) + wide


def test_a_mixed_group_says_every_way_it_was_paid() -> None:
    figures = Figures(calls=3, paid_calls=1, plan_calls=1, unknown_cost_calls=1, cash=Decimal("1.2"))
    assert cash(figures, USD) == "$1.20 + plan + ?"


@pytest.mark.parametrize(("tokens", "shown"), [(950, "950"), (12_345, "12.3K"), (4_500_000, "4.5M")])
def test_tokens_are_shown_short(tokens: int, shown: str) -> None:
    assert count(tokens) == shown


@pytest.mark.parametrize(("amount", "text"), [("0E-12", "0"), ("10.500", "10.5"), ("400", "400"), ("1E+2", "100")])
def test_amounts_in_json_are_plain_decimals(amount: str, text: str) -> None:
    assert decimal_text(Decimal(amount)) == text


def test_the_ledgers_path_is_printed(app: typer.Typer, file: Path) -> None:
    assert run(app, "ledger", "path").stdout == f"{file}\n"


def test_the_check_counts_calls_by_status(app: typer.Typer, recorded: Path) -> None:
    assert "attempts    4 (4 ok)" in run(app, "ledger", "check").stdout


def test_the_check_of_a_damaged_ledger_is_an_error(app: typer.Typer, file: Path) -> None:
    file.write_bytes(b"this is no database" * 100)
    with pytest.raises(LedgerError, match="damaged"):
        run(app, "ledger", "check")


def test_the_check_of_a_missing_ledger_creates_none(app: typer.Typer, file: Path) -> None:
    run(app, "ledger", "check")
    assert not file.exists()


def month_of(**more: Any) -> Statement:
    """`cost --month`, read from the ledger."""
    query = Query(Span(month="this"), ("model",), **more)
    return statement(query, Asked())


def test_an_empty_report_has_no_table() -> None:
    assert not [line for line in plain_lines(month_of()) if line.startswith("total")]


def test_year_stands_alone_or_takes_a_value(app: typer.Typer, file: Path) -> None:
    record(file, OPUS, PAID, datetime(2025, 2, 10, 12, tzinfo=UTC))
    counts = [as_object(app, *form)["calls"] for form in (["--year", "2025"], ["--year=2025"], ["--year"])]
    assert counts == [1, 1, 0]


@pytest.mark.parametrize("option", ["--model", "--task", "--provider", "--project", "--session", "--hook"])
def test_every_filter_reaches_the_ledger(app: typer.Typer, recorded: Path, option: str) -> None:
    found = as_object(app, "--month", option, "no such", option, "nor this")
    assert (found["calls"], found["filters"]) == (0, {option[2:]: ["no such", "nor this"]})


def test_a_filter_may_be_given_twice(app: typer.Typer, recorded: Path) -> None:
    assert as_object(app, "--month", "--model", "opus", "--model", "qwen")["calls"] == 2


def test_the_text_says_what_it_was_narrowed_to(app: typer.Typer, recorded: Path) -> None:
    assert "only model opus or qwen" in run(app, "cost", "--month", "--model", "opus", "--model", "qwen").stdout


def test_top_names_how_many_groups_it_left_out(app: typer.Typer, recorded: Path) -> None:
    lines = run(app, "cost", "--month", "--top", "1").stdout.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("3 more ")] == [["3", "more"]]


def test_compare_puts_the_last_month_beside_this_one(app: typer.Typer, recorded: Path) -> None:
    found = as_object(app, "--compare")
    assert (found["calls"], found["before"]["calls"], found["before"]["groups"]) == (4, 0, [])


def test_compare_of_a_closed_month_takes_the_month_before_whole(app: typer.Typer, file: Path) -> None:
    for month, day in ((2, 28), (3, 1)):
        record(file, OPUS, PAID, datetime(2025, month, day, 12, tzinfo=UTC))
    found = as_object(app, "--compare", "--month", "2025-03")
    assert (found["calls"], found["before"]["calls"]) == (1, 1)


def test_a_model_of_the_last_month_alone_has_a_row_in_the_comparison(app: typer.Typer, file: Path) -> None:
    record(file, OPUS, PAID, datetime(2025, 2, 10, 12, tzinfo=UTC))
    record(file, Model("new", "anthropic", "claude-opus-4-6"), PAID, datetime(2025, 3, 10, 12, tzinfo=UTC))
    lines = run(app, "cost", "--compare", "--month", "2025-03").stdout.splitlines()
    rows = {line.split()[0]: line.split()[5] for line in lines if line.split()[:1] in (["opus"], ["new"])}
    assert rows == {"new": "new", "opus": "-100%"}


@pytest.mark.parametrize("period", [["--today"], ["--week"], ["--year"], ["--since", "2026-01-01"]])
def test_only_months_are_compared(app: typer.Typer, period: list[str]) -> None:
    with pytest.raises(UsageError, match="compares months"):
        run(app, "cost", "--compare", *period)


@pytest.mark.parametrize(
    ("now", "before", "shown"), [("3", "2", "+50%"), ("1", "4", "-75%"), ("1", "0", "new"), ("0", "0", "–")]
)
def test_a_change_is_a_share_of_what_was_before(now: str, before: str, shown: str) -> None:
    assert change(Decimal(now), Decimal(before)) == shown


def test_the_displayed_amounts_stand_beside_the_dollars(app: typer.Typer, recorded: Path) -> None:
    found = as_object(app, "--month", "--currency", "jpy", "--rate", "155")
    assert (found["cash_usd"], found["displayed"]["cash"], found["displayed"]["currency"]) == ("0.25", "38.75", "JPY")


def test_a_text_in_another_currency_says_its_rate(app: typer.Typer, recorded: Path) -> None:
    text = run(app, "cost", "--month", "--currency", "JPY", "--rate", "155").stdout
    assert "¥39" in text
    assert "JPY at 155 for a US dollar" in text


@pytest.mark.parametrize(
    "options",
    [
        ["--currency", "JPY"],
        ["--rate", "155"],
        ["--currency", "YENS", "--rate", "155"],
        ["--currency", "JPY", "--rate", "0"],
        ["--currency", "JPY", "--rate", "-3"],
        ["--currency", "JPY", "--rate", "NaN"],
        ["--currency", "JPY", "--rate", "many"],
    ],
    ids=" ".join,
)
def test_half_a_currency_is_a_usage_error(app: typer.Typer, options: list[str]) -> None:
    with pytest.raises(UsageError):
        run(app, "cost", *options)


@pytest.mark.parametrize(
    ("currency", "usd", "shown"),
    [
        (USD, "1.2", "$1.20"),
        (Currency("JPY", Decimal(155)), "1234.5", "¥191,348"),
        (Currency("JPY", Decimal(155)), "0.01", "¥1.55"),
        (Currency("JPY", Decimal(155)), "0.00001", "<¥0.01"),
        (Currency("EUR", Decimal("0.9")), "-2", "-€1.80"),
        (Currency("CHF", Decimal("0.9")), "0.01", "CHF 0.0090"),
    ],
)
def test_an_amount_is_shown_as_its_currency_is_written(currency: Currency, usd: str, shown: str) -> None:
    assert currency.text(Decimal(usd)) == shown


def test_markdown_is_a_table_with_bold_sums(app: typer.Typer, recorded: Path) -> None:
    lines = run(app, "cost", "--month", "--markdown").stdout.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert table[0].startswith("| model | calls |")
    assert table[1].startswith("| --- | --: |")
    assert table[-1].startswith("| **total** | **4** |")


def test_a_name_can_not_end_a_cell_of_the_markdown(app: typer.Typer, file: Path) -> None:
    record(file, Model("a|b", "anthropic", "claude-opus-4-6"), PAID)
    assert "| a\\|b | 1 |" in run(app, "cost", "--month", "--markdown").stdout


def test_a_name_can_not_steer_the_terminal(app: typer.Typer, file: Path) -> None:
    record(file, Model("a\x1b[31mb", "anthropic", "claude-opus-4-6"), PAID)
    outputs = [run(app, "cost", "--month", *more).stdout for more in ([], ["--markdown"])]
    assert not any("\x1b" in text for text in outputs)


def test_a_time_zone_that_nobody_knows_is_told(
    app: typer.Typer, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokio")
    assert "TZ=Asia/Tokio names no time zone" in run(app, "cost", "--month").stderr
