"""Time of `llmswitch cost --month` over a large ledger, beyond the interpreter's own start, and the file's bytes a row.

    python benchmarks/cost_report.py [--rows 1000000] [--span-days 28] [--runs 7] [--by model] [--json]

Builds a ledger of settled calls in a temporary folder, spread evenly over the present month (and the days before, where
it is young), as the program itself writes them: a dispatch and an attempt each. `first_ms` is the report that has to add
all of them up, `report_ms` the median of those after it; `start_ms` is the median of `python -c pass` and is not a part of
them. `cpu_ms` is the processor time of a report, without that of the interpreter: on a busy machine it is the steadier
figure, or run it before everything else: `chrt -r 5 python benchmarks/cost_report.py` (as root). Ten million rows take
about 4 GB and some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from llmswitch.ledger.store import Ledger, sortable_id

MODELS = (
    # name, provider, id, tier, plan, local, source, picodollars a token
    ("opus", "claude-code", "claude-opus-4-6", 0, "claude-max", 0, "plan", 5_000_000),
    ("sonnet", "anthropic", "claude-sonnet-4-5", 1, None, 0, "list", 3_000_000),
    ("haiku", "anthropic", "claude-haiku-4-5", 2, None, 0, "list", 1_000_000),
    ("gpt-codex", "codex", "gpt-5.3-codex", 0, "chatgpt-pro", 0, "plan", 1_750_000),
    ("deepseek", "openrouter", "deepseek/deepseek-v3.2", 2, None, 0, "provider", 260_000),
    ("gemini-flash", "gemini", "gemini-2.5-flash", 2, None, 0, "list", 300_000),
    ("qwen-coder", "ollama", "qwen3-coder:30b", 3, None, 1, "free", 300_000),
    ("glm", "ollama", "glm-4.7", 3, None, 1, "free", 0),
)
TASKS = (
    "design",
    "refactor",
    "implement",
    "bugfix",
    "test",
    "review",
    "docs",
    "quickfix",
    "research",
    "agentic",
    "chat",
)
PROJECTS = ("demo", "shop", None)
BATCH = 50_000

DISPATCH = """INSERT INTO dispatches (id, started_at, finished_at, kind, task, confidence, task_source, profile, project, status,
    cache, exit_code) VALUES (?, ?, ?, 'ask', ?, ?, 'linear', 'default', ?, 'ok', 'miss', 0)"""
ATTEMPT = """INSERT INTO attempts (dispatch_id, ordinal, started_at, first_token_ms, total_ms, model, provider, model_id,
    tier, plan, local, status, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens,
    reasoning_tokens, usage_raw, cost_pico, imputed_pico, cost_source, price_version, finish)
    VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'ok', ?, ?, ?, 0, ?, 0, ?, ?, ?, ?, 'genai-prices 0.2.3', 'stop')"""


def rows(count: int, span_days: int) -> Iterator[tuple[tuple[object, ...], tuple[object, ...]]]:
    """A dispatch and its attempt, in order of time, up to now."""
    chance = random.Random(1)
    now = time.time_ns() // 1000
    span = span_days * 86_400_000_000
    for number in range(count):
        at = now - span + span * number // count
        name, provider, model_id, tier, plan, local, source, price = chance.choice(MODELS)
        fresh, read, output = chance.randrange(4000), chance.randrange(20_000), chance.randrange(1200)
        pico = price * (fresh + read // 10 + 5 * output)
        raw = json.dumps(
            {"input_tokens": fresh, "cache_read_input_tokens": read, "output_tokens": output}, separators=(",", ":")
        )
        cash, imputed = (0, pico) if source in ("plan", "free") else (pico, None)
        took = chance.uniform(300, 9000)
        dispatch = sortable_id(at)
        yield (
            (dispatch, at, at + int(took * 1000), chance.choice(TASKS), chance.random(), chance.choice(PROJECTS)),
            (
                dispatch, at, round(took / 3), round(took), name, provider, model_id, tier, plan, local, fresh, read, 0,
                output, raw, cash, imputed, source,
            ),
        )  # fmt: skip


def build(path: Path, count: int, span_days: int) -> None:
    """Write the ledger."""
    with Ledger.open(path):
        pass
    connection = sqlite3.connect(path, isolation_level=None)
    made = rows(count, span_days)
    for start in range(0, count, BATCH):
        pairs = [pair for pair, _ in zip(made, range(min(BATCH, count - start)), strict=False)]
        connection.execute("BEGIN")
        connection.executemany(DISPATCH, (dispatch for dispatch, _ in pairs))
        connection.executemany(ATTEMPT, (attempt for _, attempt in pairs))
        connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Milliseconds of one run: by the clock, and of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    clock = 1000 * (time.perf_counter() - start)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock, 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def sizes(path: Path, count: int) -> dict[str, float]:
    """Bytes for each row, in all and of each table and index (where SQLite can tell)."""
    connection = sqlite3.connect(path)
    try:
        found = connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC").fetchall()
    except sqlite3.OperationalError:
        found = []  # this SQLite was built without dbstat
    finally:
        connection.close()
    parts = {f"bytes of {name}": round(size / count, 1) for name, size in found if size / count >= 1}
    return {"bytes_per_row": round(path.stat().st_size / count, 1), **parts}


def main() -> int:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--span-days", type=int, default=22)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--by", default="model")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        environment = {**os.environ, "HOME": folder, "LLMSWITCH_LEDGER": str(path)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
        start = time.perf_counter()
        build(path, args.rows, args.span_days)
        built = time.perf_counter() - start
        command = [
            sys.executable,
            "-m",
            "llmswitch",
            "cost",
            "--month",
            *(["--by", args.by] if args.by != "model" else []),
        ]
        help_ = [timed([sys.executable, "-m", "llmswitch", "--version"], environment) for _ in range(args.runs)]
        bare = [timed([sys.executable, "-c", "pass"], environment) for _ in range(args.runs)]
        first = timed(command, environment)
        later = [timed(command, environment) for _ in range(args.runs)]
        start_ms, start_cpu = (statistics.median(column) for column in zip(*bare, strict=True))
        clock, cpu = (statistics.median(column) for column in zip(*later, strict=True))
        figures: dict[str, float] = {
            "rows": args.rows,
            "build_s": round(built, 1),
            "start_ms": round(start_ms, 1),
            "version_cpu_ms": round(statistics.median(cpu for _, cpu in help_) - start_cpu, 1),
            "first_ms": round(first[0] - start_ms, 1),
            "report_ms": round(clock - start_ms, 1),
            "report_best_ms": round(min(clock for clock, _ in later) - min(clock for clock, _ in bare), 1),
            "cpu_ms": round(cpu - start_cpu, 1),
            **sizes(path, args.rows),
        }
    print(json.dumps(figures) if args.json else "\n".join(f"{name:>40} {value}" for name, value in figures.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
