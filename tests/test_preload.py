"""What is imported beside the reading of a prompt: the SDK, and numpy only where the cache has something to search."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmswitch.commands import preload
from llmswitch.profile import load_profile

PROFILE = """
[models.m]
provider = "ollama"
model = "m"
[routes]
default = ["m"]
[cache]
store = "{store}"
embedder = "{embedder}"
"""


@pytest.mark.parametrize(
    ("store", "embedder", "kept", "wanted"),
    [
        ("disk", "light", True, True),
        ("disk", "light", False, False),
        ("disk", "none", True, False),
        ("off", "light", True, False),
    ],
)
def test_numpy_is_wanted_where_near_prompts_may_be_kept(
    home: Path, store: str, embedder: str, kept: bool, wanted: bool
) -> None:
    file = home / "p.toml"
    file.write_text(PROFILE.format(store=store, embedder=embedder))
    if kept:
        (home / ".cache/llmswitch/answers").mkdir(parents=True)
    assert preload.may_search(load_profile(str(file), start=home)) is wanted
