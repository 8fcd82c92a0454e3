"""What a batch will ask of whom, and what that may cost, before anything is sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TextIO

from llmswitch.catalog import Model
from llmswitch.commands.ask_explain import TYPICAL_OUTPUT_TOKENS
from llmswitch.engine.batch import Task
from llmswitch.engine.dispatch import Engine
from llmswitch.ledger.prices import Cost, estimate
from llmswitch.terminal.amounts import money
from llmswitch.terminal.tables import render_table
from llmswitch.tokens import estimate_request

SIZE_STEP = 4_000
"""Prompts within so many tokens of each other have the same candidates."""


@dataclass(slots=True)
class Share:
    """What one model would be asked; amounts in US dollars."""

    prompts: int = 0
    cash: Decimal = Decimal(0)
    imputed: Decimal = Decimal(0)
    unknown: int = 0
    sources: set[str] = field(default_factory=set)

    def add(self, cost: Cost) -> None:
        """One more prompt."""
        self.prompts += 1
        self.sources.add(cost.source)
        self.imputed += cost.imputed or 0
        if cost.usd is None:
            self.unknown += 1
        else:
            self.cash += cost.usd


@dataclass(frozen=True, slots=True)
class Foreseen:
    """By model, those that most prompts go to first; `nobody` prompts have no candidate now."""

    shares: dict[str, Share]
    nobody: int


def foresee(engine: Engine, tasks: Sequence[Task]) -> Foreseen:
    """Label every prompt and look at whom its first attempt would go to. Calls no model that answers."""
    first: dict[tuple[str, str | None, str | None, int], Model | None] = {}
    shares: dict[str, Share] = defaultdict(Share)
    nobody = 0
    at = datetime.now(UTC)
    for task in tasks:
        job = task.job
        label = engine.label(job)
        tokens = estimate_request(job.request)
        key = (label.task, label.difficulty, job.model, tokens // SIZE_STEP)
        if key not in first:
            usable = (one for one in engine.candidates(job, label) if not one.skipped and not one.over_budget)
            first[key] = next((one.model for one in usable), None)
        model = first[key]
        if model is None:
            nobody += 1
            continue
        output = min(job.request.max_output_tokens or TYPICAL_OUTPUT_TOKENS, TYPICAL_OUTPUT_TOKENS)
        shares[model.name].add(estimate(model, engine.profile.providers[model.provider], tokens, output, at))
    return Foreseen(dict(sorted(shares.items(), key=lambda item: -item[1].prompts)), nobody)


def told(foreseen: Foreseen, jobs: int, stream: TextIO) -> str:
    """The estimate for a person, on `stream`."""
    rows = [(name, f"{share.prompts:,}", _cost(share)) for name, share in foreseen.shares.items()]
    if foreseen.nobody:
        rows.append(("nobody", f"{foreseen.nobody:,}", "no model can be asked now: `llmswitch profile check` says why"))
    cash = sum((share.cash for share in foreseen.shares.values()), Decimal(0))
    unknown = sum(share.unknown for share in foreseen.shares.values())
    prompts = sum(share.prompts for share in foreseen.shares.values()) + foreseen.nobody
    total = f"{prompts:,} prompts, {jobs} at a time: about {money(cash)} in cash"
    total += f" and {unknown:,} calls of unknown price" if unknown else ""
    total += f" ({TYPICAL_OUTPUT_TOKENS} tokens an answer assumed)"
    return render_table(("model", "prompts", "cost"), rows, stream=stream, right=(1,)) + total + "\n"


def _cost(share: Share) -> str:
    if share.unknown:
        return "unknown"
    if share.cash:
        return f"about {money(share.cash)}"
    covered = "plan" if "plan" in share.sources else "nothing"
    return f"{covered}, worth about {money(share.imputed)}" if share.imputed else covered
