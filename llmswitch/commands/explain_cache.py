"""What `ask --explain` says of the answer cache: the nearest kept prompt, its score, the verdict; or why it has no part."""

from __future__ import annotations

import asyncio

from llmswitch.cache.base import Neighbour
from llmswitch.catalog import Model
from llmswitch.classify import Label
from llmswitch.engine.cached import Visit
from llmswitch.engine.dispatch import Engine, Job
from llmswitch.engine.fallback import Try, walk
from llmswitch.engine.job import DispatchEvent
from llmswitch.terminal.explain import FromCache


def from_cache(engine: Engine, job: Job, label: Label) -> FromCache:
    """What the cache would do for the prompt. Nothing is kept, and nobody is called."""
    visit = engine.cache.visit(engine.profile, engine.now, job, label, _say_nothing)
    near = asyncio.run(_look(visit, _first(engine, job, label)))
    engine.cache.close()
    lookup = visit.lookup
    if lookup is None:
        return FromCache(visit.outcome, visit.why or "--refresh passes it by, and keeps the new answer")
    if near is None:
        return FromCache(visit.outcome, lookup.reason)
    age_s = max(0.0, engine.now() - near.entry.created_at)
    score = None if lookup.how == "exact" else near.score
    return FromCache(visit.outcome, lookup.reason, near.entry.prompt, score, age_s, near.entry.model)


async def _look(visit: Visit, model: Model | None) -> Neighbour | None:
    """The neighbour that was served or refused; else the nearest one, which was too far."""
    await visit.look(model)
    near = visit.lookup.neighbour if visit.lookup is not None else None
    return near or await visit.nearest(model)


def _first(engine: Engine, job: Job, label: Label) -> Model | None:
    """The candidate that would be called first, None where none can be."""
    for step in walk(engine.candidates(job, label)):
        if isinstance(step, Try):
            return step.candidate.model
    return None


async def _say_nothing(_: DispatchEvent) -> None:
    """What went wrong is in the explanation."""
