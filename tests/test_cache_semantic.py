"""The lookup policy: exact, near and the same, near and doubtful, and what experience changes."""

from __future__ import annotations

import pytest
from memory_store import MemoryStore

from llmswitch.cache.base import Entry, Query
from llmswitch.cache.embedders.light import Light
from llmswitch.cache.normalise import prompt_hash
from llmswitch.cache.semantic import SemanticCache, Settings

KEPT = "How do I list all files in the folder /srv/data?"
REPHRASED = "Please tell me how to list all the files in the directory /srv/data"
DOUBTFUL = "How do I list all hidden files in the folder /srv/data?"


def entry(prompt: str, *, scope: str = "s", tier: int = 1) -> Entry:
    return Entry(
        id=f"{scope}-{tier}-{prompt}",
        scope=scope,
        prompt_hash=prompt_hash(prompt),
        prompt=prompt,
        answer="ls",
        task="chat",
        model="m",
        provider="p",
        model_id="m-1",
        tier=tier,
        created_at=0.0,
        expires_at=1.0,
    )


def asked(prompt: str, *, scope: str = "s", max_tier: int = 4) -> Query:
    return Query(prompt, scope, max_tier, now=0.5)


@pytest.fixture
def cache() -> SemanticCache:
    made = SemanticCache(MemoryStore(), Light(), draw=lambda: 0.5)
    made.fill(entry(KEPT), None)
    return made


def test_the_same_prompt_is_served_without_a_vector(cache: SemanticCache) -> None:
    found = cache.lookup(asked(KEPT + "  \r\n"))
    assert (found.how, found.vector) == ("exact", None)
    assert found.entry is not None
    assert found.entry.answer == "ls"


def test_the_same_question_in_other_words_is_served(cache: SemanticCache) -> None:
    found = cache.lookup(asked(REPHRASED))
    assert found.how == "semantic"
    assert found.neighbour is not None
    assert 0.5 <= found.neighbour.score <= 1.001


def test_a_hit_counts_as_a_use(cache: SemanticCache) -> None:
    cache.lookup(asked(REPHRASED))
    assert isinstance(cache.store, MemoryStore)
    assert cache.store.touched == [entry(KEPT).id]


def test_a_miss_names_the_refused_neighbour_and_the_reason() -> None:
    cache = SemanticCache(MemoryStore(), Light(), Settings(threshold=0.5))
    cache.fill(entry(KEPT), None)
    found = cache.lookup(asked("How do I list all files in the folder /srv/logs?"))
    assert (found.entry, found.how) == (None, "miss")
    assert found.neighbour is not None
    assert "/srv/data" in found.reason


def test_a_miss_keeps_the_vector_for_the_entry_to_come(cache: SemanticCache) -> None:
    found = cache.lookup(asked("Why is the sky blue?"))
    assert found.vector is not None
    assert found.vector.shape == (384,)


def test_another_scope_is_never_served(cache: SemanticCache) -> None:
    assert cache.lookup(asked(KEPT, scope="other")).entry is None
    assert cache.lookup(asked(REPHRASED, scope="other")).entry is None


def test_a_weaker_models_answer_does_not_serve_a_stronger_route(cache: SemanticCache) -> None:
    assert cache.lookup(asked(REPHRASED, max_tier=0)).entry is None


def test_without_an_embedder_only_exact_repeats_are_served() -> None:
    cache = SemanticCache(MemoryStore(), None)
    cache.fill(entry(KEPT), None)
    assert cache.lookup(asked(KEPT)).how == "exact"
    assert cache.lookup(asked(REPHRASED)).how == "miss"


def test_the_users_threshold_wins_over_the_embedders() -> None:
    cache = SemanticCache(MemoryStore(), Light(), Settings(threshold=0.9999))
    cache.fill(entry(KEPT), None)
    assert cache.lookup(asked(REPHRASED)).entry is None


def test_a_doubtful_neighbour_is_not_served_without_experience(cache: SemanticCache) -> None:
    assert cache.lookup(asked(DOUBTFUL)).entry is None


def test_experience_of_an_entry_serves_its_doubtful_neighbours(cache: SemanticCache) -> None:
    for step in range(120):
        cache.learn(entry(KEPT).id, 0.6 + step / 400, right=True)
    found = cache.lookup(asked(DOUBTFUL))
    assert found.how == "semantic"
    assert "like it" in found.reason


def test_an_entry_that_was_wrong_once_has_to_prove_itself_again(cache: SemanticCache) -> None:
    cache.learn(entry(KEPT).id, 0.9, right=False)
    found = cache.lookup(asked(REPHRASED))
    assert (found.entry, found.reason) == (None, "it was wrong before")


def test_a_local_judge_decides_in_the_doubtful_band_only() -> None:
    seen: list[str] = []

    def judge(kept: str, prompt: str) -> bool:
        seen.append(prompt)
        return True

    cache = SemanticCache(MemoryStore(), Light(), judge=judge)
    cache.fill(entry(KEPT), None)
    assert cache.lookup(asked(DOUBTFUL)).how == "semantic"
    assert cache.lookup(asked("How do I list all files in the folder /srv/logs?")).entry is None
    assert seen == [DOUBTFUL]
