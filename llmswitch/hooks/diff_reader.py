"""git's diff, read once as it comes: first the list of files, then each file's patch, of which a bounded part is kept.

Plumbing commands are used, so that the user's own settings (`diff.noprefix`, `color.ui`, `diff.external`, `diff.renames`,
…) change nothing, and no program of the user's (external diff, textconv) is run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BufferedReader
from typing import cast

from llmswitch.hooks.changes import SUBMODULE_MODE, FileChange, Kind, Status
from llmswitch.hooks.decode import decoded
from llmswitch.hooks.repository import GitError, Repository

FILE_BYTES = 96 * 1024
"""What is kept of one file's patch; the rest is only counted."""
TOTAL_BYTES = 6 * 1024 * 1024
"""What is kept of all patches together; after it `LATE_BYTES` of each."""
LATE_BYTES = 1024
BIG_FILE = "8m"
"""From this size on git takes a file for binary."""

OPTIONS = (
    "--raw",
    "--patch",
    "-z",
    "--full-index",
    "--no-abbrev",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-relative",
    "--ignore-submodules=dirty",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--find-renames",
    "-l400",
    "--unified=3",
    "--inter-hunk-context=0",
)
CONFIGURATION = ("-c", f"core.bigFileThreshold={BIG_FILE}")

Classify = Callable[[Sequence[FileChange]], Sequence[FileChange]]
"""Says of the listed files which ones are reduced, before any patch is read."""


def read(repository: Repository, command: Sequence[str], classify: Classify) -> tuple[FileChange, ...]:
    """The files of `git COMMAND` (`diff-index --cached TREE`, `diff-tree -r A B`). Raises GitError."""
    name, *rest = command
    with repository.stream(*CONFIGURATION, name, *OPTIONS, *rest, "--") as out:
        source = cast("BufferedReader", out)
        files = classify(_listed(source))
        return tuple(_with_patches(files, _sections(source, _limits(files))))


def _listed(out: BufferedReader) -> list[FileChange]:
    """The raw part, up to the NUL that ends it."""
    files = []
    while out.peek(1)[:1] == b":":
        meta = _until_nul(out)[1:].decode("ascii").split(" ")
        names = 2 if meta[4][0] in "RC" else 1
        files.append(_entry(meta, [os.fsdecode(_until_nul(out)) for _ in range(names)]))
    out.read(1)
    return files


def _until_nul(out: BufferedReader) -> bytes:
    parts = []
    while window := out.peek(1):
        at = window.find(b"\0")
        if at >= 0:
            parts.append(out.read(at + 1)[:-1])
            return b"".join(parts)
        parts.append(out.read(len(window)))
    raise GitError("git's list of changed files ends in the middle")


def _entry(meta: list[str], paths: list[str]) -> FileChange:
    old_mode, new_mode, _, new_blob, status = meta
    kind: Kind = "submodule" if SUBMODULE_MODE in (old_mode, new_mode) else "text"
    return FileChange(
        paths[-1],
        cast("Status", status[0]),
        kind,
        old_path=paths[0] if len(paths) > 1 else None,
        old_mode=old_mode,
        new_mode=new_mode,
        new_blob=new_blob,
    )


def _limits(files: Sequence[FileChange]) -> list[int]:
    """How many bytes of each section to keep."""
    return [
        FILE_BYTES if file.reduced is None else LATE_BYTES
        for file in files
        for _ in range(_SECTIONS.get(file.status, 1))
    ]


_SECTIONS = {"U": 0, "T": 2}
"""An unmerged file has no section of its own, a type change is shown as a deletion and a new file; others have one."""


@dataclass(slots=True)
class _Section:
    """One `diff --git` section: its hunks as far as they are kept, and the count of all its lines."""

    limit: int
    kept: list[bytes] = field(default_factory=list)
    size: int = 0
    added: int = 0
    removed: int = 0
    cut: bool = False
    binary: bool = False

    def take(self, line: bytes) -> None:
        """A line of a hunk, or its `@@`."""
        first = line[:1]
        if first == b"+":
            self.added += 1
        elif first == b"-":
            self.removed += 1
        if self.cut:
            return
        self.size += len(line)
        if self.size > self.limit:
            self.cut = True
        else:
            self.kept.append(line)


def _sections(out: BufferedReader, limits: Sequence[int]) -> Iterator[_Section]:
    section: _Section | None = None
    total = number = 0
    in_hunks = False
    for line in out:
        if line.startswith(b"diff --git "):
            if section is not None:
                total += section.size
                yield section
            limit = limits[number] if number < len(limits) else LATE_BYTES
            section = _Section(limit if total < TOTAL_BYTES else min(limit, LATE_BYTES))
            number += 1
            in_hunks = False
        elif section is not None:
            in_hunks = in_hunks or line.startswith(b"@@ ")
            if in_hunks:
                section.take(line)
            elif line.startswith(b"Binary files "):
                section.binary = True
    if section is not None:
        yield section


def _with_patches(files: Sequence[FileChange], sections: Iterator[_Section]) -> Iterator[FileChange]:
    for file in files:
        mine = [section for _ in range(_SECTIONS.get(file.status, 1)) if (section := next(sections, None))]
        if not mine:
            yield file
            continue
        kept = b"".join(line for section in mine for line in section.kept)
        binary = any(section.binary for section in mine)
        yield replace(
            file,
            kind="binary" if binary else file.kind,
            added=sum(section.added for section in mine),
            removed=sum(section.removed for section in mine),
            patch=decoded(kept) if file.reduced is None else "",
            cut=any(section.cut for section in mine),
            reduced=file.reduced or ("binary" if binary else None),
        )
    if next(sections, None) is not None:
        raise GitError("git's diff has more parts than its list of files")
