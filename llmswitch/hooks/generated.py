"""The record of the message that was generated last, in the git folder: prepare-commit-msg writes it, post-commit takes it
away and, if the commit has that message, keeps what it says as a git note."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path

from llmswitch.engine.dispatch import Result
from llmswitch.hooks.shim import RECORD

ALIKE = 0.5
"""From this similarity on, a commit's message counts as the generated one, edited."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A message, who wrote it, what it cost (dollars as text; None where it is not known), and on which commit."""

    message: str
    model: str
    dispatches: tuple[str, ...]
    cost_usd: str | None
    parent: str | None

    @classmethod
    def of(cls, message: str, results: Sequence[Result], parent: str | None) -> Generated:
        """From the dispatches that led to the message."""
        costs = [report.cost.usd for result in results for report in result.attempts]
        known = [cost for cost in costs if cost is not None]
        models = [result.model.name for result in results if result.model is not None]
        return cls(
            message,
            models[-1] if models else "",
            tuple(result.dispatch_id for result in results),
            f"{sum(known):f}" if len(known) == len(costs) else None,
            parent,
        )

    def kept_in(self, committed: str) -> str | None:
        """`as written`, `edited`, or None where the commit's message is another one."""
        if committed.strip() == self.message.strip():
            return "as written"
        alike = SequenceMatcher(None, committed.strip(), self.message.strip(), autojunk=False).ratio()
        return "edited" if alike >= ALIKE or self.message.strip() in committed else None

    def note(self, kept: str) -> str:
        """The text of the git note."""
        cost = "not known" if self.cost_usd is None else f"${self.cost_usd}"
        return f"message: {kept}\nmodel: {self.model}\ncost: {cost}\ndispatch: {' '.join(self.dispatches)}\n"


def remember(generated: Generated, git_dir: Path) -> None:
    """Write the record, 0600. Raises OSError."""
    descriptor = os.open(git_dir / RECORD, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(generated), file)


def take(git_dir: Path) -> Generated | None:
    """The record, which is gone after this; None where there is none, or it can't be read."""
    path = git_dir / RECORD
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        path.unlink()
        return Generated(**{**loaded, "dispatches": tuple(loaded["dispatches"])})
    except (OSError, ValueError, TypeError, KeyError):
        path.unlink(missing_ok=True)
        return None
