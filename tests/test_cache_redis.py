"""The Redis store where the server is away, slow, full, closed, or holds what we never wrote."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from cache_entries import DIM, EMBEDDER, a_vector, an_entry, at_cosine
from fixtures_redis import plain_program, running_redis, vectors_program
from upstream import silent_port

from llmswitch.cache.base import Store
from llmswitch.cache.limits import Limits
from llmswitch.cache.redis_connection import RedisConnection
from llmswitch.cache.redis_scripts import PREFIX, space_of
from llmswitch.cache.redis_store import RedisStore
from llmswitch.cache.redis_vectors import FetchedRows, VectorSets, search_with
from llmswitch.errors import CacheError


def opened(url: str, limits: Limits | None = None) -> RedisStore:
    return RedisStore(url, embedder=EMBEDDER, dim=DIM, limits=limits or Limits())


def _fill(store: Store, entries: int) -> None:
    for number in range(entries):
        store.put(an_entry(str(number), answer="a" * 8_000), a_vector(number))


def _elements(client: redis.Redis) -> int:
    """How many elements the vector set of scope-a has."""
    count = client.register_script("return redis.call('VCARD', KEYS[1])")
    return int(count(keys=[f"{PREFIX}vectors:{space_of(EMBEDDER, 'scope-a')}"]))


@pytest.fixture
def client(redis_vectors_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_vectors_url) as client:
        yield client


@pytest.fixture
def store(redis_vectors_url: str) -> Iterator[Store]:
    store = opened(redis_vectors_url)
    yield store
    store.close()


def test_a_server_with_vector_sets_searches_itself(redis_vectors_url: str) -> None:
    assert isinstance(search_with(RedisConnection(redis_vectors_url, Limits())), VectorSets)


def test_a_plain_server_has_its_rows_fetched(redis_plain_url: str) -> None:
    assert isinstance(search_with(RedisConnection(redis_plain_url, Limits())), FetchedRows)


def test_a_server_that_is_away_is_an_error_that_says_where(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match=f"unix://{tmp_path}/none is not there"):
        opened(f"unix://{tmp_path}/none").exact("s", "h", max_tier=1)


def test_a_refused_port_is_an_error_with_a_hint() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(CacheError) as caught:
            opened(f"redis://127.0.0.1:{closed.getsockname()[1]}").exact("s", "h", max_tier=1)
    assert "start it" in str(caught.value.hint)


def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    store = opened(f"unix://{tmp_path}/none", Limits(rest_s=0.0))
    with pytest.raises(CacheError):
        store.get("x")
    with running_redis(vectors_program()) as there:
        (tmp_path / "none").symlink_to(there)
        assert store.get("x") is None
        store.close()


def test_a_server_that_accepts_and_says_nothing_is_an_error() -> None:
    with silent_port() as url, pytest.raises(CacheError, match="did not answer in time"):
        opened(url.replace("http://", "redis://")).get("x")


def test_a_server_that_is_slow_is_not_waited_for(store: Store, client: redis.Redis) -> None:
    store.get("x")
    client.client_pause(2_000)  # whoever waits longer gets an answer
    with pytest.raises(CacheError, match="did not answer in time"):
        store.exact("s", "h", max_tier=1)


def test_after_a_failure_the_server_is_left_alone_for_a_while(tmp_path: Path) -> None:
    store = opened(f"unix://{tmp_path}/none")
    with pytest.raises(CacheError):
        store.get("x")
    with running_redis(vectors_program()) as there:
        (tmp_path / "none").symlink_to(there)
        with pytest.raises(CacheError, match="is not there"):
            store.get("x")


def test_a_full_server_is_an_error_that_says_so() -> None:
    with running_redis(vectors_program(), "--maxmemory", "1mb", "--maxmemory-policy", "noeviction") as there:
        store = opened(f"unix://{there}")
        with pytest.raises(CacheError, match="is full"):
            _fill(store, 1_000)
        store.close()


def test_a_full_server_still_answers_what_it_has() -> None:
    with running_redis(vectors_program(), "--maxmemory", "4mb", "--maxmemory-policy", "noeviction") as there:
        store = opened(f"unix://{there}")
        store.put(an_entry("first"), a_vector(1))
        with redis.Redis(unix_socket_path=str(there)) as client:
            client.config_set("maxmemory", "1")
        assert store.exact("scope-a", "hash-first", max_tier=1)
        store.close()


def test_a_server_that_evicts_serves_what_it_has_left() -> None:
    with running_redis(vectors_program(), "--maxmemory", "6mb", "--maxmemory-policy", "volatile-lru") as there:
        store = opened(f"unix://{there}")
        _fill(store, 1_200)
        near = store.near("scope-a", a_vector(1_199), k=1, threshold=0.9, max_tier=1)
        assert [each.entry.id for each in near] == ["id-1199"]
        store.close()


def test_a_wrong_password_is_an_error_that_does_not_tell_it() -> None:
    with (
        running_redis(vectors_program(), "--requirepass", "right-one") as there,
        pytest.raises(CacheError, match="refused the password") as caught,
    ):
        opened(f"unix://{there}?password=wrong-one").get("x")
    assert "wrong-one" not in str(caught.value)


def test_a_missing_password_is_an_error_that_says_where_it_goes() -> None:
    with running_redis(vectors_program(), "--requirepass", "right-one") as there, pytest.raises(CacheError) as caught:
        opened(f"unix://{there}").get("x")
    assert "[cache] url" in str(caught.value.hint)


def test_the_right_password_opens() -> None:
    with running_redis(vectors_program(), "--requirepass", "right-one") as there:
        store = opened(f"unix://{there}?password=right-one")
        assert store.get("x") is None
        store.close()


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The loopback port of a server that speaks TLS, and the file of the authority that vouches for it."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    named = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(["openssl", "req", *made, *named, *files], check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-auth-clients", "no")
    with running_redis(plain_program(), "--tls-port", str(port), "--bind", "127.0.0.1", *own):
        yield port, certificate


def test_a_server_behind_tls_is_used(tls: tuple[int, Path]) -> None:
    port, certificate = tls
    store = opened(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={certificate}", Limits(connect_s=5, operation_s=5))
    store.put(an_entry("one"), None)
    assert store.get("id-one")
    store.close()


def test_a_server_that_nobody_vouches_for_is_refused(tls: tuple[int, Path]) -> None:
    with pytest.raises(CacheError, match="certificate"):
        opened(f"rediss://127.0.0.1:{tls[0]}/0", Limits(connect_s=5, operation_s=5)).get("x")


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(CacheError, match="no address of a Redis server"):
        opened("http://127.0.0.1:1")


def test_a_message_shows_no_user_and_no_password() -> None:
    with pytest.raises(CacheError) as caught:
        opened("redis://me:secret-word@127.0.0.1:1/3").get("x")
    assert "secret-word" not in f"{caught.value} {caught.value.hint}"


def test_every_key_begins_with_the_prefix(store: Store, client: redis.Redis) -> None:
    store.put(an_entry("one"), a_vector(1))
    store.near("scope-a", a_vector(1), k=1, threshold=0.5, max_tier=1)
    assert [name for name in client.scan_iter() if not name.startswith(PREFIX.encode())] == []


def test_clear_leaves_other_programs_keys(store: Store, client: redis.Redis) -> None:
    client.set("somebody-elses", "1")
    store.put(an_entry("one"), a_vector(1))
    store.clear()
    assert list(client.scan_iter()) == [b"somebody-elses"]


def test_an_expired_element_is_swept_out_of_the_vector_set(store: Store, client: redis.Redis) -> None:
    store.put(an_entry("old", expires_at=time.time() + 0.3), a_vector(1))
    time.sleep(0.4)
    store.put(an_entry("new"), a_vector(2))
    assert _elements(client) == 1


def test_an_element_whose_entry_was_evicted_is_removed_when_met(store: Store, client: redis.Redis) -> None:
    for name, cosine in (("evicted", 0.99), ("kept", 0.9)):
        store.put(an_entry(name), at_cosine(a_vector(1), cosine))
    client.delete(f"{PREFIX}entry:id-evicted")
    store.near("scope-a", a_vector(1), k=1, threshold=0.8, max_tier=1)
    assert _elements(client) == 1


def test_what_we_never_wrote_is_no_entry(store: Store, client: redis.Redis) -> None:
    store.put(an_entry("one"), a_vector(1))
    client.set(f"{PREFIX}entry:id-one", b"\x80\x04\x95 a pickle, say")
    found = (store.get("id-one"), list(store.near("scope-a", a_vector(1), k=1, threshold=0.5, max_tier=1)))
    assert found == (None, [])


def test_another_entrys_record_under_an_id_is_no_entry(store: Store, client: redis.Redis) -> None:
    store.put(an_entry("one"), a_vector(1))
    store.put(an_entry("two"), a_vector(2))
    client.copy(f"{PREFIX}entry:id-two", f"{PREFIX}entry:id-one", replace=True)
    assert store.exact("scope-a", "hash-one", max_tier=1) is None


def test_a_flushed_plain_server_is_noticed(redis_plain_url: str) -> None:
    store = opened(redis_plain_url)
    for number in range(3):
        store.put(an_entry(str(number)), a_vector(number))
    store.near("scope-a", a_vector(1), k=1, threshold=0.5, max_tier=1)
    with redis.Redis.from_url(redis_plain_url) as client:
        client.flushall()
    store.put(an_entry("after"), a_vector(9))
    near = store.near("scope-a", a_vector(9), k=1, threshold=0.5, max_tier=1)
    assert [each.entry.id for each in near] == ["id-after"]
    store.close()


def test_a_plain_server_finds_what_is_left_when_most_rows_have_ended(redis_plain_url: str) -> None:
    store = opened(redis_plain_url)
    for number in range(6):
        store.put(an_entry(str(number), expires_at=time.time() + 0.5), a_vector(number))
    store.put(an_entry("lasting"), a_vector(9))
    store.near("scope-a", a_vector(9), k=1, threshold=0.5, max_tier=1)
    time.sleep(0.6)
    near = store.near("scope-a", a_vector(9), k=1, threshold=0.5, max_tier=1)
    assert [each.entry.id for each in near] == ["id-lasting"]
    store.close()
