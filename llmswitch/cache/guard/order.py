"""May the words of a prompt stand in this other order? A phrase may move as a whole; two things may not change places."""

from __future__ import annotations

from collections.abc import Sequence

from llmswitch.cache.guard.parsed import Item

Pairs = Sequence[tuple[int, int]]
Block = tuple[int, int]
"""First and last index (inclusive) into the pairs."""


def order_reason(a: Sequence[Item], b: Sequence[Item], pairs: Pairs) -> str | None:
    """A reason where the order is another one that may mean something else; `pairs` are ordered by `a`."""
    blocks = blocks_of(pairs)
    if len(blocks) == 1 or not pairs:
        return None
    moved = sorted(range(len(blocks)), key=lambda n: pairs[blocks[n][0]][1])
    while blocks and moved and moved[0] == 0:  # what stands at the same end in both has not moved
        blocks, moved = blocks[1:], [n - 1 for n in moved[1:]]
    while blocks and moved and moved[-1] == len(blocks) - 1:
        blocks, moved = blocks[:-1], moved[:-1]
    first, last = a[pairs[blocks[0][0]][0]], a[pairs[blocks[-1][1]][0]]
    reason = f"“{first.raw}” and “{last.raw}” change places"
    if _only_lists(a, b, pairs, blocks):
        return None
    if len(blocks) != 2:
        return reason
    return reason if _bound(a, b, pairs, blocks) else None


def blocks_of(pairs: Pairs) -> list[Block]:
    """Runs of pairs that follow each other in the same order on both sides."""
    ranks = {j: rank for rank, j in enumerate(sorted(j for _, j in pairs))}
    blocks: list[Block] = []
    for index, (_, j) in enumerate(pairs):
        if blocks and ranks[j] == ranks[pairs[index - 1][1]] + 1:
            blocks[-1] = (blocks[-1][0], index)
        else:
            blocks.append((index, index))
    return blocks


def _only_lists(a: Sequence[Item], b: Sequence[Item], pairs: Pairs, blocks: Sequence[Block]) -> bool:
    """Whether all that moved are members of one list: what "and" or "or" joins has no order."""
    inside = range(blocks[0][0], blocks[-1][1] + 1)
    first_a, first_b = pairs[inside[0]][0], min(pairs[n][1] for n in inside)
    return all(block[0] == block[1] for block in blocks) and all(
        (a[pairs[n][0]].listed or pairs[n][0] == first_a) and (b[pairs[n][1]].listed or pairs[n][1] == first_b)
        for n in inside
    )


def _bound(a: Sequence[Item], b: Sequence[Item], pairs: Pairs, blocks: Sequence[Block]) -> bool:
    """Whether two neighbouring blocks that changed places are bound to their places: nothing stands between them, or
    they are two names or values."""
    left, right = blocks
    seam_a = a[pairs[right[0]][0]]
    seam_b = b[pairs[left[0]][1]]
    if seam_a.joined == seam_b.joined and not (seam_a.broken or seam_b.broken or (seam_a.listed and seam_b.listed)):
        return True
    singles = [a[pairs[n][0]] for block in blocks for n in range(block[0], block[1] + 1)]
    firm = [item for item in singles if item.literal or item.name]
    same_role = len({item.role for item in singles}) == 1
    return len(firm) == len(singles) and same_role and not (seam_a.listed and seam_b.listed)
