"""Who has a row open: a marker of this process, and whether the process behind a marker is gone.

A marker is `machine:boot:pid:start`. The machine is a checksum (of the host name and the PID namespace, so that two
containers over one ledger are two machines); the start time keeps a reused process id from passing for the old one.
"""

from __future__ import annotations

import os
import zlib
from functools import cache
from pathlib import Path

FOREIGN_AFTER_S = 86_400.0
"""A row that another machine has had open for longer than this counts as lost: nobody here can look."""


def this_process() -> str:
    """The marker of the running process."""
    return _marker(os.getpid())


def is_gone(owner: str | None, age_s: float) -> bool:
    """Whether the process that `owner` marks has ended; `age_s` is how long ago it opened the row."""
    machine, boot, pid, start = (owner or ":::").split(":")
    if not pid.isdecimal():
        return True
    if machine != _machine():
        return age_s > FOREIGN_AFTER_S
    if boot != _boot():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it lives, and belongs to somebody else
    return _start(int(pid)) not in ("", start)


@cache
def _marker(pid: int) -> str:
    return f"{_machine()}:{_boot()}:{pid}:{_start(pid)}"


@cache
def _machine() -> str:
    try:
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - a name such as pid:[4026531836], not a path
    except OSError:
        namespace = ""  # no such thing on this system
    return f"{zlib.crc32(f'{os.uname().nodename}/{namespace}'.encode()):08x}"


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    except OSError:
        return ""  # no such thing on this system; the process id decides alone


def _start(pid: int) -> str:
    """When `pid` started, in ticks since boot; `gone` for a zombie; empty where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "gone" if fields[0] in "ZX" else fields[19]
