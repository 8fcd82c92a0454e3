"""Many processes read and write one disk cache while some are killed: does an answer, an entry or the index get lost?

Run as a program it is one of the processes; `soak` starts them, kills them and looks at what is left.
"""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from cache_entries import DIM, EMBEDDER, a_vector, an_entry

from llmswitch.cache.base import Entry, Observation
from llmswitch.cache.disk import DiskStore
from llmswitch.cache.limits import Limits

PROMPTS = 300
LIMITS = Limits(bytes=2_000_000, busy_s=60.0)  # so many processes on so few cores may keep each other waiting


@dataclass
class Outcome:
    """What a soak came to. `faults` are exceptions and wrong answers; `lost` live entries that are not found."""

    seed: int
    kills: int = 0
    operations: int = 0
    entries: int = 0
    faults: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def soak(folder: Path, *, processes: int, seconds: float, kill_every_s: float, seed: int) -> Outcome:
    """Let `processes` work in `folder` for `seconds`, kill one at random every `kill_every_s` and start another."""
    chance = random.Random(seed)
    outcome = Outcome(seed)
    numbers = itertools.count()
    with tempfile.TemporaryDirectory() as notes:
        stop = Path(notes) / "stop"

        def start() -> subprocess.Popen[bytes]:
            said = (Path(notes) / f"{next(numbers)}.txt").open("wb")
            told = (str(folder), str(chance.randrange(2**31)), str(stop))
            with said:
                return subprocess.Popen([sys.executable, __file__, *told], stdout=said, stderr=said)

        running = [start() for _ in range(processes)]
        _wait_until_all_work(Path(notes), processes)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(kill_every_s)
            victim = chance.randrange(processes)
            running[victim].kill()
            running[victim].wait()
            outcome.kills += 1
            running[victim] = start()
        stop.touch()
        for process in running:
            if process.wait(timeout=120) != 0:
                outcome.faults.append(f"a process ended with {process.returncode}")
        for said in Path(notes).glob("*.txt"):
            lines = said.read_text().splitlines()
            outcome.operations += sum(int(line.split()[1]) for line in lines if line.startswith("done "))
            outcome.faults += [line for line in lines if not line.startswith(("done ", "working"))]
    _look_through(folder, outcome)
    return outcome


def _wait_until_all_work(notes: Path, processes: int) -> None:
    for _ in range(1_200):
        if sum(said.read_text().startswith("working") for said in notes.glob("*.txt")) >= processes:
            return
        time.sleep(0.1)


def _look_through(folder: Path, outcome: Outcome) -> None:
    """Every live entry must be found by its prompt and by its vector."""
    store = _opened(folder)
    for entry in store.entries():
        if entry.expires_at < time.time() + 2:
            continue
        outcome.entries += 1
        number = int(entry.prompt)
        found = store.exact(entry.scope, entry.prompt_hash, max_tier=entry.tier)
        near = store.near(entry.scope, a_vector(number), k=4, threshold=0.99, max_tier=entry.tier)
        if found is None or entry.id not in {each.entry.id for each in near}:
            outcome.lost.append(f"{entry.id}: exact {found is not None}, near {len(near)}")
        if found is not None and (wrong := _wrong(found, number)):
            outcome.faults.append(wrong)
    store.close()


def _opened(folder: Path) -> DiskStore:
    return DiskStore(folder, embedder=EMBEDDER, dim=DIM, limits=LIMITS)


def _an_answer(number: int, chance: random.Random) -> str:
    return f"answer {number} " * chance.randrange(1, 600)


def _wrong(entry: Entry, number: int) -> str | None:
    words = set(entry.answer.split())
    return (
        None
        if entry.prompt == str(number) and words == {"answer", str(number)}
        else f"{number} got {entry.answer[:50]}"
    )


def work(folder: Path, seed: int, stop: Path) -> None:
    """Read and write at random until the file `stop` is there."""
    chance = random.Random(seed)
    store = _opened(folder)
    print("working", flush=True)
    done = 0
    while not stop.exists():
        number, tier = chance.randrange(PROMPTS), chance.randrange(3)
        vector = a_vector(number)
        what = chance.random()
        found: list[Entry | None] = []
        if what < 0.35:
            ends = time.time() + (1.5 if chance.random() < 0.2 else 3_600)
            names = {"id": f"{number}-{seed}-{done}", "prompt": str(number), "tier": tier, "expires_at": ends}
            store.put(an_entry(str(number), answer=_an_answer(number, chance), **names), vector)
        elif what < 0.6:
            found = [store.exact("scope-a", f"hash-{number}", max_tier=tier)]
        elif what < 0.85:
            found = [each.entry for each in store.near("scope-a", vector, k=2, threshold=0.9, max_tier=tier)]
        elif hit := store.exact("scope-a", f"hash-{number}", max_tier=tier):
            store.touch(hit.id)
            store.observe(hit.id, Observation(0.9, right=True))
            if what > 0.96:
                store.remove([hit.id])
        for entry in found:
            if entry is not None and (wrong := _wrong(entry, number)):
                print("wrong:", wrong, flush=True)
        done += 1
    store.close()
    print("done", done, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
