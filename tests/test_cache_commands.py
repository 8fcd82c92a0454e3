"""`cache judge` and `cache bench` as their own small program, over real standard input and files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from llmswitch.commands import cache_bench, cache_judge
from llmswitch.errors import ConfigError, InputError

REPEAT = {"a": "How do I list all files?", "b": "please tell me how to list all files", "duplicate": 1}
SWAP = {"a": "Explain error 404 of nginx", "b": "Explain error 403 of nginx", "duplicate": 0, "kind": "number"}


def run(*arguments: str, given: str = "") -> str:
    app = typer.Typer()
    cache_judge.register(app)
    cache_bench.register(app)
    done = CliRunner().invoke(app, arguments, input=given)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def judged(*pairs: dict[str, Any], options: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    said = run("judge", *options, given="".join(json.dumps(pair) + "\n" for pair in pairs))
    return [json.loads(line) for line in said.splitlines()]


@pytest.fixture
def pairs_file(tmp_path: Path) -> Path:
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(json.dumps(pair) + "\n" for pair in (REPEAT, SWAP)))
    return file


def test_judge_answers_line_by_line_in_order() -> None:
    first, second = judged(REPEAT, SWAP)
    assert (first["served"], second["served"]) == (True, False)
    assert set(first) == {"served", "score", "reason"}


def test_judge_says_what_differs() -> None:
    assert judged(SWAP, options=("--threshold", "0.1"))[0]["reason"] == "“404” is not “403”"


def test_judge_without_the_guard_goes_by_the_cosine() -> None:
    assert judged(SWAP, options=("--no-guard", "--threshold", "0.1"))[0]["served"] is True


def test_judge_without_an_embedder_serves_exact_repeats_only() -> None:
    same = {"a": "x", "b": "x "}
    assert [one["served"] for one in judged(same, REPEAT, options=("--embedder", "none"))] == [True, False]


def test_judge_names_the_line_that_is_no_pair() -> None:
    with pytest.raises(InputError, match="line 2"):
        run("judge", given='{"a": "x", "b": "y"}\n{"a": 1}\n')


def test_an_unknown_embedder_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as refused:
        run("judge", "--embedder", "heavy", given="")
    assert "ollama:MODEL" in str(refused.value.hint)


def test_bench_counts_repeats_and_wrong_hits_of_pairs(pairs_file: Path) -> None:
    found = json.loads(run("bench", str(pairs_file), "--json", "--threshold", "0.1"))
    assert (found["repeats_served"], found["near_misses_near"], found["wrong_hits"]) == (1, 1, 0)


def test_bench_without_the_guard_shows_what_it_would_cost(pairs_file: Path) -> None:
    said = run("bench", str(pairs_file), "--no-guard", "--threshold", "0.1")
    assert "1 of     1  number" in said


def test_bench_replays_a_stream(tmp_path: Path) -> None:
    file = tmp_path / "stream.jsonl"
    texts = [
        ("list all files", "ls"),
        ("please list all files", "ls"),
        ("list all files", "ls"),
        ("delete all files", "rm"),
    ]
    file.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in texts))
    found = json.loads(run("bench", str(file), "--json"))
    assert (found["asked"], found["hits"], found["wrong_hits"]) == (4, 2, 0)


def test_bench_of_an_empty_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.jsonl"
    file.touch()
    with pytest.raises(InputError, match="no prompts"):
        run("bench", str(file))
