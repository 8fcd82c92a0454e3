"""Everything a commit message needs before a model is asked: the diff, the habit, the scan. No network, no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from llmswitch.errors import InputError
from llmswitch.hooks import habit as habits
from llmswitch.hooks.changes import Diff
from llmswitch.hooks.guarded import Guarded, guarded
from llmswitch.hooks.habit import Habit
from llmswitch.hooks.repository import Repository
from llmswitch.hooks.staged import staged


class NothingStagedError(InputError):
    """There is no change to write a message for."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is known. `guarded.text` is what may be sent."""

    diff: Diff
    habit: Habit
    guarded: Guarded


def prepare(
    repository: Repository, settings: Mapping[str, Any], others: Mapping[str, str] | None = None, *, amend: bool = False
) -> Preparation:
    """Read the staged change and the log, and scan what would be sent; `others` are further texts of the prompt, by name.
    Raises NothingStagedError, and SecretsFoundError where `[hooks] secrets = "stop"`."""
    diff = staged(repository, amend=amend)
    if not diff.files:
        raise NothingStagedError("nothing is staged", hint="`git add` what the commit is to hold")
    habit = habits.learn(repository)
    texts = {
        "branch": repository.branch or "",
        "git log": "\n".join(habit.examples),
        "git log (scopes)": "\n".join(habit.scopes),
    }
    return Preparation(diff, habit, guarded(diff, settings, texts | dict(others or {})))
