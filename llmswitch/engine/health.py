"""What failures and providers' own reports say about who can be asked when. Kept in the ledger, so that it outlives us."""

from __future__ import annotations

from llmswitch.catalog import Model
from llmswitch.conversation import QuotaReport
from llmswitch.engine.candidates import Cooling
from llmswitch.errors import Failure, ProviderError
from llmswitch.ledger import limits
from llmswitch.ledger.store import Ledger

GUESS_S = {Failure.RATE_LIMIT: 5.0, Failure.QUOTA: 900.0, Failure.TIMEOUT: 30.0}
"""How long a provider is left alone when it named no time. A guess gives way when nothing else is left."""
LONGEST_S = 8 * 86_400.0
"""No quota window is longer than a week: a later time is a provider's mistake."""
_GUESSED = "guess"
_TOLD = "told"


def cooling(ledger: Ledger, now: float) -> list[Cooling]:
    """The cool-downs that are running at `now` (POSIX seconds)."""
    return [
        Cooling(held.provider, held.model, held.failure, held.until, official=held.reason == _TOLD)
        for held in limits.cooldowns(ledger, now)
    ]


def note_failure(ledger: Ledger, model: Model, error: ProviderError, now: float) -> None:
    """Start a cool-down where the failure calls for one: until the time the provider named, else for a guess."""
    if error.failure is Failure.TIMEOUT and error.phase != "connect":
        return
    if error.resets_at is not None:
        until, reason = error.resets_at, _TOLD
    elif error.retry_after_s is not None and error.failure in (Failure.RATE_LIMIT, Failure.OVERLOAD, Failure.QUOTA):
        until, reason = now + error.retry_after_s, _TOLD
    elif error.failure in GUESS_S:
        until, reason = now + GUESS_S[error.failure], _GUESSED
    else:
        return
    until = min(until, now + LONGEST_S)
    whole_provider = error.failure in (Failure.QUOTA, Failure.TIMEOUT)
    held = limits.Cooldown(model.provider, None if whole_provider else model.name, until, reason, error.failure)
    limits.set_cooldown(ledger, held)


def note_success(ledger: Ledger, model: Model) -> None:
    """An answer ends whatever held the model back."""
    limits.clear_cooldown(ledger, model.provider, model.name)


def note_quota(ledger: Ledger, model: Model, report: QuotaReport, now: float) -> None:
    """Remember a window as the provider itself reported it."""
    limits.record_window(ledger, model.plan or model.provider, report, now)
