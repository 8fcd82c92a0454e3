"""What observations of one entry allow: a logistic threshold of its own, with a bound on the error.

For an entry, the chance that serving it is right is taken to be a logistic curve of the cosine, `1 / (1 + exp(-g(s - t)))`.
Which curve is not known; all curves of a grid are weighed by how well they explain the observations, and the chance that is
claimed is the one that CONFIDENCE of the weight lies above. Where even that leaves more error than allowed, only so many
requests are served as keep the whole within `max_error`; the others are answered by a model, which teaches the curve.
The idea is that of vCache (Schroeder et al. 2025); the grid and the bound are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from llmswitch.cache.base import Observation

FEWEST = 6
"""Observations before anything is claimed."""
NEWEST = 200
"""Observations that are weighed."""
CONFIDENCE = 0.95


def chance_right(observations: Sequence[Observation], score: float) -> float | None:
    """A lower bound of the chance that serving at cosine `score` is right; None before FEWEST observations."""
    import numpy as np

    if len(observations) < FEWEST:
        return None
    recent = observations[-NEWEST:]
    scores = np.array([one.score for one in recent])
    right = np.array([one.right for one in recent])
    centres, slopes = _grid()
    logits = slopes[:, None] * (scores[None, :] - centres[:, None])
    likelihood = -np.logaddexp(0.0, np.where(right, -logits, logits)).sum(axis=1)
    weight = np.exp(likelihood - likelihood.max())
    chances = 1.0 / (1.0 + np.exp(-slopes * (score - centres)))
    order = np.argsort(chances)
    below = np.cumsum(weight[order]) / weight.sum()
    return float(chances[order][np.searchsorted(below, 1.0 - CONFIDENCE)])


def share_served(chance: float, max_error: float) -> float:
    """The share of requests, 0..1, that may be served so that errors stay within `max_error` of all of them."""
    error = 1.0 - chance
    return 1.0 if error <= max_error else max_error / error


@cache
def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres (n,) and slopes (n,) of all curves; a centre above 1 is an entry that nothing but itself may use."""
    import numpy as np

    centres, slopes = np.meshgrid(np.linspace(0.4, 1.1, 36), np.geomspace(4.0, 400.0, 16))
    return centres.ravel(), slopes.ravel()
