"""`llmswitch cache` and `wrong --cache` as a person runs them."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from command import PROFILE, Command, command_for
from upstream import DEFAULT_TEXT, Upstream

from llmswitch.commands.cache_clear import seconds_of
from llmswitch.commands.cache_stats import at_most
from llmswitch.errors import UsageError
from llmswitch.ledger import cache_hits
from llmswitch.ledger.store import Ledger

QUESTION = "what does git rebase --onto do?"


@pytest.fixture
def llmswitch(home: Path, upstream: Upstream) -> Command:
    command = command_for(home, upstream)
    (home / "bench.toml").write_text(PROFILE.replace('[cache]\nstore = "off"\n', ""))
    return Command(home, command.environment | {"LLMSWITCH_CACHE_DEADLINE_MS": "60000"})


def entries(command: Command) -> list[dict[str, str]]:
    return [json.loads(line) for line in command("cache", "list", "--json").out.splitlines()]


def outcome(command: Command, *arguments: str) -> str:
    return str(json.loads(command("ask", "--json", *arguments).out)["cache"])


def test_stats_of_nothing_make_nothing(llmswitch: Command) -> None:
    done = llmswitch("cache", "stats")
    assert (done.code, "kept      nothing" in done.out) == (0, True)
    assert not (llmswitch.home / ".cache/llmswitch/answers").exists()


def test_stats_tell_hits_savings_and_size_by_task(llmswitch: Command) -> None:
    for _ in range(2):
        llmswitch("ask", "--task", "docs", QUESTION)
    found = json.loads(llmswitch("cache", "stats", "--json").out)
    assert (found["hits"], found["misses"], found["hit_rate"], found["exact"]) == (1, 1, 0.5, 1)
    assert float(found["saved_usd"]) > 0
    assert found["tasks"]["docs"]["entries"] == found["entries"] == 1


def test_stats_say_why_the_cache_is_off(llmswitch: Command) -> None:
    done = llmswitch("cache", "stats", LLMSWITCH_CACHE_STORE="off")
    assert 'off: cache.store = "off"' in done.out


def test_a_list_shows_no_prompt_unless_asked(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    assert "rebase" not in llmswitch("cache", "list").out
    assert QUESTION in llmswitch("cache", "list", "--prompts").out


def test_a_list_shows_prompts_where_a_history_is_kept_anyway(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    assert QUESTION in llmswitch("cache", "list", LLMSWITCH_HISTORY="1").out


def test_show_prints_the_answer_and_where_it_comes_from(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    [entry] = entries(llmswitch)
    done = llmswitch("cache", "show", entry["id"])
    assert done.out == DEFAULT_TEXT + "\n"
    assert QUESTION in done.err


def test_show_of_an_unknown_entry_is_a_usage_error(llmswitch: Command) -> None:
    assert llmswitch("cache", "show", "nothing").code == 2


def test_export_is_a_line_an_answer_in_a_private_file(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    llmswitch("cache", "export", "copy.jsonl")
    copy = llmswitch.home / "copy.jsonl"
    [line] = copy.read_text().splitlines()
    assert (json.loads(line)["answer"], stat.S_IMODE(copy.stat().st_mode)) == (DEFAULT_TEXT, 0o600)


def test_clear_asks_nobody_who_can_not_answer(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    done = llmswitch("cache", "clear")
    assert (done.code, "add --yes" in done.err, len(entries(llmswitch))) == (2, True, 1)


def test_clear_forgets_everything(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    assert llmswitch("cache", "clear", "--yes").out == "forgotten: 1 answer\n"
    assert outcome(llmswitch, QUESTION) == "miss"


@pytest.mark.parametrize(
    ("options", "left"),
    [(("--task", "docs"), 1), (("--task", "review"), 2), (("--older-than", "1h"), 2), (("--older-than", "0s"), 0)],
)
def test_clear_forgets_what_fits(llmswitch: Command, options: tuple[str, ...], left: int) -> None:
    llmswitch("ask", "--task", "docs", QUESTION)
    llmswitch("ask", "--task", "design", QUESTION)
    llmswitch("cache", "clear", "--yes", *options)
    assert len(entries(llmswitch)) == left


def test_clear_forgets_a_project(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    (llmswitch.home / ".git").mkdir()
    llmswitch("ask", "--task", "design", QUESTION)
    llmswitch("cache", "clear", "--yes", "--project", llmswitch.home.name)
    assert [entry["project"] for entry in entries(llmswitch)] == [None]


def test_path_is_the_folder(llmswitch: Command) -> None:
    assert llmswitch("cache", "path").out == f"{llmswitch.home}/.cache/llmswitch/answers\n"


def test_path_of_redis_shows_no_password(llmswitch: Command) -> None:
    done = llmswitch(
        "cache", "path", LLMSWITCH_CACHE_STORE="redis", LLMSWITCH_CACHE_URL="redis://me:secret@127.0.0.1:6379/2"
    )
    assert "127.0.0.1:6379" in done.out
    assert "secret" not in done.out


def test_wrong_forgets_the_answer_that_was_served(llmswitch: Command) -> None:
    for _ in range(2):
        llmswitch("ask", QUESTION)
    assert llmswitch("wrong", "--cache").code == 0
    assert outcome(llmswitch, QUESTION) == "miss"


def test_a_wrong_near_answer_is_not_served_again_when_its_prompt_comes_back(llmswitch: Command) -> None:
    kept, near = "how can I delete a branch in git?", "how do I delete a git branch?"
    assert [outcome(llmswitch, prompt) for prompt in (kept, near)] == ["miss", "hit"]
    llmswitch("wrong", "--cache")
    assert [outcome(llmswitch, prompt) for prompt in (kept, near)] == ["miss", "miss"]


def test_wrong_is_counted(llmswitch: Command) -> None:
    for _ in range(2):
        llmswitch("ask", QUESTION)
    llmswitch("wrong", "--cache")
    assert json.loads(llmswitch("cache", "stats", "--json").out)["said_wrong"] == 1


def test_wrong_forgets_the_answer_that_a_miss_left(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    llmswitch("wrong", "--cache")
    assert entries(llmswitch) == []


def test_wrong_of_a_dispatch_without_the_cache_is_a_usage_error(llmswitch: Command) -> None:
    llmswitch("ask", "--no-cache", QUESTION)
    done = llmswitch("wrong", "--cache")
    assert (done.code, "had no part" in done.err) == (2, True)


def test_wrong_needs_a_task_or_the_cache(llmswitch: Command) -> None:
    assert llmswitch("wrong").code == 2


@pytest.mark.parametrize(("age", "seconds"), [("30m", 1_800), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)])
def test_an_age_is_a_number_and_a_unit(age: str, seconds: int) -> None:
    assert seconds_of(age) == seconds


@pytest.mark.parametrize("age", ["", "7", "d", "-1d", "7 years"])
def test_what_is_no_age_is_a_usage_error(age: str) -> None:
    with pytest.raises(UsageError):
        seconds_of(age)


@pytest.mark.parametrize(("wrong", "of", "bound"), [(0, 0, None), (0, 300, 0.009), (3, 100, 0.072), (10, 10, 1.0)])
def test_the_bound_of_an_error_rate(wrong: int, of: int, bound: float | None) -> None:
    assert at_most(wrong, of) == (None if bound is None else pytest.approx(bound, abs=0.001))


def test_use_counts_by_kind_since_a_time(tmp_path: Path) -> None:
    at = [datetime(2026, 10, 1, tzinfo=UTC)]
    with Ledger.open(tmp_path / "ledger.db", clock=lambda: int(at[0].timestamp() * 1e6)) as ledger:
        for day, cache, how in [(1, "hit", "exact"), (5, "hit", "semantic"), (6, "hit", "exact"), (7, "miss", None)]:
            at[0] = datetime(2026, 10, day, tzinfo=UTC)
            dispatch = ledger.begin_dispatch("ask")
            if how is not None:
                cache_hits.record(ledger, dispatch, entry="e", how=how, score=None, cash=None, imputed=None, ms=None)
            ledger.finish_dispatch(dispatch, "ok", 0, cache="hit" if cache == "hit" else "miss")
        with ledger.reading() as connection:
            use = cache_hits.use(connection, datetime(2026, 10, 3, tzinfo=UTC))
    assert (use.exact, use.semantic, use.misses, use.saved.known) == (1, 1, 1, 0)
