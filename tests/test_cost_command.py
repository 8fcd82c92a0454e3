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
from llmswitch.commands.cost_text import cash, count, money, plain_lines, show_on_terminal
from llmswitch.conversation import Usage
from llmswitch.errors import ConfigError, LedgerError, UsageError
from llmswitch.ledger import period
from llmswitch.ledger.figures import Figures
from llmswitch.ledger.prices import UNKNOWN, Cost
from llmswitch.ledger.report import report
from llmswitch.ledger.schema import in_memory
from llmswitch.ledger.store import Ledger

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


def test_the_terminal_table_has_the_same_cells(capsys: pytest.CaptureFixture[str], recorded: Path) -> None:
    with Ledger.open(recorded) as opened, opened.reading() as connection:
        found = report(connection, period.month(datetime.now(UTC)))
    show_on_terminal(found)
    shown = capsys.readouterr().out
    assert all(cell in shown for line in plain_lines(found) for cell in line.split()[:1])


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0.00001", "<$0.0001"), ("0.0123", "$0.0123"), ("1234.5", "$1,234.50"), ("0", "$0.00"), ("-387.5", "-$387.50")],
)
def test_money_is_readable_at_every_size(amount: str, shown: str) -> None:
    assert money(Decimal(amount)) == shown


def test_a_mixed_group_says_every_way_it_was_paid() -> None:
    figures = Figures(calls=3, paid_calls=1, plan_calls=1, unknown_cost_calls=1, cash=Decimal("1.2"))
    assert cash(figures) == "$1.20 + plan + ?"


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


def test_an_empty_report_has_no_table() -> None:
    connection = in_memory()
    found = report(connection, period.month(datetime.now(UTC)))
    connection.close()
    assert len(plain_lines(found)) == 1
