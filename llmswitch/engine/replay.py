"""A kept answer, as it would come from a model, and its line in the ledger."""

from __future__ import annotations

import time

from llmswitch.classify import Label
from llmswitch.conversation import Finish, TextDelta
from llmswitch.engine.job import Emit, FromCache, Hit, Result
from llmswitch.ledger import cache_hits
from llmswitch.ledger.store import Ledger


async def replay(hit: Hit, ledger: Ledger, dispatch_id: str, label: Label, emit: Emit, started: float) -> Result:
    """Pass the answer of `hit` on, at once and whole; the ledger keeps what it saved. `started` is of time.monotonic()."""
    cache_hits.record(
        ledger,
        dispatch_id,
        entry=hit.entry.id,
        how=hit.how,
        score=hit.score,
        cash=hit.cash,
        imputed=hit.imputed,
        ms=hit.entry.total_ms,
    )
    for event in (FromCache(hit), TextDelta(hit.entry.answer), Finish("stop")):
        await emit(event)
    return Result(
        dispatch_id=dispatch_id,
        label=label,
        model=hit.model,
        text=hit.entry.answer,
        finish="stop",
        attempts=(),
        total_ms=(time.monotonic() - started) * 1000,
        hit=hit,
    )
