"""How often the cache would be right: over labelled pairs of prompts, and over a stream of prompts replayed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmswitch.cache.base import Embedder
from llmswitch.cache.guard import guard
from llmswitch.cache.labelled import Asked, Pair
from llmswitch.cache.normalise import prompt_hash
from llmswitch.cache.semantic import decide
from llmswitch.cache.volatile import volatile

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector

BATCH = 64
CANDIDATES = 8


@dataclass(slots=True)
class Counts:
    """Pairs: `repeats` of which `found` at the threshold and `served`; `others` (near misses) of which `tempting` at the
    threshold and `wrong`ly served."""

    repeats: int = 0
    found: int = 0
    served: int = 0
    others: int = 0
    tempting: int = 0
    wrong: int = 0

    @property
    def precision(self) -> float | None:
        """Right ones among all that were served; None where nothing was."""
        total = self.served + self.wrong
        return self.served / total if total else None


@dataclass(slots=True)
class Replayed:
    """A stream: `asked` prompts, `hits`, of which `exact` and `wrong` ones."""

    asked: int = 0
    hits: int = 0
    exact: int = 0
    wrong: int = 0
    mistakes: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair with its cosine and what the policy does; `similar`: at or above the threshold."""

    pair: Pair
    score: float
    similar: bool
    served: bool
    reason: str


def judge(
    embedder: Embedder | None, pairs: Iterable[Pair], threshold: float, *, guarded: bool, batch: int = BATCH
) -> Iterator[Judged]:
    """What a cache that holds each `a` does with its `b`, in order, `batch` pairs at a time. Without `guarded`, the
    threshold alone decides."""
    waiting: list[Pair] = []
    for pair in pairs:
        waiting.append(pair)
        if len(waiting) == batch:
            yield from _judge_batch(embedder, waiting, threshold, guarded=guarded)
            waiting = []
    yield from _judge_batch(embedder, waiting, threshold, guarded=guarded)


def _judge_batch(
    embedder: Embedder | None, batch: Sequence[Pair], threshold: float, *, guarded: bool
) -> Iterator[Judged]:
    scores = _scores(embedder, batch)
    for pair, score in zip(batch, scores, strict=True):
        unkept = volatile(pair.b, attached=True) if guarded else None
        if unkept is not None:
            yield Judged(pair, score, score >= threshold, False, f"such answers are not kept: {unkept}")
        elif prompt_hash(pair.a) == prompt_hash(pair.b):
            yield Judged(pair, 1.0, True, True, "the same prompt")
        elif embedder is None:
            yield Judged(pair, score, False, False, "no such prompt")
        elif score < threshold:
            yield Judged(pair, score, False, False, f"not near: {score:.2f} is below {threshold:.2f}")
        elif not guarded:
            yield Judged(pair, score, True, True, f"near: {score:.2f}")
        else:
            decision = decide(guard(pair.a, pair.b), score)
            yield Judged(pair, score, True, decision.served, decision.reason)


def _scores(embedder: Embedder | None, batch: Sequence[Pair]) -> Sequence[float]:
    if embedder is None or not batch:
        return [0.0] * len(batch)
    vectors = embedder.embed([text for pair in batch for text in (pair.a, pair.b)])
    return [float(score) for score in (vectors[0::2] * vectors[1::2]).sum(axis=1)]


def count(judged: Iterable[Judged]) -> dict[str, Counts]:
    """Counts by kind; the sum over all stands under ""."""
    counts: dict[str, Counts] = {"": Counts()}
    for one in judged:
        for kind in {"", one.pair.kind}:
            into = counts.setdefault(kind, Counts())
            if one.pair.duplicate:
                into.repeats += 1
                into.found += one.similar
                into.served += one.served
            else:
                into.others += 1
                into.tempting += one.similar
                into.wrong += one.served
    return counts


def replay(embedder: Embedder, stream: Sequence[Asked], threshold: float, *, guarded: bool) -> Replayed:
    """Ask the prompts one after the other of an empty cache. What is a miss is kept; a hit is right when the labels of the
    kept prompt and the asked one agree."""
    import numpy as np

    result = Replayed()
    vectors = np.concatenate(
        [embedder.embed([one.text for one in stream[start : start + BATCH]]) for start in range(0, len(stream), BATCH)]
    )
    kept_vectors = np.empty_like(vectors)
    kept: list[Asked] = []
    by_hash: dict[str, Asked] = {}
    for asked, vector in zip(stream, vectors, strict=True):
        result.asked += 1
        if guarded and volatile(asked.text, attached=True):
            continue
        exact = by_hash.get(prompt_hash(asked.text))
        hit = exact or _nearest(asked, vector, kept, kept_vectors, threshold, guarded=guarded)
        if hit is None:
            kept_vectors[len(kept)] = vector
            kept.append(asked)
            by_hash[prompt_hash(asked.text)] = asked
            continue
        result.hits += 1
        result.exact += exact is not None
        if hit.label != asked.label:
            result.wrong += 1
            result.mistakes.append((hit.text, asked.text))
    return result


def _nearest(
    asked: Asked, vector: Vector, kept: Sequence[Asked], vectors: Vector, threshold: float, *, guarded: bool
) -> Asked | None:
    import numpy as np

    if not kept:
        return None
    scores = vectors[: len(kept)] @ vector
    best: list[int] = np.argsort(-scores, kind="stable")[:CANDIDATES].tolist()
    for place in best:
        if scores[place] < threshold:
            return None
        if not guarded or guard(kept[place].text, asked.text).kind == "same":
            return kept[place]
    return None


def cost_ms(embedder: Embedder, texts: Sequence[str]) -> float:
    """Milliseconds for one prompt, asked one at a time, the first left out. Processor time of this process, or clock time
    where the work is done elsewhere."""
    embedder.embed(texts[:1])
    started = time.perf_counter()
    for text in texts:
        embedder.embed([text])
    return (time.perf_counter() - started) * 1000 / max(len(texts), 1)
