"""The fault matrix as data: what a provider does wrong, where in its answer, and what comes of it.

`tests/test_fault_matrix.py` runs every cell through the engine against the scripted upstream; `docs/generate.py` renders
the same cells as `docs/faults.md`. Each fault is tried twice: with a second candidate behind it, and as the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from upstream_wire import Reply

from llmswitch.errors import ExitCode, Failure


class Position(StrEnum):
    """Where in the provider's answer the fault lies."""

    BEFORE = "before the first byte"
    HEADERS = "after the headers"
    MIDDLE = "mid-stream"
    END = "at the end"


class Stdout(StrEnum):
    """What the person reads on stdout."""

    NOTHING = "nothing"
    PART = "the part that came"
    WHOLE = "the whole answer"
    NEXT = "the next candidate's answer"


Standing = Literal["next", "last"]
Address = Literal["upstream", "nobody", "silent"]


@dataclass(frozen=True)
class Row:
    """The attempt's row in the ledger."""

    status: str
    failure: Failure | None
    cost_source: str


@dataclass(frozen=True)
class Outcome:
    """What one cell says. `stderr` is all that stands there, without the program's name: the error with its hint, a notice,
    or the part of the summary line that tells about failed candidates. The address of the provider is written http://HOST."""

    stdout: Stdout
    stderr: str
    exit_code: ExitCode
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong, and both outcomes. `reply` is what the upstream does whenever the candidate is asked;
    `address` says where the candidate's base URL points, `timeouts` are its own, `profile` is added to the profile."""

    failure: Failure
    position: Position
    what: str
    adapter: str
    next: Outcome
    last: Outcome
    reply: Reply = field(default_factory=Reply)
    address: Address = "upstream"
    timeouts: Mapping[str, float] = field(default_factory=dict)
    profile: str = ""
    detail: str = ""

    @property
    def name(self) -> str:
        """For test ids and headings: the class, with the phase of a timeout."""
        return f"{self.failure.value} ({self.detail})" if self.detail else self.failure.value


@dataclass(frozen=True)
class CannotHappen:
    """A cell that has no case, and why."""

    failure: Failure
    position: Position
    why: str
    detail: str = ""

    @property
    def name(self) -> str:
        """As `Fault.name`."""
        return f"{self.failure.value} ({self.detail})" if self.detail else self.failure.value


def replaced(failure: Failure, source: str = "estimate") -> Outcome:
    """Nothing was passed on: the next candidate answers, unseen but for the summary line."""
    rows = (Row("failed", failure, source), Row("ok", None, "list"))
    return Outcome(Stdout.NEXT, f"after first: {failure.value.replace('_', ' ')}", ExitCode.OK, rows)


def gave_up(failure: Failure, exit_code: ExitCode, stderr: str, *, source: str = "estimate", tries: int = 1) -> Outcome:
    """Nothing was passed on and nobody is left."""
    return Outcome(Stdout.NOTHING, stderr, exit_code, (Row("failed", failure, source),) * tries)


def broke_off(failure: Failure, stderr: str, *, stdout: Stdout = Stdout.PART, source: str = "estimate") -> Outcome:
    """Content was passed on: whoever stands behind it, nobody else is asked."""
    return Outcome(stdout, f"the answer broke off: {stderr}", ExitCode.FAILED, (Row("partial", failure, source),))
