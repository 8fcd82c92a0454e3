"""A weak model's answer that is not up to the task is replaced before anybody sees it, where the profile says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_dispatch import Bench, Fixed
from upstream import DEFAULT_TEXT, Reply, Upstream

from llmswitch.classify import Label
from llmswitch.conversation import Notice
from llmswitch.engine.candidates import named
from llmswitch.engine.dispatch import Engine
from llmswitch.engine.judge import complaint
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile

PROFILE = """
[models.small]
provider = "ollama"
model = "small"
tier = 3
[models.other]
provider = "ollama"
model = "other"
tier = 3
[models.strong]
provider = "anthropic"
model = "claude-opus-4-6"
tier = 0
[providers.ollama]
base_url = "{ollama}"
[providers.anthropic]
base_url = "{anthropic}"
[routes]
default = ["small", "other"]
[cache]
store = "off"
[fallback]
chain = ["strong"]
[escalate]
enabled = true
buffer = {buffer}
"""
BROKEN = "```python\ndef f(:\n```\n"


def engine_for(upstream: Upstream, folder: Path, *, buffer: bool) -> Engine:
    path = folder / "p.toml"
    text = PROFILE.format(ollama=upstream.ollama_url, anthropic=upstream.anthropic_url, buffer=str(buffer).lower())
    path.write_text(text)
    return Engine(load_profile(str(path), start=folder), Ledger.open(folder / "ledger.db"), Fixed())


def test_an_answer_that_does_not_parse_is_replaced_unseen_by_a_stronger_tier(
    upstream: Upstream, tmp_path: Path
) -> None:
    upstream.script(Reply(text=BROKEN), model="small")
    bench = Bench(upstream, engine_for(upstream, tmp_path, buffer=True))
    result = bench.ask()
    assert result.text == bench.shown == DEFAULT_TEXT
    assert bench.rows() == [("small", "failed", "inadequate"), ("strong", "ok", None)]
    bench.engine.ledger.close()


def test_without_a_buffer_the_answer_stands_and_is_remarked_on(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script(Reply(text=BROKEN), model="small")
    bench = Bench(upstream, engine_for(upstream, tmp_path, buffer=False))
    assert bench.ask().text == BROKEN
    assert any(isinstance(event, Notice) and "does not parse" in event.text for event in bench.events)
    assert bench.rows() == [("small", "ok", None)]
    bench.engine.ledger.close()


def test_when_nothing_stronger_answers_the_weak_answer_is_better_than_none(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script(Reply(text=BROKEN), model="small")
    upstream.script(Reply(status=401), model="claude-opus-4-6")
    bench = Bench(upstream, engine_for(upstream, tmp_path, buffer=True))
    result = bench.ask()
    assert result.error is None
    assert result.text == bench.shown == BROKEN
    bench.engine.ledger.close()


def test_a_good_answer_is_passed_on_once(upstream: Upstream, tmp_path: Path) -> None:
    bench = Bench(upstream, engine_for(upstream, tmp_path, buffer=True))
    assert bench.ask().text == bench.shown == DEFAULT_TEXT
    bench.engine.ledger.close()


def test_a_hard_prompt_goes_to_the_weak_tiers_last(upstream: Upstream, tmp_path: Path) -> None:
    engine = engine_for(upstream, tmp_path, buffer=False)
    engine.ledger.close()
    assert [name for name, _ in named(engine.profile, "implement", "hard", None)] == ["strong", "small", "other"]
    assert [name for name, _ in named(engine.profile, "implement", "easy", None)] == ["small", "other", "strong"]
    assert Label("implement", 1.0).difficulty == "normal"


@pytest.mark.parametrize(
    ("text", "finish", "task", "wrong"),
    [
        ("fine", "stop", "chat", False),
        ("half", "length", "chat", True),
        ("I'm sorry, but I can't help with that.", "stop", "chat", True),
        ("申し訳ありませんが、お手伝いできません。", "stop", "chat", True),
        ("Sorry, I missed it. " + "Here is the long explanation. " * 30, "stop", "chat", False),
        ("```python\nprint(1)\n```", "stop", "implement", False),
        (BROKEN, "stop", "implement", True),
        (BROKEN, "stop", "chat", False),
        ("```python\nprint(1)\n", "stop", "chat", True),
        ("```python\n>>> 1 +\n```", "stop", "implement", False),
        ('```json\n{"a": 1,}\n```', "stop", "implement", True),
        ("```\nanything (\n```", "stop", "implement", False),
    ],
)
def test_what_can_be_checked_without_another_model(text: str, finish: str, task: str, wrong: bool) -> None:
    assert bool(complaint(text, finish, task)) == wrong
