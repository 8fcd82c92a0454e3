"""A fitted diff as a model reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from llmswitch.hooks.changes import FileChange, Hunk
from llmswitch.hooks.fitted import MANY, Fitted, FittedFile


def diff_text(fitted: Fitted, *, numbered: bool = False) -> str:
    """The text of `fitted`; `numbered` puts the line's number after the change before each line that exists then."""
    parts = [_file(file, numbered=numbered) for file in fitted.files]
    if fitted.told:
        parts.append("\n".join(_told(fitted.told)) + "\n")
    return "\n".join(parts)


def headline(change: FileChange) -> str:
    """`path (new file, +12 -3)`."""
    counted = f"+{change.added} -{change.removed}" if change.added or change.removed else ""
    about = ", ".join(part for part in (change.what_happened(), change.reduced or "", counted) if part)
    return f"{change.shown_path} ({about})" if about else change.shown_path


def _file(file: FittedFile, *, numbered: bool) -> str:
    shown = "".join(_numbered(hunk) if numbered else hunk.text for hunk in file.hunks)
    rest = f"… {file.left_out} more changed lines\n" if file.left_out else ""
    return f"=== {headline(file.change)}\n{shown}{rest}"


def _numbered(hunk: Hunk) -> str:
    number = hunk.new_start
    lines = [hunk.header]
    for line in hunk.lines:
        if line.startswith(("-", "\\")):
            lines.append(f"{'':>6} {line}")
            continue
        lines.append(f"{number:>6} {line}")
        number += 1
    return "\n".join(lines) + "\n"


def _told(files: Sequence[FileChange]) -> Iterator[str]:
    yield "=== changed too, not shown:"
    for file in files[:MANY]:
        yield headline(file)
    if len(files) > MANY:
        places = Counter(file.shown_path.rpartition("/")[0].split("/")[0] or "." for file in files[MANY:])
        most = ", ".join(f"{place} ({count})" for place, count in places.most_common(8))
        yield f"… and {len(files) - MANY} more files, in {most}"
