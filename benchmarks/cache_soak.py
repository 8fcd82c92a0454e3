"""Twenty processes read and write one disk cache for a minute; each second one of them is killed with SIGKILL.

    python benchmarks/cache_soak.py [--processes 20] [--seconds 60] [--kill-every-s 1] [--seed N]

Afterwards every live entry must be found by its prompt and by its vector. Ends with 1 where a process met an exception, an
answer was another prompt's, or an entry was lost.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from cache_soak import soak


def main() -> int:
    """Run it and print what it came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kill-every-s", type=float, default=1)
    parser.add_argument("--seed", type=int, default=random.randrange(2**31))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = soak(
            Path(folder),
            processes=args.processes,
            seconds=args.seconds,
            kill_every_s=args.kill_every_s,
            seed=args.seed,
        )
    print(
        f"seed {outcome.seed}: {outcome.kills} killed, {outcome.operations} operations of those that lived to the end,"
    )
    print(f"{outcome.entries} live entries, {len(outcome.lost)} lost, {len(outcome.faults)} faults")
    for line in (*outcome.lost[:10], *outcome.faults[:10]):
        print(line)
    return 1 if outcome.lost or outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
