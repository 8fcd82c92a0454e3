"""Entries and vectors for the tests of the cache's stores."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from llmswitch.cache.base import Entry

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector

DIM = 96
EMBEDDER = "test-embedder@1"


def an_entry(name: str, **changed: Any) -> Entry:
    """An entry whose id, hash and answer tell its name."""
    now = time.time()
    values: dict[str, Any] = {
        "id": f"id-{name}",
        "scope": "scope-a",
        "prompt_hash": f"hash-{name}",
        "prompt": f"prompt {name} 質問",
        "answer": f"answer {name}\nzwei 二",
        "task": "docs",
        "model": "haiku",
        "provider": "anthropic",
        "model_id": "claude-haiku",
        "tier": 1,
        "created_at": now,
        "expires_at": now + 600,
        "project": None,
        "usage": {"input_tokens": 12, "reasoning_tokens": None},
        "cost_usd": "0.0012",
    }
    return Entry(**values | changed)


def a_vector(seed: int, dim: int = DIM) -> Vector:
    """A vector (dim,) of length 1, about at a right angle to that of any other seed."""
    drawn = np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
    return drawn / np.float32(np.linalg.norm(drawn))


def at_cosine(vector: Vector, cosine: float, seed: int = 10_000) -> Vector:
    """A vector (dim,) of length 1 at this cosine to `vector`."""
    other = a_vector(seed, len(vector))
    across = other - (other @ vector) * vector
    across /= np.linalg.norm(across)
    turned: Vector = (cosine * vector + np.sqrt(1 - cosine**2) * across).astype(np.float32)
    return turned
