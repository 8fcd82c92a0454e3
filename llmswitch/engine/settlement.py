"""What an attempt took, written into its ledger row."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from llmswitch.catalog import ProviderSettings
from llmswitch.engine.attempt import Attempt
from llmswitch.engine.job import AttemptReport
from llmswitch.ledger.prices import Cost, cost_of
from llmswitch.ledger.store import Ledger

DECLINED = Cost(Decimal(0), None, "free", None)
"""A request that the provider turned down is not billed, whatever its price would have been."""


def settle(ledger: Ledger, row: int, attempt: Attempt, settings: ProviderSettings, at: datetime) -> AttemptReport:
    """Close the `row` of `attempt`, with prices as of `at`. Raises LedgerError."""
    attempt.total_ms = attempt.elapsed_ms()
    usage = attempt.reported.usage if attempt.reported else None
    cost = _cost(attempt, settings, at)
    ledger.settle_attempt(
        row,
        status=attempt.status,  # type: ignore[arg-type]  # one of the four by construction
        failure=attempt.failure,
        error=attempt.error,
        usage=usage,
        usage_raw=attempt.reported.raw if attempt.reported else None,
        cost=cost,
        first_token_ms=attempt.first_token_ms,
        total_ms=attempt.total_ms,
        finish=attempt.finish,
    )
    failure = attempt.failure.value if attempt.failure else None
    return AttemptReport(
        attempt.model, attempt.status, failure, attempt.error, usage, cost, attempt.first_token_ms, attempt.total_ms
    )


def _cost(attempt: Attempt, settings: ProviderSettings, at: datetime) -> Cost:
    cost = cost_of(
        attempt.spent(),
        attempt.model,
        settings,
        at,
        reported=attempt.cost,
        complete=attempt.finish is not None,
    )
    unpriced = attempt.declined and attempt.cost is None and cost.usd is None
    return DECLINED if unpriced else cost
