"""What the answer cache costs and saves on the way of a request: exact hit, semantic hit and miss, beside no cache at all.

    python benchmarks/cache_dispatch.py [--entries 10000] [--runs 20] [--store disk|redis --url URL]

`engine` is one process that goes on, over a cache that holds that many entries of one scope; `process` is `llmswitch ask -q`
from exec to exit. The four ways take turns within one run, so that a busy machine slows all of them; `added` is the median of
the differences to the call without a cache, which goes to a loopback server that answers at once. Milliseconds.
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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from upstream import Upstream, running_upstream

from llmswitch.cache.opening import OpenedCache, open_cache
from llmswitch.classify import Label
from llmswitch.conversation import Message, Request, Text
from llmswitch.engine.dispatch import DispatchEvent, Engine, Job
from llmswitch.ledger.store import Ledger, sortable_id
from llmswitch.profile import Profile, load_profile

KEPT = "how can I delete a branch in git?"
NEAR = "how do I delete a git branch?"
PROFILE = """
[models.bench]
provider = "bench"
model = "bench"
[providers.bench]
kind = "openai-chat"
base_url = "{url}"
[routes]
default = ["bench"]
[classifier]
mode = "linear"
[cache]
{cache}
"""
Times = dict[str, list[float]]


class Fixed:
    """No classifier: it is not what is measured."""

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """The same label for everything."""
        return Label("chat", 1.0)


def asked(prompt: str, *, cached: bool = True) -> Job:
    """A job of one prompt."""
    return Job(Request((Message("user", (Text(prompt),)),)), prompt, task="chat", cache="use" if cached else "off")


async def ignore(event: DispatchEvent) -> None:
    """Nobody listens."""
    del event


async def measure(engine: Engine, runs: int) -> Times:
    """Milliseconds of each way in an engine that has gone each before."""
    ways: Mapping[str, tuple[Callable[[int], Job], str]] = {
        "no cache": (lambda turn: asked(f"what does word {turn}x mean?", cached=False), "off"),
        "miss": (lambda turn: asked(f"what does word {turn}y mean?"), "miss"),
        "exact hit": (lambda _: asked(KEPT), "hit"),
        "semantic hit": (lambda _: asked(NEAR), "hit"),
    }
    times: Times = {name: [] for name in ways}
    for turn in range(runs + 3):
        for name, (job, outcome) in ways.items():
            started = time.perf_counter()
            result = await engine.run(job(turn), ignore)
            taken = 1000 * (time.perf_counter() - started)
            assert result.cache == outcome, (name, result.cache)
            if turn >= 3:
                times[name].append(taken)
    await engine.aclose()
    return times


def fill(profile: Profile, engine: Engine, entries: int) -> None:
    """Keep one real answer, and `entries` others of the same scope whose vectors point anywhere."""
    asyncio.run(engine.run(asked(KEPT), ignore))
    cache = engine.cache.opened(profile)
    assert isinstance(cache, OpenedCache)
    [kept] = list(cache.store.entries())
    drawn = np.random.default_rng(1)
    for number in range(entries):
        vector = drawn.standard_normal(384).astype(np.float32)
        other = replace(kept, id=sortable_id(number + 1), prompt_hash=f"{number:064x}", prompt=f"prompt {number}")
        cache.store.put(other, vector / np.linalg.norm(vector))


def processes(path: Path, home: Path, runs: int) -> Times:
    """Milliseconds of each way from exec to exit, over a cache that the first one filled."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache-of-processes")}
    command = [sys.executable, "-m", "llmswitch", "ask", "-q", "--no-stdin", "--task", "chat", "-P", str(path)]
    ways: Mapping[str, Callable[[int], list[str]]] = {
        "no cache": lambda turn: ["--no-cache", f"what does word {turn}x mean?"],
        "miss": lambda turn: [f"what does word {turn}y mean?"],
        "exact hit": lambda _: [KEPT],
        "semantic hit": lambda _: [NEAR],
    }
    times: Times = {name: [] for name in ways}
    subprocess.run([*command, KEPT], env=environment, cwd=home, capture_output=True, check=True)
    for turn in range(runs + 1):
        for name, more in ways.items():
            started = time.perf_counter()
            subprocess.run([*command, *more(turn)], env=environment, cwd=home, capture_output=True, check=True)
            if turn:
                times[name].append(1000 * (time.perf_counter() - started))
    return times


def show(title: str, times: Times) -> None:
    """A row for each way, beside the first one."""
    base = times["no cache"]
    for name, series in times.items():
        added = statistics.median(mine - other for mine, other in zip(series, base, strict=True))
        ratio = statistics.median(mine / other for mine, other in zip(series, base, strict=True))
        print(
            f"{title:10} {name:13} min {min(series):7.1f}   median {statistics.median(series):7.1f}"
            f"   added {added:+7.1f}   ratio {ratio:5.2f}"
        )


def written(folder: Path, upstream: Upstream, lines: Sequence[str]) -> Path:
    """A profile with one model and this `[cache]`."""
    path = folder / "bench.toml"
    path.write_text(PROFILE.format(url=f"{upstream.url}/v1", cache="\n".join(lines)))
    return path


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--store", choices=("disk", "redis"), default="disk")
    parser.add_argument("--url", default="redis://127.0.0.1:6379/0")
    given = parser.parse_args()
    with running_upstream() as upstream, tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        lines = [f'store = "{given.store}"', f'url = "{given.url}"', "deadline_ms = 60000", "limit_mb = 100000"]
        path = written(home, upstream, [*lines, f'path = "{home / "answers"}"'])
        profile = load_profile(str(path), project=False)
        with Ledger.open(home / "ledger.db") as ledger:
            engine = Engine(profile, ledger, Fixed())
            fill(profile, engine, given.entries)
            show("engine", asyncio.run(measure(engine, given.runs)))
        path = written(home, upstream, lines)
        show("process", processes(path, home, given.runs))
        kept = open_cache(profile.settings["cache"], profile.providers)
        size = kept.store.stats()
        kept.close()
    print(f"{size.entries:,} entries, {size.bytes / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
