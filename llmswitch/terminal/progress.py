"""What happens while nobody can read an answer yet: the waiting line, progress, notes. All of it on stderr.

On a terminal there is at most one such line, rewritten in place and erased without a trace; elsewhere a note is a line, and
progress that lasts is one line when that is clear and one at its end.
"""

from __future__ import annotations

import threading
import time
from typing import TextIO

from llmswitch.terminal.amounts import duration, megabytes
from llmswitch.terminal.cells import cut
from llmswitch.terminal.style import DIM, is_dumb, is_terminal, neutral, paint, uses_color, width, write

TICK_S = 0.1
WORTH_A_WORD_S = 3.0
"""What is over sooner leaves no line behind."""
SECONDS_AFTER_S = 1.0
"""The waiting line counts seconds from here on."""
_ERASE = "\r\x1b[2K"
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class Status:
    """The line below everything else on `stream`. With `quiet`, nothing is ever written. Safe to call from one thread
    while its own draws the seconds."""

    def __init__(self, stream: TextIO, *, quiet: bool) -> None:
        self._stream = stream
        self._quiet = quiet
        self._live = not quiet and is_terminal(stream) and not is_dumb()
        self._sgr = DIM if uses_color(stream) else ""
        self._lock = threading.Lock()
        self._shown = False
        self._wait: threading.Event | None = None
        self._task: _Task | None = None

    def waiting(self, label: str) -> None:
        """Show that `label` was asked and has not answered yet, on a terminal only."""
        self.clear()
        if self._live:
            done = self._wait = threading.Event()
            threading.Thread(target=self._count, args=(neutral(label), done), name="waiting-line", daemon=True).start()

    def progress(self, label: str, done: int, total: int | None, unit: str) -> None:
        """`done` of `total` (None: unknown) of a slow preparation; `unit` is `bytes` or a plural word."""
        if self._quiet:
            return
        if self._task is None or self._task.label != label:
            self.clear()
            self._task = _Task(label, total, unit)
        task = self._task
        if task.ended:
            return
        finished = task.advance(done, total)
        if finished:
            self._erase()
        if not self._live and task.is_worth_a_word():
            self._say(f"llmswitch: {task.opening()}")
        if finished and task.told:
            self._say(f"llmswitch: {task.closing()}")
        elif not finished and self._live and task.due():
            task.is_worth_a_word()
            self._draw(task.line())

    def note(self, text: str) -> None:
        """A line for the person: `llmswitch: text`. It takes the place of the waiting line."""
        if not self._quiet:
            self._erase()
            self._say(self._wrapped(f"llmswitch: {text}"))

    def _wrapped(self, line: str) -> str:
        """`line` broken between words where a terminal would break it anywhere."""
        if not is_terminal(self._stream):
            return line
        from textwrap import fill

        return fill(
            line, max(width(self._stream), 20), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )

    def clear(self) -> None:
        """Erase the line and stop counting. May be called any number of times."""
        if self._wait is not None:
            self._wait.set()
            self._wait = None
        self._task = None
        self._erase()

    def _count(self, label: str, done: threading.Event) -> None:
        """The waiting line's own thread."""
        started = time.monotonic()
        turn = 0
        while not done.wait(TICK_S):
            waited = time.monotonic() - started
            seconds = f" {waited:.0f} s" if waited >= SECONDS_AFTER_S else ""
            line = f"{_SPINNER[turn % len(_SPINNER)]} {label} …{seconds}"
            turn += 1
            try:
                self._draw(line, done)
            except (OSError, ValueError):
                return  # the terminal went away: nobody is left to tell

    def _draw(self, line: str, unless: threading.Event | None = None) -> None:
        line = cut(neutral(line), max(width(self._stream) - 1, 1))
        with self._lock:
            if unless is None or not unless.is_set():
                self._shown = True
                write(self._stream, _ERASE + paint(line, self._sgr))

    def _erase(self) -> None:
        with self._lock:
            if self._shown:
                self._shown = False
                write(self._stream, _ERASE)

    def _say(self, line: str) -> None:
        with self._lock:
            write(self._stream, neutral(line) + "\n")


class _Task:
    """One preparation with its progress."""

    def __init__(self, label: str, total: int | None, unit: str) -> None:
        self.label = label
        self.ended = False
        self.told = False
        self._total = total
        self._unit = unit
        self._done = 0
        self._first: int | None = None
        self._started = time.monotonic()
        self._drawn = 0.0

    def advance(self, done: int, total: int | None) -> bool:
        """Take new figures; whether the task ended with them."""
        self._done, self._total = done, total if total is not None else self._total
        self._first = done if self._first is None else self._first
        self.ended = self._total is not None and 0 < self._total <= done
        return self.ended

    def due(self) -> bool:
        """Whether it is time to draw again."""
        now = time.monotonic()
        if now - self._drawn < TICK_S:
            return False
        self._drawn = now
        return True

    def is_worth_a_word(self) -> bool:
        """True once, when it has lasted so long that a log should know of it."""
        if self.told or time.monotonic() - self._started < WORTH_A_WORD_S:
            return False
        self.told = True
        return True

    def opening(self) -> str:
        return self.label if self._total is None else f"{self.label} ({self._amount(self._total)})"

    def closing(self) -> str:
        elapsed = (time.monotonic() - self._started) * 1000
        return f"{self.label}: {self._amount(self._done)} in {duration(elapsed)}"

    def line(self) -> str:
        """`label  42 %  41.2 MB of 98.1 MB  3.1 MB/s`"""
        parts = [self.label]
        if self._total:
            parts += [
                f"{100 * self._done // self._total:3d} %",
                f"{self._amount(self._done)} of {self._amount(self._total)}",
            ]
        elif self._done:
            parts.append(self._amount(self._done))
        else:
            parts[0] += " …"
        elapsed = time.monotonic() - self._started
        came = self._done - (self._first or 0)
        if self._unit == "bytes" and came and elapsed > 0.5:
            parts.append(f"{megabytes(came / elapsed)}/s")
        return "  ".join(parts)

    def _amount(self, size: int) -> str:
        return megabytes(size) if self._unit == "bytes" else f"{size:,} {self._unit}"
