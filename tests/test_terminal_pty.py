"""A real terminal: the program's own output through a pty, at several widths."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from llmswitch.terminal.cells import cell_width

PROGRAM = """
import sys
from llmswitch.terminal.answer import answer_for
answer = answer_for(sys.stdout, raw=False)
text = sys.stdin.buffer.read().decode()
for start in range(0, len(text), 3):
    answer.write(text[start:start + 3])
answer.end()
heavy = [name for name in sys.modules if name.split(".")[0] in ("rich", "httpx", "typer")]
assert not heavy, heavy
"""
TEXT = """# Title

Some **bold** words and enough of them that a line of forty cells and one of eighty cells both have to be broken.

- 日本語の文章は空白がないので、どこでも改行できます。ただし、句読点は行の先頭に来ません。それは「禁則処理」といいます。

```python
print("a line of code that is longer than forty cells and is left alone")
```
"""


def on_terminal(text: str, columns: int) -> str:
    """What a terminal `columns` wide receives."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    environment |= {"TERM": "xterm-256color", "PYTHONUTF8": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=slave, stderr=subprocess.PIPE, env=environment
    ) as process:
        os.close(slave)
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(text.encode())
        process.stdin.close()
        received = b""
        while chunk := _read(master):
            received += chunk
        os.close(master)
        assert process.stderr.read() == b""
    assert process.returncode == 0
    return received.decode().replace("\r\n", "\n")


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65_536)
    except OSError:
        return b""  # Linux says EIO when the other side is closed


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_no_line_of_prose_is_wider_than_the_terminal(columns: int) -> None:
    shown = re.sub(r"\x1b\[[\d;]*m", "", on_terminal(TEXT, columns))
    widest = max(cell_width(line) for line in shown.splitlines() if not line.startswith("print("))
    assert widest == min(columns, 100)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_code_comes_out_in_one_piece(columns: int) -> None:
    shown = re.sub(r"\x1b\[[\d;]*m", "", on_terminal(TEXT, columns))
    assert 'print("a line of code that is longer than forty cells and is left alone")\n' in shown


def test_a_terminal_receives_styles_and_no_other_escape() -> None:
    shown = on_terminal(TEXT, 80)
    assert "\x1b[1mbold\x1b[0m" in shown
    assert "\x1b" not in re.sub(r"\x1b\[[\d;]*m", "", shown)
