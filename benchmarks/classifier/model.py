"""Softmax regression over the two feature groups: encoding, fitting (L-BFGS, single thread, no randomness), calibration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.optimize as so  # type: ignore[import-untyped]  # no stubs: a tool of development only
import scipy.sparse as sp  # type: ignore[import-untyped]

from llmswitch.classify.features import GROUPS, Features
from llmswitch.tasks import TASKS

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What is chosen by inner folds. `l2` is the penalty on squared weights; `hand` and `weak` are the weights of rows that
    strangers typed and of weakly labelled ones beside our own; `scales` the lengths of the groups' vectors, in the order of GROUPS;
    a feature is known from `least` prompts on, and of each group's the `most` that tell labels apart best."""

    l2: float = 1.5e-4
    hand: float = 3.0
    weak: float = 0.1
    scales: tuple[float, ...] = (1.2, 0.7, 1.5, 1.0)
    least: int = 3
    most: tuple[int, ...] = (22_000, 4_000, 15_000, 9_000)
    iterations: int = 60


@dataclass(frozen=True, slots=True)
class Group:
    """The features of one group that the model knows (sorted), with their inverse document frequencies."""

    numbers: Array
    idf: Array
    scale: float

    def encode(self, sets: Sequence[Iterable[int]]) -> sp.csr_matrix:
        """One row a set, of length `scale` (or 0 where nothing is known)."""
        place = {int(number): index for index, number in enumerate(self.numbers)}
        columns: list[int] = []
        ends = [0]
        for numbers in sets:
            columns += sorted(place[number] for number in numbers if number in place)
            ends.append(len(columns))
        values = self.idf[columns] if columns else np.zeros(0)
        matrix = sp.csr_matrix((values, np.array(columns, dtype=np.int32), ends), shape=(len(sets), len(place)))
        lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        lengths[lengths == 0] = 1.0
        matrix.sum_duplicates()
        return sp.csr_matrix(sp.diags(self.scale / lengths) @ matrix)


@dataclass(frozen=True, slots=True)
class Model:
    """Weights (features, classes) over the groups side by side, and the bias (classes,)."""

    groups: tuple[Group, ...]
    weights: Array
    bias: Array

    def logits(self, found: Sequence[Features]) -> Array:
        """(prompts, classes)"""
        return np.asarray(encode(self.groups, found) @ self.weights + self.bias)


def encode(groups: Sequence[Group], found: Sequence[Features]) -> sp.csr_matrix:
    """The groups' rows side by side."""
    blocks = [group.encode([getattr(one, name) for one in found]) for name, group in zip(GROUPS, groups, strict=True)]
    return sp.csr_matrix(sp.hstack(blocks))


def groups_of(found: Sequence[Features], labels: Array, settings: Settings) -> tuple[Group, ...]:
    """The features worth a row: seen in `least` prompts, and of the n-grams the `most` that tell labels apart best."""
    return tuple(
        _group([getattr(one, name) for one in found], labels, settings.least, most, scale)
        for name, most, scale in zip(GROUPS, settings.most, settings.scales, strict=True)
    )


def _group(sets: Sequence[Iterable[int]], labels: Array, least: int, most: int, scale: float) -> Group:
    counts: Counter[int] = Counter()
    for numbers in sets:
        counts.update(set(numbers))
    kept = sorted(number for number, count in counts.items() if count >= least)
    frequency = np.array([counts[number] for number in kept], dtype=np.float64)
    if len(kept) > most:
        place = {number: index for index, number in enumerate(kept)}
        seen = np.zeros((len(kept), int(labels.max()) + 1))
        for numbers, label in zip(sets, labels, strict=True):
            seen[[place[number] for number in set(numbers) if number in place], int(label)] += 1
        expected = frequency[:, None] * (np.bincount(labels.astype(int), minlength=seen.shape[1]) / len(labels))
        chi = ((seen - expected) ** 2 / np.maximum(expected, 1e-9)).sum(axis=1)
        best = np.sort(np.argsort(-chi, kind="stable")[:most])
        kept = [kept[index] for index in best]
        frequency = frequency[best]
    idf = np.log((1 + len(sets)) / (1 + frequency)) + 1
    return Group(np.array(kept, dtype=np.float64), idf, scale)


FLOOR, PRIOR = 0.2, 3.0
"""What every weight may grow by, and how many rows speak for a feature saying nothing, in `reach`."""


def reach(matrix: sp.csr_matrix, truth: Array, row_weights: Array) -> Array:
    """How freely each weight may grow (features, classes): by the root of how much more often the feature comes with the class
    than without it, on a log scale; each class has a mean square of 1. (Wang and Manning 2012, for the softmax.)"""
    present = matrix.copy()
    present.data = np.ones_like(present.data)
    with_class = np.asarray(present.T @ (truth * row_weights[:, None]))
    without = with_class.sum(axis=1, keepdims=True) - with_class
    shares = [(PRIOR + counts) / (PRIOR + counts).sum(axis=0) for counts in (with_class, without)]
    free = FLOOR + np.sqrt(np.abs(np.log(shares[0] / shares[1])))
    return np.asarray(free / np.sqrt((free**2).mean(axis=0)))


def fit(
    matrix: sp.csr_matrix, labels: Array, row_weights: Array, classes: int, settings: Settings
) -> tuple[Array, Array]:
    """Weights (features, classes) and bias (classes,) with the least weighted log loss plus `l2` times the square of the
    weights, each over its `reach`."""
    rows, columns = matrix.shape
    transposed = sp.csr_matrix(matrix.T)
    truth = np.zeros((rows, classes))
    truth[np.arange(rows), labels.astype(int)] = 1
    shares = row_weights / row_weights.sum()
    free = reach(matrix, truth, row_weights)

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat[: columns * classes].reshape(columns, classes)
        logits = matrix @ (free * weights) + flat[columns * classes :]
        logits -= logits.max(axis=1, keepdims=True)
        powers = np.exp(logits)
        totals = powers.sum(axis=1, keepdims=True)
        value = -float((shares * ((logits - np.log(totals)) * truth).sum(axis=1)).sum())
        slope = (powers / totals - truth) * shares[:, None]
        gradient = np.concatenate([(free * (transposed @ slope) + settings.l2 * weights).ravel(), slope.sum(axis=0)])
        return value + settings.l2 / 2 * float((weights * weights).sum()), gradient

    found = so.minimize(
        loss,
        np.zeros((columns + 1) * classes),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": settings.iterations, "maxcor": 8, "ftol": 1e-6, "gtol": 1e-6},
    )
    return free * found.x[: columns * classes].reshape(columns, classes), found.x[columns * classes :]


def train(found: Sequence[Features], labels: Array, row_weights: Array, settings: Settings) -> Model:
    """The task model."""
    groups = groups_of(found, labels, settings)
    weights, bias = fit(encode(groups, found), labels, row_weights, len(TASKS), settings)
    return Model(groups, weights, bias)


def softmax(logits: Array) -> Array:
    """Probabilities by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def sharpness(logits: Array, labels: Array, row_weights: Array) -> float:
    """The factor on the logits that gives held-out rows the least log loss (one over the temperature)."""

    def loss(factor: float) -> float:
        chances = softmax(logits * factor)
        return -float((row_weights * np.log(chances[np.arange(len(labels)), labels.astype(int)] + 1e-12)).sum())

    return float(so.minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-4}).x)
