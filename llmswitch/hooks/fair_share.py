"""A budget shared fairly: what is small is served whole, what is large gets an equal level, like water in a vessel. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def water_fill(sizes: Sequence[int], budget: int) -> list[int]:
    """How much of `budget` each of `sizes` gets: its size where that is below the common level, else the level. The sum
    never exceeds `budget`, and nothing is left over while something is cut (but for the remainder of a division)."""
    shares = [0] * len(sizes)
    left = max(0, budget)
    by_size = sorted(range(len(sizes)), key=lambda index: sizes[index])
    for done, index in enumerate(by_size):
        level = left // (len(sizes) - done)
        shares[index] = min(sizes[index], level)
        left -= shares[index]
    return shares
