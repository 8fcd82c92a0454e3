"""Which answers are kept for repeats, and what is kept of them. Pure but for the entry's id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmswitch.cache.base import Entry
from llmswitch.cache.normalise import prompt_hash
from llmswitch.cache.scope import unfit_answer
from llmswitch.classify import Label
from llmswitch.engine.job import Job
from llmswitch.engine.judge import complaint
from llmswitch.ledger.prices import Cost
from llmswitch.ledger.store import sortable_id

if TYPE_CHECKING:
    from llmswitch.engine.attempt import Attempt


def why_not_kept(attempt: Attempt, job: Job, label: Label) -> str | None:
    """Why this answer is not kept, or None: only what is whole, no refusal, and as far as can be checked, sound."""
    if attempt.status != "ok" or attempt.finish != "stop":
        return f"it ended with {attempt.finish or attempt.status}"
    if reason := complaint(attempt.text, attempt.finish, label.task) or unfit_answer(attempt.text):
        return reason
    if job.keep is not None and not job.keep(attempt.text):
        return "it is not of the shape that was asked for"
    return None


@dataclass(frozen=True, slots=True)
class Made:
    """Where and when an answer was made; instants in POSIX seconds."""

    scope: str
    dispatch_id: str
    at: float
    ttl_s: float


def new_entry(attempt: Attempt, cost: Cost, job: Job, label: Label, made: Made) -> Entry:
    """What is kept: the words that were typed, not what was attached; the answer; who gave it, and what that took."""
    model = attempt.model
    usage = attempt.reported.usage if attempt.reported else None
    return Entry(
        id=sortable_id(int(made.at * 1e6)),
        scope=made.scope,
        prompt_hash=prompt_hash(job.words),
        prompt=job.words,
        answer=attempt.text,
        task=label.task,
        model=model.name,
        provider=model.provider,
        model_id=model.model,
        tier=model.tier,
        created_at=made.at,
        expires_at=made.at + made.ttl_s,
        project=job.project,
        finish=attempt.finish or "stop",
        usage={"input_tokens": usage.prompt_tokens, "output_tokens": usage.output_tokens} if usage else {},
        cost_usd=None if cost.usd is None else f"{cost.usd:f}",
        imputed_usd=None if cost.imputed is None else f"{cost.imputed:f}",
        total_ms=attempt.total_ms,
        dispatch_id=made.dispatch_id,
    )
