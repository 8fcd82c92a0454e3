"""A real terminal with a real shell in it, through tmux: keys go in, the screen comes out."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Terminal:
    """One tmux server with one pane."""

    socket: Path

    def tmux(self, *arguments: str) -> str:
        """One tmux command's output."""
        done = subprocess.run(["tmux", "-S", str(self.socket), *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def type(self, text: str) -> None:
        """Type `text` as it is."""
        self.tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: Enter, Tab, C-x."""
        self.tmux("send-keys", *keys)

    def screen(self) -> str:
        """What is on the screen now."""
        return self.tmux("capture-pane", "-p")

    def wait_for(self, text: str) -> str:
        """The screen once `text` is on it."""
        ends = time.monotonic() + PATIENCE_S
        while text not in (shown := self.screen()):
            if time.monotonic() > ends:
                pytest.fail(f"{text!r} never came; the screen:\n{shown}")
            time.sleep(0.1)
        return shown

    def wait_for_prompt(self, prompt: str) -> str:
        """The screen once its last line is an empty prompt. tmux leaves out blanks at a line's end."""
        ends = time.monotonic() + PATIENCE_S
        while (shown := self.screen().rstrip()).rpartition("\n")[2].strip() != prompt.strip():
            if time.monotonic() > ends:
                pytest.fail(f"no prompt came; the screen:\n{shown}")
            time.sleep(0.1)
        return shown


@contextmanager
def terminal(folder: Path, environment: Mapping[str, str], *argv: str) -> Iterator[Terminal]:
    """A terminal of 100 × 30 that runs `argv` in `folder`, and nothing of the machine's own configuration."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    socket = folder / "tmux.sock"
    command = ["tmux", "-S", str(socket), "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", *argv]
    subprocess.run(command, cwd=folder, env={**environment, "TERM": "xterm-256color"}, check=True)
    opened = Terminal(socket)
    try:
        yield opened
    finally:
        opened.tmux("kill-server")
