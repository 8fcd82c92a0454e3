"""A diff made to fit a budget of tokens: every file gets a fair share, hunks stay whole where they can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from llmswitch.hooks.changes import Diff, FileChange, Hunk, hunks_of
from llmswitch.hooks.fair_share import water_fill
from llmswitch.tokens import estimate_text

LINE_CHARS = 600
"""A longer line is cut."""
HEADER_TOKENS = 24
"""About what a file's own line takes."""
SMALLEST_SHARE = 150
"""A share of fewer tokens shows nothing of use: the file is only told of."""
SMALLEST_HUNK = 24
MEASURED_CHARS = 2_000
"""Of a longer text this much is measured, and tells for the rest."""
MANY = 200
"""Files that are told of one by one; the others are summed up."""


@dataclass(frozen=True, slots=True)
class FittedFile:
    """One file with the hunks that are shown; `left_out` counts changed lines that are not."""

    change: FileChange
    hunks: tuple[Hunk, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Fitted:
    """What of `diff` is shown: `files` with content, `told` with a line of figures only."""

    diff: Diff
    files: tuple[FittedFile, ...]
    told: tuple[FileChange, ...]

    @property
    def is_whole(self) -> bool:
        """Whether no changed line of a file that may be sent is left out."""
        return not any(file.left_out for file in self.files) and all(file.reduced for file in self.told)


def size_of(change: FileChange) -> int:
    """About how many tokens the kept patch takes."""
    return HEADER_TOKENS + _measured(change.patch)


def _measured(text: str) -> int:
    if len(text) <= MEASURED_CHARS:
        return estimate_text(text)
    return estimate_text(text[:MEASURED_CHARS]) * len(text) // MEASURED_CHARS


def fit(diff: Diff, budget: int) -> Fitted:
    """`diff` within about `budget` tokens."""
    files = diff.sendable
    sizes = [size_of(file) for file in files]
    told = [*diff.reduced]
    while files and sum(sizes) > budget and budget // len(files) < SMALLEST_SHARE:
        keep = max(1, budget // SMALLEST_SHARE)
        order = sorted(range(len(files)), key=lambda index: -(files[index].added + files[index].removed))
        kept = set(order[:keep])
        if len(kept) == len(files):
            break
        told += [file for index, file in enumerate(files) if index not in kept]
        sizes = [size for index, size in enumerate(sizes) if index in kept]
        files = tuple(file for index, file in enumerate(files) if index in kept)
    shares = water_fill(sizes, budget)
    fitted = [_fitted(file, size, share) for file, size, share in zip(files, sizes, shares, strict=True)]
    return Fitted(diff, tuple(fitted), tuple(told))


def _fitted(change: FileChange, size: int, share: int) -> FittedFile:
    text = change.patch if share >= size else _within(change.patch, share - HEADER_TOKENS)
    hunks = tuple(_clipped(hunk) for hunk in hunks_of(text))
    seen = sum(_changed(hunk.lines) for hunk in hunks)
    return FittedFile(change, hunks, max(0, change.added + change.removed - seen))


def _within(patch: str, budget: int) -> str:
    """The hunks of `patch` within `budget` tokens, shared fairly: whole, or their beginnings."""
    first, *others = patch.split("\n@@ ")  # no other line of a hunk begins like this
    texts = [first, *(f"@@ {other}" for other in others)]
    sizes = [_measured(text) for text in texts]
    shares = water_fill(sizes, budget)
    shown = [
        text if share >= size else _beginning(text, size, share)
        for text, size, share in zip(texts, sizes, shares, strict=True)
    ]
    return "\n".join(text for text in shown if text)


def _beginning(hunk: str, size: int, share: int) -> str:
    """The first lines of `hunk`, of `size` tokens, that fit into `share`; nothing where that would be next to nothing."""
    if share < SMALLEST_HUNK:
        return ""
    lines = hunk[: len(hunk) * share // size].split("\n")[:-1]
    return "\n".join(lines) if _changed(lines[1:]) else ""


def _changed(lines: Sequence[str]) -> int:
    return sum(line.startswith(("+", "-")) for line in lines)


def _clipped(hunk: Hunk) -> Hunk:
    if all(len(line) <= LINE_CHARS for line in hunk.lines):
        return hunk
    return replace(hunk, lines=tuple(_clip(line) for line in hunk.lines))


def _clip(line: str) -> str:
    return line if len(line) <= LINE_CHARS else f"{line[:LINE_CHARS]}… ({len(line) - LINE_CHARS} more characters)"
