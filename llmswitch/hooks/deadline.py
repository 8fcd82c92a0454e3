"""One hard deadline for a hook. Work that can be cancelled is, a moment before it; for work that can't (a program that
hangs, a library that holds the interpreter) the process ends, after a last word."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

DEFAULT_S = 10.0
_LAST_WORD_S = 0.5
"""Kept back from the deadline, so that cancelled work can end in order; of a short deadline a tenth."""


class Deadline:
    """Counts from the start of the process, as far as its CPU time tells of it. When it has passed, `last_word` is called in
    a thread of its own, and the process ends after it, with `code`."""

    def __init__(self, last_word: Callable[[], None]) -> None:
        self.last_word = last_word
        self._started = time.monotonic() - time.process_time()
        self._changed = threading.Event()
        self._over = False
        self._lock = threading.Lock()
        self.seconds = DEFAULT_S
        self.code = 0
        """What the process ends with when the deadline has passed."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, name="deadline", daemon=True).start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.met()

    def set(self, seconds: float) -> None:
        """Another length, from the same start."""
        self.seconds = seconds
        self._changed.set()

    def left(self) -> float:
        """Seconds that work may take now; never negative."""
        kept = min(_LAST_WORD_S, self.seconds / 10)
        return max(0.0, self._started + self.seconds - kept - time.monotonic())

    def met(self) -> bool:
        """The work is done: from here on nothing ends the process. False where the last word is being said already."""
        with self._lock:
            was_over, self._over = self._over, True
        self._changed.set()
        return not was_over

    def _watch(self) -> None:
        while not self._over:
            self._changed.clear()
            wait = self._started + self.seconds - time.monotonic()
            if wait > 0:
                self._changed.wait(wait)
                continue
            if self.met():
                try:
                    self.last_word()
                finally:
                    _end_children()
                    os._exit(self.code)


def _end_children() -> None:
    """Ask our children to end (a git that is only killed may leave a lock behind). Where the system does not tell who they
    are, they end by themselves, when they write to us."""
    for told in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            for child in told.read_text().split():
                os.kill(int(child), signal.SIGTERM)
