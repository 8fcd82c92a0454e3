"""`ledger import codex`: cumulative counts become calls, and a copied history is not counted again."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import provider_cases
import pytest
from session_logs import append, calls, counted, meta, recorded, rollout, rows, take_in, tokens, turn, write
from upstream import Upstream

from llmswitch.catalog import ProviderSettings

FIRST, SECOND, THIRD = (100, 40, 10), (250, 120, 30), (400, 200, 45)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "sessions"
    folder.mkdir()
    return folder


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def thread(name: str, *lines: dict[str, Any], **about: Any) -> list[dict[str, Any]]:
    return [meta(name, **about), turn(f"{name}-turn"), *lines]


def test_calls_are_the_differences_of_the_totals(logs: Path, ledger: Path) -> None:
    write(logs / "rollout-1.jsonl", *thread("a", counted(FIRST, FIRST), counted(SECOND, (150, 80, 20))))
    take_in(ledger, "codex", logs)
    assert calls(ledger) == [(60, 40, 0, None, 10), (70, 80, 0, None, 20)]


def test_cached_input_is_not_counted_as_fresh_input_too(logs: Path, ledger: Path) -> None:
    write(logs / "rollout-1.jsonl", *thread("a", counted((1_000_000, 1_000_000, 0), (1_000_000, 1_000_000, 0))))
    take_in(ledger, "codex", logs)
    assert rows(ledger, "imputed_usd") == [(0.175,)]


def test_reasoning_is_inside_the_output(logs: Path, ledger: Path) -> None:
    total = tokens(0, 0, 1_000_000, 0, 900_000)
    info = {"type": "token_count", "info": {"total_token_usage": total, "last_token_usage": total}}
    write(logs / "rollout-1.jsonl", *thread("a", rollout("event_msg", info)))
    take_in(ledger, "codex", logs)
    assert rows(ledger, "output_tokens, reasoning_tokens, imputed_usd") == [(1_000_000, 900_000, 14.0)]


def test_a_total_that_is_written_again_is_no_call(logs: Path, ledger: Path) -> None:
    again = counted(FIRST, FIRST, at="2026-11-02T10:05:00Z")
    write(logs / "rollout-1.jsonl", *thread("a", counted(FIRST, FIRST), again, again))
    take_in(ledger, "codex", logs)
    assert len(calls(ledger)) == 1


def test_a_total_that_comes_again_after_a_rate_limit_report_is_no_call(logs: Path, ledger: Path) -> None:
    nothing = rollout("event_msg", {"type": "token_count", "info": None, "rate_limits": {}})
    write(logs / "rollout-1.jsonl", *thread("a", counted(FIRST, FIRST), nothing, counted(FIRST, FIRST)))
    take_in(ledger, "codex", logs)
    assert len(calls(ledger)) == 1


def test_a_total_that_begins_anew_counts_what_was_last_used(logs: Path, ledger: Path) -> None:
    write(logs / "rollout-1.jsonl", *thread("a", counted(SECOND, SECOND), counted((90, 0, 5), (90, 0, 5))))
    take_in(ledger, "codex", logs)
    assert calls(ledger)[1] == (90, 0, 0, None, 5)


def test_a_record_and_the_count_after_it_are_one_call(logs: Path, ledger: Path) -> None:
    write(logs / "rollout-1.jsonl", *thread("a", recorded("a", "a-turn", FIRST, FIRST), counted(FIRST, FIRST)))
    take_in(ledger, "codex", logs)
    assert calls(ledger) == [(60, 40, 0, None, 10)]


def test_a_fork_that_repeats_its_parent_with_new_times_adds_only_its_own(logs: Path, ledger: Path) -> None:
    before = [turn("t1"), counted(FIRST, FIRST), turn("t2"), counted(SECOND, (150, 80, 20))]
    copied = [turn("t1"), counted(FIRST, FIRST, "2026-11-09T09:00:00Z"), turn("t2"), counted(SECOND, (150, 80, 20))]
    write(logs / "rollout-1.jsonl", meta("a"), *before)
    own = [turn("t3"), counted(THIRD, (150, 80, 15))]
    write(logs / "rollout-2.jsonl", meta("b", forked_from_id="a"), meta("a"), *copied, *own)
    take_in(ledger, "codex", logs)
    assert calls(ledger) == [(60, 40, 0, None, 10), (70, 80, 0, None, 20), (70, 80, 0, None, 15)]


def test_a_fork_of_a_version_whose_turns_have_no_names_adds_only_its_own(logs: Path, ledger: Path) -> None:
    before = [counted(FIRST, FIRST), counted(SECOND, (150, 80, 20))]
    write(logs / "rollout-1.jsonl", meta("a"), *before)
    write(logs / "rollout-2.jsonl", meta("b", forked_from_id="a"), meta("a"), *before, counted(THIRD, (150, 80, 15)))
    again = [*before, counted(THIRD, (150, 80, 15)), counted((500, 200, 50), (100, 0, 5))]
    write(logs / "rollout-3.jsonl", meta("c", forked_from_id="b"), meta("b", forked_from_id="a"), meta("a"), *again)
    take_in(ledger, "codex", logs)
    assert [call[4] for call in calls(ledger)] == [10, 20, 15, 5]


def test_a_fork_that_begins_at_its_parents_total_adds_only_its_own(logs: Path, ledger: Path) -> None:
    write(logs / "rollout-1.jsonl", *thread("a", recorded("a", "a-turn", SECOND, SECOND), counted(SECOND, SECOND)))
    own = [recorded("b", "b-turn", (150, 80, 15), THIRD), counted(THIRD, (150, 80, 15))]
    write(logs / "rollout-2.jsonl", *thread("b", *own, forked_from_id="a"))
    take_in(ledger, "codex", logs)
    assert [call[4] for call in calls(ledger)] == [30, 15]


def test_a_fork_that_begins_at_its_parents_total_and_has_no_records_adds_only_its_own(logs: Path, ledger: Path) -> None:
    write(logs / "rollout-1.jsonl", *thread("a", counted(SECOND, SECOND)))
    write(logs / "rollout-2.jsonl", *thread("b", counted(THIRD, (150, 80, 15)), forked_from_id="a"))
    take_in(ledger, "codex", logs)
    assert [call[4] for call in calls(ledger)] == [30, 15]


def test_a_subagent_that_repeats_its_parents_counts_without_their_records_adds_only_its_own(
    logs: Path, ledger: Path
) -> None:
    write(logs / "rollout-1.jsonl", meta("a"), turn("t1"), recorded("a", "t1", FIRST, FIRST), counted(FIRST, FIRST))
    source = {"subagent": {"thread_spawn": {"parent_thread_id": "a"}}}
    own = [turn("t2"), recorded("b", "t2", (150, 80, 20), SECOND), counted(SECOND, (150, 80, 20))]
    write(logs / "rollout-2.jsonl", meta("b", source=source), meta("a"), turn("t1"), counted(FIRST, FIRST), *own)
    take_in(ledger, "codex", logs)
    assert [call[4] for call in calls(ledger)] == [10, 20]


def test_a_subagent_that_starts_from_nothing_counts_whole(logs: Path, ledger: Path) -> None:
    write(logs / "rollout-1.jsonl", *thread("a", counted(FIRST, FIRST)))
    source = {"subagent": {"thread_spawn": {"parent_thread_id": "a"}}}
    write(logs / "rollout-2.jsonl", *thread("b", counted(FIRST, FIRST), source=source))
    take_in(ledger, "codex", logs)
    assert len(calls(ledger)) == 2


def test_two_sessions_that_happen_to_use_the_same_are_two(logs: Path, ledger: Path) -> None:
    write(logs / "rollout-1.jsonl", meta("a"), counted(FIRST, FIRST))
    write(logs / "rollout-2.jsonl", meta("b"), counted(FIRST, FIRST))
    take_in(ledger, "codex", logs)
    assert len(calls(ledger)) == 2


def test_an_archived_copy_adds_nothing(logs: Path, ledger: Path, tmp_path: Path) -> None:
    lines = thread("a", counted(FIRST, FIRST))
    write(logs / "rollout-1.jsonl", *lines)
    take_in(ledger, "codex", logs)
    write(tmp_path / "archived" / "rollout-1.jsonl", *lines)
    take_in(ledger, "codex", tmp_path / "archived")
    assert len(calls(ledger)) == 1


def test_a_session_that_goes_on_after_an_import_counts_the_difference(logs: Path, ledger: Path) -> None:
    path = write(logs / "rollout-1.jsonl", *thread("a", counted(FIRST, FIRST)))
    take_in(ledger, "codex", logs)
    append(path, counted(SECOND, (150, 80, 20)))
    take_in(ledger, "codex", logs)
    assert calls(ledger)[1] == (70, 80, 0, None, 20)


def test_a_session_that_goes_on_after_an_import_keeps_its_model_project_and_dispatch(logs: Path, ledger: Path) -> None:
    path = write(logs / "rollout-1.jsonl", *thread("a", counted(FIRST, FIRST)))
    take_in(ledger, "codex", logs)
    append(path, counted(SECOND, (150, 80, 20)))
    take_in(ledger, "codex", logs)
    assert (len(set(rows(ledger, "model_id, dispatch_id"))), rows(ledger, "project", "dispatches")) == (1, [("demo",)])


def test_a_turn_on_another_model_is_priced_as_that(logs: Path, ledger: Path) -> None:
    write(
        logs / "rollout-1.jsonl",
        *thread("a", counted(FIRST, FIRST)),
        turn("t2", "gpt-5.4-mini"),
        counted(SECOND, FIRST),
    )
    take_in(ledger, "codex", logs)
    assert rows(ledger, "model_id") == [("gpt-5.3-codex",), ("gpt-5.4-mini",)]


def test_a_log_that_names_no_model_has_no_price(logs: Path, ledger: Path) -> None:
    write(logs / "rollout-1.jsonl", meta("a"), counted(FIRST, FIRST))
    take_in(ledger, "codex", logs)
    assert rows(ledger, "model_id, cost_pico, imputed_pico") == [("unknown", 0, None)]


def test_the_real_programs_log_of_a_resumed_and_a_forked_session_has_three_calls(
    codex_upstream: Upstream, codex_program: str, api_key_login: None, home: Path, ledger: Path
) -> None:
    server = f'{{name="mock",base_url="{codex_upstream.openai_url}",wire_api="responses",requires_openai_auth=true}}'
    quiet = ("analytics.enabled=false", "check_for_update_on_startup=false", 'model_provider="mock"')
    settings = [word for one in (*quiet, f"model_providers.mock={server}") for word in ("-c", one)]

    def ask(*words: str) -> str:
        argv = [codex_program, "exec", *words[:-1], "--json", "--model", "gpt-5.4", "--skip-git-repo-check", *settings]
        done = subprocess.run(
            [*argv, words[-1]],
            env=dict(os.environ),
            cwd=home,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=True,
        )
        return str(json.loads(done.stdout.splitlines()[0])["thread_id"])

    name = ask("one")
    ask("resume", name, "two")
    ask("fork", name, "three")
    take_in(ledger, "codex", home / ".codex" / "sessions")
    assert calls(ledger) == [(12, 0, 0, None, 9)] * 3


def test_a_call_that_llmswitch_makes_leaves_no_log_to_import(
    codex_upstream: Upstream, codex_program: str, api_key_login: None, home: Path, ledger: Path
) -> None:
    server = f'{{name="mock",base_url="{codex_upstream.openai_url}",wire_api="responses",requires_openai_auth=true}}'
    options = {"command": codex_program, "args": ["-c", f"model_providers.mock={server}", "-c", "model_provider=mock"]}
    settings = ProviderSettings("codex", kind="codex", key_required=False, options=options)
    provider_cases.answer(settings, model=provider_cases.a_model("gpt-5.4"))
    assert codex_upstream.requests
    assert take_in(ledger, "codex", home).new == 0
