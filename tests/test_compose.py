"""compose.yaml starts the Redis that a profile with `[cache] store = "redis"` wants. There is no Docker here: the server's own
options are tried with a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis
from cache_entries import a_vector, an_entry
from fixtures_redis import running_redis, vectors_program

from llmswitch.cache.limits import Limits
from llmswitch.cache.redis_connection import DEFAULT_URL
from llmswitch.cache.redis_store import RedisStore

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")


@pytest.fixture
def service() -> Any:
    return yaml.safe_load((Path(__file__).parent.parent / "compose.yaml").read_text())["services"]["redis"]


def test_the_server_takes_these_options_and_keeps_an_entry(service: Any) -> None:
    with running_redis(vectors_program(), *service["command"][1:]) as socket:
        store = RedisStore(f"unix://{socket}", embedder="e", dim=96, limits=Limits())
        store.put(an_entry("one"), a_vector(1))
        near = store.near("scope-a", a_vector(1), k=1, threshold=0.9, max_tier=1)
        store.close()
    assert [each.entry.id for each in near] == ["id-one"]


def test_a_full_server_lets_go_of_answers_only(service: Any) -> None:
    with (
        running_redis(vectors_program(), *service["command"][1:]) as socket,
        redis.Redis(unix_socket_path=str(socket)) as client,
    ):
        found = client.config_get("maxmemory*")
    assert (found["maxmemory-policy"], int(found["maxmemory"]) > 0) == ("volatile-lru", True)


def test_it_is_reached_from_this_machine_only_and_where_the_store_looks(service: Any) -> None:
    address, outside, inside = service["ports"][0].split(":")
    assert DEFAULT_URL.startswith(f"redis://{address}:{outside}/")
    assert inside == "6379"


def test_it_is_a_server_with_vector_sets(service: Any) -> None:
    name, version = service["image"].split(":")
    assert (name, int(version) >= 8) == ("redis", True)
