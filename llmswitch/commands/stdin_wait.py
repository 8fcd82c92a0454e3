"""Reading standard input without hanging on one that nobody writes to.

A pipe from another program is waited for, with a word on stderr after a second. A pipe that only our own ancestors hold
open (a program that started us and left stdin as it was) is given up after a short grace: nothing will come.
"""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Callable
from pathlib import Path

GRACE_S = 2.0
"""How long an idle pipe that only an ancestor holds is waited for, where a prompt was given as an argument."""
BLIND_GRACE_S = 30.0
"""The same where the system does not tell who holds a pipe (no /proc)."""
SAY_AFTER_S = 1.0


def carries_data(fd: int) -> bool:
    """Whether `fd` is something that a prompt can be piped through: a pipe, a socket or a file; not a terminal or /dev/null."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False  # closed: `<&-`
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def read_all(fd: int, *, optional: bool, say: Callable[[str], None]) -> bytes | None:
    """Everything that comes on `fd`. Where it is `optional` (a prompt was given as well), None if it stays idle and only
    an ancestor could write to it. `say` gets one line when there is something to wait for."""
    if not _wait_for_first_byte(fd, optional=optional, say=say):
        return None
    chunks = []
    while chunk := os.read(fd, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def _wait_for_first_byte(fd: int, *, optional: bool, say: Callable[[str], None]) -> bool:
    started = time.monotonic()
    said = False
    while True:
        ready, _, _ = select.select([fd], [], [], 0.25 if said else SAY_AFTER_S)
        if ready:
            return True
        if not said:
            said = True
            say("waiting for input on stdin (--no-stdin does not wait for it)")
        if optional and _given_up(fd, time.monotonic() - started):
            say("nothing came on stdin: going on without it")
            return False


def _given_up(fd: int, waited_s: float) -> bool:
    if not Path("/proc/self/fd").is_dir():
        return waited_s >= BLIND_GRACE_S
    return waited_s >= GRACE_S and _only_ancestors_write(fd)


def _only_ancestors_write(fd: int) -> bool:
    """Whether no process but our ancestors has the other end of the pipe open."""
    proc = Path("/proc")
    try:
        pipe = os.fstat(fd).st_ino
        ours = {os.getpid(), *_ancestors()}
        return not any(
            _holds(entry, pipe) for entry in proc.iterdir() if entry.name.isdigit() and int(entry.name) not in ours
        )
    except OSError:
        return False  # can't tell: keep waiting


def _ancestors() -> list[int]:
    found = []
    pid = os.getppid()
    while pid > 0:
        found.append(pid)
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            break
        pid = int(text.rpartition(")")[2].split()[1])
    return found


def _holds(process: Path, pipe: int) -> bool:
    try:
        return any(entry.stat().st_ino == pipe for entry in (process / "fd").iterdir())
    except OSError:
        return False  # it ended, or is somebody else's
