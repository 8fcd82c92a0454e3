"""One ledger for several machines: the command line over a PostgreSQL database, and what is said when there is none."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from command import Command, command_for
from fixtures_postgres import Server
from test_budget_dispatch import write_profile
from upstream import Upstream, nobody_listens

from llmswitch.catalog import Model
from llmswitch.errors import ConfigError, Failure, LedgerError
from llmswitch.ledger import limits, place, retention
from llmswitch.ledger.limits import Cooldown
from llmswitch.ledger.postgres.connection import Connection
from llmswitch.ledger.postgres.dialect import returning, translated
from llmswitch.ledger.postgres.ledger import PostgresLedger
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import Ledger


@pytest.fixture
def url(postgres: Server, tmp_path: Path) -> str:
    return postgres.url(str(tmp_path))


@pytest.fixture
def command(home: Path, upstream: Upstream, url: str) -> Command:
    ours = command_for(home, upstream)
    return Command(home, ours.environment | {"LLMSWITCH_LEDGER_URL": url})


@pytest.fixture
def rows(url: str) -> Iterator[Connection]:
    with closing(Connection(url)) as connection:
        connection.execute("SET search_path = llmswitch")
        yield connection


def test_a_call_is_a_row_of_the_database_and_no_file_is_made(command: Command, rows: Connection, home: Path) -> None:
    assert command("ask", "hello").code == 0
    assert rows.execute("SELECT kind, status FROM dispatches").fetchall() == [("ask", "ok")]
    assert rows.execute("SELECT status, output_tokens FROM attempts").fetchall() == [("ok", 9)]
    assert not list(home.rglob("ledger.db"))


def test_cost_reports_what_every_machine_spent(command: Command, tmp_path: Path) -> None:
    command("ask", "hello")
    other = tmp_path / "other"
    other.mkdir()
    elsewhere = Command(other, command.environment | {"HOME": str(other)})
    assert elsewhere("ask", "hi there").code == 0
    body = json.loads(command("cost", "--today", "--json").out)
    assert body["calls"] == 2
    assert Decimal(body["cash_usd"]) > 0


@pytest.mark.parametrize("by", ["model", "task", "day", "project"])
def test_the_month_can_be_grouped(command: Command, by: str) -> None:
    command("ask", "hello")
    done = command("cost", "--month", "--by", by)
    assert done.code == 0, done.err


def test_a_failed_provider_cools_down_on_every_machine(url: str) -> None:
    with PostgresLedger(url, lambda: 1) as one, PostgresLedger(url, lambda: 2) as other:
        limits.set_cooldown(one, Cooldown("anthropic", "opus", 200.0, "429", Failure.RATE_LIMIT))
        assert [(held.model, held.until) for held in limits.cooldowns(other, 100.0)] == [("opus", 200.0)]


@pytest.mark.parametrize("words", [("status",), ("history",), ("ledger", "check")])
def test_what_reads_the_ledger_reads_the_database(command: Command, words: tuple[str, ...]) -> None:
    done = command(*words)
    assert (done.code, "error" in done.err) == (0, False)


def test_twenty_processes_of_two_machines_can_not_overshoot_a_budget(
    home: Path, upstream: Upstream, url: str, rows: Connection
) -> None:
    profile = write_profile(home, upstream, ["paid"], "1")
    ours = command_for(home, upstream).environment | {"LLMSWITCH_LEDGER_URL": url, "LLMSWITCH_PROFILE": str(profile)}
    PostgresLedger(url, lambda: 0).close()  # the tables are there before the rush
    running = [
        subprocess.Popen(
            Command(home, ours).argv("ask", f"hello {number}"),
            env=ours | {"HOME": str(home / ("a" if number % 2 else "b"))},
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number in range(10)
    ]
    codes = sorted(process.wait(100) for process in running)
    most = rows.execute("SELECT count(*) FROM attempts").fetchone()
    assert set(codes) <= {0, 79}
    assert most == (codes.count(0),)
    held = rows.execute("SELECT coalesce(sum(cost_pico), 0) FROM attempts").fetchone()
    assert held is not None
    assert held[0] <= 10**12


def test_an_open_reserve_counts_for_the_other_machine(url: str) -> None:
    with PostgresLedger(url, lambda: 1) as one, PostgresLedger(url, lambda: 2) as other:
        one.begin_attempt(one.begin_dispatch("ask"), 1, Model("m", "p", "i"), Decimal("0.7"))
        with other.reading() as connection:
            assert connection.execute("SELECT sum(reserved_usd) FROM attempts").fetchone() == (pytest.approx(0.7),)


def test_a_file_s_rows_can_be_merged_into_the_database(command: Command, tmp_path: Path, rows: Connection) -> None:
    file = tmp_path / "old.db"
    with Ledger.open(file) as ledger:
        attempt = ledger.begin_attempt(ledger.begin_dispatch("ask"), 1, Model("m", "p", "i"))
        ledger.settle_attempt(attempt, status="ok", cost=Cost(Decimal("0.25"), None, "list", "v"))
        with ledger.writing() as connection:
            connection.execute("UPDATE dispatches SET status = 'ok'")
    for _ in range(2):  # the second time nothing is new
        done = command("ledger", "merge", str(file))
        assert done.code == 0, done.err
    assert rows.execute("SELECT cost_pico FROM attempts").fetchall() == [(25 * 10**10,)]


def test_claude_code_s_logs_come_in_once(command: Command, home: Path, rows: Connection) -> None:
    folder = home / ".claude/projects/-demo"
    folder.mkdir(parents=True)
    usage = {"input_tokens": 5, "output_tokens": 7}
    record = {
        "type": "assistant", "timestamp": "2026-11-20T10:00:00.000Z", "sessionId": "s", "requestId": "r", "uuid": "u",
        "message": {"id": "msg_1", "model": "claude-haiku-4-5", "role": "assistant", "usage": usage},
    }  # fmt: skip
    (folder / "s.jsonl").write_text(json.dumps(record) + "\n")
    for _ in range(2):
        done = command("ledger", "import", "claude-code")
        assert done.code == 0, done.err
    assert rows.execute("SELECT output_tokens FROM attempts").fetchall() == [(7,)]


def test_retention_takes_no_row_out_of_a_ledger_without_sums(url: str) -> None:
    with PostgresLedger(url, lambda: 1) as ledger:
        ledger.settle_attempt(ledger.begin_attempt(ledger.begin_dispatch("ask"), 1, Model("m", "p", "i")), status="ok")
        assert retention.reduce(ledger, 10**16) == 0
        with ledger.reading() as connection:
            assert connection.execute("SELECT count(*) FROM attempts").fetchone() == (1,)


@pytest.mark.parametrize("verb", [("vacuum",), ("export",), ("delete", "--all", "--yes")])
def test_what_only_makes_sense_with_a_file_says_so(command: Command, verb: tuple[str, ...]) -> None:
    done = command("ledger", *verb)
    assert done.code == 1
    assert "for a ledger in a file" in done.err


def test_a_server_that_is_away_is_told_without_the_password(command: Command) -> None:
    port = nobody_listens().rpartition(":")[2].partition("/")[0]
    done = command("ask", "hi", LLMSWITCH_LEDGER_URL=f"postgresql://me:geheim@127.0.0.1:{port}/team")
    assert done.code == 1
    assert f"postgresql://127.0.0.1:{port}/team" in done.err
    assert "geheim" not in done.err


def test_a_newer_ledger_is_refused_and_left_alone(url: str) -> None:
    with PostgresLedger(url, lambda: 0) as ledger, ledger.writing() as connection:
        connection.execute("UPDATE ledger_version SET version = 999")
    with pytest.raises(LedgerError, match="newer llmswitch"):
        PostgresLedger(url, lambda: 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('url = "postgresql://me:geheim@db/team"', "password"),
        ('url = "mysql://db/team"', "no PostgreSQL URL"),
        ('url = "postgresql://db"', "no PostgreSQL URL"),
        ("url = 3", "must be text"),
    ],
)
def test_a_url_that_can_not_stand_in_the_configuration_is_refused(home: Path, text: str, told: str) -> None:
    file = home / ".config/llmswitch/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f"[ledger]\n{text}\n")
    with pytest.raises(ConfigError, match=told) as caught:
        place.url()
    assert "geheim" not in caught.value.message


def test_the_user_s_configuration_names_the_database_and_a_named_file_comes_first(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = home / ".config/llmswitch/config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[ledger]\nurl = "postgresql://db.example/team"\n')
    assert place.shown() == "postgresql://db.example/team"
    monkeypatch.setenv("LLMSWITCH_LEDGER", "/elsewhere/ledger.db")
    assert place.shown() == "/elsewhere/ledger.db"


@pytest.mark.parametrize(
    ("sql", "theirs"),
    [
        ("SELECT ? , :a_b", "SELECT %s , %(a_b)s"),
        ("SELECT '?:x%', \"q?\"", "SELECT '?:x%%', \"q?\""),
        (
            "a IS NOT 'x' AND b IS NOT NULL AND c IS ?",
            "a IS DISTINCT FROM 'x' AND b IS NOT NULL AND c IS NOT DISTINCT FROM %s",
        ),
        ("FROM attempts AS a NOT INDEXED", "FROM attempts AS a "),
        ("x::text", "x::text"),
    ],
)
def test_a_statement_is_translated(sql: str, theirs: str) -> None:
    assert translated(sql) == theirs


def test_only_a_new_numbered_row_tells_its_number() -> None:
    assert returning("INSERT INTO attempts (a) VALUES (?)") == "INSERT INTO attempts (a) VALUES (%s) RETURNING id"
    assert returning("INSERT INTO dispatches (a) VALUES (?)") is None
