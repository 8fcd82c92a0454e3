"""What goes into a dispatch, and what comes out of it: the job, the events on the way, the result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from llmswitch.cache.base import Entry
from llmswitch.catalog import Model
from llmswitch.classify import Label
from llmswitch.conversation import Event, Request, Usage
from llmswitch.engine.fallback import Candidate
from llmswitch.engine.purse import Purse
from llmswitch.errors import LlmSwitchError
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import CacheOutcome, Kind

CacheUse = Literal["use", "refresh", "off"]
"""Whether a job reads and fills the answer cache, only fills it, or leaves it alone."""


@dataclass(frozen=True, slots=True)
class Job:
    """One request and what the caller says about it. `words` is what the person typed, `attachment` what came along with
    it; `task` and `model` override the classifier and the route. `thinking_is_content`: reasoning is passed on as it
    comes, so that it counts for the commit boundary. `purse` is what the attempts may cost together, also with those of
    other jobs that hold the same one. `local_only`: no candidate is tried that would take the prompt off this machine, and
    no answer is kept. `conversation`: it belongs to one that goes on, so that the cache has no part in it; `keep` says
    whether a complete answer is good enough to be kept (None: any is)."""

    request: Request
    words: str
    attachment: str = ""
    kind: Kind = "ask"
    task: str | None = None
    model: str | None = None
    project: str | None = None
    session: str | None = None
    hook: str | None = None
    thinking_is_content: bool = False
    allow_unknown_price: bool = False
    purse: Purse | None = None
    local_only: bool = False
    cache: CacheUse = "use"
    conversation: bool = False
    keep: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """The request has its label."""

    label: Label


@dataclass(frozen=True, slots=True)
class Attempting:
    """A candidate is about to be called, after `wait_s` seconds."""

    candidate: Candidate
    ordinal: int
    why: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A candidate is not tried."""

    candidate: Candidate
    why: str


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """How one attempt ended."""

    model: Model
    status: str
    failure: str | None
    error: str | None
    usage: Usage | None
    cost: Cost
    first_token_ms: float | None
    total_ms: float


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer from the cache, and the model that once gave it. `score` is the cosine of the two prompts, None where they
    are the same; `age_s` is the answer's age. The rest is what the original call had cost and taken, None if not known."""

    entry: Entry
    how: Literal["exact", "semantic"]
    score: float | None
    age_s: float
    model: Model

    @property
    def cash(self) -> Decimal | None:
        """The cash of the original call, in US dollars."""
        return _amount(self.entry.cost_usd)

    @property
    def imputed(self) -> Decimal | None:
        """What it would have cost at list price, where it cost nothing."""
        return _amount(self.entry.imputed_usd)


def _amount(text: str | None) -> Decimal | None:
    """An amount as a store has it; None for one that is none."""
    try:
        amount = Decimal(text) if text is not None else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() and amount >= 0 else None


@dataclass(frozen=True, slots=True)
class FromCache:
    """What follows is an answer from the cache: nobody is called."""

    hit: Hit


@dataclass(frozen=True, slots=True)
class NotFromCache:
    """A model has to answer: why the cache has no part in it (`outcome` off), or nothing that fits (miss)."""

    outcome: CacheOutcome
    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """How the dispatch ended. `model` is the one that answered (or broke off); `error` is None for a complete answer. After
    a `hit` there are no attempts."""

    dispatch_id: str
    label: Label
    model: Model | None
    text: str
    finish: str | None
    attempts: tuple[AttemptReport, ...]
    total_ms: float
    error: LlmSwitchError | None = None
    cache: CacheOutcome = "off"
    hit: Hit | None = None

    @property
    def last(self) -> AttemptReport | None:
        """The attempt that answered or failed last."""
        return self.attempts[-1] if self.attempts else None


DispatchEvent = Labelled | Attempting | PassedOver | AttemptReport | FromCache | NotFromCache | Event
Emit = Callable[[DispatchEvent], Awaitable[None]]
