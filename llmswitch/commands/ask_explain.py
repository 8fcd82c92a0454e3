"""`ask --explain`: the label, every candidate with the reason it would be tried or not, and what it would cost. Calls no
model; a classifier that asks a local one is asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from llmswitch import classify
from llmswitch.commands.ask_answer import in_session, project_name
from llmswitch.commands.ask_run import Call
from llmswitch.commands.prompt_input import PromptInput
from llmswitch.conversation import Request
from llmswitch.engine.dispatch import Engine, Job
from llmswitch.engine.fallback import Candidate, no_stand_in
from llmswitch.engine.purse import Purse
from llmswitch.errors import ExitCode
from llmswitch.ledger.prices import Cost, estimate
from llmswitch.ledger.store import Ledger
from llmswitch.profile import Profile
from llmswitch.tokens import estimate_request

TYPICAL_OUTPUT_TOKENS = 500
"""The length of answer that an estimate before the call assumes, unless --max-tokens is smaller."""


def explain(call: Call, profile: Profile, request: Request, given: PromptInput) -> int:
    """Print the explanation; exit 0 when the cache or some candidate would answer, else 79 (because of the budget) or 69."""
    from llmswitch.commands.explain_cache import from_cache
    from llmswitch.terminal.explain import Considered, Explanation, render_explanation

    job = Job(
        request,
        words=given.words,
        attachment=given.attachment,
        task=call.task,
        model=call.model,
        project=project_name(Path.cwd()),
        allow_unknown_price=call.allow_unknown_price,
        purse=None if call.max_cost is None else Purse(call.max_cost),
        cache=call.cache,
    )
    output_tokens = min(call.max_tokens or TYPICAL_OUTPUT_TOKENS, TYPICAL_OUTPUT_TOKENS)
    with Ledger.open() as ledger:
        engine = Engine(profile, ledger, classify.build(profile))
        with in_session(call, engine, job, _say_nothing) as (engine, job):
            label = engine.label(job)
            cache = from_cache(engine, job, label)
        tokens = estimate_request(job.request)
        found = engine.candidates(job, label)
        considered = [
            Considered(
                name=candidate.model.name,
                provider=candidate.model.provider,
                model_id=candidate.model.model,
                tier=candidate.model.tier,
                context=candidate.model.context,
                why=candidate.why,
                skipped=skipped,
                cost_usd=cost.usd,
                cost_source="local" if cost.source == "free" and candidate.model.local else cost.source,
                imputed_usd=cost.imputed,
            )
            for candidate, skipped in _with_reason(found)
            for cost in (_cost(profile, candidate, tokens, output_tokens),)
        ]
    explanation = Explanation(
        task=label.task,
        confidence=label.confidence,
        difficulty=label.difficulty,
        mode=label.mode,
        opinions=label.opinions,
        candidates=tuple(considered),
        prompt_tokens=tokens,
        output_tokens=output_tokens,
        profile=profile.name,
        cache=cache,
    )
    if call.output in ("json", "json-stream"):
        print_json(explanation)
    else:
        sys.stdout.write(render_explanation(explanation, sys.stdout))
    if cache.outcome == "hit" or any(one.skipped is None for one in considered):
        return int(ExitCode.OK)
    return int(ExitCode.BUDGET if any(one.over_budget for one in found) else ExitCode.NO_CANDIDATE)


def _say_nothing(_: str) -> None:
    """An explanation is all there is to say."""


def _with_reason(found: list[Candidate]) -> Iterator[tuple[Candidate, str | None]]:
    blocked = None
    for candidate in found:
        over = candidate.over_budget
        cooling = candidate.cooling.value.replace("_", " ") if candidate.cooling else None
        reason = candidate.skipped or (over.why if over else None) or no_stand_in(candidate, blocked)
        yield candidate, reason or (f"cooling down after {cooling}" if cooling else None)
        if over and over.blocks:
            blocked = over.model


def _cost(profile: Profile, candidate: Candidate, tokens: int, output_tokens: int) -> Cost:
    settings = profile.providers[candidate.model.provider]
    return estimate(candidate.model, settings, tokens, output_tokens, datetime.now(UTC))


def print_json(explanation: Any) -> None:
    """The explanation as one JSON object; amounts are decimal strings or null."""
    from dataclasses import asdict

    told = asdict(explanation) | {"opinions": [one._asdict() for one in explanation.opinions]}
    sys.stdout.write(json.dumps(told, ensure_ascii=False, default=str) + "\n")
