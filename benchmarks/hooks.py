"""What the installed hooks cost where they have nothing to do: a rebase of ten commits, with and without them.

    python benchmarks/hooks.py [--runs 15]

All rows are measured in turn within one run (this matters on a shared machine). `own` is what the hooks add to the whole
rebase: each time, the difference to the rebase without hooks of the same turn, by the clock and in time of the processor
(which a busy machine changes less). The hook that is empty (`exit 0`) shows what git and sh take for themselves.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from llmswitch.hooks import hook_file
from llmswitch.hooks.install_global import FORWARDED
from llmswitch.hooks.shim import HOOKS, Hook, forwarder

PICKS = 10
PROGRAM = "/bin/false"
"""Never reached: whatever starts it would be seen as a failed commit's time."""
NOTHING = "#!/bin/sh\nexit 0\n"
ROWS: dict[str, Sequence[Hook]] = {
    "no hook": (),
    "a hook that is empty": ("prepare-commit-msg",),
    "prepare-commit-msg": ("prepare-commit-msg",),
    "all four hooks": HOOKS,
    "all four, --global": HOOKS,
}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in ROWS}
    with tempfile.TemporaryDirectory() as folder:
        places = {name: _repository(Path(folder) / name.replace(" ", "-"), hooks, name) for name, hooks in ROWS.items()}
        for turn in range(runs + 1):
            for name, place in places.items():
                taken = _rebase(place)
                if turn:  # the first turn warms the caches
                    figures[name].append(taken)
    for name, times in figures.items():
        walls = [wall for wall, _ in times]
        print(f"{name:24} min {min(walls):6.0f}  median {statistics.median(walls):6.0f}  max {max(walls):6.0f} ms")
    for name, times in figures.items():
        own = [
            (wall - without, cpu - cpu_without)
            for (wall, cpu), (without, cpu_without) in zip(times, figures["no hook"], strict=True)
        ]
        if name != "no hook":
            wall, cpu = (statistics.median(column) for column in zip(*own, strict=True))
            print(f"own part, {name:20} median {wall:6.1f} ms by the clock, {cpu:6.1f} ms of processor, {PICKS} picks")
    return 0


def _repository(place: Path, hooks: Sequence[Hook], name: str) -> Path:
    """Two branches that differ; the one called `side` has ten commits of its own."""
    place.mkdir()
    _git(place, "init", "--quiet", "--initial-branch=main")
    _commit(place, "base")
    _git(place, "switch", "--quiet", "-c", "side")
    for number in range(PICKS):
        _commit(place, f"side-{number}")
    _git(place, "switch", "--quiet", "main")
    _commit(place, "main")
    folder = place / ".git/hooks"
    if name.endswith("--global"):
        folder = place.parent / "global"
        folder.mkdir()
        for other in FORWARDED:
            (folder / other).write_text(forwarder(other))
            (folder / other).chmod(0o755)
        for hook in hooks:
            (folder / hook).unlink()
        _git(place, "config", "core.hooksPath", str(folder))
    for hook in hooks:
        if name == "a hook that is empty":
            (folder / hook).write_text(NOTHING)
            (folder / hook).chmod(0o755)
            continue
        hook_file.insert(folder / hook, hook, PROGRAM, below="repository" if name.endswith("--global") else None)
    _git(place, "tag", "before", "side")
    return place


def _rebase(place: Path) -> tuple[float, float]:
    """Milliseconds of `git rebase main side`, by the clock and of the processor, from the same state each time."""
    _git(place, "switch", "--quiet", "main")
    _git(place, "branch", "--quiet", "--force", "side", "before")
    started, used = time.monotonic_ns(), _processor_s()
    _git(place, "rebase", "--quiet", "main", "side")
    return (time.monotonic_ns() - started) / 1e6, (_processor_s() - used) * 1000


def _processor_s() -> float:
    """Seconds of processor that our children have used, and theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _commit(place: Path, name: str) -> None:
    (place / name).write_text(f"{name}\n")
    _git(place, "add", name)
    _git(place, "commit", "--quiet", "-m", name)


def _git(place: Path, *arguments: str) -> None:
    identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1", **identity}
    subprocess.run(["git", *arguments], cwd=place, env=environment, stdin=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    sys.exit(main())
