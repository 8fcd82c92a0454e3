"""What to try next, and why: a pure generator. No clock, no socket; time comes in with the candidates and failures.

    steps = walk(candidates, jitter=...)
    step = next(steps)                      # Skip(...) or Try(...)
    step = steps.send(None)                 # after a Skip
    step = steps.send(Failed(...))          # after a Try that failed; a Try that answered just ends the walk

The generator returns (StopIteration.value) a `Verdict` when nothing is left to try.

The rules, one for each failure class:

    rate_limit, overload            next candidate at once; if it was the last one left, retry it, honouring Retry-After
    network, protocol, empty,       next candidate at once
    bad_request, not_found
    timeout                         next candidate at once; a connection that was never made rules out the provider
    quota, authentication, refused  every other model of that provider is passed over
    context_too_long                models with no larger window are passed over
    inadequate                      models of the same or a weaker tier are passed over (`[escalate]` in the profile)
    anything after the first content was passed on: stop (the commit boundary)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from llmswitch.catalog import Model
from llmswitch.errors import ExitCode, Failure

MAX_RETRIES = 2
MAX_WAIT_S = 20.0
BACKOFF_S = 1.0
NO_TIER = 1_000

RETRIED = frozenset({Failure.RATE_LIMIT, Failure.OVERLOAD})
PROVIDER_WIDE = frozenset({Failure.QUOTA, Failure.AUTHENTICATION, Failure.REFUSED})
TRY_LATER = frozenset({Failure.RATE_LIMIT, Failure.OVERLOAD, Failure.QUOTA})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model of a route that may be tried, or why it may not. `why` says where it comes from (route, chain, flag).
    `cooling` is a failure class that still holds it back, `resumes_at` until when (POSIX seconds); `cooling_is_official`
    tells a time that the provider named from a guess, which is overridden when nothing else is left."""

    model: Model
    why: str
    skipped: str | None = None
    cooling: Failure | None = None
    resumes_at: float | None = None
    cooling_is_official: bool = False
    lacks_key: bool = False


@dataclass(frozen=True, slots=True)
class Try:
    """Call this candidate, after waiting `wait_s` seconds."""

    candidate: Candidate
    why: str
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Skip:
    """This candidate is passed over."""

    candidate: Candidate
    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """How the attempt ended. `committed`: content had already been passed on."""

    failure: Failure
    retry_after_s: float | None = None
    phase: str | None = None
    committed: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the walk ended, and the exit code that says so to a script."""

    why: str
    exit_code: ExitCode


Step = Try | Skip


def walk(
    candidates: Sequence[Candidate], *, jitter: Callable[[], float] = lambda: 0.5
) -> Generator[Step, Failed | None, Verdict]:
    """The steps for `candidates`, in order. `jitter` gives a number in 0..1 for each wait."""
    failures: list[Failure] = []
    barred: dict[str, str] = {}  # provider -> reason
    window = 0  # models must have a larger context than this
    tier = NO_TIER  # and be of a stronger tier than this
    postponed: list[Candidate] = []
    waiting = list(candidates)
    while waiting or postponed:
        last_resort = not waiting
        candidate = waiting.pop(0) if waiting else postponed.pop(0)
        reason = _skip_reason(candidate, barred, window, tier, last_resort=last_resort)
        if reason:
            if (
                candidate.skipped is None
                and candidate.cooling
                and not candidate.cooling_is_official
                and not last_resort
            ):
                postponed.append(candidate)
            yield Skip(candidate, reason)
            continue
        retries = 0
        wait_s = 0.0
        while True:
            outcome = yield Try(candidate, _why(candidate, retries, last_resort=last_resort), wait_s)
            if outcome is None:
                raise RuntimeError("a Try must be answered with Failed, or the walk must be closed")
            failures.append(outcome.failure)
            if outcome.committed:
                return Verdict("the answer broke off after its first content was passed on", ExitCode.FAILED)
            may_retry = outcome.failure in RETRIED and retries < MAX_RETRIES
            if not may_retry or _others_left(waiting + postponed, barred, window, tier):
                break
            wait_s = _wait(outcome, retries, jitter())
            if wait_s > MAX_WAIT_S:
                break
            retries += 1
        if outcome.failure in PROVIDER_WIDE:
            barred[candidate.model.provider] = f"{candidate.model.provider}: {outcome.failure.value.replace('_', ' ')}"
        elif outcome.failure is Failure.TIMEOUT and outcome.phase == "connect":
            barred[candidate.model.provider] = f"{candidate.model.provider} can't be reached"
        elif outcome.failure is Failure.CONTEXT_TOO_LONG:
            window = max(window, candidate.model.context)
        elif outcome.failure is Failure.INADEQUATE:
            tier = min(tier, candidate.model.tier)
    return _verdict(failures, candidates)


def _skip_reason(
    candidate: Candidate, barred: dict[str, str], window: int, tier: int, *, last_resort: bool
) -> str | None:
    model = candidate.model
    if candidate.skipped:
        return candidate.skipped
    if model.provider in barred:
        return barred[model.provider]
    if model.context <= window:
        return f"its window of {model.context:,} tokens is not larger than the one that was too small"
    if model.tier >= tier:
        return f"tier {model.tier} is not stronger than the one that was not up to it"
    if candidate.cooling and (candidate.cooling_is_official or not last_resort):
        return f"cooling down after {candidate.cooling.value.replace('_', ' ')}"
    return None


def _why(candidate: Candidate, retries: int, *, last_resort: bool) -> str:
    if retries:
        return f"retry {retries}: nothing else is left"
    return "nothing else is left, so its cool-down is cut short" if last_resort else candidate.why


def _others_left(rest: Sequence[Candidate], barred: dict[str, str], window: int, tier: int) -> bool:
    return any(_skip_reason(candidate, barred, window, tier, last_resort=True) is None for candidate in rest)


def _wait(outcome: Failed, retries: int, jitter: float) -> float:
    """The provider's own time where it named one, never less; else a doubling wait between half and the whole of it."""
    if outcome.retry_after_s is not None:
        return outcome.retry_after_s + 0.25 * jitter
    return float(BACKOFF_S * 2**retries * (0.5 + 0.5 * jitter))


def _verdict(failures: Sequence[Failure], candidates: Sequence[Candidate]) -> Verdict:
    kinds = set(failures) | {
        candidate.cooling for candidate in candidates if candidate.cooling and not candidate.skipped
    }
    if not kinds and candidates and all(candidate.lacks_key for candidate in candidates):
        return Verdict("no candidate has a key", ExitCode.AUTHENTICATION)
    if not kinds:
        return Verdict("no candidate could be tried", ExitCode.NO_CANDIDATE)
    if kinds <= TRY_LATER:
        return Verdict("every candidate is rate-limited or overloaded", ExitCode.TRY_LATER)
    if kinds == {Failure.AUTHENTICATION}:
        return Verdict("no candidate accepted the key", ExitCode.AUTHENTICATION)
    if kinds == {Failure.NETWORK}:
        return Verdict("no candidate could be reached", ExitCode.NO_CANDIDATE)
    return Verdict("every candidate failed", ExitCode.FAILED)
