"""How long the embedded cache takes to find an answer, and the memory that it needs, by how many entries there are.

    python benchmarks/cache_index.py [--entries 100000] [--dim 384] [--runs 50] [--folder DIR] [--json]

The vectors are random around common centres, so that near ones exist and none is alike; all entries are of one scope, which
is the worst case: each is looked at. `semantic` is the search for the nearest entry of a prompt like a stored one (cosine
0.95) and loading it, `miss` one of a prompt that is like none; neither includes the embedder. `cold` is a fresh process: from
the first statement after the interpreter's start to the answer, with all imports. Figures are medians, in milliseconds.
`found` is how many of the searched neighbours came first. With `--folder` the cache is kept there and used again.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from llmswitch.cache.base import Entry
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
import time
start = time.perf_counter()
import sys
from pathlib import Path
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
print(1000 * (time.perf_counter() - start))
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


def timed(runs: int, ask: Callable[[int], object]) -> float:
    """The median milliseconds of `ask`, which gets the number of the run."""
    took = []
    for run in range(runs):
        started = time.perf_counter()
        ask(run)
        took.append(1000 * (time.perf_counter() - started))
    return statistics.median(took)


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
    before = resident_bytes()
    first = timed(1, lambda _: store.near(SCOPE, alike[0], k=1, threshold=0.85, max_tier=9))
    hits = [store.near(SCOPE, query, k=1, threshold=0.85, max_tier=9) for query in alike]
    found = sum(bool(hit) and hit[0].entry.id == f"entry-{at:014d}" for hit, at in zip(hits, picked, strict=True))
    figures = {
        "found": found / runs,
        "exact_ms": timed(runs, lambda run: store.exact(SCOPE, f"{picked[run]:064d}", max_tier=9)),
        "semantic_ms": timed(runs, lambda run: store.near(SCOPE, alike[run], k=4, threshold=0.85, max_tier=9)),
        "miss_ms": timed(runs, lambda run: store.near(SCOPE, aside[run], k=4, threshold=0.85, max_tier=9)),
        "first_search_ms": first,
        "touch_ms": timed(runs, lambda run: store.touch(f"entry-{picked[run]:014d}")),
        "put_ms": timed(runs, lambda run: store.put(an_entry(entries + run, time.time()), aside[run])),
        "search_resident_mb": (resident_bytes() - before) / 2**20,
        "index_mb": (folder / "v1" / Layout(EMBEDDER, dim).file_name).stat().st_size / 2**20,
        "database_mb": (folder / "v1" / "cache.db").stat().st_size / 2**20,
        "cold_exact_ms": statistics.median(cold(folder, dim, "exact", int(at)) for at in picked[:9]),
        "cold_semantic_ms": statistics.median(cold(folder, dim, "near", int(at)) for at in picked[:9]),
        "cold_numpy_ms": statistics.median(import_alone("numpy") for _ in range(9)),
        "cold_diskcache_ms": statistics.median(import_alone("diskcache") for _ in range(9)),
    }
    store.close()
    return figures


def resident_bytes() -> int:
    """What this process has in memory now, pages of mapped files included."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def cold(folder: Path, dim: int, what: str, number: int) -> float:
    """Milliseconds that a fresh process takes to its answer."""
    told = (str(folder), str(dim), what, str(number))
    return float(subprocess.run([sys.executable, "-c", COLD, *told], check=True, capture_output=True, text=True).stdout)


def import_alone(module: str) -> float:
    """Milliseconds that a fresh process takes to import it."""
    program = f"import time; start = time.perf_counter(); import {module}; print(1000 * (time.perf_counter() - start))"
    return float(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout)


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
