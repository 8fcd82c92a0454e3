"""A log that a person can paste: version, platform, traceback without local values, with everything that looks like a key
taken out."""

from __future__ import annotations

import os
import platform
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import llmswitch
from llmswitch import paths

_SECRET_NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_SECRET_SHAPES = re.compile(r"\b(?:sk|rk|pk|key|gsk|xai|ghp|AIza)[-_A-Za-z0-9]{12,}|(?i:bearer)\s+\S{8,}")


def write(error: BaseException) -> Path | None:
    """Write the log of `error` into the state folder, 0600, and return its path; None where even that fails."""
    now = datetime.now(UTC)
    path = paths.state_dir() / f"crash-{now:%Y%m%dT%H%M%S}-{os.getpid()}.log"
    head = f"llmswitch {llmswitch.__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    text = head + redact("".join(traceback.format_exception(error)))
    try:
        paths.private_dir(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as problem:
        sys.stderr.write(f"llmswitch: no log could be written to {path}: {problem.strerror}\n")
        return None
    return path


def redact(text: str) -> str:
    """`text` without the values of variables that hold secrets, and without anything shaped like a key."""
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET_NAMES.search(name):
            text = text.replace(value, f"[{name}]")
    return _SECRET_SHAPES.sub("[redacted]", text)
