"""The disk store where there is no room left: the system's limit on a file's size says no as a full disk does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cache_entries import DIM, EMBEDDER, a_vector

from llmswitch.cache.disk import DiskStore
from llmswitch.cache.limits import Limits

TESTS = Path(__file__).parent
FILL = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from cache_entries import DIM, EMBEDDER, a_vector, an_entry
from llmswitch.cache.disk import DiskStore
from llmswitch.cache.limits import Limits
from llmswitch.errors import CacheError
store = DiskStore(Path(sys.argv[2]), embedder=EMBEDDER, dim=DIM, limits=Limits())
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
number = 0
try:
    while number < 3_000:
        store.put(an_entry(str(number), prompt=str(number), answer="a" * 500), a_vector(number))
        number += 1
except CacheError as error:
    print(number, error)
"""


@pytest.mark.parametrize("largest", [20_000, 300_000, 1_500_000])
def test_a_full_disk_is_an_error_and_loses_nothing(tmp_path: Path, largest: int) -> None:
    command = [sys.executable, "-c", FILL, str(TESTS), str(tmp_path), str(largest)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kept, _, said = done.stdout.partition(" ")
    store = DiskStore(tmp_path, embedder=EMBEDDER, dim=DIM, limits=Limits())
    entries = list(store.entries())
    lost = [
        entry.id
        for entry in entries
        if [
            each.entry.id for each in store.near("scope-a", a_vector(int(entry.prompt)), k=1, threshold=0.9, max_tier=9)
        ]
        != [entry.id]
    ]
    store.close()
    assert (len(entries), lost, said.startswith("the cache ")) == (int(kept), [], True)
