"""A dispatch within its budget: a real ledger, the scripted upstream, and `llmswitch` as its own process."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from command import Command, command_for
from test_dispatch import Bench, Fixed
from upstream import DEFAULT_TEXT, Reply, Upstream

from llmswitch.catalog import Model
from llmswitch.conversation import Notice
from llmswitch.engine.dispatch import Engine
from llmswitch.errors import BudgetError, ExitCode
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile

DOCS = Path(__file__).parent.parent / "docs"
PROFILE = """
[models.paid]
provider = "one"
model = "model-paid"
max_output = 1000
price = {{ input = 0, output = 200 }}
[models.cheap]
provider = "one"
model = "model-cheap"
max_output = 1000
price = {{ input = 0, output = 2 }}
[models.mystery]
provider = "one"
model = "model-mystery"
[models.planned]
provider = "one"
model = "model-planned"
plan = "max"
[models.local]
provider = "ollama"
model = "glm-4.7"
[plans.max]
fee_usd = 200
[providers.one]
kind = "openai-chat"
base_url = "{openai}"
[providers.ollama]
base_url = "{ollama}"
[classifier]
mode = "linear"
[cache]
store = "off"
[routes]
default = {route}
[budget]
month_usd = {limit}
on_exceed = "{on_exceed}"
"""
"""A call of `paid` costs at most $0.2, one of `cheap` $0.002; the upstream's answer of 9 tokens is $0.0018 of `paid`."""


def write_profile(
    folder: Path, upstream: Upstream, route: list[str], limit: str, on_exceed: str = "block", more: str = ""
) -> Path:
    path = folder / "budget.toml"
    path.write_text(
        PROFILE.format(
            openai=upstream.openai_url,
            ollama=upstream.ollama_url,
            route=json.dumps(route),
            limit=limit,
            on_exceed=on_exceed,
        )
        + more
    )
    return path


def bench_of(upstream: Upstream, folder: Path, *route: str, limit: str = "0.1", **more: Any) -> Bench:
    path = write_profile(folder, upstream, list(route), limit, **more)
    return Bench(upstream, Engine(load_profile(str(path), start=folder), Ledger.open(folder / "ledger.db"), Fixed()))


@pytest.fixture
def closing_ledgers() -> Iterator[list[Bench]]:
    made: list[Bench] = []
    yield made
    for bench in made:
        bench.engine.ledger.close()


@pytest.fixture
def make(upstream: Upstream, tmp_path: Path, closing_ledgers: list[Bench]) -> Any:
    def make(*route: str, **more: Any) -> Bench:
        closing_ledgers.append(bench_of(upstream, tmp_path, *route, **more))
        return closing_ledgers[-1]

    return make


def notices(bench: Bench) -> list[str]:
    return [event.text for event in bench.events if isinstance(event, Notice)]


def calls(bench: Bench) -> list[str]:
    return [seen.model for seen in bench.upstream.requests if seen.method == "POST"]


def test_a_call_beyond_the_limit_is_not_made(make: Any) -> None:
    bench = make("paid")
    result = bench.ask()
    assert isinstance(result.error, BudgetError)
    assert result.error.exit_code is ExitCode.BUDGET
    assert (calls(bench), bench.rows(), result.attempts) == ([], [], ())


def test_the_refusal_says_limit_used_reserved_reset_and_what_would_help(make: Any) -> None:
    bench = make("paid", limit="0.3")
    ledger = bench.engine.ledger
    settled = ledger.begin_attempt(ledger.begin_dispatch("ask"), 1, Model("x", "y", "z"), Decimal("0.1"))
    ledger.settle_attempt(settled, status="ok", cost=Cost(Decimal("0.15"), None, "list", "v"))
    ledger.begin_attempt(ledger.begin_dispatch("ask"), 1, Model("x", "y", "z"), Decimal("0.05"))
    error = bench.ask().error
    for words in ("it could cost $0.20", "$0.10 of $0.30 this month is left", "$0.15 used", "$0.05 reserved", "00:00"):
        assert words in error.message
    for words in ("cheaper", "local", "budget.month_usd", "budget.toml:", 'on_exceed = "free-only"'):
        assert words in error.hint


def test_a_cheaper_candidate_that_fits_is_called_and_the_reason_is_told(make: Any) -> None:
    bench = make("paid", "cheap")
    assert bench.ask().text == DEFAULT_TEXT
    assert calls(bench) == ["model-cheap"]
    [told] = notices(bench)
    assert told.startswith("budget: paid is passed over: it could cost $0.20")


@pytest.mark.parametrize("name", ["planned", "local"])
def test_free_only_goes_on_with_a_call_that_costs_no_cash(make: Any, name: str) -> None:
    result = make("paid", name, on_exceed="free-only").ask()
    assert result.error is None
    assert result.model.name == name


@pytest.mark.parametrize("name", ["planned", "local"])
@pytest.mark.parametrize("on_exceed", ["block", "free-only"])
def test_a_call_that_costs_no_cash_is_never_limited(make: Any, name: str, on_exceed: str) -> None:
    assert make(name, limit="0", on_exceed=on_exceed).ask().error is None


def test_block_does_not_put_a_local_answer_in_place_of_a_paid_one(make: Any) -> None:
    bench = make("paid", "local")
    assert bench.ask().error.exit_code is ExitCode.BUDGET
    assert calls(bench) == []


def test_warn_calls_and_says_so_once(make: Any) -> None:
    bench = make("paid", "cheap", limit="0.001", on_exceed="warn")
    bench.upstream.script(Reply(status=500), model="model-paid")
    assert bench.ask().error is None
    assert calls(bench)[-1] == "model-cheap"
    [told] = notices(bench)
    assert told.startswith("budget: paid could cost $0.20")


def test_below_the_limit_nothing_is_said(make: Any) -> None:
    bench = make("paid", limit="20", on_exceed="warn")
    bench.ask()
    assert notices(bench) == []


def test_a_model_that_was_asked_for_is_refused_all_the_same(make: Any) -> None:
    bench = make("local")
    assert bench.ask(model="paid").error.exit_code is ExitCode.BUDGET
    assert calls(bench) == []


def test_an_unknown_price_is_passed_over_with_a_limit_in_force(make: Any) -> None:
    bench = make("mystery", limit="20")
    error = bench.ask().error
    assert error.exit_code is ExitCode.BUDGET
    assert "its price is not known" in error.message
    assert "--allow-unknown-price" in error.hint
    assert calls(bench) == []


def test_an_unknown_price_passes_where_it_is_allowed(make: Any) -> None:
    assert make("mystery", limit="20").ask(allow_unknown_price=True).error is None


def test_an_unknown_price_passes_where_the_limit_only_warns_and_says_so(make: Any) -> None:
    bench = make("mystery", limit="20", on_exceed="warn")
    assert bench.ask().error is None
    assert "the price of mystery is not known" in notices(bench)[0]


def test_a_limit_on_another_project_leaves_an_unknown_price_alone(make: Any) -> None:
    bench = make(
        "mystery", limit="20", on_exceed="warn", more='[budget.project.other]\nday_usd = 0\non_exceed = "block"\n'
    )
    assert bench.ask(project="mine").error is None


@pytest.mark.parametrize(
    "more",
    ["[budget.project.demo]", "[budget.task.implement]", "[budget.model.paid]", "[budget.provider.one]"],
)
def test_a_scoped_limit_refuses_its_own_calls(make: Any, more: str) -> None:
    bench = make("paid", limit="20", more=f"{more}\nday_usd = 0.1\n")
    error = bench.ask(project="demo").error
    assert error.exit_code is ExitCode.BUDGET
    assert "of $0.10 today for " in error.message


def test_a_limit_on_a_model_is_not_evaded_by_its_id(make: Any, upstream: Upstream) -> None:
    opus = '[models.opus]\nprovider = "anthropic"\nmodel = "claude-opus-4-6"\n[providers.anthropic]\nbase_url = "{}"\n'
    limited = opus.format(upstream.anthropic_url) + "[budget.model.opus]\nday_usd = 0.1\n"
    bench = make("local", limit="20", more=limited)
    assert bench.ask(model="anthropic/claude-opus-4-6").error.exit_code is ExitCode.BUDGET
    assert calls(bench) == []


def test_an_allowed_unknown_price_does_not_pass_a_limit_that_is_used_up(make: Any) -> None:
    bench = make("mystery", limit="0")
    assert bench.ask(allow_unknown_price=True).error.exit_code is ExitCode.BUDGET
    assert calls(bench) == []


def test_the_reserve_is_open_during_the_call_and_gone_after_it(make: Any) -> None:
    bench = make("paid", limit="20")
    seen: list[float] = []
    settle = bench.engine.ledger.settle_attempt

    def watched(*given: Any, **more: Any) -> None:
        seen.extend(row[0] for row in bench.rows("reserved_usd"))
        settle(*given, **more)

    bench.engine.ledger.settle_attempt = watched
    bench.ask()
    assert (seen, bench.rows("reserved_usd")) == ([0.2], [(None,)])


def test_a_watched_call_sends_the_longest_answer_it_was_reckoned_with(make: Any) -> None:
    bench = make("mystery", limit="20", more="")
    bench.ask(allow_unknown_price=True)
    assert bench.upstream.last.body["max_tokens"] == 8_192


def test_a_limit_that_only_warns_does_not_shorten_answers(make: Any) -> None:
    bench = make("mystery", limit="20", on_exceed="warn")
    bench.ask()
    assert "max_tokens" not in bench.upstream.last.body


def test_a_refusal_inside_the_transaction_leaves_no_row_and_the_next_is_tried(make: Any) -> None:
    """Another process takes the room between the look at the candidates and the opening of the row."""
    bench = make("paid", "cheap", limit="0.3")
    ledger = bench.engine.ledger
    begin = ledger.begin_attempt

    def late(*given: Any, **more: Any) -> int:
        ledger.begin_attempt = begin
        with Ledger.open(ledger.path) as other:
            other.begin_attempt(other.begin_dispatch("ask"), 1, Model("theirs", "y", "z"), Decimal("0.2"))
        opened: int = begin(*given, **more)
        return opened

    ledger.begin_attempt = late
    result = bench.ask()
    assert (result.error, calls(bench)) == (None, ["model-cheap"])
    assert [row[0] for row in bench.rows()] == ["theirs", "cheap"]
    assert [one.model.name for one in result.attempts] == ["cheap"]


RACER = """
    import asyncio, sys
    from pathlib import Path
    from llmswitch.classify import Label
    from llmswitch.conversation import Message, Request, Text
    from llmswitch.engine.dispatch import Engine, Job
    from llmswitch.ledger.store import Ledger
    from llmswitch.profile import load_profile

    class Fixed:
        def label(self, *_):
            return Label("implement", 0.9)

    async def main():
        folder = Path(sys.argv[1])
        async def emit(_): pass
        with Ledger.open(folder / "ledger.db") as ledger:
            engine = Engine(load_profile(str(folder / "budget.toml"), start=folder), ledger, Fixed())
            print("ready", flush=True)
            sys.stdin.readline()
            result = await engine.run(Job(Request((Message("user", (Text("x"),)),)), "x"), emit)
            await engine.aclose()
        print(int(result.error.exit_code) if result.error else 0, flush=True)

    asyncio.run(main())
"""


def race(folder: Path, upstream: Upstream, *, processes: int, held: bool) -> list[int]:
    """Exit codes of that many dispatches begun at once; `held`: no call ends before every process has been refused or is
    in its call."""
    if held:
        upstream.script(Reply(hold_after=1), times=None)
    command = [sys.executable, "-c", textwrap.dedent(RACER), str(folder)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racers = [subprocess.Popen(command, **pipes) for _ in range(processes)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    while held and len(upstream.requests) + sum(racer.poll() is not None for racer in racers) < processes:
        time.sleep(0.02)
    upstream.release()
    return [int(racer.communicate()[0]) for racer in racers]


TRACE = """
    CREATE TABLE trace (spent INTEGER);
    CREATE TRIGGER opened AFTER INSERT ON attempts BEGIN
        INSERT INTO trace SELECT sum(coalesce(cost_pico, 0) + coalesce(reserved_pico, 0)) FROM attempts; END;
    CREATE TRIGGER settled AFTER UPDATE ON attempts BEGIN
        INSERT INTO trace SELECT sum(coalesce(cost_pico, 0) + coalesce(reserved_pico, 0)) FROM attempts; END;
"""
"""Writes down used and reserved at every moment at which either changes."""


@pytest.fixture
def traced(tmp_path: Path, upstream: Upstream) -> Path:
    """A folder with the profile ($1 a month, $0.2 a call at most) and a ledger that writes its sums down."""
    write_profile(tmp_path, upstream, ["paid"], "1")
    Ledger.open(tmp_path / "ledger.db").close()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.executescript(textwrap.dedent(TRACE))
    return tmp_path


def largest_sum(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        return int(connection.execute("SELECT max(spent) FROM trace").fetchone()[0])


def test_twenty_processes_at_once_get_exactly_what_fits(traced: Path, upstream: Upstream) -> None:
    codes = race(traced, upstream, processes=20, held=True)
    assert sorted(codes) == [0] * 5 + [79] * 15
    assert len(upstream.requests) == 5
    assert largest_sum(traced) == 10**12


def test_what_calls_give_back_lets_more_through(traced: Path, upstream: Upstream) -> None:
    codes = [code for _ in range(2) for code in race(traced, upstream, processes=4, held=False)]
    assert codes == [0] * 8
    assert largest_sum(traced) <= 10**12


@pytest.fixture
def llmswitch(home: Path, upstream: Upstream) -> Command:
    command = command_for(home, upstream)
    path = write_profile(home, upstream, ["paid", "local"], "0.1")
    command.environment["LLMSWITCH_PROFILE"] = str(path)
    return command


def posts(upstream: Upstream) -> list[str]:
    return [seen.path for seen in upstream.requests if seen.method == "POST"]


def test_ask_over_the_budget_exits_79_with_one_clear_error(llmswitch: Command, upstream: Upstream) -> None:
    done = llmswitch("ask", "hello")
    assert (done.code, done.out) == (79, "")
    assert "nothing was called, because of the budget" in done.err
    assert "→ what would help: " in done.err
    assert posts(upstream) == []


def test_ask_json_over_the_budget_is_the_usual_object(llmswitch: Command) -> None:
    done = llmswitch("ask", "--json", "hello")
    body = json.loads(done.out)
    jsonschema.validate(body, json.loads((DOCS / "ask.schema.json").read_text(encoding="utf-8")))
    assert done.code == body["error"]["exit_code"] == 79
    assert body["attempts"] == []


def test_explain_shows_what_the_budget_passes_over(llmswitch: Command) -> None:
    done = llmswitch("ask", "--explain", "--json", "hello")
    paid, local = json.loads(done.out)["candidates"]
    assert "it could cost $0.20" in paid["skipped"]
    assert "the budget blocks paid" in local["skipped"]
    assert done.code == 79


def test_the_environment_lifts_the_limit(llmswitch: Command) -> None:
    assert llmswitch("ask", "hello", LLMSWITCH_BUDGET_MONTH_USD="5").out == DEFAULT_TEXT


def test_the_flag_lets_an_unknown_price_through(llmswitch: Command) -> None:
    refused = llmswitch("ask", "-m", "mystery", "hello")
    allowed = llmswitch("ask", "-m", "mystery", "--allow-unknown-price", "hello")
    assert (refused.code, allowed.code) == (79, 0)


def test_cost_shows_the_limit_and_what_is_gone(llmswitch: Command) -> None:
    llmswitch("ask", "hello", LLMSWITCH_BUDGET_MONTH_USD="5")
    text = llmswitch("cost", "--month", LLMSWITCH_BUDGET_MONTH_USD="5").out
    assert ["budget", "$0.0018", "of", "$5", "this", "month"] in [line.split() for line in text.splitlines()]


def test_cost_json_has_the_limits_as_the_schema_says(llmswitch: Command) -> None:
    body = json.loads(llmswitch("cost", "--json").out)
    jsonschema.validate(body, json.loads((DOCS / "cost.schema.json").read_text(encoding="utf-8")))
    [limit] = body["budget"]
    wanted = {
        "scope": "all",
        "name": None,
        "period": "month",
        "limit_usd": "0.1",
        "used_usd": "0",
        "on_exceed": "block",
    }
    assert {name: limit[name] for name in wanted} == wanted
