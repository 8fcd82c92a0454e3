"""What three failing candidates cost before the fourth answers, beside a direct call of the fourth.

    python benchmarks/fallback.py [--runs 20]

The first three fail in three ways (429, a connection reset before any content, a web page with status 200), at once, so
that all of the difference is ours: HTTP, errors, health, ledger rows. `warm engine` is one process that goes on; `process` is
`llmswitch ask` from exec to exit, with candidates of one vendor's SDK, and with each of another (the SDKs of openai and
anthropic are imported on the way). Direct call and fallback take turns within one run. Milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from upstream import DEFAULT_TEXT, Reply, Upstream, running_upstream

from llmswitch.classify import Label
from llmswitch.conversation import Message, Request, Text
from llmswitch.engine.dispatch import DispatchEvent, Engine, Job
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile

FAILING = {
    "limited": Reply(status=429, body='{"error": "busy, try again in 0s"}'),
    "lost": Reply(drop_after=0),
    "page": Reply(garbage=True),
}
ONE_SDK = ("openai-chat", "openai-chat", "openai-chat", "openai-chat")
THREE_SDKS = ("ollama", "anthropic", "openai", "openai-chat")
PATHS = {"anthropic": "", "ollama": ""}


class Fixed:
    """No classifier: it is not what is measured."""

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The same label for everything."""
        return Label("chat", 1.0)


def profile(folder: Path, upstream: Upstream, kinds: tuple[str, ...]) -> Path:
    """Four candidates, one behind another, each of a provider of its own."""
    path = folder / f"{'-'.join(kinds)}.toml"
    parts = ['[classifier]\nmode = "linear"\n[routes]\ndefault = ["limited", "lost", "page", "good"]\n']
    for name, kind in zip((*FAILING, "good"), kinds, strict=True):
        parts.append(f'[models.{name}]\nprovider = "of-{name}"\nmodel = "{name}"\n')
        url = upstream.url + PATHS.get(kind, "/v1")
        parts.append(f'[providers.of-{name}]\nkind = "{kind}"\nbase_url = "{url}"\n')
    path.write_text("".join(parts))
    return path


async def warm(path: Path, ledger: Ledger, runs: int) -> tuple[list[float], list[float]]:
    """Milliseconds of (direct, fallback) in an engine that has made each call before."""
    engine = Engine(load_profile(str(path), project=False), ledger, Fixed())
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(runs + 3):
        for series, model in zip(times, ("good", None), strict=True):
            started = time.perf_counter()
            result = await engine.run(Job(Request((Message("user", (Text("hello"),)),)), "hello", model=model), _ignore)
            taken = 1000 * (time.perf_counter() - started)
            assert result.text == DEFAULT_TEXT
            assert len(result.attempts) == (1 if model else 4)
            if turn >= 3:
                series.append(taken)
    await engine.aclose()
    return times


async def _ignore(event: DispatchEvent) -> None:
    del event


def processes(path: Path, home: Path, runs: int) -> tuple[list[float], list[float]]:
    """Milliseconds of (direct, fallback) from exec to exit."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    command = [sys.executable, "-m", "llmswitch", "ask", "-q", "--no-stdin", "-P", str(path), "hello"]
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(runs + 1):
        for series, more in zip(times, (["-m", "good"], []), strict=True):
            started = time.perf_counter()
            done = subprocess.run([*command, *more], env=environment, cwd=home, capture_output=True, check=True)
            taken = 1000 * (time.perf_counter() - started)
            assert done.stdout.decode() == DEFAULT_TEXT
            if turn:
                series.append(taken)
    return times


def _row(name: str, times: tuple[list[float], list[float]]) -> None:
    direct, fallback = times
    added = [four - one for one, four in zip(direct, fallback, strict=True)]
    print(
        f"{name:28} direct {statistics.median(direct):7.1f}   fallback {statistics.median(fallback):7.1f}"
        f"   added {statistics.median(added):7.1f}   (min {min(added):.1f}, max {max(added):.1f})"
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    with running_upstream() as upstream, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for model, reply in FAILING.items():
            upstream.script(reply, model=model, times=None)
        mixes = {"one SDK": profile(home, upstream, ONE_SDK), "three SDKs": profile(home, upstream, THREE_SDKS)}
        for name, path in mixes.items():
            with Ledger.open(home / f"{path.stem}.db") as ledger:
                _row(f"warm engine, {name}", asyncio.run(warm(path, ledger, runs)))
        for name, path in mixes.items():
            _row(f"process, {name}", processes(path, home, runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
