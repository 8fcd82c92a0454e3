"""`llmswitch` where a (scripted) Ollama runs: the local classifier as a person meets it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from command import Command, command_for
from fixtures_ollama import Ollama


def _beside(home: Path, ollama: Ollama) -> Command:
    """The command where this Ollama runs, and `linear` is never sure enough."""
    (home / ".config/llmswitch").mkdir(parents=True)
    (home / ".config/llmswitch/config.toml").write_text("[classifier]\nthreshold = 1.0\n")
    plain = command_for(home, None)
    return replace(plain, environment={**plain.environment, "OLLAMA_HOST": f"127.0.0.1:{ollama.address.port}"})


def test_the_default_profile_asks_the_model_that_it_names(home: Path, ollama: Ollama) -> None:
    said = json.loads(_beside(home, ollama)("-P", "default", "classify", "--json", "hmm what").out)
    assert [(one["by"], one["outcome"]) for one in said["opinions"]] == [("linear", None), ("model", "answered")]


def test_mode_model_takes_its_word(home: Path, ollama: Ollama) -> None:
    said = json.loads(_beside(home, ollama)("-P", "default", "classify", "--mode", "model", "--json", "hmm what").out)
    assert (said["task"], said["mode"], said["difficulty"]) == ("design", "model", "hard")


def test_mode_linear_asks_nobody(home: Path, ollama: Ollama) -> None:
    _beside(home, ollama)("-P", "default", "classify", "--mode", "linear", "hmm what")
    assert ollama.asked == []


def test_an_explanation_has_both_opinions(home: Path, ollama: Ollama) -> None:
    run = _beside(home, ollama)
    opinions = json.loads(run("-P", "default", "ask", "--explain", "--json", "hmm what").out)["opinions"]
    assert [(one["by"], one["note"]) for one in opinions] == [("linear", None), ("model", "glm-4.7:latest")]
    assert "model: design 0.60" in run("-P", "default", "ask", "--explain", "hmm what").out


def test_a_model_that_is_tried_out_and_found_wanting_is_left_out(home: Path, ollama: Ollama) -> None:
    run = _beside(home, ollama)
    done = run("-P", "default", "classify", "--trust")
    assert done.out.startswith("glm-4.7:latest: 8 of 96 prompts right (8%)")
    ollama.asked.clear()
    said = json.loads(run("-P", "default", "classify", "--json", "hmm what").out)
    assert (said["mode"], said["opinions"][1]["outcome"], ollama.asked) == ("linear", "untrusted", [])


def test_trying_out_what_is_not_there_is_no_candidate(home: Path) -> None:
    done = command_for(home, None)("-P", "default", "classify", "--trust")
    assert done.code == 69
    assert "Ollama" in done.err


def test_a_profile_without_a_local_model_has_nothing_to_try_out(home: Path) -> None:
    done = command_for(home, None)("-P", "api", "classify", "--trust")
    assert done.code == 2
    assert "names no local model" in done.err


def test_an_evaluation_says_when_the_model_makes_it_worse(home: Path, ollama: Ollama) -> None:
    file = home / "rows.jsonl"
    file.write_text('{"prompt": "fix the typo", "label": "quickfix"}\n', encoding="utf-8")
    done = _beside(home, ollama)("-P", "default", "classify", "--mode", "model", "--eval", str(file))
    assert "`linear` alone: accuracy 1.000" in done.out
    assert "The local model makes these labels worse." in done.out


def test_status_counts_what_came_of_asking(home: Path, ollama: Ollama) -> None:
    run = _beside(home, ollama)
    run("-P", "default", "ask", "-m", "opus", "hmm what")
    ollama.wait.clear()  # the deadline is 1.5 s
    run("-P", "default", "ask", "-m", "opus", "hmm which")
    told = json.loads(run("status", "--json").out)["local_classifier"]
    assert told == {"days": 30, "asked": 2, "outcomes": {"answered": 1, "late": 1}}
    assert [line.split()[:2] for line in run("status").out.splitlines() if "50%" in line] == [
        ["answered", "1"],
        ["too", "late"],
    ]
