"""Whatever ails the cache, the answer comes: one notice, and `off` in the ledger. Real servers, real faults."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis
from fixtures_redis import running_redis, vectors_program
from upstream import DEFAULT_TEXT, Upstream

from llmswitch.cache.base import Entry, Lookup, Neighbour, Query
from llmswitch.classify import Label
from llmswitch.conversation import Message, Notice, Request, Text
from llmswitch.engine.cached import AnswerCache
from llmswitch.engine.dispatch import DispatchEvent, Engine, Job, Result
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector

PROFILE = """
[models.a]
provider = "one"
model = "model-a"
[providers.one]
kind = "openai-chat"
base_url = "{openai}"
[routes]
default = ["a"]
[cache]
deadline_ms = {deadline_ms}
{cache}
"""
PATIENT = 60_000


class Fixed:
    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        return Label("chat", 0.9)


@dataclass
class Bench:
    """An engine over a scripted upstream, with a `[cache]` of the test's."""

    upstream: Upstream
    folder: Path
    engines: list[Engine] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def engine(self, cache: str = "", deadline_ms: int = PATIENT, answers: AnswerCache | None = None) -> Engine:
        path = self.folder / "test.toml"
        path.write_text(PROFILE.format(openai=self.upstream.openai_url, cache=cache, deadline_ms=deadline_ms))
        profile = load_profile(str(path), start=self.folder)
        ledger = self.engines[0].ledger if self.engines else Ledger.open(self.folder / "ledger.db")
        engine = Engine(profile, ledger, Fixed(), cache=answers or AnswerCache())
        self.engines.append(engine)
        return engine

    def ask(self, engine: Engine, prompt: str = "what is a monad?") -> Result:
        async def emit(event: DispatchEvent) -> None:
            if isinstance(event, Notice):
                self.notices.append(event.text)

        async def main() -> Result:
            try:
                return await engine.run(Job(Request((Message("user", (Text(prompt),)),)), prompt), emit)
            finally:
                await engine.aclose()

        return asyncio.run(main())

    def outcomes(self) -> list[str]:
        connection = sqlite3.connect(self.folder / "ledger.db")
        try:
            return [cache for (cache,) in connection.execute("SELECT cache FROM dispatches ORDER BY id")]
        finally:
            connection.close()


@pytest.fixture
def bench(upstream: Upstream, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(upstream, tmp_path)
    yield bench
    bench.engines[0].ledger.close()


def in_redis(url: str) -> str:
    return f'store = "redis"\nurl = "{url}"'


def test_a_repeat_is_a_hit_in_redis(bench: Bench, redis_vectors_url: str) -> None:
    engine = bench.engine(in_redis(redis_vectors_url))
    assert [bench.ask(engine).cache for _ in range(2)] == ["miss", "hit"]
    assert bench.notices == []


def test_a_repeat_is_a_hit_in_a_plain_redis(bench: Bench, redis_plain_url: str) -> None:
    engine = bench.engine(in_redis(redis_plain_url))
    assert [bench.ask(engine).cache for _ in range(2)] == ["miss", "hit"]


def test_where_redis_is_away_the_answer_comes_with_one_notice(bench: Bench, refused_url: str) -> None:
    result = bench.ask(bench.engine(in_redis(refused_url.replace("http", "redis"))))
    assert (result.text, result.cache, bench.outcomes()) == (DEFAULT_TEXT, "off", ["off"])
    [notice] = bench.notices
    assert "going on without the cache" in notice


def test_where_redis_is_slow_the_answer_comes_with_one_notice(bench: Bench, redis_vectors_url: str) -> None:
    with redis.Redis.from_url(redis_vectors_url) as client:
        client.client_pause(2_000)
    result = bench.ask(bench.engine(in_redis(redis_vectors_url)))
    assert (result.text, result.cache, bench.outcomes(), len(bench.notices)) == (DEFAULT_TEXT, "off", ["off"], 1)


def test_where_redis_is_full_the_answer_comes_with_one_notice(bench: Bench) -> None:
    with running_redis(vectors_program(), "--maxmemory", "4mb", "--maxmemory-policy", "noeviction") as there:
        with redis.Redis(unix_socket_path=str(there)) as client:
            client.config_set("maxmemory", "1")
        result = bench.ask(bench.engine(in_redis(f"unix://{there}")))
    assert (result.text, result.cache, bench.outcomes(), len(bench.notices)) == (DEFAULT_TEXT, "off", ["off"], 1)


def test_where_the_folder_can_not_be_one_the_answer_comes_with_one_notice(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "answers").write_text("a file in its place")
    result = bench.ask(bench.engine(f'path = "{tmp_path / "answers"}"'))
    assert (result.text, bench.outcomes(), len(bench.notices)) == (DEFAULT_TEXT, ["off"], 1)


def test_a_cache_file_of_random_bytes_is_set_aside(bench: Bench, tmp_path: Path) -> None:
    engine = bench.engine(f'path = "{tmp_path / "answers"}"')
    bench.ask(engine)
    for file in (tmp_path / "answers").rglob("*.db"):
        file.write_bytes(b"\x80\x04\x95 not a database" * 500)
    assert [bench.ask(engine).cache for _ in range(2)] == ["miss", "hit"]


def test_where_the_embedder_is_away_the_answer_comes_with_one_notice(
    bench: Bench, refused_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", refused_url)
    result = bench.ask(bench.engine('embedder = "ollama:nomic-embed-text"'))
    assert (result.text, result.cache, len(bench.notices)) == (DEFAULT_TEXT, "off", 1)


def test_an_embedder_that_is_none_is_told_and_no_reason_to_fail(bench: Bench) -> None:
    result = bench.ask(bench.engine('embedder = "heavy"'))
    assert (result.text, result.cache, len(bench.notices)) == (DEFAULT_TEXT, "off", 1)


@dataclass
class Broken:
    """A cache with a fault that no real one produces on demand."""

    on_lookup: Callable[[Query], Lookup]
    filled: list[Entry] = field(default_factory=list)

    def lookup(self, query: Query) -> Lookup:
        return self.on_lookup(query)

    def nearest(self, query: Query, vector: Vector) -> Neighbour | None:
        return None

    def vector(self, prompt: str) -> Vector | None:
        return None

    def fill(self, entry: Entry, vector: Vector | None) -> None:
        self.filled.append(entry)

    def learn(self, entry_id: str, score: float, *, right: bool) -> None:
        """Nothing is learnt."""

    def close(self) -> None:
        """Nothing is held."""


def test_a_cache_that_hangs_is_left_behind(bench: Bench) -> None:
    released = threading.Event()

    def hang(query: Query) -> Lookup:
        released.wait(100)
        return Lookup(None, "miss", "late")

    engine = bench.engine(deadline_ms=50, answers=AnswerCache(lambda _: Broken(hang)))
    result = bench.ask(engine)
    assert (result.text, bench.outcomes(), released.is_set()) == (DEFAULT_TEXT, ["off"], False)
    released.set()
    [notice] = bench.notices
    assert "cache.deadline_ms" in notice


def test_a_bug_in_the_cache_does_not_reach_the_answer(bench: Bench) -> None:
    def fail(query: Query) -> Lookup:
        raise ZeroDivisionError("oops")

    result = bench.ask(bench.engine(answers=AnswerCache(lambda _: Broken(fail))))
    assert (result.text, bench.outcomes()) == (DEFAULT_TEXT, ["off"])
    [notice] = bench.notices
    assert "ZeroDivisionError" in notice


@pytest.mark.parametrize("changed", [{"scope": "another"}, {"tier": 9}, {"expires_at": 1.0}])
def test_an_entry_that_does_not_fit_is_never_served(bench: Bench, changed: dict[str, object]) -> None:
    keeping = Broken(lambda query: Lookup(None, "miss", "nothing yet"))
    bench.ask(bench.engine(answers=AnswerCache(lambda _: keeping)))
    [kept] = keeping.filled

    def serve(query: Query) -> Lookup:
        import dataclasses

        return Lookup(dataclasses.replace(kept, answer="poison", **changed), "exact", "the same prompt")  # type: ignore[arg-type]

    result = bench.ask(bench.engine(answers=AnswerCache(lambda _: Broken(serve))))
    assert (result.text, result.cache) == (DEFAULT_TEXT, "off")
