"""Time to record an attempt (open the row, settle it) while other processes do the same.

    python benchmarks/ledger_write.py [--writers 10] [--attempts 200] [--pause-ms 20] [--json]

Each writer is a process of its own. `--pause-ms` is the time between two calls of one writer, drawn from 0 to twice
that: 0 is a saturated loop, which no set of real calls makes. Figures are milliseconds for one attempt's two writes
together, without the pause, and the row count is checked at the end. `control` is as much bare computation in the same
processes at the same time: what it shows at the 99th percentile is the machine's other work, not the ledger's. Where a
machine is busy, `chrt -r 5 python benchmarks/ledger_write.py` (as root) runs the writers before everything else.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from llmswitch.catalog import Model, ProviderSettings
from llmswitch.conversation import Usage
from llmswitch.ledger.prices import cost_of
from llmswitch.ledger.store import Ledger

MODEL = Model("opus", "anthropic", "claude-opus-4-6")
PROVIDER = ProviderSettings("anthropic", kind="anthropic")
_COMPUTED = 20_000
"""Rounds of an empty loop: about half a millisecond, as long as the two writes."""
USAGE = Usage(input_tokens=1200, cache_read_tokens=8000, output_tokens=450)


def write(path: str, attempts: int, pause_ms: float, seed: int) -> list[tuple[float, float, float]]:
    """Record `attempts` attempts and return the milliseconds of each: to open the row, to settle it, to compute."""
    took = []
    chance = random.Random(seed)
    cost = cost_of(USAGE, MODEL, PROVIDER, datetime.now(UTC))
    with Ledger.open(Path(path)) as ledger:
        for _ in range(attempts):
            dispatch = ledger.begin_dispatch("ask", task="bugfix")
            time.sleep(chance.uniform(0, 2 * pause_ms) / 1000)
            start = time.perf_counter()
            attempt = ledger.begin_attempt(dispatch, 1, MODEL)
            opened = time.perf_counter()
            time.sleep(chance.uniform(0, 2 * pause_ms) / 1000)
            again = time.perf_counter()
            ledger.settle_attempt(attempt, status="ok", usage=USAGE, usage_raw={"input_tokens": 1200}, cost=cost)
            settled = time.perf_counter()
            for _ in range(_COMPUTED):
                pass
            computed = time.perf_counter()
            took.append((1000 * (opened - start), 1000 * (settled - again), 1000 * (computed - settled)))
            ledger.finish_dispatch(dispatch, "ok", 0)
    return took


def main() -> int:
    """Run the writers and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writers", type=int, default=10)
    parser.add_argument("--attempts", type=int, default=200)
    parser.add_argument("--pause-ms", type=float, default=20.0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "ledger.db")
        started = time.perf_counter()
        Ledger.open(Path(path)).close()
        created = 1000 * (time.perf_counter() - started)
        started = time.perf_counter()
        Ledger.open(Path(path)).close()
        opened = 1000 * (time.perf_counter() - started)
        with multiprocessing.get_context("spawn").Pool(args.writers) as pool:
            jobs = [(path, args.attempts, args.pause_ms, seed) for seed in range(args.writers)]
            took = [pair for rows in pool.starmap(write, jobs) for pair in rows]
        rows = sqlite3.connect(path).execute("SELECT count(*) FROM attempts WHERE status = 'ok'").fetchone()[0]
        size = Path(path).stat().st_size
    figures: dict[str, float] = {
        "writers": args.writers,
        "attempts": rows,
        "lost": args.writers * args.attempts - rows,
        "create_ms": round(created, 3),
        "reopen_ms": round(opened, 3),
        "bytes_per_attempt": round(size / rows, 1),
    }
    both = [(begin, settle, begin + settle, control) for begin, settle, control in took]
    for name, series in zip(("begin", "settle", "both", "control"), zip(*both, strict=True), strict=True):
        cuts = statistics.quantiles(series, n=100)
        figures |= {f"{name}_p50_ms": round(cuts[49], 3), f"{name}_p99_ms": round(cuts[98], 3)}
    print(json.dumps(figures) if args.json else "\n".join(f"{name:>18} {value}" for name, value in figures.items()))
    return 0 if figures["lost"] == 0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
