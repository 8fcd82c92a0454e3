"""From exec to the arrival of the request at a loopback upstream, beside `python -c pass` and the SDK's own import.

    python benchmarks/startup.py [--runs 15]

All rows are measured in turn within one run (this matters on a shared machine). `own` is what llmswitch itself takes:
exec → request, less an interpreter that does nothing but import the SDK and make its client.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from upstream import Upstream, running_upstream

PROFILE = """
[models.bench]
provider = "{provider}"
model = "{model}"
[routes]
default = ["bench"]
[classifier]
mode = "linear"
"""
DOORS: dict[str, tuple[str, str, str, Callable[[Upstream], str]]] = {
    "anthropic": ("anthropic", "claude-haiku-4-5", "ANTHROPIC_BASE_URL", lambda up: up.anthropic_url),
    "openai": ("openai", "gpt-5.3-codex", "OPENAI_BASE_URL", lambda up: up.openai_url),
    "ollama": ("ollama", "glm-4.7", "OLLAMA_HOST", lambda up: up.ollama_url),
}
_NUMBERS = itertools.count(1)
CLIENTS = {
    "anthropic": "anthropic.AsyncAnthropic(api_key='x').messages.stream",
    "openai": "openai.AsyncOpenAI(api_key='x').responses.create",
    "ollama": "ollama.AsyncClient().chat",
}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with running_upstream() as upstream, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        rows: dict[str, Callable[[], float]] = {"python -c pass": partial(_wall, ["-c", "pass"])}
        for sdk, (provider, model, variable, url) in DOORS.items():
            profile = home / f"{sdk}.toml"
            profile.write_text(PROFILE.format(provider=provider, model=model))
            environment = _environment(home) | {variable: url(upstream)}
            rows[f"{sdk} alone"] = partial(_until_imported, sdk)
            rows[f"ask through {sdk}"] = partial(_to_request, upstream, profile, environment, "--no-cache")
            rows[f"{sdk}, cache asked"] = partial(_to_request, upstream, profile, environment)
        figures: dict[str, list[float]] = {name: [] for name in rows}
        for turn in range(runs + 1):
            for name, measure in rows.items():
                taken = measure()
                if turn:  # the first turn warms the caches
                    figures[name].append(taken)
    for name, times in figures.items():
        print(f"{name:24} min {min(times):6.0f}  median {statistics.median(times):6.0f}  max {max(times):6.0f} ms")
    for sdk in DOORS:
        pairs = zip(figures[f"ask through {sdk}"], figures[f"{sdk} alone"], strict=True)
        own = [ask - alone for ask, alone in pairs]
        print(f"own part, {sdk:14} min {min(own):6.0f}  median {statistics.median(own):6.0f}  max {max(own):6.0f} ms")
    return 0


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "ANTHROPIC_API_KEY": "x", "OPENAI_API_KEY": "x"}


def _wall(arguments: list[str]) -> float:
    started = time.monotonic_ns()
    subprocess.run([sys.executable, *arguments], check=True)
    return (time.monotonic_ns() - started) / 1e6


def _until_imported(sdk: str) -> float:
    """To the SDK's client standing there with its parts loaded (the SDKs put much of their import off until then), without
    the interpreter's own end. CLOCK_MONOTONIC is the same in both processes."""
    started = time.monotonic_ns()
    program = f"import {sdk}, time; {CLIENTS[sdk]}; print(time.monotonic_ns())"
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    return (int(ended) - started) / 1e6


def _to_request(upstream: Upstream, profile: Path, environment: dict[str, str], *options: str) -> float:
    """To the arrival of the request; each time for another prompt, so that the cache, where it is asked, has near ones to
    look at and none to serve."""
    upstream.requests.clear()
    started = time.monotonic_ns()
    command = [
        str(Path(sys.executable).parent / "llmswitch"),
        "ask",
        "-q",
        "-P",
        str(profile),
        *options,
        f"what does step {next(_NUMBERS)} of a git rebase do?",
    ]
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    arrived = next(seen.arrived_ns for seen in upstream.requests if seen.method == "POST")
    return (arrived - started) / 1e6


if __name__ == "__main__":
    sys.exit(main())
