"""The disk store under many processes of which some are killed. `benchmarks/cache_soak.py` does so for a minute."""

from __future__ import annotations

import random
from pathlib import Path

from cache_soak import soak


def test_killed_processes_lose_nothing_and_tell_nothing_wrong(tmp_path: Path) -> None:
    seed = random.randrange(2**31)
    print("seed", seed)
    outcome = soak(tmp_path, processes=8, seconds=8, kill_every_s=0.5, seed=seed)
    assert (outcome.faults, outcome.lost) == ([], []), outcome
