"""`ledger import claude-code`: every call of the logs once, with the right counts, price and owner."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import provider_cases
import pytest
import upstream_wire
from command import command_for
from fixtures_clients import OAUTH
from session_logs import MESSAGE, answer, append, calls, rows, take_in, usage, write
from upstream import Upstream

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Usage
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import Ledger

OTHER = "msg_01BBBBBBBBBBBBBBBBBBBBBB"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "projects"
    folder.mkdir()
    return folder


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def test_the_lines_of_one_answer_are_one_call(logs: Path, ledger: Path) -> None:
    write(logs / "p" / "s1.jsonl", answer(uuid="u1"), answer(uuid="u2"), answer(uuid="u3"))
    take_in(ledger, "claude-code", logs)
    assert calls(ledger) == [(3, 0, None, None, 10)]


def test_of_partial_records_the_largest_of_each_count_is_taken(logs: Path, ledger: Path) -> None:
    early = answer(counts=usage(1, cache_read_input_tokens=500))
    late = answer(counts=usage(90, cache_read_input_tokens=0))
    write(logs / "s1.jsonl", early, late)
    take_in(ledger, "claude-code", logs)
    assert calls(ledger) == [(3, 500, None, None, 90)]


def test_a_record_that_comes_after_the_first_import_raises_the_call(logs: Path, ledger: Path) -> None:
    path = write(logs / "s1.jsonl", answer(counts=usage(1)))
    take_in(ledger, "claude-code", logs)
    append(path, answer(counts=usage(90)))
    outcome = take_in(ledger, "claude-code", logs)
    assert (outcome.new, outcome.raised, calls(ledger)) == (0, 1, [(3, 0, None, None, 90)])


def test_a_raised_call_is_priced_again(logs: Path, ledger: Path) -> None:
    path = write(logs / "s1.jsonl", answer(counts=usage(0, input_tokens=0, cache_read_input_tokens=1)))
    take_in(ledger, "claude-code", logs)
    append(path, answer(counts=usage(1_000_000)))
    take_in(ledger, "claude-code", logs)
    assert rows(ledger, "imputed_pico > 25 * 1000000000000") == [(1,)]


def test_a_forked_session_repeats_nothing(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer())
    write(logs / "s2.jsonl", answer(sessionId="s2"), answer(OTHER, sessionId="s2"))
    take_in(ledger, "claude-code", logs)
    assert len(calls(ledger)) == 2


def test_a_subagents_log_is_read(logs: Path, ledger: Path) -> None:
    write(logs / "p" / "s1.jsonl", answer())
    write(logs / "p" / "s1" / "subagents" / "agent-1.jsonl", answer(OTHER, isSidechain=True, agentId="1"))
    take_in(ledger, "claude-code", logs)
    assert len(calls(ledger)) == 2


def test_a_subagents_answer_within_its_parents_log_is_the_same_call(logs: Path, ledger: Path) -> None:
    inner = answer(OTHER, isSidechain=True)
    progress = {"type": "progress", "sessionId": "s1", "cwd": "/nowhere/demo", "data": {"message": inner}}
    write(logs / "s1.jsonl", progress)
    write(logs / "s1" / "subagents" / "agent-1.jsonl", inner)
    take_in(ledger, "claude-code", logs)
    assert len(calls(ledger)) == 1


def test_an_advisor_that_was_asked_on_the_way_is_a_call_of_its_own(logs: Path, ledger: Path) -> None:
    steps = [{"type": "message", **usage()}, {"type": "advisor_message", "model": "claude-opus-4-7", **usage(7)}]
    write(logs / "s1.jsonl", answer(counts=usage(iterations=steps)))
    take_in(ledger, "claude-code", logs)
    assert rows(ledger, "model_id, output_tokens") == [("claude-opus-4-6", 10), ("claude-opus-4-7", 7)]


def test_cache_writes_are_split_by_how_long_they_stay(logs: Path, ledger: Path) -> None:
    split = {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 900}
    write(logs / "s1.jsonl", answer(counts=usage(cache_creation_input_tokens=1000, cache_creation=split)))
    take_in(ledger, "claude-code", logs)
    assert calls(ledger) == [(3, 0, 100, 900, 10)]


def test_a_cache_write_without_a_split_stays_five_minutes(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer(counts=usage(cache_creation_input_tokens=1000)))
    take_in(ledger, "claude-code", logs)
    assert calls(ledger) == [(3, 0, 1000, None, 10)]


def test_a_record_without_the_split_does_not_add_to_one_with_it(logs: Path, ledger: Path) -> None:
    split = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 1000}
    path = write(logs / "s1.jsonl", answer(counts=usage(cache_creation_input_tokens=1000)))
    take_in(ledger, "claude-code", logs)
    append(path, answer(counts=usage(cache_creation_input_tokens=1000, cache_creation=split)))
    take_in(ledger, "claude-code", logs)
    assert calls(ledger) == [(3, 0, 0, 1000, 10)]


def test_a_1h_cache_write_costs_twice_the_input_price(logs: Path, ledger: Path) -> None:
    split = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 1_000_000}
    counts = usage(0, input_tokens=0, cache_creation_input_tokens=1_000_000, cache_creation=split)
    write(logs / "s1.jsonl", answer(counts=counts))
    take_in(ledger, "claude-code", logs)
    assert rows(ledger, "imputed_usd") == [(10.0,)]


def test_a_prompt_above_200k_is_priced_as_a_whole_in_the_upper_tier(logs: Path, ledger: Path) -> None:
    counts = usage(0, input_tokens=1, cache_read_input_tokens=200_000)
    write(logs / "s1.jsonl", answer(model="claude-sonnet-4-5-20250929", counts=counts))
    take_in(ledger, "claude-code", logs)
    assert rows(ledger, "imputed_pico") == [(200_000 * 600_000 + 6_000_000,)]


def test_a_prompt_above_200k_does_not_raise_the_price_of_a_short_one(logs: Path, ledger: Path) -> None:
    sonnet = {"model": "claude-sonnet-4-5"}
    short = answer(OTHER, **sonnet, counts=usage(0, input_tokens=1), timestamp="2026-11-02T10:00:01Z")
    write(logs / "s1.jsonl", answer(**sonnet, counts=usage(0, input_tokens=300_000)), short)
    take_in(ledger, "claude-code", logs)
    assert rows(ledger, "imputed_pico") == [(300_000 * 6_000_000,), (3_000_000,)]


def test_a_call_is_covered_by_the_plan_unless_it_is_said_to_be_billed(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer())
    take_in(ledger, "claude-code", logs, plan="claude-max")
    assert rows(ledger, "cost_pico, imputed_pico, cost_source, plan") == [(0, 265_000_000, "plan", "claude-max")]


def test_a_billed_call_owes_its_list_price(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer())
    take_in(ledger, "claude-code", logs, covered=False)
    assert rows(ledger, "cost_pico, imputed_pico, cost_source, plan") == [(265_000_000, None, "list", None)]


def test_a_billed_call_in_the_fast_tier_is_an_estimate(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer(counts=usage(speed="fast")))
    take_in(ledger, "claude-code", logs, covered=False)
    assert rows(ledger, "cost_source") == [("estimate",)]


def test_an_unknown_model_has_no_price_and_not_the_price_nothing(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer(model="claude-nobody-9"))
    take_in(ledger, "claude-code", logs, covered=False)
    assert rows(ledger, "cost_pico, cost_source") == [(None, "unknown")]


def test_a_call_has_the_name_and_tier_of_the_profiles_entry(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer())
    take_in(ledger, "claude-code", logs, entries={"claude-opus-4-6": Model("opus", "max", "claude-opus-4-6", tier=0)})
    assert rows(ledger, "model, provider, model_id, tier") == [("opus", "max", "claude-opus-4-6", 0)]


def test_a_call_is_of_its_own_instant(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer(timestamp="2026-10-31T23:59:59.999+09:00"))
    take_in(ledger, "claude-code", logs)
    assert rows(ledger, "datetime(started_at / 1000000, 'unixepoch')") == [("2026-10-31 14:59:59",)]


def test_the_calls_of_a_session_share_a_dispatch(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer(), answer(OTHER))
    take_in(ledger, "claude-code", logs)
    assert rows(ledger, "kind, project, session, status", "dispatches") == [("import", "demo", "claude-code/s1", "ok")]


def test_the_project_is_the_repository_around_the_working_directory(logs: Path, ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    (tmp_path / "shop" / "web").mkdir()
    write(logs / "s1.jsonl", answer(cwd=str(tmp_path / "shop" / "web")))
    take_in(ledger, "claude-code", logs)
    assert rows(ledger, "project", "dispatches") == [("shop",)]


def test_a_call_of_llmswitchs_own_is_left_out_by_its_message(logs: Path, ledger: Path) -> None:
    with Ledger.open(ledger) as opened:
        mine = opened.begin_attempt(opened.begin_dispatch("ask"), 1, Model("opus", "claude-code", "x", plan="max"))
        cost = Cost(Decimal(0), None, "plan", None)
        opened.settle_attempt(mine, status="ok", usage=Usage(3), usage_raw={"messages": {MESSAGE: {}}}, cost=cost)
    write(logs / "s1.jsonl", answer(), answer(OTHER))
    assert (take_in(ledger, "claude-code", logs).own, len(calls(ledger))) == (1, 2)


def test_a_call_of_llmswitchs_own_is_left_out_by_its_folder(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer(cwd="/tmp/llmswitch-ab12cd_9/work"))
    assert (take_in(ledger, "claude-code", logs).own, calls(ledger)) == (1, [])


def test_a_project_that_only_sounds_like_llmswitchs_folder_counts(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer(cwd="/home/a/llmswitch-projects/work"))
    take_in(ledger, "claude-code", logs)
    assert len(calls(ledger)) == 1


@pytest.mark.parametrize(
    "line",
    [
        answer(type="user"),
        answer(model="<synthetic>"),
        answer(counts=usage(0, input_tokens=0)),
        answer(model=None),
        answer(timestamp="yesterday"),
        {"type": "user", "message": {"content": 'he wrote {"type":"assistant","usage":{"input_tokens":1}}'}},
    ],
    ids=["user", "synthetic", "nothing used", "no model", "no instant", "quoted"],
)
def test_a_line_that_is_no_call_is_passed_over(logs: Path, ledger: Path, line: dict[str, Any]) -> None:
    write(logs / "s1.jsonl", line)
    take_in(ledger, "claude-code", logs)
    assert calls(ledger) == []


def test_a_garbled_line_hides_no_other(logs: Path, ledger: Path) -> None:
    path = write(logs / "s1.jsonl", answer())
    with path.open("a") as file:
        file.write('{"type":"assistant","message":{"usage":{"input_\n')
    append(path, answer(OTHER))
    assert (take_in(ledger, "claude-code", logs).broken, len(calls(ledger))) == (1, 2)


def test_a_line_that_is_still_being_written_is_read_when_it_is_complete(logs: Path, ledger: Path) -> None:
    path = write(logs / "s1.jsonl", answer())
    text = json.dumps(answer(OTHER), separators=(",", ":")) + "\n"
    with path.open("a") as file:
        file.write(text[:200])
    take_in(ledger, "claude-code", logs)
    with path.open("a") as file:
        file.write(text[200:])
    take_in(ledger, "claude-code", logs)
    assert len(calls(ledger)) == 2


def test_an_unchanged_file_is_not_read(logs: Path, ledger: Path) -> None:
    write(logs / "s1.jsonl", answer())
    take_in(ledger, "claude-code", logs)
    assert take_in(ledger, "claude-code", logs).read == 0


def test_a_file_that_grew_is_read_from_where_it_ended(logs: Path, ledger: Path) -> None:
    path = write(logs / "s1.jsonl", answer())
    take_in(ledger, "claude-code", logs)
    before = path.stat().st_size
    append(path, answer(OTHER))
    grown = path.stat().st_size - before
    assert take_in(ledger, "claude-code", logs).megabytes == pytest.approx(grown / 1e6)


def test_a_file_that_was_written_anew_is_read_from_its_beginning(logs: Path, ledger: Path) -> None:
    path = write(logs / "s1.jsonl", answer(), answer())
    take_in(ledger, "claude-code", logs)
    write(path, answer(OTHER))
    take_in(ledger, "claude-code", logs)
    assert len(calls(ledger)) == 2


def test_a_copied_folder_adds_nothing(logs: Path, ledger: Path, tmp_path: Path) -> None:
    write(logs / "s1.jsonl", answer())
    write(tmp_path / "backup" / "s1.jsonl", answer())
    take_in(ledger, "claude-code", logs)
    take_in(ledger, "claude-code", tmp_path / "backup")
    assert len(calls(ledger)) == 1


def test_the_command_reads_the_folder_that_claude_config_dir_names(home: Path, tmp_path: Path) -> None:
    write(tmp_path / "config" / "projects" / "p" / "s1.jsonl", answer())
    said = command_for(home, None)("ledger", "import", "claude-code", CLAUDE_CONFIG_DIR=str(tmp_path / "config"))
    assert said.out.startswith("claude-code: 1 new calls; 1 of 1 files had something new")


def test_the_command_without_a_program_reads_both(home: Path) -> None:
    write(home / ".claude" / "projects" / "p" / "s1.jsonl", answer())
    said = command_for(home, None)("ledger", "import", "--json")
    assert {name: found["new"] for name, found in json.loads(said.out).items()} == {"claude-code": 1, "codex": 0}


def test_the_imported_calls_are_in_the_months_imputed_cost(home: Path) -> None:
    write(home / ".claude" / "projects" / "p" / "s1.jsonl", answer())
    llmswitch = command_for(home, None)
    llmswitch("ledger", "import", "claude-code")
    report = json.loads(llmswitch("cost", "--month", "2026-11", "--json").out)
    assert (report["calls"], report["cash_usd"], report["imputed_usd"]) == (1, "0", "0.000265")


def test_a_folder_that_is_not_there_is_a_usage_error(home: Path) -> None:
    assert command_for(home, None)("ledger", "import", "claude-code", "--path", "/nowhere").code == 2


@pytest.fixture
def distinct_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scripted upstream gives each answer an id of its own, as the API does."""
    plain, made = upstream_wire.STREAMS["anthropic"], iter(range(10**6))

    def stream(*about: Any) -> Iterator[Any]:
        name = f"msg_{next(made):024d}".encode()
        for chunk in plain(*about):
            yield chunk.replace(b'"msg_1"', b'"' + name + b'"') if isinstance(chunk, bytes) else chunk

    monkeypatch.setitem(upstream_wire.STREAMS, "anthropic", stream)


def test_the_real_programs_log_of_a_resumed_and_a_forked_session_has_three_calls(
    upstream: Upstream, claude_program: str, distinct_messages: None, home: Path, ledger: Path
) -> None:
    def ask(prompt: str, *flags: str) -> str:
        argv = [claude_program, "-p", "--output-format", "json", "--model", "claude-opus-4-6", "--tools", "", *flags]
        env = {**os.environ, "ANTHROPIC_BASE_URL": upstream.url, "CLAUDE_CODE_OAUTH_TOKEN": OAUTH}
        env |= {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
        done = subprocess.run(argv, input=prompt, env=env, cwd=home, capture_output=True, text=True, check=True)
        return str(json.loads(done.stdout)["session_id"])

    session = ask("one")
    ask("two", "--resume", session)
    ask("three", "--resume", session, "--fork-session")
    take_in(ledger, "claude-code", home / ".claude" / "projects")
    assert [call[4] for call in calls(ledger)] == [9, 9, 9]


def test_a_call_that_llmswitch_makes_leaves_no_log_to_import(
    upstream: Upstream, claude_program: str, home: Path, ledger: Path
) -> None:
    env = {"ANTHROPIC_BASE_URL": upstream.url, "CLAUDE_CODE_OAUTH_TOKEN": OAUTH}
    options = {"command": claude_program, "env": env}
    settings = ProviderSettings("claude-code", kind="claude-code", key_required=False, options=options)
    provider_cases.answer(settings, model=provider_cases.a_model("claude-opus-4-6", plan="claude-max"))
    assert upstream.requests
    assert take_in(ledger, "claude-code", home).new == 0
