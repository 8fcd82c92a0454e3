"""The log files of a program: which there are, what is new in each, read as complete lines.

A file only grows, as a rule: what was read of it before is passed over. One that is another file now (its inode), or has
become shorter, is read from its beginning; every call has a key of its own, so nothing is counted again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from llmswitch.client_logs import claude_log, codex_log
from llmswitch.client_logs.claude_log import ClaudeLog
from llmswitch.client_logs.codex_log import CodexLog
from llmswitch.ledger.logged_call import FileMark, LoggedCall, key_of

_CHUNK = 1 << 20


class Log(Protocol):
    """Reads the lines of one file in order."""

    @property
    def state(self) -> str | None:
        """What the next reading of the file has to know."""

    def read(self, line: bytes) -> Iterator[LoggedCall]:
        """The calls of one line. Raises ValueError."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file that has something new: read it from `begin`. `key` stands for its path in the ledger."""

    path: str
    key: int
    size: int
    changed: int
    inode: int
    begin: int = 0
    state: str | None = None


@dataclass(slots=True)
class Reading:
    """The reading of one file: iterate, then ask for the `mark`. `broken` counts lines that are no JSON."""

    file: LogFile
    log: Log
    read_to: int
    broken: int = 0

    def __iter__(self) -> Iterator[LoggedCall]:
        with Path(self.file.path).open("rb", buffering=_CHUNK) as file:
            file.seek(self.file.begin)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # still being written
                self.read_to += len(line)
                try:
                    yield from self.log.read(line)
                except ValueError:
                    self.broken += 1

    @property
    def mark(self) -> FileMark:
        """How far it has come."""
        file = self.file
        return FileMark(file.key, file.size, file.changed, file.inode, self.read_to, self.log.state)


@dataclass(frozen=True, slots=True)
class Source:
    """A program whose logs can be read. `folders` are where they are by default; `order` sorts its files so that an
    original comes before its copies."""

    name: str
    folders: Callable[[], list[Path]]
    log: Callable[[str | None, bytes], Log]
    prefix: str
    order: Callable[[LogFile], tuple[object, ...]]


def changed_files(source: Source, folders: list[Path], known: Mapping[int, FileMark]) -> tuple[list[LogFile], int]:
    """The files that have something new, in the order to read them, and how many files there are at all."""
    found, count = [], 0
    for folder in folders:
        for path, entry in _walk(str(folder), source.prefix):
            count += 1
            stat = entry.stat()
            key = key_of(source.name, path)
            mark = known.get(key)
            if mark and (mark.size, mark.changed, mark.inode) == (stat.st_size, stat.st_mtime_ns, stat.st_ino):
                continue
            grown = mark is not None and mark.inode == stat.st_ino and mark.read_to <= stat.st_size
            begin, state = (mark.read_to, mark.state) if mark and grown else (0, None)
            found.append(LogFile(path, key, stat.st_size, stat.st_mtime_ns, stat.st_ino, begin, state))
    return sorted(found, key=source.order), count


def reading(source: Source, file: LogFile) -> Reading:
    """Ready to read what is new in `file`."""
    head = b""
    if file.begin:
        with Path(file.path).open("rb") as opened:
            head = opened.readline()
    return Reading(file, source.log(file.state, head), file.begin)


def _walk(folder: str, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every `<prefix>*.jsonl` below `folder`; links to folders are not followed."""
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.name.endswith(".jsonl") and entry.name.startswith(prefix) and entry.is_file():
                    yield entry.path, entry


def _claude_folders() -> list[Path]:
    named = os.environ.get("CLAUDE_CONFIG_DIR", "")
    if named:
        return [Path(part).expanduser() / "projects" for part in named.split(",") if part.strip()]
    config = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(config) if config.startswith("/") else Path.home() / ".config"
    return [base / "claude" / "projects", Path.home() / ".claude" / "projects"]


def _codex_folders() -> list[Path]:
    named = os.environ.get("CODEX_HOME", "")
    home = Path(named) if named else Path.home() / ".codex"
    return [home / "sessions", home / "archived_sessions"]


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(claude_log.SOURCE, _claude_folders, ClaudeLog, "", lambda file: (file.changed, file.path)),
        Source(codex_log.SOURCE, _codex_folders, CodexLog, "rollout-", lambda file: (Path(file.path).name, file.path)),
    )
}
