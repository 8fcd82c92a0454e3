"""Preparing prompts and training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("scipy")

from benchmarks.classifier import model
from benchmarks.classifier.prepare import Seen, agreement, sample, written
from benchmarks.classifier.rows import PROMPTS, Row, own, repository
from benchmarks.classifier.train import COST, build
from llmswitch.classify.evaluation import TIER
from llmswitch.classify.linear import Linear
from llmswitch.tasks import TASKS


def _some() -> list[Row]:
    return [row for row in own() if row.source in ("en-a", "ja-a", "en-b", "ja-b")][::12]


def test_training_twice_gives_the_same_bytes() -> None:
    settings = model.Settings(iterations=8, most=(2000, 2000, 2000, 2000))
    assert build(_some(), settings, COST) == build(_some(), settings, COST)


def test_a_quantised_model_says_what_the_exact_one_says(tmp_path: Path) -> None:
    rows = _some()
    file = tmp_path / "weights"
    file.write_bytes(build(rows, model.Settings(iterations=30, most=(4000, 4000, 4000, 4000)), COST))
    linear = Linear(path=file)
    right = sum(linear.label(row.prompt).task == row.label for row in rows)
    assert right / len(rows) > 0.9  # of the rows it was trained on


def test_our_prompts_are_enough_and_in_both_languages() -> None:
    rows = own()
    assert len(rows) >= 4000
    assert {row.label for row in rows} == set(TASKS)
    japanese = sum(row.lang == "ja" for row in rows) / len(rows)
    assert 0.45 < japanese < 0.55


def test_no_prompt_is_there_twice() -> None:
    seen = Seen()
    twice = []
    for row in own():
        if seen.near(row.prompt):
            twice.append(row.prompt[:60])
        seen.add(row.prompt)
    assert twice == []


def test_a_small_change_is_a_near_duplicate() -> None:
    seen = Seen()
    seen.add("please rename the function getUser to fetchUser everywhere in the code base")
    assert seen.near("Please rename the function getUser to fetchUser everywhere in the codebase!")
    assert not seen.near("please write a test for the function that fetches the user")


def test_readings_that_differ_are_told_apart(tmp_path: Path) -> None:
    rows = [{"prompt": f"prompt {n}", "label": "chat", "difficulty": "easy"} for n in range(2)]
    (tmp_path / "blind").mkdir()
    file = tmp_path / "en-a.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    blind = [{"id": "en-a:1", "label": "chat"}, {"id": "en-a:2", "label": "docs"}]
    (tmp_path / "blind" / "en-a.jsonl").write_text("\n".join(map(json.dumps, blind)), encoding="utf-8")
    found = written(file, tmp_path / "blind")
    assert [row.blind == row.label for row in found] == [True, False]
    assert agreement(found).startswith("2 read, 50.0% the same")


def test_the_sample_has_every_task_in_both_languages() -> None:
    assert {row["label"] for row in sample(PROMPTS)} == set(TASKS)


@pytest.mark.parametrize(
    ("source", "group"),
    [
        ("github:edobry/minsky (specstory log)", "edobry/minsky"),
        ("commit:edobry/minsky", "edobry/minsky"),
        ("lmarena/arena-hard-v0.1", "lmarena/arena-hard"),
        ("lmarena/arena-hard-v2.0 (creative_writing)", "lmarena/arena-hard"),
    ],
)
def test_splits_go_by_repository(source: str, group: str) -> None:
    assert repository(source) == group


def test_sending_strong_work_low_costs_more_than_the_reverse() -> None:
    for truth in TASKS:
        for said in TASKS:
            if TIER[truth] < TIER[said]:
                assert COST[TASKS.index(truth)][TASKS.index(said)] > COST[TASKS.index(said)][TASKS.index(truth)]
