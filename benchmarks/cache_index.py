"""How long the embedded cache takes to find an answer, and the memory that it needs, by how many entries there are.

    python benchmarks/cache_index.py [--entries 100000] [--dim 384] [--runs 50] [--folder DIR] [--json]

The vectors are random around common centres, so that near ones exist and none is alike; all entries are of one scope, which
is the worst case: each is looked at. `semantic` is the search for the nearest entry of a prompt like a stored one (cosine
0.95) and loading it, `miss` one of a prompt that is like none; neither includes the embedder. `cold` is a fresh process that
has imported what `llmswitch ask` has: from there to the answer, with numpy's import. Figures are medians, in milliseconds of
the clock and, as `_cpu`, of the processor: on a busy machine the second tell more. `found` is the share of the searched
neighbours that came first. With `--folder` the cache is kept there and used again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from llmswitch.cache.base import Entry, Neighbour
from llmswitch.cache.disk import DiskStore
from llmswitch.cache.disk_rows import EntryRows
from llmswitch.cache.index import VectorIndex
from llmswitch.cache.index_layout import Layout, entry_key, scope_code
from llmswitch.cache.index_rows import Row
from llmswitch.cache.limits import Limits
from llmswitch.cache.record import Record

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector

EMBEDDER = "benchmark"
SCOPE = "s" * 64
CENTRES = 500
COLD = """
import json, sys, time
from pathlib import Path
import llmswitch.commands.ask, llmswitch.engine.dispatch, llmswitch.ledger.store
assert "numpy" not in sys.modules and "diskcache" not in sys.modules
start, start_cpu = time.perf_counter(), time.process_time()
from llmswitch.cache.limits import Limits
from llmswitch.cache.stores import open_store
folder, dim, what, number = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
store = open_store("disk", path=folder, url=None, embedder_name="benchmark", dim=dim, limits=Limits(bytes=2**40))
if what == "exact":
    assert store.exact("s" * 64, f"{number:064d}", max_tier=9)
else:
    import numpy as np
    vector = np.load(folder / "query.npy")
    assert store.near("s" * 64, vector, k=1, threshold=0.85, max_tier=9)
print(1000 * (time.perf_counter() - start), 1000 * (time.process_time() - start_cpu))
"""
IMPORT_NUMPY = """
import time
start, start_cpu = time.perf_counter(), time.process_time()
import numpy
print(1000 * (time.perf_counter() - start), 1000 * (time.process_time() - start_cpu))
"""


def vectors(entries: int, dim: int) -> Iterator[Vector]:
    """(n, dim) some at a time, `entries` in all, of length 1."""
    chance = np.random.default_rng(1)
    centres = chance.standard_normal((CENTRES, dim), np.float32)
    for start in range(0, entries, 10_000):
        some = min(10_000, entries - start)
        drawn = centres[chance.integers(CENTRES, size=some)] * 0.7 + chance.standard_normal((some, dim), np.float32)
        yield drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def an_entry(number: int, now: float) -> Entry:
    """An entry with a prompt and an answer of common length."""
    prompt, answer = f"question {number} " * 12, f"answer {number} " * 60
    names = (f"entry-{number:014d}", SCOPE, f"{number:064d}", prompt, answer, "docs", "haiku", "anthropic", "claude")
    return Entry(*names, tier=number % 3, created_at=now, expires_at=now + 86_400)


def fill(folder: Path, entries: int, dim: int) -> dict[str, float]:
    """Write the entries in a few large transactions, then the index at once, as a rebuild does; then some as `put` does."""
    layout = Layout(EMBEDDER, dim)
    store = DiskStore(folder, embedder=EMBEDDER, dim=dim, limits=Limits(bytes=2**40))
    cache, now, number = store._cache, time.time(), 0
    rows = EntryRows(cache)
    for some in vectors(entries, dim):
        with cache.transact():
            for vector in some:
                rows.write(Record(an_entry(number, now), EMBEDDER, vector.astype("<f4").tobytes()))
                number += 1
    started = time.perf_counter()
    made = (
        Row(entry_key(entry.id), scope_code(SCOPE), entry.tier, entry.expires_at, vector)
        for number, vector in enumerate(each for some in vectors(entries, dim) for each in some)
        for entry in (an_entry(number, now),)
    )
    VectorIndex.create(folder / "v1" / layout.file_name, layout, made, 0).close()
    took = {"make_index_s": time.perf_counter() - started}
    store.close()
    return took


def timed(name: str, runs: int, ask: Callable[[int], object]) -> dict[str, float]:
    """The median milliseconds of `ask`, which gets the number of the run."""
    took = []
    for run in range(runs):
        started, started_cpu = time.perf_counter(), time.process_time()
        ask(run)
        took.append((1000 * (time.perf_counter() - started), 1000 * (time.process_time() - started_cpu)))
    return medians(name, took)


def medians(name: str, took: list[tuple[float, float]]) -> dict[str, float]:
    """The medians of milliseconds by the clock and of the processor."""
    clock, processor = zip(*took, strict=True)
    return {f"{name}_ms": statistics.median(clock), f"{name}_cpu_ms": statistics.median(processor)}


def measure(folder: Path, entries: int, dim: int, runs: int) -> dict[str, float]:
    """The figures of a filled cache."""
    chance = np.random.default_rng(2)
    stored = next(vectors(entries, dim))
    picked = chance.integers(len(stored), size=runs)
    aside = chance.standard_normal((runs, dim)).astype(np.float32)
    aside -= (aside * stored[picked]).sum(axis=1, keepdims=True) * stored[picked]
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    alike = (0.95 * stored[picked] + np.sqrt(1 - 0.95**2) * aside).astype(np.float32)
    np.save(folder / "query.npy", alike[0])
    store = DiskStore(folder, embedder=EMBEDDER, dim=dim, limits=Limits(bytes=2**40))
    before = resident_mb()

    def search(query: Vector) -> Sequence[Neighbour]:
        return store.near(SCOPE, query, k=4, threshold=0.85, max_tier=9)

    figures = timed("first_search", 1, lambda _: search(alike[0]))
    hits = [search(query) for query in alike]
    found = sum(bool(hit) and hit[0].entry.id == f"entry-{at:014d}" for hit, at in zip(hits, picked, strict=True))
    figures |= (
        {"found": found / runs}
        | timed("exact", runs, lambda run: store.exact(SCOPE, f"{picked[run]:064d}", max_tier=9))
        | timed("semantic", runs, lambda run: search(alike[run]))
        | timed("miss", runs, lambda run: search(aside[run]))
        | timed("touch", runs, lambda run: store.touch(f"entry-{picked[run]:014d}"))
        | timed("put", runs, lambda run: store.put(an_entry(entries + run, time.time()), aside[run]))
    )
    figures |= {
        **{
            f"search_{name}_mb": now - was
            for (name, now), was in zip(resident_mb().items(), before.values(), strict=True)
        },
        "index_mb": (folder / "v1" / Layout(EMBEDDER, dim).file_name).stat().st_size / 2**20,
        "database_mb": (folder / "v1" / "cache.db").stat().st_size / 2**20,
    }
    store.close()
    figures |= medians("cold_exact", [cold(folder, dim, "exact", int(at)) for at in picked[:15]])
    figures |= medians("cold_semantic", [cold(folder, dim, "near", int(at)) for at in picked[:15]])
    return figures | medians("numpy_import", [in_fresh_process(IMPORT_NUMPY) for _ in range(15)])


def resident_mb() -> dict[str, float]:
    """What this process has in memory now: of its own, and pages of files, which other processes share."""
    lines = Path("/proc/self/status").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith("Rss")}
    return {"private": found["RssAnon"], "mapped": found["RssFile"]}


def cold(folder: Path, dim: int, what: str, number: int) -> tuple[float, float]:
    """Milliseconds that a fresh process takes to its answer, by the clock and of the processor."""
    return in_fresh_process(COLD, str(folder), str(dim), what, str(number))


def in_fresh_process(program: str, *told: str) -> tuple[float, float]:
    """The two numbers that it prints."""
    said = subprocess.run([sys.executable, "-c", program, *told], check=True, capture_output=True, text=True).stdout
    clock, processor = said.split()
    return float(clock), float(processor)


def main() -> int:
    """Fill a cache where there is none yet, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        took = {} if (folder / "v1").exists() else fill(folder, args.entries, args.dim)
        figures = {"entries": args.entries, "dim": args.dim} | took | measure(folder, args.entries, args.dim, args.runs)
    figures = {name: round(value, 3) for name, value in figures.items()}
    print(json.dumps(figures) if args.json else "\n".join(f"{name:>20} {value}" for name, value in figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
