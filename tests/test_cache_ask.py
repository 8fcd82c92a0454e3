"""Repeats as a person meets them: `ask` twice over a real upstream, a real cache on disk, and the ledger afterwards."""

from __future__ import annotations

import json
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from command import PROFILE, Command, command_for
from upstream import DEFAULT_TEXT, Reply, Upstream

SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "ask.schema.json").read_text(encoding="utf-8"))
CACHED = PROFILE.replace('[cache]\nstore = "off"\n', "")
QUESTION = "what does git rebase --onto do?"


@pytest.fixture
def llmswitch(home: Path, upstream: Upstream) -> Command:
    command = command_for(home, upstream)
    (home / "bench.toml").write_text(CACHED)
    patient = {"LLMSWITCH_CACHE_DEADLINE_MS": "60000"}  # a busy machine is no slow cache
    return Command(home, command.environment | patient)


def dispatches(command: Command, columns: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(command.home / ".local/share/llmswitch/ledger.db")
    try:
        return connection.execute(f"SELECT {columns} FROM dispatches ORDER BY id").fetchall()
    finally:
        connection.close()


def calls(upstream: Upstream) -> int:
    return sum(seen.method == "POST" for seen in upstream.requests)


def object_of(command: Command, *arguments: str, **variables: str) -> dict[str, Any]:
    done = Command(command.home, command.environment | variables)("ask", "--json", *arguments)
    body: dict[str, Any] = json.loads(done.out)
    jsonschema.validate(body, SCHEMA)
    return body


def test_a_repeat_is_answered_without_a_call(llmswitch: Command, upstream: Upstream) -> None:
    first, second = llmswitch("ask", QUESTION), llmswitch("ask", QUESTION)
    assert (second.code, second.out, calls(upstream)) == (0, first.out, 1)


def test_a_hit_says_so_with_age_likeness_model_and_what_it_saved(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    [line] = llmswitch("ask", QUESTION).err.splitlines()
    assert "→ first, from the cache · " in line
    assert " s old, the same prompt · saved $" in line


def test_quiet_says_nothing_of_a_hit(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    assert llmswitch("ask", "-q", QUESTION).err == ""


def test_json_tells_a_miss_then_a_hit_without_attempts_tokens_or_cost(llmswitch: Command) -> None:
    first, second = object_of(llmswitch, QUESTION), object_of(llmswitch, QUESTION)
    assert (first["cache"], second["cache"]) == ("miss", "hit")
    assert (second["text"], second["model"], second["finish"]) == (DEFAULT_TEXT, "first", "stop")
    assert (second["attempts"], second["cost_usd"], second["cost_source"]) == ([], "0", "free")
    assert set(second["usage"].values()) == {0}


def test_json_says_where_a_hit_comes_from_and_what_it_saved(llmswitch: Command) -> None:
    first, second = object_of(llmswitch, QUESTION), object_of(llmswitch, QUESTION)
    cached = second["cached"]
    assert (cached["how"], cached["score"], cached["dispatch_id"]) == ("exact", None, first["dispatch_id"])
    assert cached["saved_usd"] == first["cost_usd"]
    assert cached["saved_ms"] > 0


def test_the_event_stream_of_a_hit_has_the_cache_instead_of_an_attempt(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    events = [json.loads(line) for line in llmswitch("ask", "--json-stream", QUESTION).out.splitlines()]
    assert [event["event"] for event in events] == ["task", "cache", "text", "finish", "end"]
    assert events[-1]["cache"] == "hit"


def test_a_hit_is_a_dispatch_with_what_it_saved_and_no_attempt(llmswitch: Command) -> None:
    first = object_of(llmswitch, QUESTION)
    object_of(llmswitch, QUESTION)
    (miss, _, _), (hit, pico, how) = dispatches(llmswitch, "cache, saved_pico, cache_how")
    assert (miss, hit, how) == ("miss", "hit", "exact")
    assert pico == round(float(first["cost_usd"]) * 1e12)


def test_a_hit_counts_in_the_month_with_its_own_saving(llmswitch: Command) -> None:
    first = object_of(llmswitch, QUESTION)
    object_of(llmswitch, QUESTION)
    cache = json.loads(llmswitch("cost", "--month", "--json").out)["month"]["cache"]
    assert cache["answers"] == 1
    assert float(cache["cash_saved_usd"]) == pytest.approx(float(first["cost_usd"]), abs=1e-6)


def test_the_same_question_in_other_words_is_a_semantic_hit_with_its_score(llmswitch: Command) -> None:
    object_of(llmswitch, "how can I delete a branch in git?")
    second = object_of(llmswitch, "how do I delete a git branch?")
    assert (second["cache"], second["cached"]["how"]) == ("hit", "semantic")
    assert 0.5 < second["cached"]["score"] <= 1


def test_a_changed_number_is_another_question(llmswitch: Command, upstream: Upstream) -> None:
    object_of(llmswitch, "what are the prerequisites of course AT 403?")
    second = object_of(llmswitch, "what are the prerequisites of course AT 404?")
    assert (second["cache"], calls(upstream)) == ("miss", 2)


def test_no_cache_neither_reads_nor_keeps(llmswitch: Command, upstream: Upstream) -> None:
    assert object_of(llmswitch, "--no-cache", QUESTION)["cache"] == "off"
    assert object_of(llmswitch, QUESTION)["cache"] == "miss"
    assert object_of(llmswitch, "--no-cache", QUESTION)["cache"] == "off"
    assert calls(upstream) == 3


def test_refresh_asks_again_and_its_answer_takes_the_place(llmswitch: Command, upstream: Upstream) -> None:
    llmswitch("ask", QUESTION)
    upstream.script(Reply(text="a newer answer"))
    assert object_of(llmswitch, "--refresh", QUESTION)["cache"] == "miss"
    assert object_of(llmswitch, QUESTION)["text"] == "a newer answer"


def test_no_cache_and_refresh_exclude_each_other(llmswitch: Command) -> None:
    done = llmswitch("ask", "--no-cache", "--refresh", QUESTION)
    assert (done.code, "exclude each other" in done.err) == (2, True)


def test_files_count_by_their_content(llmswitch: Command) -> None:
    notes = llmswitch.home / "notes.txt"
    notes.write_text("one\n")
    assert object_of(llmswitch, "-f", "notes.txt", "summarise this")["cache"] == "miss"
    assert object_of(llmswitch, "-f", "notes.txt", "summarise this")["cache"] == "hit"
    notes.write_text("two\n")
    assert object_of(llmswitch, "-f", "notes.txt", "summarise this")["cache"] == "miss"


@pytest.mark.parametrize(
    "options",
    [
        ("-s", "answer like a pirate"),
        ("--max-tokens", "50"),
        ("--task", "design"),
        ("-m", "second"),
    ],
)
def test_what_shapes_the_answer_must_be_equal(llmswitch: Command, options: tuple[str, ...]) -> None:
    object_of(llmswitch, "--task", "docs", QUESTION)
    assert object_of(llmswitch, "--task", "docs", *options, QUESTION)["cache"] == "miss"


@pytest.mark.parametrize(
    "prompt",
    [
        "what is the latest release of Python?",
        "summarise what happened today",
        "最新のPythonのバージョンは何ですか?",
        "give me another example of a monad",
        "別の例を挙げてください",
        "review my staged changes",
        "continue",
    ],
)
def test_what_would_not_hold_next_time_is_left_out(llmswitch: Command, upstream: Upstream, prompt: str) -> None:
    assert [object_of(llmswitch, prompt)["cache"] for _ in range(2)] == ["off", "off"]
    assert calls(upstream) == 2


def test_a_file_named_but_not_attached_is_left_out(llmswitch: Command) -> None:
    (llmswitch.home / "parser.py").write_text("x = 1\n")
    assert object_of(llmswitch, "explain parser.py")["cache"] == "off"


def test_a_task_can_be_left_out(llmswitch: Command) -> None:
    profile = llmswitch.home / "bench.toml"
    profile.write_text(CACHED + "[cache.tasks]\nreview = false\n")
    assert object_of(llmswitch, "--task", "review", QUESTION)["cache"] == "off"
    assert object_of(llmswitch, "--task", "docs", QUESTION)["cache"] == "miss"


def test_an_unknown_task_in_the_table_is_an_error_with_its_line(llmswitch: Command) -> None:
    profile = llmswitch.home / "bench.toml"
    profile.write_text(CACHED + "[cache.tasks]\nreveiw = false\n")
    done = llmswitch("ask", QUESTION)
    assert (done.code, "did you mean 'review'" in done.err) == (78, True)


def test_a_store_that_is_off_keeps_nothing(llmswitch: Command) -> None:
    assert object_of(llmswitch, QUESTION, LLMSWITCH_CACHE_STORE="off")["cache"] == "off"
    assert not (llmswitch.home / ".cache/llmswitch/answers").exists()


def test_a_written_history_false_leaves_no_word_on_disk(llmswitch: Command) -> None:
    (llmswitch.home / ".config/llmswitch").mkdir(parents=True)
    (llmswitch.home / ".config/llmswitch/config.toml").write_text("history = false\n")
    assert object_of(llmswitch, QUESTION)["cache"] == "off"
    assert [path for path in llmswitch.home.rglob("*") if path.is_file() and b"rebase" in path.read_bytes()] == []


def test_a_store_that_is_asked_for_stands_beside_history_false(llmswitch: Command) -> None:
    (llmswitch.home / ".config/llmswitch").mkdir(parents=True)
    (llmswitch.home / ".config/llmswitch/config.toml").write_text('history = false\n[cache]\nstore = "disk"\n')
    assert object_of(llmswitch, QUESTION)["cache"] == "miss"


def test_what_is_kept_is_private(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    kept = list((llmswitch.home / ".cache/llmswitch").rglob("*"))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in kept}
    assert modes <= {0o600, 0o700}
    assert any(path.is_file() for path in kept)


def test_a_named_session_is_left_out(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    assert object_of(llmswitch, "--session", "s", QUESTION)["cache"] == "off"


def test_a_session_of_its_own_may_be_a_hit_and_is_kept_as_ever(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    assert object_of(llmswitch, QUESTION, LLMSWITCH_HISTORY="1")["cache"] == "hit"
    [session] = json.loads(llmswitch("history", "--json").out)
    assert (session["turns"], session["models"]) == (1, ["first"])


def test_compared_models_are_all_asked(llmswitch: Command, upstream: Upstream) -> None:
    for _ in range(2):
        bodies = json.loads(llmswitch("ask", "--json", "--compare", "first,second", QUESTION).out)
        assert [body["cache"] for body in bodies] == ["off", "off"]
    assert calls(upstream) == 4


def test_a_valid_answer_of_a_schema_is_a_hit(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text='{"name": "Ada"}'))
    schema = ("--schema", '{"type": "object", "required": ["name"]}')
    first = object_of(llmswitch, *schema, "a made-up person")
    second = object_of(llmswitch, *schema, "a made-up person")
    assert (second["cache"], json.loads(second["text"])) == ("hit", json.loads(first["text"]))


def test_an_answer_that_misses_its_schema_is_not_kept(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text='{"nom": 1}'), Reply(text='{"nom": 2}'))
    schema = ("--schema", '{"type": "object", "required": ["name"]}')
    llmswitch("ask", *schema, "a made-up person")
    upstream.script(Reply(text='{"name": "Ada"}'))
    assert object_of(llmswitch, *schema, "a made-up person")["cache"] == "miss"


@pytest.mark.parametrize(
    "reply",
    [Reply(finish="length"), Reply(drop_after=1), Reply(text="I'm sorry, but I can't help with that.")],
    ids=["cut off", "broken off", "refused"],
)
def test_only_whole_answers_are_kept(llmswitch: Command, upstream: Upstream, reply: Reply) -> None:
    upstream.script(reply)
    llmswitch("ask", QUESTION)
    second = object_of(llmswitch, QUESTION)
    assert (second["cache"], second["text"]) == ("miss", DEFAULT_TEXT)


def test_nothing_is_kept_after_ctrl_c(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(chunks=4, hold_after=2))
    process = llmswitch.start("ask", QUESTION)
    assert process.stdout is not None
    process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    upstream.release()
    assert object_of(llmswitch, QUESTION)["cache"] == "miss"


def test_without_any_candidate_a_kept_answer_is_better_than_none(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    body = object_of(llmswitch, QUESTION, ANTHROPIC_API_KEY="", OPENAI_API_KEY="", OLLAMA_HOST="127.0.0.1:9")
    assert body["cache"] == "hit"


def test_a_weaker_models_answer_does_not_serve_a_stronger_route(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(status=500), path="/v1/messages")
    assert object_of(llmswitch, QUESTION)["model"] == "second"
    body = object_of(llmswitch, QUESTION)
    assert (body["cache"], body["model"]) == ("miss", "first")


def test_a_prompt_with_a_key_in_it_is_not_kept(llmswitch: Command) -> None:
    body = object_of(llmswitch, "is sk-abcdefghijklmnopqrstuvwxyz0123456789 a valid key format?")
    assert body["cache"] == "off"


def test_explain_shows_the_neighbour_its_score_and_the_verdict(llmswitch: Command, upstream: Upstream) -> None:
    llmswitch("ask", "what are the prerequisites of course AT 403?")
    told = llmswitch("ask", "--explain", "what are the prerequisites of course AT 404?").out
    assert "cache       asked in vain: " in told
    assert "nearest: what are the prerequisites of course AT 403? (first, " in told
    assert ", score 0." in told
    assert calls(upstream) == 1


def test_explain_says_why_the_cache_has_no_part(llmswitch: Command) -> None:
    told = llmswitch("ask", "--explain", "what happened today?").out
    assert "cache       no part in it: it depends on now ('today')" in told


def test_explain_as_json_has_the_cache(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    cache = json.loads(llmswitch("ask", "--explain", "--json", QUESTION).out)["cache"]
    assert (cache["outcome"], cache["neighbour"], cache["model"]) == ("hit", QUESTION, "first")


def test_verbose_says_why_nothing_came_from_the_cache(llmswitch: Command) -> None:
    assert "cache off: it asks for variety ('another')" in llmswitch("ask", "-v", "another joke, please").err


def test_an_exact_hit_loads_neither_numpy_nor_the_guard(llmswitch: Command) -> None:
    llmswitch("ask", QUESTION)
    program = (
        "import sys\n"
        "from llmswitch.cli import run\n"
        f"assert run(['ask', '--json', {QUESTION!r}]) == 0\n"
        "print([name for name in ('numpy', 'llmswitch.cache.guard') if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=llmswitch.environment, cwd=llmswitch.home, capture_output=True, text=True
    )
    assert (json.loads(done.stdout)["cache"], done.stderr.strip()) == ("hit", "[]")
