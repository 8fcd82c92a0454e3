"""A diff on its way to a model: fitted to the budget, scanned for secrets, and what the scan means for the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llmswitch.hooks.changes import Diff
from llmswitch.hooks.diff_text import diff_text
from llmswitch.hooks.fitted import Fitted, fit
from llmswitch.hooks.secrets import Secret, SecretsFoundError, scan, told


@dataclass(frozen=True, slots=True)
class Guarded:
    """What may be sent: `text`, to any model, or with `local_only` to this machine's. `is_empty`: nothing may."""

    fitted: Fitted
    text: str
    secrets: tuple[Secret, ...]

    @property
    def is_empty(self) -> bool:
        """Whether every file is left out, so that there is nothing to send."""
        return not self.fitted.files

    @property
    def local_only(self) -> bool:
        """Whether it must stay on this machine."""
        return bool(self.secrets)


def guarded(
    diff: Diff,
    settings: Mapping[str, Any],
    others: Mapping[str, str],
    *,
    budget: int | None = None,
    numbered: bool = False,
) -> Guarded:
    """`diff` within `budget` tokens (`[hooks] diff_tokens` where it is None). `others` are the other texts of the prompt,
    by name. Raises SecretsFoundError where `[hooks] secrets = "stop"` and there are some."""
    fitted = fit(diff, settings["diff_tokens"] if budget is None else budget)
    found = scan(fitted, others)
    check(found, settings)
    return Guarded(fitted, diff_text(fitted, numbered=numbered), found)


def check(found: tuple[Secret, ...], settings: Mapping[str, Any]) -> None:
    """Raise SecretsFoundError for secrets where the configuration says to stop."""
    if found and settings["secrets"] == "stop":
        raise SecretsFoundError(
            f"nothing was sent, because of secrets:\n  {told(found)}",
            hint='take them out; mark a line that only looks like one with "pragma: allowlist secret"; '
            'or set [hooks] secrets = "local", so that only models on this machine are asked',
        )


def warning(found: tuple[Secret, ...]) -> str:
    """What to tell the person whose prompt stays on this machine."""
    return f"only models on this machine are asked, because of secrets:\n  {told(found)}"
