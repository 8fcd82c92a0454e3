"""What every store must do, asked of each of them with its real parts."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cache_entries import DIM, EMBEDDER, a_vector, an_entry, at_cosine

from llmswitch.cache.base import Observation, Store
from llmswitch.cache.limits import Limits
from llmswitch.cache.stores import open_store
from llmswitch.errors import CacheError

Open = Callable[..., Store]


@pytest.fixture(params=["disk", "redis-plain", "redis-vectors"])
def open_again(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store, as another process would; `embedder` and `limits` may differ."""
    kind, _, server = request.param.partition("-")
    url = request.getfixturevalue(f"redis_{server}_url") if server else None
    opened: list[Store] = []

    def open_it(*, embedder: str | None = EMBEDDER, limits: Limits | None = None) -> Store:
        store = open_store(kind, path=tmp_path / "cache", url=url, embedder_name=embedder, dim=DIM, limits=limits)
        opened.append(store)
        return store

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Open) -> Store:
    return open_again()


def test_an_entry_comes_back_as_it_was_put(store: Store, open_again: Open) -> None:
    entry = an_entry("one", project="/work", total_ms=12.5, dispatch_id="d1")
    store.put(entry, a_vector(1))
    assert open_again().exact(entry.scope, entry.prompt_hash, max_tier=9) == entry


def test_text_that_is_no_unicode_comes_back(store: Store) -> None:
    entry = an_entry("odd", answer="lone \udc80 and \x00 \r\n")
    store.put(entry, None)
    assert store.get(entry.id) == entry


def test_another_scope_has_no_exact_hit(store: Store) -> None:
    store.put(an_entry("one"), None)
    assert store.exact("scope-b", "hash-one", max_tier=9) is None


def test_an_exact_hit_is_never_of_a_weaker_tier(store: Store) -> None:
    store.put(an_entry("one", tier=3), None)
    assert store.exact("scope-a", "hash-one", max_tier=2) is None


def test_of_several_tiers_the_newest_entry_is_the_hit(store: Store) -> None:
    now = time.time()
    store.put(an_entry("one", id="new", tier=2, created_at=now), None)
    store.put(an_entry("one", id="old", tier=0, created_at=now - 50), None)
    found = store.exact("scope-a", "hash-one", max_tier=2)
    assert found is not None
    assert found.id == "new"


def test_the_same_prompt_and_tier_is_replaced(store: Store) -> None:
    store.put(an_entry("one", id="first"), a_vector(1))
    store.put(an_entry("one", id="second"), a_vector(1))
    near = store.near("scope-a", a_vector(1), k=5, threshold=0.5, max_tier=9)
    assert [each.entry.id for each in near] == ["second"]


def test_a_replaced_entry_is_gone(store: Store) -> None:
    store.put(an_entry("one", id="first"), None)
    store.put(an_entry("one", id="second"), None)
    assert store.get("first") is None


def test_an_expired_entry_is_not_returned(store: Store) -> None:
    entry = an_entry("one", expires_at=time.time() + 1.0)
    store.put(entry, a_vector(1))
    time.sleep(1.1)
    found = (
        store.exact(entry.scope, entry.prompt_hash, max_tier=9),
        store.get(entry.id),
        list(store.near(entry.scope, a_vector(1), k=1, threshold=0.5, max_tier=9)),
        list(store.entries()),
    )
    assert found == (None, None, [], [])


def test_an_entry_that_has_expired_already_is_not_kept(store: Store) -> None:
    store.put(an_entry("one", expires_at=time.time() - 1), a_vector(1))
    assert list(store.entries()) == []


def test_neighbours_come_nearest_first_with_their_cosine(store: Store) -> None:
    asked = a_vector(1)
    for name, cosine in (("far", 0.7), ("near", 0.95), ("middle", 0.85)):
        store.put(an_entry(name), at_cosine(asked, cosine))
    near = store.near("scope-a", asked, k=2, threshold=0.6, max_tier=9)
    assert [(each.entry.id, round(each.score, 3)) for each in near] == [("id-near", 0.95), ("id-middle", 0.85)]


def test_what_is_below_the_threshold_is_no_neighbour(store: Store) -> None:
    asked = a_vector(1)
    store.put(an_entry("one"), at_cosine(asked, 0.84))
    assert not store.near("scope-a", asked, k=1, threshold=0.85, max_tier=9)


def test_what_is_just_above_the_threshold_is_one(store: Store) -> None:
    asked = a_vector(1)
    store.put(an_entry("one"), at_cosine(asked, 0.8501))
    assert store.near("scope-a", asked, k=1, threshold=0.85, max_tier=9)


def test_a_negative_cosine_is_no_neighbour(store: Store) -> None:
    store.put(an_entry("one"), at_cosine(a_vector(1), -0.9))
    assert not store.near("scope-a", a_vector(1), k=1, threshold=0.0, max_tier=9)


@pytest.mark.parametrize("unfit", [{"scope": "scope-b"}, {"tier": 3}])
def test_unfit_entries_never_hide_a_fit_one(store: Store, unfit: dict[str, object]) -> None:
    asked = a_vector(1)
    store.put(an_entry("fit"), at_cosine(asked, 0.9))
    for number in range(300):
        store.put(an_entry(f"unfit-{number}", **unfit), at_cosine(asked, 0.99, seed=1000 + number))
    near = store.near("scope-a", asked, k=1, threshold=0.85, max_tier=2)
    assert [each.entry.id for each in near] == ["id-fit"]


def test_removed_entries_never_hide_another(store: Store, open_again: Open) -> None:
    asked = a_vector(1)
    store.put(an_entry("fit"), at_cosine(asked, 0.9))
    for number in range(300):
        store.put(an_entry(f"gone-{number}"), at_cosine(asked, 0.99, seed=1000 + number))
    open_again().remove(f"id-gone-{number}" for number in range(300))
    near = store.near("scope-a", asked, k=1, threshold=0.85, max_tier=2)
    assert [each.entry.id for each in near] == ["id-fit"]


def test_vectors_of_different_embedders_never_meet(store: Store, open_again: Open) -> None:
    store.put(an_entry("one"), a_vector(1))
    other = open_again(embedder="another@2")
    assert not other.near("scope-a", a_vector(1), k=1, threshold=0.1, max_tier=9)


def test_an_exact_hit_does_not_ask_for_the_embedder(store: Store, open_again: Open) -> None:
    store.put(an_entry("one"), a_vector(1))
    assert open_again(embedder="another@2").exact("scope-a", "hash-one", max_tier=9)


def test_a_store_without_embedder_serves_exact_hits(open_again: Open) -> None:
    store = open_again(embedder=None)
    store.put(an_entry("one"), None)
    assert store.exact("scope-a", "hash-one", max_tier=9)


def test_a_store_without_embedder_takes_no_vector(open_again: Open) -> None:
    with pytest.raises(CacheError, match="without an embedder"):
        open_again(embedder=None).put(an_entry("one"), a_vector(1))


def test_a_vector_of_another_size_is_refused(store: Store) -> None:
    with pytest.raises(CacheError, match="shape"):
        store.put(an_entry("one"), a_vector(1, DIM + 1))


def test_a_vector_that_is_not_of_length_one_is_refused(store: Store) -> None:
    with pytest.raises(CacheError, match="length 1"):
        store.put(an_entry("one"), a_vector(1) * 2)


def test_removing_says_how_many_there_were(store: Store) -> None:
    store.put(an_entry("one"), a_vector(1))
    store.put(an_entry("two"), None)
    assert store.remove(["id-one", "id-two", "id-three"]) == 2


def test_a_removed_entry_is_found_nowhere(store: Store) -> None:
    store.put(an_entry("one"), a_vector(1))
    store.remove(["id-one"])
    found = (
        store.exact("scope-a", "hash-one", max_tier=9),
        store.get("id-one"),
        list(store.near("scope-a", a_vector(1), k=1, threshold=0.5, max_tier=9)),
        list(store.entries()),
    )
    assert found == (None, None, [], [])


def test_removing_one_tier_leaves_the_other(store: Store) -> None:
    store.put(an_entry("one", id="strong", tier=0), None)
    store.put(an_entry("one", id="weak", tier=2), None)
    store.remove(["weak"])
    found = store.exact("scope-a", "hash-one", max_tier=2)
    assert found is not None
    assert found.id == "strong"


def test_entries_come_newest_first(store: Store) -> None:
    now = time.time()
    for name, age in (("b", 20), ("c", 30), ("a", 10)):
        store.put(an_entry(name, created_at=now - age), None)
    assert [entry.id for entry in store.entries()] == ["id-a", "id-b", "id-c"]


def test_observations_are_kept_in_their_order(store: Store, open_again: Open) -> None:
    store.put(an_entry("one"), a_vector(1))
    learnt = [Observation(0.91, right=True), Observation(0.87, right=False)]
    for each in learnt:
        store.observe("id-one", each)
    assert list(open_again().observations("id-one")) == learnt


def test_nothing_is_learnt_about_an_entry_that_is_gone(store: Store) -> None:
    store.observe("id-none", Observation(0.9, right=True))
    assert not store.observations("id-none")


def test_observations_go_with_their_entry(store: Store) -> None:
    store.put(an_entry("one"), None)
    store.observe("id-one", Observation(0.9, right=True))
    store.remove(["id-one"])
    assert not store.observations("id-one")


def test_a_touched_entry_is_otherwise_unchanged(store: Store) -> None:
    entry = an_entry("one")
    store.put(entry, a_vector(1))
    store.touch(entry.id)
    near = store.near("scope-a", a_vector(1), k=1, threshold=0.9, max_tier=9)
    assert [each.entry for each in near] == [entry]


def test_touching_what_is_gone_does_nothing(store: Store) -> None:
    store.touch("id-none")
    assert store.stats().entries == 0


LIMIT = 200_000


def test_what_is_kept_stays_within_the_limit(open_again: Open) -> None:
    store = open_again(limits=Limits(bytes=LIMIT))
    for number in range(150):
        store.put(an_entry(str(number), answer="a" * 4000), a_vector(number))
    assert 20 <= store.stats().entries < LIMIT // 4000


def test_the_least_recently_used_entry_goes_first(open_again: Open) -> None:
    store = open_again(limits=Limits(bytes=LIMIT))
    for number in range(10):
        store.put(an_entry(str(number), answer="a" * 4000), a_vector(number))
    for number in range(10, 60):
        store.touch("id-3")
        store.put(an_entry(str(number), answer="a" * 4000), a_vector(number))
    kept = {entry.id for entry in store.entries()}
    assert kept & {"id-2", "id-3", "id-4", "id-59"} == {"id-3", "id-59"}


def test_clear_forgets_everything(store: Store) -> None:
    store.put(an_entry("one"), a_vector(1))
    store.clear()
    found = (list(store.entries()), list(store.near("scope-a", a_vector(1), k=1, threshold=0.5, max_tier=9)))
    assert found == ([], [])


def test_after_clear_the_store_goes_on(store: Store, open_again: Open) -> None:
    store.put(an_entry("one"), a_vector(1))
    open_again().clear()
    store.put(an_entry("two"), a_vector(2))
    near = store.near("scope-a", a_vector(2), k=1, threshold=0.5, max_tier=9)
    assert [each.entry.id for each in near] == ["id-two"]


def test_stats_count_living_entries(store: Store) -> None:
    store.put(an_entry("one"), a_vector(1))
    store.put(an_entry("two"), None)
    assert store.stats().entries == 2


def test_what_another_process_put_is_found(store: Store, open_again: Open) -> None:
    store.near("scope-a", a_vector(1), k=1, threshold=0.5, max_tier=9)
    other = open_again()
    entry = an_entry("one")
    other.put(entry, a_vector(1))
    near = store.near("scope-a", a_vector(1), k=1, threshold=0.9, max_tier=9)
    assert [each.entry for each in near] == [entry]


def test_every_put_of_many_is_found_by_its_vector(store: Store) -> None:
    for number in range(400):
        store.put(an_entry(str(number)), a_vector(number))
    lost = [
        number
        for number in range(400)
        if [each.entry.id for each in store.near("scope-a", a_vector(number), k=1, threshold=0.9, max_tier=9)]
        != [f"id-{number}"]
    ]
    assert lost == []


def test_threads_share_a_store(store: Store) -> None:
    def work(thread: int) -> list[str]:
        for number in range(thread * 20, thread * 20 + 20):
            store.put(an_entry(str(number)), a_vector(number))
            store.touch(f"id-{number}")
        near = [
            store.near("scope-a", a_vector(n), k=1, threshold=0.9, max_tier=9)
            for n in range(thread * 20, thread * 20 + 20)
        ]
        return [each.entry.id for found in near for each in found]

    with ThreadPoolExecutor(6) as pool:
        found = [name for names in pool.map(work, range(6)) for name in names]
    assert sorted(found) == sorted(f"id-{number}" for number in range(120))


def test_an_unnamed_kind_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match="floppy") as caught:
        open_store("floppy", path=tmp_path, url=None, embedder_name=None, dim=0)
    assert "disk" in str(caught.value.hint)


def test_an_entry_has_no_field_that_a_record_forgets(store: Store) -> None:
    entry = an_entry("one", project="p", total_ms=1.0, dispatch_id="d", imputed_usd="1", cost_usd="2", finish="length")
    store.put(entry, None)
    found = store.get(entry.id)
    assert found is not None
    assert dataclasses.asdict(found) == dataclasses.asdict(entry)
