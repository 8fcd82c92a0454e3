"""The disk store while another process holds its write lock."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from cache_entries import DIM, EMBEDDER, a_vector, an_entry

from llmswitch.cache.disk import DiskStore
from llmswitch.cache.index_layout import entry_key
from llmswitch.cache.limits import Limits
from llmswitch.errors import CacheError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DiskStore]:
    """A store with two entries, of which one is gone from the database and still in the index."""
    store = DiskStore(tmp_path, embedder=EMBEDDER, dim=DIM, limits=Limits(busy_s=0.2))
    store.put(an_entry("gone"), a_vector(1))
    store.put(an_entry("one"), a_vector(2))
    with contextlib.closing(sqlite3.connect(tmp_path / "v1" / "cache.db", isolation_level=None)) as other:
        other.execute("DELETE FROM Cache WHERE key = ?", (entry_key("id-gone"),))
        other.execute("BEGIN IMMEDIATE")
        yield store
    store.close()


def test_writing_waits_and_then_says_so(store: DiskStore) -> None:
    with pytest.raises(CacheError, match="busy"):
        store.put(an_entry("two"), None)


def test_an_exact_hit_needs_no_lock(store: DiskStore) -> None:
    assert store.exact("scope-a", "hash-one", max_tier=9)


def test_a_semantic_hit_needs_no_lock(store: DiskStore) -> None:
    near = store.near("scope-a", a_vector(2), k=1, threshold=0.9, max_tier=9)
    assert [each.entry.id for each in near] == ["id-one"]


def test_a_row_whose_entry_is_gone_is_left_to_another_time(store: DiskStore) -> None:
    assert not store.near("scope-a", a_vector(1), k=1, threshold=0.9, max_tier=9)


def test_a_use_that_can_not_be_counted_is_no_error(store: DiskStore) -> None:
    store.touch("id-one")
    assert store.get("id-one")
