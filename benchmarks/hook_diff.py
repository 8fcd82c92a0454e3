"""What a hook does itself, without the model: time and memory in a repository of 50,000 files with a 5 MB staged diff.

    python -m benchmarks.hook_diff [--files 50000] [--diff-mb 5] [--runs 7]

A real repository is made in a temporary folder (about a minute). Measured are whole processes, started afresh: Python, the
diff, the reduction, the habit, the secret scan, the request; everything that `commit-message` does before it asks a model.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

WORK = """
import json, resource, sys, time
started = time.perf_counter()
from llmswitch.hooks.preparation import prepare
from llmswitch.hooks.repository import Repository
from llmswitch.profile.schema import SECTIONS
settings = {name: key.default for name, key in SECTIONS["hooks"].items()}
ready = prepare(Repository.here(), settings)
print(json.dumps({
    "own_ms": (time.perf_counter() - started) * 1000,
    "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "files": len(ready.diff.files), "chars": len(ready.guarded.text), "secrets": len(ready.guarded.secrets),
}))
"""
IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> None:
    """Run git, quietly."""
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True)


def make(folder: Path, files: int, megabytes: float) -> None:
    """A repository of `files` small sources, 100 commits, and a staged change of about `megabytes` over 400 files."""
    git(folder, "init", "--quiet")
    for number in range(files):
        path = folder / f"src/package_{number // 500}/part_{number % 500 // 50}/module_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"def answer_{number}():\n    return {number}\n", encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "feat: begin")
    for number in range(100):
        git(folder, "commit", "--quiet", "--allow-empty", "-m", f"fix(part{number % 7}): mend number {number}")
    line = "    value_{0} = compute(token_{0}, retries=3)  # the limit of file {1}\n"
    each = int(megabytes * 1_000_000 / 400)
    for file in range(400):
        path = folder / f"src/package_{file % 100}/part_0/module_{file % 100 * 500 + file // 100}.py"
        rows = [line.format(row, file) for row in range(each // len(line.format(1_000, file)) + 1)]
        path.write_text(f"def answer_{file}():\n{''.join(rows)}", encoding="utf-8")
    git(folder, "add", ".")


@dataclass
class Measured:
    """Milliseconds of whole processes on the clock and on the CPU (git's included), and without Python's start; megabytes
    (git's not included); the last run's answer."""

    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    owns: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    last: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return (
            f"whole process median {statistics.median(self.walls):.0f} ms, least {min(self.walls):.0f} ms; "
            f"on the CPU, git included, median {statistics.median(self.cpus):.0f} ms; "
            f"without Python's start median {statistics.median(self.owns):.0f} ms; {max(self.sizes):.0f} MB; "
            f"{self.last['chars']:,} characters to send"
        )


def measure(folder: Path, runs: int) -> Measured:
    """The preparation in `runs` fresh processes."""
    measured = Measured()
    for _ in range(runs):
        started, cpu = time.perf_counter(), _cpu()
        done = subprocess.run([sys.executable, "-c", WORK], cwd=folder, capture_output=True, check=True)
        measured.walls.append((time.perf_counter() - started) * 1000)
        measured.cpus.append((_cpu() - cpu) * 1000)
        measured.last = json.loads(done.stdout)
        measured.owns.append(measured.last["own_ms"])
        measured.sizes.append(measured.last["mb"])
    return measured


def _cpu() -> float:
    """Seconds that ended processes of ours, and theirs, were on the CPU."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure_command(folder: Path, home: Path, runs: int) -> list[float]:
    """Milliseconds of `llmswitch commit-message` with a profile without models: all but the model's answer."""
    home.mkdir()
    profile = home / "nobody.toml"
    profile.write_text('[classifier]\nmode = "linear"\n[hooks]\nsummarize = false\n', encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    walls = []
    for _ in range(runs):
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "llmswitch", "commit-message", "-P", str(profile)],
            cwd=folder,
            env=environment,
            capture_output=True,
            check=False,
        )
        walls.append((time.perf_counter() - started) * 1000)
        if b"has no model for" not in done.stderr:
            raise SystemExit(done.stderr.decode())
    return walls


def main() -> int:
    """Make the repository, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--diff-mb", type=float, default=5.0)
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        folder.mkdir()
        make(folder, asked.files, asked.diff_mb)
        size = len(subprocess.run(["git", "diff", "--cached"], cwd=folder, capture_output=True, check=True).stdout)
        plain = measure(folder, asked.runs)
        command = measure_command(folder, Path(name) / "home", asked.runs)
        largest = folder / "src/package_0/part_0/module_0.py"
        secret = 'password = "Zq3v9WkLm2"'
        largest.write_text(f"{secret}\n{secret}\n{largest.read_text(encoding='utf-8')}", encoding="utf-8")
        git(folder, "add", ".")
        with_secret = measure(folder, asked.runs)
    print(
        f"{asked.files:,} files, a staged diff of {size / 1e6:.1f} MB over {plain.last['files']} files; {asked.runs} runs"
    )
    print(f"nothing suspicious: {plain}")
    print(f"with a secret ({with_secret.last['secrets']:.0f} found, so the rules' library is loaded): {with_secret}")
    print(
        f"`llmswitch commit-message` up to the model: median {statistics.median(command):.0f} ms, least {min(command):.0f} ms"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
