"""One hook file: put our lines in, take exactly these out again, tell what stands there. All in bytes, so that what was
there before comes back as it was."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from llmswitch.errors import LlmSwitchError
from llmswitch.hooks.replace_file import replace_file
from llmswitch.hooks.shim import ASIDE, SHEBANG, Below, Hook, block, forwarder

Change = Literal["installed", "updated", "unchanged", "removed", "absent"]

_BLOCK = re.compile(
    rb"# >>> llmswitch (?P<hook>[\w-]+) \((?P<below>\w+)\) >>>\n.*?# <<< llmswitch (?P=hook) <<<\n", re.DOTALL
)
_ANY_MARK = re.compile(rb"^# (?:>>>|<<<) llmswitch ", re.MULTILINE)
_PROGRAM = re.compile(rb"^p=(.+)$", re.MULTILINE)
_SHELL = re.compile(
    rb"#![ \t]*(?:/\S*/)?(?:env[ \t]+(?:-S[ \t]+)?)?(?:/\S*/)?(?:sh|bash|dash|ash|ksh|mksh|zsh)(?:[ \t]+-\w+)*[ \t]*\n"
)
_EXECUTABLE = 0o755


class HookFileError(LlmSwitchError):
    """A hook file can't be read, written, or has our lines in disorder."""


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at a hook's path. `program` is what our lines call; `below` is None where none of them are there."""

    path: Path
    below: Below | None = None
    program: Path | None = None
    foreign: bool = False
    """Somebody else's hook is there, alone or together with ours."""
    executable: bool = True
    current: bool = True
    """Our lines are the ones that this version would write."""


def inspect(path: Path) -> Found:
    """What stands at `path`. Raises HookFileError."""
    if not os.path.lexists(path):
        return Found(path)
    if path.is_symlink() or not path.is_file():
        return Found(path, foreign=True, executable=os.access(path, os.X_OK))
    text = _read(path)
    if text == forwarder(path.name).encode():
        return Found(path)
    runnable = os.access(path, os.X_OK)
    match = _our_lines(path, text)
    if match is None:
        return Found(path, foreign=True, executable=runnable)
    rest = text[: match.start()] + text[match.end() :]
    foreign = rest != SHEBANG.encode() or os.path.lexists(_aside(path))
    below: Below = match["below"].decode()  # type: ignore[assignment]  # one of them: we wrote it
    hook: Hook = match["hook"].decode()  # type: ignore[assignment]  # as above
    program = _program(match[0])
    current = program is not None and match[0] == os.fsencode(block(hook, str(program), below))
    return Found(path, below, program, foreign, runnable, current)


def insert(path: Path, hook: Hook, program: str, *, below: Below | None = None) -> Change:
    """Put our lines at `path`, before what is there. Raises HookFileError."""
    found = inspect(path)
    if found.below is not None:
        return _renew(path, hook, program, found.below)
    if not found.foreign:
        lines = block(hook, program, below or "nothing")
        _write(path, SHEBANG.encode() + os.fsencode(lines), _EXECUTABLE)
        return "installed"
    if _takes_our_lines(path):
        text = _read(path)
        end = text.index(b"\n") + 1
        _write(path, text[:end] + os.fsencode(block(hook, program, below or "same")) + text[end:], _mode(path))
        return "installed"
    with _told(path):
        if os.path.lexists(_aside(path)):
            raise HookFileError(f"{_aside(path)} is in the way", hint="it was a hook once: move it back, or delete it")
        path.rename(_aside(path))
    _write(path, SHEBANG.encode() + os.fsencode(block(hook, program, below or "aside")), _EXECUTABLE)
    return "installed"


def remove(path: Path) -> Change:
    """Take our lines out of `path`; what was there before is as it was. Raises HookFileError."""
    found = inspect(path)
    if found.below is None:
        return "absent"
    text = _read(path)
    match = _our_lines(path, text)
    rest = text[: match.start()] + text[match.end() :] if match else text
    added = rest != SHEBANG.encode()
    moved = os.path.lexists(_aside(path))
    if added and moved:
        raise HookFileError(
            f"{path} has lines that are not ours, and the hook that was there before is {_aside(path)}",
            hint="decide which of them is to stay, then remove the lines of llmswitch by hand",
        )
    with _told(path):
        if added or found.below == "same":
            _write(path, rest, _mode(path))
        elif moved:
            _aside(path).replace(path)
        else:
            path.unlink()
    return "removed"


def _renew(path: Path, hook: Hook, program: str, below: Below) -> Change:
    """Write our lines anew. Lines that somebody added to a file of ours would never run: from now on they do."""
    text = _read(path)
    match = _our_lines(path, text)
    if match is None:
        raise AssertionError(path)
    added = match.start() + len(text) - match.end() > len(SHEBANG)
    kind: Below = "same" if below == "nothing" and added else below
    fresh = text[: match.start()] + os.fsencode(block(hook, program, kind)) + text[match.end() :]
    if fresh == text and os.access(path, os.X_OK):
        return "unchanged"
    _write(path, fresh, _mode(path) | 0o111)
    return "updated"


def _takes_our_lines(path: Path) -> bool:
    """Whether the file is a shell script that git runs: others, links, and what is switched off are moved aside whole."""
    return (
        not path.is_symlink() and path.is_file() and os.access(path, os.X_OK) and _SHELL.match(_read(path)) is not None
    )


def _our_lines(path: Path, text: bytes) -> re.Match[bytes] | None:
    """Our lines in `text`. Raises HookFileError where they are no longer whole: half of them is never taken for all."""
    found = list(_BLOCK.finditer(text))
    if len(_ANY_MARK.findall(text)) != 2 * len(found) or len(found) > 1:
        at = _ANY_MARK.search(text)
        line = text[: at.start()].count(b"\n") + 1 if at else 1
        raise HookFileError(
            f"{path}:{line}: the lines of llmswitch are no longer whole",
            hint="remove them by hand, from `# >>> llmswitch` to `# <<< llmswitch`",
        )
    return found[0] if found else None


def _program(lines: bytes) -> Path | None:
    """What our lines call, out of the shell's quotes."""
    import shlex

    match = _PROGRAM.search(lines)
    try:
        words = shlex.split(os.fsdecode(match[1])) if match else []
    except ValueError:
        return None
    return Path(words[0]) if words else None


def _aside(path: Path) -> Path:
    return path.with_name(path.name + ASIDE)


def _read(path: Path) -> bytes:
    with _told(path):
        return path.read_bytes()


def _mode(path: Path) -> int:
    with _told(path):
        return stat.S_IMODE(path.stat().st_mode)


def _write(path: Path, text: bytes, mode: int) -> None:
    """Replace `path` at once: git must never run half a hook."""
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, text, mode)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HookFileError(f"{error.filename or path}: {error.strerror}") from error
