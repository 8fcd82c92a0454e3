"""What an installed hook calls: one entry point each. Whatever happens here, git goes on, but where the user asked to be
stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llmswitch.hooks.shim import Hook


@dataclass(frozen=True, slots=True)
class Choice:
    """Which profile the hook runs under: a name from the command line, and whether the project's layer counts."""

    profile: str | None = None
    project: bool = True


def run(hook: Hook, arguments: Sequence[str], choice: Choice) -> int:
    """Do what `hook` is for, and return the exit code."""
    _ = hook, arguments, choice
    return 0
