"""Which model a prompt fits: the estimate against a real tokenizer, and the candidates it rules out."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from pathlib import Path

import pytest
from upstream import Upstream

from llmswitch.classify import Label
from llmswitch.conversation import Message, Request, Text
from llmswitch.engine.dispatch import DispatchEvent, Engine, Job, PassedOver, Result
from llmswitch.errors import ExitCode
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile
from llmswitch.tokens import estimate_request, estimate_text

PROFILE = """
[models.small]
provider = "local"
model = "small"
context = 8_192
[models.large]
provider = "local"
model = "large"
context = 200_000
[models.huge]
provider = "local"
model = "huge"
context = 1_000_000
[providers.local]
kind = "openai-chat"
base_url = "{url}"
[routes]
default = ["small"]
[cache]
store = "off"
[fallback]
chain = ["large"{more}]
"""
ENGINE = Path(__file__).parent.parent / "llmswitch" / "engine"
WORDS = "the engine reads a prompt and picks a model that has room for it. "


class Fixed:
    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        return Label("chat", 0.9)


def request_of(tokens: int) -> Request:
    """A request of about so many tokens."""
    text = WORDS * (tokens // estimate_text(WORDS) + 1)
    return Request((Message("user", (Text(text[: int(len(text) * tokens / estimate_text(text))]),)),))


def ask(upstream: Upstream, folder: Path, tokens: int, *, more: str = "") -> tuple[Result, dict[str, str]]:
    """The result of a prompt of that size, and why models were passed over."""
    path = folder / "fit.toml"
    path.write_text(PROFILE.format(url=upstream.openai_url, more=more))
    passed_over: dict[str, str] = {}

    async def emit(event: DispatchEvent) -> None:
        if isinstance(event, PassedOver):
            passed_over[event.candidate.model.name] = event.why

    async def main() -> Result:
        with Ledger.open(folder / "ledger.db") as ledger:
            engine = Engine(load_profile(str(path), start=folder), ledger, Fixed())
            try:
                return await engine.run(Job(request_of(tokens), "read this"), emit)
            finally:
                await engine.aclose()

    return asyncio.run(main()), passed_over


def test_a_prompt_that_fits_goes_to_the_first_model(upstream: Upstream, tmp_path: Path) -> None:
    ask(upstream, tmp_path, 5_000)
    assert upstream.last.model == "small"


def test_a_prompt_over_the_window_passes_the_model_over_and_says_why(upstream: Upstream, tmp_path: Path) -> None:
    _, passed_over = ask(upstream, tmp_path, 20_000)
    assert [seen.model for seen in upstream.requests] == ["large"]
    size = estimate_request(request_of(20_000))
    assert passed_over["small"] == f"the prompt (about {size:,} tokens) does not fit its window of 8,192"


def test_room_for_the_answer_counts(upstream: Upstream, tmp_path: Path) -> None:
    _, passed_over = ask(upstream, tmp_path, 7_800)
    assert "small" in passed_over


def test_over_200k_goes_to_the_model_with_the_window(upstream: Upstream, tmp_path: Path) -> None:
    _, passed_over = ask(upstream, tmp_path, 250_000, more=', "huge"')
    assert [seen.model for seen in upstream.requests] == ["huge"]
    assert set(passed_over) == {"small", "large"}


def test_a_prompt_that_fits_nowhere_is_not_sent(upstream: Upstream, tmp_path: Path) -> None:
    result, passed_over = ask(upstream, tmp_path, 250_000)
    assert not upstream.requests
    assert result.error is not None
    assert result.error.exit_code is ExitCode.NO_CANDIDATE
    assert all(reason in result.error.message for reason in passed_over.values())


SAMPLES = {
    "English": (WORDS * 200, 1.4),
    "Python": ((ENGINE / "dispatch.py").read_text(), 1.4),
    "JSON": (json.dumps([{"id": n, "cost_usd": f"{n / 7:.6f}", "ok": bool(n % 2)} for n in range(300)]), 1.4),
    "hash": ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" * 20, 1.4),
}


@pytest.mark.parametrize(("text", "most"), SAMPLES.values(), ids=SAMPLES.keys())
def test_the_estimate_is_near_a_real_tokenizer_s_count(text: str, most: float, llama_server: str) -> None:
    body = json.dumps({"content": text}).encode()
    asked = urllib.request.Request(f"{llama_server}/tokenize", body, {"content-type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        real = len(json.load(answer)["tokens"])
    assert 0.85 * real <= estimate_text(text) <= most * real


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("a", 1, 1),
        ("設計を見直したい", 8, 10),
        ("1234567890", 10, 13),
        ("🦊", 2, 5),
        ("\ud800", 1, 5),
        ("a_very_long_name_of_some_function_in_a_program", 8, 15),
    ],
)
def test_the_estimate_of_a_short_text(text: str, least: int, most: int) -> None:
    assert least <= estimate_text(text) <= most


def test_every_part_of_a_request_counts() -> None:
    bare = Request((Message("user", (Text("hello"),)),))
    assert estimate_request(Request(bare.messages, system=WORDS)) > estimate_request(bare)
