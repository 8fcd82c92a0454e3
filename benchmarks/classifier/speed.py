"""How fast `linear` is: warm, cold, and in bulk.

    python -m benchmarks.classifier.speed

Processor time, so that other programs on the machine disturb little (they still share its caches): a prompt warm, the first
one of a fresh process beyond a process that does nothing, and `llmswitch classify --batch` from end to end.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.classifier.rows import own
from llmswitch.classify.linear import Linear

RUNS = 11
LOADED = "import dataclasses, enum, typing, pathlib, json, re, zlib, mmap, unicodedata"
"""What any start of `llmswitch` has loaded anyway."""
FIRST = "from llmswitch.classify.linear import Linear; Linear().label('why is the list empty?')"


def speed(prompts: Sequence[str]) -> dict[str, float]:
    """Milliseconds a prompt warm (`p50`, `p95`), of the first label beyond a bare interpreter (`cold`) and beyond one with
    the standard library's modules (`added`); prompts a second of `label` (`rate`) and of `--batch` (`batch`)."""
    linear = Linear()
    for prompt in prompts:
        linear.label(prompt)
    times = sorted(_timed(linear, prompt) for prompt in prompts)
    programs = {"pass": "pass", "first": FIRST, "loaded": LOADED, "both": f"{LOADED}; {FIRST}"}
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(RUNS):  # in turns: a busy minute then falls on all of them
        for name, program in programs.items():
            taken[name].append(_processor_ms([sys.executable, "-c", program]))
    middle = {name: statistics.median(values) for name, values in taken.items()}
    return {
        "p50": times[len(times) // 2],
        "p95": times[len(times) * 95 // 100],
        "cold": middle["first"] - middle["pass"],
        "added": middle["both"] - middle["loaded"],
        "rate": 1000 * len(times) / sum(times),
        "batch": _batch(prompts),
    }


def _timed(linear: Linear, prompt: str) -> float:
    started = time.process_time()
    linear.label(prompt)
    return (time.process_time() - started) * 1000


def _processor_ms(command: Sequence[str], stdin: Path | None = None) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (stdin or Path("/dev/null")).open("rb") as given:
        subprocess.run(command, stdin=given, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def _batch(prompts: Sequence[str]) -> float:
    """Prompts a second of the command, start-up left out: what twice as many take longer. The second half is of the same kind
    as the first: every other prompt (in the order of the files it would be Japanese only)."""
    command = [sys.executable, "-m", "llmswitch", "classify", "--batch", "--mode", "linear"]
    lines = [json.dumps({"prompt": prompt}, ensure_ascii=False) + "\n" for prompt in prompts]
    with TemporaryDirectory() as folder:
        half, whole = Path(folder) / "half.jsonl", Path(folder) / "whole.jsonl"
        half.write_text("".join(lines[::2]), encoding="utf-8")
        whole.write_text("".join(lines[::2] + lines[1::2]), encoding="utf-8")
        longer = [_processor_ms(command, whole) - _processor_ms(command, half) for _ in range(3)]
    return 1000 * len(lines[1::2]) / statistics.median(longer)


def main() -> None:
    """Measure on our own prompts and print."""
    found = speed([row.prompt for row in own()])
    print(f"warm      p50 {found['p50']:.2f} ms, p95 {found['p95']:.2f} ms a prompt, {found['rate']:,.0f} prompts/s")
    print(
        f"first     {found['cold']:.0f} ms beyond a bare interpreter, {found['added']:.0f} ms beyond the standard library"
    )
    print(f"--batch   {found['batch']:,.0f} prompts/s, start-up left out")


if __name__ == "__main__":
    main()
