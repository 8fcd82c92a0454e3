"""How long the Redis store takes to find an answer: with the server's vector sets (Redis 8), and with rows scored here.

    python benchmarks/cache_redis.py [--entries 20000] [--dim 384] [--runs 50]

Starts both servers on Unix sockets. All entries are of one scope. `first` is the first search of a process, which on a plain
server fetches every row; then as in benchmarks/cache_index.py: medians, in milliseconds of the clock. `server` is what the
server has in memory for an entry.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import redis

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).parent.parent))

from fixtures_redis import plain_program, running_redis, vectors_program

from benchmarks.cache_index import SCOPE, an_entry, in_fresh_process, timed, vectors
from llmswitch.cache.limits import Limits
from llmswitch.cache.redis_store import RedisStore

IMPORT_REDIS = """
import time
start, start_cpu = time.perf_counter(), time.process_time()
import redis
print(1000 * (time.perf_counter() - start), 1000 * (time.process_time() - start_cpu))
"""


def measure(program: str, entries: int, dim: int, runs: int) -> dict[str, float]:
    """The figures of one server."""
    limits = Limits(bytes=2**40, operation_s=60)
    with running_redis(program) as socket:
        url = f"unix://{socket}"
        store = RedisStore(url, embedder="benchmark", dim=dim, limits=limits)
        started, now = time.perf_counter(), time.time()
        stored = np.concatenate(list(vectors(entries, dim)))
        for number, vector in enumerate(stored):
            store.put(an_entry(number, now), vector)
        figures = {"put_ms": 1000 * (time.perf_counter() - started) / entries}
        chance = np.random.default_rng(2)
        picked = chance.integers(entries, size=runs)
        aside = chance.standard_normal((runs, dim)).astype(np.float32)
        aside /= np.linalg.norm(aside, axis=1, keepdims=True)
        alike = 0.95 * stored[picked] + 0.31 * aside
        alike = (alike / np.linalg.norm(alike, axis=1, keepdims=True)).astype(np.float32)

        def search(query: np.ndarray) -> str | None:
            near = store.near(SCOPE, query, k=4, threshold=0.85, max_tier=9)
            return near[0].entry.id if near else None

        figures |= timed("first", 1, lambda _: search(alike[0]))
        found = sum(search(query) == f"entry-{at:014d}" for query, at in zip(alike, picked, strict=True))
        figures |= {"found": found / runs}
        figures |= timed("exact", runs, lambda run: store.exact(SCOPE, f"{picked[run]:064d}", max_tier=9))
        figures |= timed("semantic", runs, lambda run: search(alike[run]))
        figures |= timed("miss", runs, lambda run: search(aside[run]))
        with redis.Redis(unix_socket_path=str(socket)) as client:
            figures |= {"server_bytes_an_entry": client.info("memory")["used_memory"] / entries}
        store.close()
    return {name: value for name, value in figures.items() if not name.endswith("_cpu_ms")}


def main() -> int:
    """Print the figures of both servers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--runs", type=int, default=50)
    args = parser.parse_args()
    for name, program in (("vector sets", vectors_program()), ("plain", plain_program())):
        print(f"{name}, {args.entries} entries of {args.dim} numbers")
        for figure, value in measure(program, args.entries, args.dim, args.runs).items():
            print(f"{figure:>24} {value:.3f}")
    clock, processor = zip(*(in_fresh_process(IMPORT_REDIS) for _ in range(9)), strict=True)
    print(f"import redis: {sorted(clock)[4]:.0f} ms, {sorted(processor)[4]:.0f} ms of the processor")
    return 0


if __name__ == "__main__":
    sys.exit(main())
