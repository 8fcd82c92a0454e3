"""The line on stderr while nothing can be read yet."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable

import pytest

from llmswitch.terminal import progress
from llmswitch.terminal.progress import Status

ERASE = "\r\x1b[2K"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")


def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():  # the suite's own time limit ends it
        time.sleep(0.01)


def test_the_waiting_line_is_erased_completely() -> None:
    stream = Terminal()
    status = Status(stream, quiet=False)
    status.waiting("sonnet")
    wait_for(lambda: "sonnet …" in stream.getvalue())
    status.clear()
    assert stream.getvalue().endswith(ERASE)


def test_nothing_is_drawn_after_clear() -> None:
    stream = Terminal()
    status = Status(stream, quiet=False)
    status.waiting("sonnet")
    wait_for(lambda: "sonnet" in stream.getvalue())
    status.clear()
    seen = stream.getvalue()
    wait_for(lambda: not any(thread.name == "waiting-line" for thread in threading.enumerate()))
    assert stream.getvalue() == seen


def test_the_waiting_line_counts_seconds() -> None:
    stream = Terminal()
    status = Status(stream, quiet=False)
    status.waiting("sonnet")
    wait_for(lambda: "sonnet … 1 s" in stream.getvalue())
    status.clear()


def test_a_note_takes_the_place_of_the_waiting_line() -> None:
    stream = Terminal()
    status = Status(stream, quiet=False)
    status.waiting("sonnet")
    wait_for(lambda: "sonnet" in stream.getvalue())
    status.note("glm failed")
    status.clear()
    assert f"{ERASE}llmswitch: glm failed\n" in stream.getvalue()


def test_clearing_what_was_never_shown_writes_nothing() -> None:
    stream = Terminal()
    Status(stream, quiet=False).clear()
    assert stream.getvalue() == ""


def test_progress_is_one_line_rewritten_in_place() -> None:
    stream = Terminal()
    status = Status(stream, quiet=False)
    status.progress("model.gguf", 41_200_000, 98_100_000, "bytes")
    assert stream.getvalue() == f"{ERASE}model.gguf   41 %  41.2 MB of 98.1 MB"
    status.clear()


def test_progress_that_is_soon_over_leaves_no_line() -> None:
    for stream in (Terminal(), io.StringIO()):
        status = Status(stream, quiet=False)
        status.progress("model.gguf", 1, 98_100_000, "bytes")
        status.progress("model.gguf", 98_100_000, 98_100_000, "bytes")
        assert "\n" not in stream.getvalue()


def test_progress_that_lasts_leaves_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "WORTH_A_WORD_S", 0.0)
    stream = Terminal()
    status = Status(stream, quiet=False)
    status.progress("model.gguf", 1, 98_100_000, "bytes")
    status.progress("model.gguf", 98_100_000, 98_100_000, "bytes")
    status.progress("model.gguf", 98_100_000, 98_100_000, "bytes")
    assert stream.getvalue().partition("%")[2].endswith(f"{ERASE}llmswitch: model.gguf: 98.1 MB in 0 ms\n")
    assert stream.getvalue().count("\n") == 1


def test_progress_never_wraps() -> None:
    stream = Terminal()
    Status(stream, quiet=False).progress("日本語" * 40, 1, 10, "layers")
    assert stream.getvalue().removeprefix(ERASE) == "日本語" * 9 + "日本…"


def test_without_a_terminal_lasting_progress_is_a_line_and_one_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "WORTH_A_WORD_S", 0.0)
    stream = io.StringIO()
    status = Status(stream, quiet=False)
    for done in (0, 10, 20, 30, 30):
        status.progress("indexing", done, 30, "files")
    assert stream.getvalue() == "llmswitch: indexing (30 files)\nllmswitch: indexing: 30 files in 0 ms\n"


def test_without_a_terminal_nobody_is_told_about_waiting() -> None:
    stream = io.StringIO()
    status = Status(stream, quiet=False)
    status.waiting("sonnet")
    status.clear()
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_quiet_writes_nothing(stream: io.StringIO) -> None:
    status = Status(stream, quiet=True)
    status.waiting("sonnet")
    status.progress("model.gguf", 0, 10, "bytes")
    status.progress("model.gguf", 10, 10, "bytes")
    status.note("by the way")
    status.clear()
    assert stream.getvalue() == ""


def test_a_note_can_send_no_escape() -> None:
    stream = Terminal()
    Status(stream, quiet=False).note("a\x1b[2Jb")
    assert stream.getvalue() == "llmswitch: a[2Jb\n"
