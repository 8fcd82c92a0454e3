"""How far a local model's word is trusted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures_ollama import Ollama

from llmswitch.classify import trust
from llmswitch.classify.answer_memory import AnswerMemory
from llmswitch.classify.cascade import ALWAYS, Cascade
from llmswitch.classify.linear import Linear
from llmswitch.classify.local_model import LocalModel
from llmswitch.classify.model_trial import sample, trial
from llmswitch.classify.trust import Trust, parameters_of
from llmswitch.errors import NoCandidateError
from llmswitch.tasks import TASKS

UNSURE = "hmm"
"""A prompt `linear` is unsure of."""
PERFECT = {task: {task: 20} for task in TASKS}
PARROT = {task: {"design": 20} for task in TASKS}
"""Says `design` of everything."""


@pytest.fixture
def model(ollama: Ollama, tmp_path: Path) -> LocalModel:
    memory = AnswerMemory(tmp_path / "answers.json")
    return LocalModel(ollama.address, ["glm-4.7"], 20_000, memory=memory, only_trusted=True)


@pytest.mark.parametrize("size", ["134.52M", "1.7B", "494M"])
def test_a_small_model_that_was_never_measured_is_not_asked(ollama: Ollama, model: LocalModel, size: str) -> None:
    ollama.size = size
    assert model.ask(UNSURE).outcome == "untrusted"
    assert ollama.asked == []


@pytest.mark.parametrize("size", ["8.2B", "", "3.2B"])
def test_a_larger_one_is_asked(ollama: Ollama, model: LocalModel, size: str) -> None:
    ollama.size = size
    assert model.ask(UNSURE).outcome == "answered"


def test_a_small_one_that_was_found_good_is_asked(ollama: Ollama, model: LocalModel) -> None:
    ollama.size = "134.52M"
    trust.keep("glm-4.7:latest", PERFECT)
    assert model.ask(UNSURE).outcome == "answered"


def test_one_that_was_found_to_guess_is_not_asked(ollama: Ollama, model: LocalModel) -> None:
    trust.keep("glm-4.7:latest", PARROT)
    answer = model.ask(UNSURE)
    assert answer.reason == "glm-4.7:latest was right of 8% when it was measured: it is not asked"
    assert ollama.asked == []


def test_who_asks_for_the_model_gets_its_word(model: LocalModel) -> None:
    trust.keep("glm-4.7:latest", PARROT)
    model.only_trusted = False
    label = Cascade(Linear(), model, ALWAYS).label("fix the typo in the README")
    assert (label.task, label.mode) == ("design", "model")


def test_a_model_that_always_says_the_same_changes_no_label(model: LocalModel) -> None:
    trust.keep("glm-4.7:latest", PARROT)
    model.only_trusted = False
    before = Linear().label(UNSURE)
    label = Cascade(Linear(), model, 1.5).label(UNSURE)
    assert (label.task, label.mode) == (before.task, "linear")
    assert max(abs(label.scores[task] - before.scores[task]) for task in TASKS) < 0.01


def test_a_model_that_is_never_wrong_decides(model: LocalModel) -> None:
    trust.keep("glm-4.7:latest", PERFECT)
    label = Cascade(Linear(), model, 1.5).label(UNSURE)
    assert (label.task, label.mode, label.difficulty) == ("design", "model", "hard")


def test_likelihoods_are_chances() -> None:
    for known in (Trust(), Trust(PERFECT), Trust(PARROT)):
        for truth in TASKS:
            assert sum(known.likelihood(task)[truth] for task in TASKS) == pytest.approx(1)


def test_what_was_measured_under_another_instruction_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    trust.keep("glm", PERFECT)
    assert trust.of("glm").right == 1
    monkeypatch.setattr(trust, "INSTRUCTION", "Label this.")
    assert trust.of("glm").right is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"glm": 3}', '{"glm": {"said": {"cooking": {}}}}'])
def test_a_broken_file_knows_nobody(content: str) -> None:
    trust.keep("other", PERFECT)
    trust.file().write_text(content, encoding="utf-8")
    assert trust.of("glm") == Trust()


@pytest.mark.parametrize(
    ("name", "told", "size"),
    [
        ("smollm2", "134.52M", 134.52e6),
        ("qwen3:8b", None, 8e9),
        ("qwen3:1.7b-q4", "", 1.7e9),
        ("glm-4.7:latest", None, None),
        ("kimi:cloud", "1T", 1e12),
    ],
)
def test_the_size_is_what_ollama_tells_else_in_the_name(name: str, told: str | None, size: float | None) -> None:
    assert parameters_of(name, told) == size


def test_a_trial_counts_what_the_model_says(ollama: Ollama, model: LocalModel) -> None:
    done = trial(model, [("which way?", "design"), ("fix it", "bugfix")])
    assert (done.model, done.right, done.trust.said) == (
        "glm-4.7:latest",
        1,
        {"design": {"design": 1}, "bugfix": {"design": 1}},
    )


def test_a_trial_without_the_model_says_why(ollama: Ollama, model: LocalModel) -> None:
    ollama.installed = []
    with pytest.raises(NoCandidateError, match=r"none of glm-4\.7 is installed"):
        trial(model, sample(1))


def test_the_trial_has_prompts_of_every_task() -> None:
    assert {task for _, task in sample(2)} == set(TASKS)
    assert len(sample(2)) == 2 * len(TASKS)


def test_what_is_known_is_private() -> None:
    trust.keep("glm", PERFECT)
    assert trust.file().stat().st_mode & 0o777 == 0o600
    assert json.loads(trust.file().read_text(encoding="utf-8"))["glm"]["said"]["design"] == {"design": 20}
