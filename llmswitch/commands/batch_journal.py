"""What a batch has done so far, in a file beside its output, so that the same command can go on after an interruption.

`OUT.part` begins with a line that says of which batch it is; then comes one result a line, in the order of their ending. It is
removed when every line has an answer.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Self

from llmswitch.errors import InputError, UsageError

VERSION = 1


class Journal:
    """The open journal of the batch `digest`, for the output `out`. Raises UsageError where it is another batch's, or in use."""

    def __init__(self, out: Path, digest: str) -> None:
        self.out = out
        self.path = out.with_name(f"{out.name}.part")
        with _told(self.path):
            self._file: IO[bytes] = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+")
        try:
            self._lock()
            self._results = self._read(digest)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def answered(self) -> set[int]:
        """Lines that have an answer; failed ones are to be tried again."""
        return {line for line, result in self._results.items() if "error" not in result}

    def add(self, line: int, result: Mapping[str, Any]) -> None:
        """Note how a line ended."""
        self._results[line] = result
        self._write({"line": line, "result": result})

    def finish(self) -> None:
        """Write the output, in the order of the input, in one step; forget the journal where every line has an answer."""
        draft = self.out.with_name(f".{self.out.name}.{os.getpid()}")
        with _told(self.out):
            try:
                with draft.open("w", encoding="utf-8") as file:
                    for _, result in sorted(self._results.items()):
                        file.write(json.dumps(result, ensure_ascii=False) + "\n")
                draft.replace(self.out)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
            if len(self.answered) == len(self._results):
                self.path.unlink(missing_ok=True)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"another batch is writing {self.out}", hint="wait for it, or name another output"
            ) from None

    def _read(self, digest: str) -> dict[int, Mapping[str, Any]]:
        self._file.seek(0)
        lines = self._file.read().split(b"\n")
        torn = lines.pop()  # what a kill left unfinished, or nothing
        if torn:
            self._file.truncate(self._file.tell() - len(torn))
        if not lines:
            self._start(digest)
            return {}
        try:
            records = [json.loads(line) for line in lines]
            known = records[0]["batch"] == digest and records[0]["version"] == VERSION
            results = {int(record["line"]): record["result"] for record in records[1:]}
        except (ValueError, KeyError, TypeError):
            known, results = False, {}
        if not known:
            raise UsageError(
                f"{self.path} is of another batch: the input or the options have changed since",
                hint=f"remove it to begin anew, or name another output than {self.out}",
            )
        return results

    def _start(self, digest: str) -> None:
        if self.out.exists():
            self.path.unlink()
            raise UsageError(f"{self.out} exists already", hint="remove it, or name another output")
        self._write({"batch": digest, "version": VERSION})

    def _write(self, record: Mapping[str, Any]) -> None:
        with _told(self.path):
            self._file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            self._file.flush()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror}") from None
