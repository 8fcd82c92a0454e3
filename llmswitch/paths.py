"""Where things live: the XDG base directories, read from the environment at each call.

Folders of ours are created 0700 and files 0600: prompts, answers and the ledger are private.
"""

from __future__ import annotations

import os
from pathlib import Path

APP = "llmswitch"


def _base(variable: str, fallback: str) -> Path:
    """The XDG directory `variable` names; the specification says that a relative value is to be ignored."""
    value = os.environ.get(variable, "")
    return Path(value) / APP if value.startswith("/") else Path.home() / fallback / APP


def config_dir() -> Path:
    """User configuration: `config.toml`, the user's own profiles, trusted projects."""
    return _base("XDG_CONFIG_HOME", ".config")


def data_dir() -> Path:
    """What must not be lost: the ledger, downloaded models, a classifier the user taught."""
    return _base("XDG_DATA_HOME", ".local/share")


def cache_dir() -> Path:
    """What may be deleted at any time."""
    return _base("XDG_CACHE_HOME", ".cache")


def state_dir() -> Path:
    """Logs of failures."""
    return _base("XDG_STATE_HOME", ".local/state")


def runtime_dir() -> Path:
    """Sockets of the resident engine; falls back to the state folder where the system gives none."""
    value = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(value) / APP if value.startswith("/") else state_dir() / "run"


def private_dir(path: Path) -> Path:
    """Create `path` and its missing parents, `path` itself 0700, and return it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def ledger_file() -> Path:
    """The SQLite ledger; `LLMSWITCH_LEDGER` names another file."""
    value = os.environ.get("LLMSWITCH_LEDGER", "")
    return Path(value) if value else data_dir() / "ledger.db"


def prices_file() -> Path:
    """A price list that is newer than the shipped one (`prices update`)."""
    return data_dir() / "prices.json"


def models_dir() -> Path:
    """Model files that llmswitch fetched itself."""
    return data_dir() / "models"


def user_config_file() -> Path:
    """The user's own layer over a shipped profile."""
    return config_dir() / "config.toml"
