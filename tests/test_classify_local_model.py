"""Asking a local model behind a scripted Ollama."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path

import pytest
from fixtures_ollama import Ollama

from llmswitch.catalog import ProviderSettings
from llmswitch.classify.answer_memory import MOST, AnswerMemory
from llmswitch.classify.cascade import ALWAYS, Cascade
from llmswitch.classify.evaluation import Example, measure
from llmswitch.classify.linear import Linear
from llmswitch.classify.local_model import LocalModel
from llmswitch.ollama_address import Address, address_of
from llmswitch.tasks import TASKS

UNSURE = "hmm"
"""A prompt `linear` is unsure of."""


@pytest.fixture
def model(ollama: Ollama, tmp_path: Path) -> LocalModel:
    return LocalModel(ollama.address, ["glm-4.7"], 20_000, memory=AnswerMemory(tmp_path / "cache" / "answers.json"))


def test_the_answer_of_the_model_is_taken(model: LocalModel) -> None:
    answer = model.ask("which way?")
    assert (answer.task, answer.difficulty, answer.model) == ("design", "hard", "glm-4.7:latest")


def test_the_schema_names_every_task_and_nothing_is_random(ollama: Ollama, model: LocalModel) -> None:
    model.ask("which way?")
    sent = ollama.asked[0]
    assert sent["format"]["properties"]["task"]["enum"] == list(TASKS)
    assert (sent["options"]["temperature"], sent["keep_alive"], sent["stream"]) == (0, "30m", False)


def test_a_long_prompt_is_cut_from_both_ends(ollama: Ollama, model: LocalModel) -> None:
    model.ask("BEGIN " + "x" * 100_000 + " END")
    sent = ollama.asked[0]["messages"][-1]["content"]
    assert sent.startswith("BEGIN")
    assert sent.endswith("END")
    assert len(sent) < 2000


def test_an_envelope_is_not_sent(ollama: Ollama, model: LocalModel) -> None:
    model.ask("<system-reminder>secret plan</system-reminder>why?")
    assert ollama.asked[0]["messages"][-1]["content"] == "why?"


def test_the_same_prompt_is_asked_once(ollama: Ollama, model: LocalModel) -> None:
    assert model.ask("which way?").task == model.ask("which way?").task
    assert len(ollama.asked) == 1


def test_the_first_installed_model_of_the_list_is_asked(ollama: Ollama, model: LocalModel) -> None:
    ollama.installed = ["llama3.2:3b", "qwen3:8b"]
    model.models = ["glm-4.7", "qwen3:8b", "llama3.2:3b"]
    assert model.ask("which way?").model == "qwen3:8b"


def test_without_an_installed_model_the_reason_names_them(ollama: Ollama, model: LocalModel) -> None:
    ollama.installed = []
    assert model.ask("which way?").reason == "none of glm-4.7 is installed"


def test_a_model_that_is_too_slow_is_given_up(ollama: Ollama, model: LocalModel) -> None:
    ollama.wait.clear()
    model.deadline_ms = 200
    started = time.monotonic()
    assert model.ask("which way?").reason == "no answer within 200 ms"
    assert time.monotonic() - started < 15  # the server would wait for ever
    assert ollama.left.wait(15)


def test_a_model_that_is_being_loaded_is_left_to_it(ollama: Ollama, model: LocalModel) -> None:
    ollama.loaded = False
    ollama.wait.clear()
    model.deadline_ms = 200
    answer = model.ask("which way?")
    assert (answer.outcome, answer.reason) == ("loading", "glm-4.7:latest is being loaded, no answer within 200 ms")
    assert not ollama.left.wait(0.3)


def test_what_a_loaded_model_says_too_late_is_remembered(ollama: Ollama, model: LocalModel) -> None:
    ollama.loaded = False
    ollama.wait.clear()
    model.deadline_ms = 200
    model.ask("which way?")
    ollama.wait.set()
    model.deadline_ms = 20_000
    deadline = time.monotonic() + 15
    while model.ask("which way?").outcome != "remembered":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_slow_answer_over_a_connection_that_closes_each_time_is_waited_for(ollama: Ollama, model: LocalModel) -> None:
    ollama.wait.clear()
    threading.Timer(0.6, ollama.wait.set).start()  # longer than a connection may take
    assert model.ask("which way?").outcome == "answered"


@pytest.mark.parametrize(
    "content",
    ["", "design", '{"task":"cooking"}', '{"task":null}', "[]", '{"difficulty":"easy"}', '{"task":["design"]}'],
)
def test_an_answer_that_names_no_task_is_no_answer(ollama: Ollama, model: LocalModel, content: str) -> None:
    ollama.content = content
    assert model.ask("which way?").reason == "the model's answer names no task"


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[1]", b'{"message":"x"}', b'{"message":{"content":7}}', b"\xff\xfe"])
def test_garbage_from_the_server_is_no_answer(ollama: Ollama, model: LocalModel, raw: bytes) -> None:
    ollama.raw = raw
    answer = model.ask("which way?")
    assert answer.task is None
    assert answer.reason


def test_an_error_status_is_the_reason(ollama: Ollama, model: LocalModel) -> None:
    ollama.status, ollama.raw = 500, b"{}"
    assert model.ask("which way?").reason == "Ollama answered 500"


def test_a_server_that_is_down_is_the_reason(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = LocalModel(Address("127.0.0.1", port), ["glm-4.7"], 5000, memory=AnswerMemory(tmp_path / "a")).ask("why?")
    assert answer.reason == "Ollama can't be reached (ConnectionRefusedError)"


def test_a_lone_surrogate_is_sent_as_a_question_mark(ollama: Ollama, model: LocalModel) -> None:
    assert model.ask("why \ud800").task == "design"
    assert ollama.asked[0]["messages"][-1]["content"] == "why ?"


def test_the_cascade_asks_when_linear_is_unsure(model: LocalModel) -> None:
    label = Cascade(Linear(), model, 0.99).label(UNSURE)
    assert (label.task, label.mode, [one.by for one in label.opinions]) == ("design", "model", ["linear", "model"])


def test_the_cascade_does_not_ask_when_linear_is_sure(ollama: Ollama, model: LocalModel) -> None:
    assert Cascade(Linear(), model, 0.05).label("fix the typo").mode == "linear"
    assert ollama.asked == []


def test_a_missed_deadline_leaves_linear_and_a_note(ollama: Ollama, model: LocalModel) -> None:
    ollama.wait.clear()
    model.deadline_ms = 50
    label = Cascade(Linear(), model, ALWAYS).label("fix the typo")
    assert (label.mode, label.task) == ("linear", "quickfix")
    assert label.opinions[-1].note == "no answer within 50 ms"


def test_an_evaluation_counts_missed_deadlines(ollama: Ollama, model: LocalModel) -> None:
    ollama.wait.clear()
    model.deadline_ms = 50
    cascade = Cascade(Linear(), model, ALWAYS)
    measured = measure(cascade, [Example("fix the typo", "quickfix"), Example("what is a monad?", "chat")])
    assert (measured.asked, measured.unanswered) == ({"late": 2}, {"no answer within 50 ms": 2})


def test_size_is_not_put_to_the_model(ollama: Ollama, model: LocalModel) -> None:
    assert Cascade(Linear(10), model, ALWAYS).label("x", "", 11).mode == "size"
    assert ollama.asked == []


def test_an_answer_raises_the_chance_of_its_task(model: LocalModel) -> None:
    linear = Linear().label(UNSURE)
    both = Cascade(Linear(), model, ALWAYS).label(UNSURE)
    assert both.scores["design"] > linear.scores["design"]
    assert abs(sum(both.scores.values()) - 1) < 1e-9


def test_remembered_answers_are_private_and_bounded(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "answers.json"
    memory = AnswerMemory(file)
    for number in range(3):
        memory.put(f"key {number}", "design", "easy")
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text(json.dumps({f"k{n}": ["design", "easy"] for n in range(MOST)}), encoding="utf-8")
    memory.put("last", "test", "hard")
    assert len(json.loads(file.read_text(encoding="utf-8"))) == MOST
    assert memory.get("last") == ("test", "hard")
    assert memory.get("k0") is None


@pytest.mark.parametrize("content", ["", "[]", '{"k": 3}', '{"k": ["cooking", "easy"]}', "{"])
def test_a_broken_memory_is_an_empty_one(tmp_path: Path, content: str) -> None:
    file = tmp_path / "answers.json"
    file.write_text(content, encoding="utf-8")
    assert AnswerMemory(file).get("k") is None


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("", Address("127.0.0.1", 11434)),
        ("box", Address("box", 11434)),
        ("box:8080", Address("box", 8080)),
        (":8080", Address("127.0.0.1", 8080)),
        ("0.0.0.0", Address("127.0.0.1", 11434)),
        ("0.0.0.0:9", Address("127.0.0.1", 9)),
        ("http://box", Address("box", 80)),
        ("https://box/ollama/", Address("box", 443, True, "/ollama")),
        ("[::]:11434", Address("::1", 11434)),
        ("http://box:11434/v1", Address("box", 11434)),
    ],
)
def test_every_form_of_the_host_is_understood(monkeypatch: pytest.MonkeyPatch, value: str, address: Address) -> None:
    monkeypatch.setenv("OLLAMA_HOST", value)
    assert address_of(ProviderSettings("ollama", kind="ollama", base_url_env="OLLAMA_HOST")) == address


def test_the_profile_wins_over_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "elsewhere")
    settings = ProviderSettings("ollama", kind="ollama", base_url="http://here:1", base_url_env="OLLAMA_HOST")
    assert address_of(settings).host == "here"
