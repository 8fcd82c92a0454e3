"""A program that does what a scenario file says: `fake_client.py SCENARIO [what the adapter added …]`.

Steps, one key each: `out` prints a line as JSON, `raw` prints text as it is, `err` writes to stderr, `big` prints a text delta
of that many bytes in one line, `save` writes {"argv", "stdin", "cwd", "listing", "env"} to that file, `child` starts a
process that ignores SIGTERM and writes the group's id to that file, `stubborn` ignores SIGTERM itself, `sleep` waits, `kill` sends
itself a signal, `exit` ends with a status.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CHILD = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _child(path: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert child.stdout is not None
    child.stdout.readline()  # it ignores the signal from here on
    Path(path).write_text(str(os.getpgid(child.pid)))


def _save(path: str) -> None:
    seen = {"argv": sys.argv[2:], "stdin": sys.stdin.read(), "cwd": str(Path.cwd())}
    seen |= {
        "listing": [entry.name for entry in Path.cwd().iterdir()],
        "env": dict(os.environ),
        "mode": Path.cwd().stat().st_mode & 0o777,
    }
    named = {word: Path(word).read_text() for word in sys.argv[2:] if word.startswith("/") and Path(word).is_file()}
    Path(path).write_text(json.dumps({**seen, "files": named}))


def _step(kind: str, value: Any) -> None:
    match kind:
        case "out":
            _write(json.dumps(value) + "\n")
        case "raw":
            _write(value)
        case "err":
            sys.stderr.write(value)
        case "big":
            delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x" * value}}
            _write(json.dumps({"type": "stream_event", "event": delta, "parent_tool_use_id": None}) + "\n")
        case "save":
            _save(value)
        case "child":
            _child(value)
        case "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "sleep":
            time.sleep(value)
        case "kill":
            os.kill(os.getpid(), value)
        case "exit":
            sys.exit(value)
        case _:
            raise AssertionError(kind)


for step in json.loads(Path(sys.argv[1]).read_text()):
    for kind, value in step.items():
        _step(kind, value)
