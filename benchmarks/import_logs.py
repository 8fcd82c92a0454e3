"""Time to read other programs' session logs into a fresh ledger, and to look again when nothing changed.

    python benchmarks/import_logs.py [--megabytes 100] [--program claude-code|codex] [--json]

The logs are made up, in the proportions of real ones: most bytes are what tools answered; an answer has several lines
with the same usage; every tenth session repeats the one before it. Each command is a process of its own, whose start
counts. Seconds; `cpu` is what the process worked itself, which is steadier on a machine that others use as well;
`1_gb` is in proportion to the first time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_WORDS = (
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    '"usage":',
    "nothing",
    "is",
    "returned",
    "by",
    "read(self)\n",
)
_SESSION_BYTES = 1_000_000


def claude_session(number: int, chance: random.Random, before: list[str]) -> list[str]:
    """The lines of one session of about a megabyte."""
    at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number)
    session = f"{number:08d}-0000-4000-8000-000000000000"
    lines = list(before)
    size = sum(map(len, lines))
    while size < _SESSION_BYTES:
        at += timedelta(seconds=20)
        common = {"sessionId": session, "cwd": f"/home/someone/project-{number % 7}", "timestamp": _text(at)}
        usage = {
            "input_tokens": 3,
            "cache_creation_input_tokens": 900,
            "cache_read_input_tokens": chance.randrange(150_000),
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 900},
            "output_tokens": chance.randrange(1, 900),
        }
        message = {
            "id": f"msg_{chance.getrandbits(96):024x}",
            "type": "message",
            "model": "claude-opus-4-6",
            "usage": usage,
        }
        for block in (
            {"type": "text", "text": _prose(chance, 60)},
            {"type": "tool_use", "input": {"c": _prose(chance, 150)}},
        ):
            answer = {**common, "type": "assistant", "requestId": "req_1", "message": {**message, "content": [block]}}
            lines += [_line(answer)]
        result = {"role": "user", "content": [{"type": "tool_result", "content": _prose(chance, 900)}]}
        lines.append(
            _line({**common, "type": "user", "message": result, "toolUseResult": {"stdout": _prose(chance, 200)}})
        )
        size += sum(map(len, lines[-3:]))
    return lines


def codex_session(number: int, chance: random.Random, before: list[str]) -> list[str]:
    """The lines of one session of about a megabyte; a fork repeats the lines of the session before it."""
    at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number)
    meta = {"id": f"thread-{number}", "cwd": f"/home/someone/project-{number % 7}"}
    meta |= {"forked_from_id": f"thread-{number - 1}"} if before else {}
    lines = [_codex(at, "session_meta", meta), *before]
    size, total = sum(map(len, lines)), [0, 0, 0, 0]
    for turn in range(10_000):
        at += timedelta(seconds=20)
        lines.append(
            _codex(at, "turn_context", {"turn_id": f"{number}-{turn}", "model": "gpt-5.3-codex", "cwd": meta["cwd"]})
        )
        for _ in range(4):
            last = [chance.randrange(20_000, 60_000), 18_000, chance.randrange(900), 0]
            total = [a + b for a, b in zip(total, last, strict=True)]
            counted = {
                "type": "token_count",
                "info": {"total_token_usage": _usage(total), "last_token_usage": _usage(last)},
            }
            lines.append(_codex(at, "response_item", {"type": "function_call_output", "output": _prose(chance, 700)}))
            lines += 2 * [_codex(at, "event_msg", counted)]
            size += sum(map(len, lines[-3:]))
        if size > _SESSION_BYTES:
            break
    return lines


def _usage(counts: list[int]) -> dict[str, int]:
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")
    return dict(zip(names, counts, strict=True))


def _codex(at: datetime, kind: str, payload: dict[str, Any]) -> str:
    return _line({"timestamp": _text(at), "type": kind, "payload": payload})


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _prose(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def write_logs(folder: Path, program: str, megabytes: int) -> tuple[int, int]:
    """Make the logs; the bytes and the files they are."""
    make = claude_session if program == "claude-code" else codex_session
    chance, before, written, number = random.Random(7), list[str](), 0, 0
    while written < megabytes * 1_000_000:
        lines = make(number, chance, before[: len(before) // 2] if number % 10 == 9 else [])
        before = lines if number % 10 == 8 else []
        name = f"rollout-{number:06d}.jsonl" if program == "codex" else f"p{number % 7}/{number:06d}.jsonl"
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(lines), encoding="utf-8")
        os.utime(path, (1_790_000_000 + number,) * 2)
        written += path.stat().st_size
        number += 1
    return written, number


def timed(program: str, folder: Path, home: Path) -> tuple[float, float, dict[str, Any]]:
    """Seconds of one import, those it worked, and what it said."""
    command = [sys.executable, "-m", "llmswitch", "ledger", "import", program, "--path", str(folder), "--json"]
    start, before = time.perf_counter(), os.times()
    done = subprocess.run(command, env={**os.environ, "HOME": str(home)}, capture_output=True, check=True)
    took, after = time.perf_counter() - start, os.times()
    worked = after.children_user + after.children_system - before.children_user - before.children_system
    return took, worked, json.loads(done.stdout)[program]


def main() -> int:
    """Make the logs, import them twice, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--program", choices=("claude-code", "codex"), default="claude-code")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "logs", Path(name) / "home"
        folder.mkdir()
        home.mkdir()
        written, files = write_logs(folder, options.program, options.megabytes)
        first, first_cpu, said = timed(options.program, folder, home)
        again = [timed(options.program, folder, home)[:2] for _ in range(3)]
    figures = {
        "program": options.program,
        "megabytes": round(written / 1e6),
        "files": files,
        "calls": said["new"],
        "first_s": round(first, 2),
        "first_cpu_s": round(first_cpu, 2),
        "1_gb_s": round(first / written * 1e9, 1),
        "1_gb_cpu_s": round(first_cpu / written * 1e9, 1),
        "unchanged_s": round(min(wall for wall, _ in again), 2),
        "unchanged_cpu_s": round(min(cpu for _, cpu in again), 2),
    }
    print(json.dumps(figures) if options.json else "\n".join(f"{name:18} {value}" for name, value in figures.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
