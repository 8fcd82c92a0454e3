"""The small forms of vectors: what they may lose, and what not."""

from __future__ import annotations

import numpy as np
import pytest
from cache_entries import a_vector, at_cosine

from llmswitch.cache.index_layout import Layout
from llmswitch.cache.quantised import codes, cosines, signs

SIGNS = [2566625107864403437, 12415638252736266991, 17014282677639104577]
DIMS = [1, 63, 64, 96, 256, 384, 768, 1000]


@pytest.mark.parametrize("dim", DIMS)
def test_signs_fill_the_words_that_the_index_has_for_them(dim: int) -> None:
    assert signs(np.ones((3, dim), np.float32)).shape == (3, Layout("e", dim).words)


@pytest.mark.parametrize("dim", [256, 384, 768])
def test_the_share_of_differing_signs_is_the_angle(dim: int) -> None:
    vector = a_vector(1, dim)
    found = [
        float(np.bitwise_count(signs(vector[None]) ^ signs(at_cosine(vector, cosine, seed=seed)[None])).sum())
        for cosine in (0.9,)
        for seed in range(100, 140)
    ]
    share = np.mean(found) / (64 * Layout("e", dim).words)
    assert share == pytest.approx(np.arccos(0.9) / np.pi, abs=0.03)


def test_vectors_that_differ_in_few_numbers_differ_in_signs_as_others_do() -> None:
    one, other = np.zeros((2, 1, 384), np.float32)
    one[0, 5], other[0, 6] = 1, 1  # at a right angle
    share = float(np.bitwise_count(signs(one) ^ signs(other)).sum()) / (64 * Layout("e", 384).words)
    assert share == pytest.approx(0.5, abs=0.1)


def test_signs_are_the_same_in_every_release() -> None:
    vectors = np.stack([a_vector(seed, 96) for seed in range(3)])
    assert [int(value) for value in signs(vectors)[:, 0]] == SIGNS


@pytest.mark.parametrize("dim", DIMS)
def test_codes_give_the_cosine_to_a_hundredth(dim: int) -> None:
    vector = a_vector(1, dim)
    stored = np.stack([a_vector(seed, dim) for seed in range(50)])
    assert np.abs(cosines(vector, *codes(stored)) - stored @ vector).max() < 0.01


def test_a_vector_of_zeros_has_codes_of_zeros() -> None:
    whole, _ = codes(np.zeros((1, 8), np.float32))
    assert not whole.any()
