"""Which price list is in use: the user's newer one (`prices update`), else the one that is shipped."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from llmswitch.paths import prices_file

_PARTS = {"source", "made", "providers"}


@cache
def snapshot() -> dict[str, Any]:
    """The list, in the shape that `price_snapshot.py` describes."""
    if (own := _users(prices_file())) is not None:
        return own
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("price_snapshot.json").read_bytes())
    return loaded


def size() -> int:
    """How many models it has."""
    return sum(len(provider["models"]) for provider in snapshot()["providers"].values())


def unread() -> str | None:
    """Why the user's own list is not the one in use, although there is one; None where all is well."""
    path = prices_file()
    if not path.exists() or _users(path) is not None:
        return None
    return (
        f"{path} can't be read as a price list: the shipped one is in use; `llmswitch prices update shipped` removes it"
    )


def _users(path: Path) -> dict[str, Any] | None:
    try:
        loaded: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return loaded if isinstance(loaded, dict) and loaded.keys() >= _PARTS else None
