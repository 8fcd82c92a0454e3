"""Labels by the shape and the size of a request."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from llmswitch.classify import Label
from llmswitch.classify.linear import Linear
from llmswitch.classify.structure import STEPS, as_long_run
from llmswitch.conversation import Message, Request, Text
from llmswitch.engine.dispatch import Engine, Job
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile
from llmswitch.tasks import TASKS

PLAN = "\n".join(f"{number}. do thing {number}" for number in range(1, 13))
IMPLEMENT = Label("implement", 0.6, scores=dict.fromkeys(TASKS, 0.0) | {"implement": 0.6, "agentic": 0.2})


@pytest.mark.parametrize(
    "words",
    [
        "implement this plan",
        "work through the todo list",
        "Do all the items on this checklist, please",
        "このリストを全部やって",
        "計画どおりに手順を進めて",
    ],
)
def test_a_list_of_steps_to_carry_out_is_a_long_run(words: str) -> None:
    label = as_long_run(IMPLEMENT, words, PLAN)
    assert label.task == "agentic"
    assert label.confidence == pytest.approx(0.8)
    assert label.opinions[-1].note == "a list of 12 steps to carry out"


@pytest.mark.parametrize("items", ["- [ ] one\n", "* one\n", "3) one\n", "① one\n", "・一つ\n", "Step 4: one\n"])
def test_every_kind_of_list_counts(items: str) -> None:
    assert as_long_run(IMPLEMENT, "implement this plan", items * STEPS).task == "agentic"


@pytest.mark.parametrize(
    "words",
    [
        "is anything missing in this plan?",
        "implement step 3",
        "review this plan",
        "go through the list and tell me what is missing",
        "この計画をレビューして",
    ],
)
def test_a_list_that_is_only_looked_at_is_none(words: str) -> None:
    assert as_long_run(IMPLEMENT, words, PLAN).task == "implement"


def test_a_short_list_is_none() -> None:
    assert as_long_run(IMPLEMENT, "implement this plan", "\n".join(PLAN.splitlines()[: STEPS - 1])).task == "implement"


def test_another_task_is_not_touched() -> None:
    label = IMPLEMENT._replace(task="review")
    assert as_long_run(label, "implement this plan", PLAN) is label


@pytest.mark.parametrize("words", ["go", "do it", "やって", "ok, go ahead"])
def test_a_mere_go_means_what_came_along(words: str) -> None:
    asked = "write unit tests for the date parser with pytest"
    assert Linear().label(words, asked).task == Linear().label(asked).task == "test"


def test_a_megabyte_of_dashes_takes_no_time() -> None:
    assert as_long_run(IMPLEMENT, "implement this plan", "- " * 500_000).task == "implement"


def test_a_small_turn_of_a_long_conversation_is_not_longcontext(tmp_path: Path) -> None:
    before = Message("user", (Text("word " * 200_000),))
    words = "fix the typo in the README"
    job = Job(Request((before, Message("assistant", (Text("Done."),)), Message("user", (Text(words),)))), words=words)
    with Ledger.open(tmp_path / "ledger.db") as ledger:
        engine = Engine(load_profile("default"), ledger, Linear())
        assert engine.label(job).task == "quickfix"
        assert engine.label(replace(job, attachment="word " * 200_000)).task == "longcontext"
        asyncio.run(engine.aclose())
