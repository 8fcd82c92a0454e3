"""A quick look at an Ollama server, without its SDK: is it there, and which models has it got?

Candidates are passed over for it before anything slow is imported, so it is the standard library and half a second at most.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT_S = 0.5
FRESH_S = 5.0
AUTO = "auto"
"""The model id that stands for the best installed one."""
_EMBEDDERS = ("embed", "bge-", "minilm")


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model of the server: its name and size in bytes."""

    name: str
    size: int


_seen: dict[str, tuple[float, tuple[InstalledModel, ...] | None]] = {}


def installed_models(url: str) -> tuple[InstalledModel, ...] | None:
    """What the server at `url` has, largest first; None where no Ollama answers. Asked again after FRESH_S."""
    now = time.monotonic()
    if url not in _seen or now - _seen[url][0] > FRESH_S:
        _seen[url] = (now, _ask(url))
    return _seen[url][1]


def _ask(url: str) -> tuple[InstalledModel, ...] | None:
    split = urlsplit(url)
    kind = http.client.HTTPSConnection if split.scheme == "https" else http.client.HTTPConnection
    connection = kind(split.hostname or "", split.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", f"{split.path.rstrip('/')}/api/tags")
        body = json.loads(connection.getresponse().read())
        found = [InstalledModel(entry["name"], int(entry.get("size", 0))) for entry in body["models"]]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None  # nobody there, or somebody else
    finally:
        connection.close()
    return tuple(sorted(found, key=lambda model: -model.size))


def best(installed: Sequence[InstalledModel], prefer: Sequence[str]) -> str | None:
    """The first of `prefer` that is installed (a name without a tag fits any tag), else the largest that can chat."""
    names = [model.name for model in installed]
    for wanted in prefer:
        fitting = (name for name in names if wanted in (name, name.removesuffix(":latest"), name.partition(":")[0]))
        if found := next(fitting, None):
            return found
    return next((name for name in names if not any(word in name for word in _EMBEDDERS)), None)
