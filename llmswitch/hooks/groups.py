"""A large change in portions that fit a model's attention: files stay together where they can, hunks stay whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from llmswitch.hooks.changes import Diff, FileChange, Hunk
from llmswitch.hooks.fitted import size_of
from llmswitch.tokens import estimate_text


def groups(diff: Diff, budget: int) -> list[Diff]:
    """The files of `diff` that may be sent, in portions of about `budget` tokens, in their order. A file that is larger
    alone is divided between its hunks."""
    portions: list[list[FileChange]] = []
    room = 0
    for part in _parts(diff, budget):
        size = size_of(part)
        if not portions or size > room:
            portions.append([])
            room = budget
        portions[-1].append(part)
        room -= size
    return [replace(diff, files=tuple(portion)) for portion in portions]


def _parts(diff: Diff, budget: int) -> Iterator[FileChange]:
    for file in diff.sendable:
        if size_of(file) <= budget:
            yield file
            continue
        for hunks in _portions(file.hunks, budget):
            lines = [line for hunk in hunks for line in hunk.lines]
            yield replace(
                file,
                patch="".join(hunk.text for hunk in hunks),
                added=sum(line.startswith("+") for line in lines),
                removed=sum(line.startswith("-") for line in lines),
            )


def _portions(hunks: tuple[Hunk, ...], budget: int) -> Iterator[list[Hunk]]:
    portion: list[Hunk] = []
    room = budget
    for hunk in hunks:
        size = estimate_text(hunk.text)
        if portion and size > room:
            yield portion
            portion, room = [], budget
        portion.append(hunk)
        room -= size
    if portion:
        yield portion
