"""The way of one request, over a real ledger and a real HTTP server: fallback, the commit boundary, one row an attempt."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from upstream import DEFAULT_TEXT, Reply, Upstream

from llmswitch.classify import Label
from llmswitch.conversation import Message, Request, Text, TextDelta
from llmswitch.engine.dispatch import DispatchEvent, Engine, Job, Result
from llmswitch.errors import ExitCode
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile

PROFILE = """
[models.a]
provider = "one"
model = "model-a"
price = {{ input = 1, output = 2 }}
[models.b]
provider = "two"
model = "model-b"
[models.c]
provider = "three"
model = "model-c"
[models.d]
provider = "four"
model = "model-d"
price = {{ input = 1, output = 2 }}

[providers.one]
kind = "openai-chat"
base_url = "{openai}"
[providers.two]
kind = "anthropic"
base_url = "{anthropic}"
[providers.three]
kind = "ollama"
base_url = "{ollama}"
[providers.four]
kind = "openai"
base_url = "{openai}"

[routes]
default = ["a", "b"]
[cache]
store = "off"
[fallback]
chain = ["c", "d"]
[timeouts]
first_token_s = {first_token}
idle_s = {idle}
"""


class Fixed:
    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        return Label("implement", 0.9)


@dataclass
class Bench:
    """An engine over a scripted upstream."""

    upstream: Upstream
    engine: Engine
    events: list[DispatchEvent] = field(default_factory=list)

    def ask(self, prompt: str = "hello", **more: Any) -> Result:
        async def emit(event: DispatchEvent) -> None:
            self.events.append(event)

        async def main() -> Result:
            try:
                return await self.engine.run(Job(Request((Message("user", (Text(prompt),)),)), prompt, **more), emit)
            finally:
                await self.engine.aclose()

        return asyncio.run(main())

    @property
    def shown(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    def rows(self, columns: str = "model, status, failure") -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.engine.ledger.path) as connection:
            found = connection.execute(f"SELECT {columns} FROM attempts ORDER BY id").fetchall()
        connection.close()
        return found


def make_engine(upstream: Upstream, folder: Path, *, first_token: float = 60, idle: float = 60) -> Engine:
    path = folder / "test.toml"
    path.write_text(
        PROFILE.format(
            openai=upstream.openai_url,
            anthropic=upstream.anthropic_url,
            ollama=upstream.ollama_url,
            first_token=first_token,
            idle=idle,
        )
    )
    return Engine(load_profile(str(path), start=folder), Ledger.open(folder / "ledger.db"), Fixed())


@pytest.fixture
def bench(upstream: Upstream, tmp_path: Path) -> Iterator[Bench]:
    engine = make_engine(upstream, tmp_path)
    yield Bench(upstream, engine)
    engine.ledger.close()


def test_the_first_candidate_answers(bench: Bench) -> None:
    result = bench.ask()
    assert (result.text, result.error, result.finish) == (DEFAULT_TEXT, None, "stop")
    assert bench.shown == DEFAULT_TEXT
    assert bench.rows() == [("a", "ok", None)]


def test_three_candidates_fail_in_three_ways_and_the_fourth_answers(bench: Bench) -> None:
    bench.upstream.script(Reply(status=429), model="model-a")
    bench.upstream.script(Reply(drop_after=0), model="model-b")
    bench.upstream.script(Reply(garbage=True), model="model-c")
    result = bench.ask()
    assert result.text == bench.shown == DEFAULT_TEXT
    assert [row[:2] for row in bench.rows()] == [("a", "failed"), ("b", "failed"), ("c", "failed"), ("d", "ok")]
    assert [row[2] for row in bench.rows()] == ["rate_limit", "network", "protocol", None]


def test_after_the_first_content_no_other_candidate_is_tried(bench: Bench) -> None:
    bench.upstream.script(Reply(drop_after=3), model="model-a")
    result = bench.ask()
    assert result.error is not None
    assert result.error.exit_code is ExitCode.FAILED
    assert bench.rows() == [("a", "partial", "network")]
    assert DEFAULT_TEXT.startswith(result.text)
    assert result.text == bench.shown != ""


def test_an_error_event_before_any_content_is_replaced_unseen(bench: Bench) -> None:
    bench.upstream.script(Reply(error_after=0), model="model-a")
    result = bench.ask()
    assert result.error is None
    assert bench.shown == DEFAULT_TEXT
    assert [row[:2] for row in bench.rows()] == [("a", "failed"), ("b", "ok")]


def test_an_empty_answer_is_a_failure(bench: Bench) -> None:
    bench.upstream.script(Reply(text=""), model="model-a")
    bench.ask()
    assert bench.rows()[0] == ("a", "failed", "empty")


@pytest.mark.parametrize(
    ("limits", "reply"), [({"first_token": 0.3}, {"stall_after": 0}), ({"idle": 0.3}, {"stall_after": 2})]
)
def test_a_silent_provider_runs_out_of_time(
    upstream: Upstream, tmp_path: Path, limits: dict[str, float], reply: dict[str, int]
) -> None:
    engine = make_engine(upstream, tmp_path, **limits)
    upstream.script(Reply(**reply), model="model-a")  # type: ignore[arg-type]
    bench = Bench(upstream, engine)
    bench.ask()
    engine.ledger.close()
    assert bench.rows()[0][2] == "timeout"


def test_a_rate_limited_model_is_left_alone_until_its_time_by_the_next_process(bench: Bench) -> None:
    bench.upstream.script(Reply(status=429, headers={"retry-after": "600"}), model="model-a")
    bench.ask()
    bench.ask()
    assert [row[0] for row in bench.rows()] == ["a", "b", "b"]


def test_a_model_that_was_asked_for_is_tried_in_spite_of_its_cool_down(bench: Bench) -> None:
    bench.upstream.script(Reply(status=429, headers={"retry-after": "600"}), model="model-a")
    bench.ask()
    bench.ask(model="a")
    assert bench.rows()[-1] == ("a", "ok", None)


def test_usage_and_cost_are_in_the_ledger(bench: Bench) -> None:
    bench.ask()
    usage = bench.rows("input_tokens, output_tokens, cost_pico, cost_source")
    assert usage == [(12, 9, (12 * 1 + 9 * 2) * 10**6, "list")]


def test_an_unreported_usage_is_unknown_and_not_free(bench: Bench) -> None:
    bench.upstream.script(Reply(usage=None), model="model-a")
    bench.ask()
    assert bench.rows("input_tokens, output_tokens, cost_pico, cost_source") == [(None, None, None, "unknown")]


def test_an_answer_that_broke_off_is_billed_by_estimate(bench: Bench) -> None:
    bench.upstream.script(Reply(drop_after=3), model="model-a")
    bench.ask()
    [(cost, source)] = bench.rows("cost_pico, cost_source")
    assert source == "estimate"
    assert cost > 0


def test_a_declined_request_costs_nothing(bench: Bench) -> None:
    bench.upstream.script(Reply(status=429), model="model-a")
    bench.ask()
    assert bench.rows("cost_pico")[0] == (0,)


def test_cancelling_settles_the_row_and_closes_the_connection(bench: Bench) -> None:
    bench.upstream.script(Reply(stall_after=2), model="model-a")

    async def main() -> None:
        seen = asyncio.Event()

        async def emit(event: DispatchEvent) -> None:
            if isinstance(event, TextDelta):
                seen.set()

        job = Job(Request((Message("user", (Text("x"),)),)), "x")
        task = asyncio.create_task(bench.engine.run(job, emit))
        await seen.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await bench.engine.aclose()

    asyncio.run(main())
    assert bench.upstream.wait_until_client_left()
    assert bench.rows("status, cost_source") == [("cancelled", "estimate")]


def test_a_reader_that_goes_away_settles_the_row(bench: Bench) -> None:
    async def emit(event: DispatchEvent) -> None:
        if isinstance(event, TextDelta):
            raise BrokenPipeError

    async def main() -> None:
        try:
            await bench.engine.run(Job(Request((Message("user", (Text("x"),)),)), "x"), emit)
        finally:
            await bench.engine.aclose()

    with pytest.raises(BrokenPipeError):
        asyncio.run(main())
    assert bench.rows("status") == [("cancelled",)]


def test_every_failure_of_a_dispatch_without_an_answer_is_told(bench: Bench) -> None:
    bench.upstream.script(Reply(status=401), times=None)
    result = bench.ask()
    assert result.error is not None
    assert result.error.exit_code is ExitCode.AUTHENTICATION
    assert [one.status for one in result.attempts] == ["failed"] * 4
