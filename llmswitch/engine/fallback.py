"""What to try next, and why: a pure generator. No clock, no socket; time comes in with the candidates and failures.

    steps = walk(candidates, jitter=...)
    step = next(steps)                      # Skip(...) or Try(...)
    step = steps.send(None)                 # after a Skip
    step = steps.send(Failed(...))          # after a Try that failed; a Try that answered just ends the walk
    step = steps.send(OverBudget(...))      # after a Try that was not made: the budget had no room left for it

The generator returns (StopIteration.value) a `Verdict` when nothing is left to try.

The rules, one for each failure class:

    rate_limit, overload            next candidate at once; if it was the last one left, retry it, honouring Retry-After
    network, protocol, empty,       next candidate at once
    bad_request, not_found
    timeout                         next candidate at once; a connection that was never made rules out the provider
    quota, authentication, refused  every other model of that provider is passed over
    context_too_long                models with no larger window are passed over
    inadequate                      models of the same or a weaker tier are passed over (`[escalate]` in the profile)
    over the budget (no attempt)    next candidate at once; where the limit blocks, none that is free takes its place
    anything after the first content was passed on: stop (the commit boundary)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field

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
class OverBudget:
    """Why the budget keeps `model` out, and what would help. `blocks`: the limit says `block`, so that no free
    candidate takes its place."""

    model: str
    why: str
    hint: str
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model of a route that may be tried, or why it may not. `why` says where it comes from (route, chain, flag).
    `cooling` is a failure class that still holds it back, `resumes_at` until when (POSIX seconds); `cooling_is_official`
    tells a time that the provider named from a guess, which is overridden when nothing else is left. `over_budget` is
    set where the budget is the only thing that keeps it out; `is_free`: no cash can be owed for a call."""

    model: Model
    why: str
    skipped: str | None = None
    cooling: Failure | None = None
    resumes_at: float | None = None
    cooling_is_official: bool = False
    lacks_key: bool = False
    over_budget: OverBudget | None = None
    is_free: bool = False


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
Outcome = Failed | OverBudget | None


@dataclass(slots=True)
class _RuledOut:
    """What the failures so far rule out: providers, each with the reason; models of no larger context than `window` or
    no stronger than `tier`; free models after the budget `blocked` that one."""

    providers: dict[str, str] = field(default_factory=dict)
    window: int = 0
    tier: int = NO_TIER
    blocked: str | None = None

    def learn(self, candidate: Candidate, outcome: Failed | OverBudget) -> None:
        """Take note of how the try of `candidate` ended."""
        model = candidate.model
        if isinstance(outcome, OverBudget):
            if outcome.blocks:
                self.blocked = model.name
        elif outcome.failure in PROVIDER_WIDE:
            self.providers[model.provider] = f"{model.provider}: {outcome.failure.value.replace('_', ' ')}"
        elif outcome.failure is Failure.TIMEOUT and outcome.phase == "connect":
            self.providers[model.provider] = f"{model.provider} can't be reached"
        elif outcome.failure is Failure.CONTEXT_TOO_LONG:
            self.window = max(self.window, model.context)
        elif outcome.failure is Failure.INADEQUATE:
            self.tier = min(self.tier, model.tier)

    def reason(self, candidate: Candidate, *, last_resort: bool) -> str | None:
        """Why `candidate` can't be tried now, or None."""
        model = candidate.model
        if candidate.skipped:
            return candidate.skipped
        if candidate.over_budget:
            return candidate.over_budget.why
        if stands_in := no_stand_in(candidate, self.blocked):
            return stands_in
        if model.provider in self.providers:
            return self.providers[model.provider]
        if model.context <= self.window:
            return f"its window of {model.context:,} tokens is not larger than the one that was too small"
        if model.tier >= self.tier:
            return f"tier {model.tier} is not stronger than the one that was not up to it"
        if candidate.cooling and (candidate.cooling_is_official or not last_resort):
            return f"cooling down after {candidate.cooling.value.replace('_', ' ')}"
        return None

    def all_of(self, rest: Sequence[Candidate]) -> bool:
        """Whether none of `rest` could be tried, even as a last resort."""
        return all(self.reason(candidate, last_resort=True) for candidate in rest)


def walk(
    candidates: Sequence[Candidate], *, jitter: Callable[[], float] = lambda: 0.5
) -> Generator[Step, Outcome, Verdict]:
    """The steps for `candidates`, in order. `jitter` gives a number in 0..1 for each wait."""
    failures: list[Failure] = []
    over_budget = False
    ruled_out = _RuledOut()
    postponed: list[Candidate] = []
    waiting = list(candidates)
    while waiting or postponed:
        last_resort = not waiting
        candidate = waiting.pop(0) if waiting else postponed.pop(0)
        if reason := ruled_out.reason(candidate, last_resort=last_resort):
            if candidate.over_budget:
                over_budget = True
                ruled_out.learn(candidate, candidate.over_budget)
            elif _waits_for_the_end(candidate, last_resort=last_resort):
                postponed.append(candidate)
            yield Skip(candidate, reason)
            continue
        retries = 0
        wait_s = 0.0
        while True:
            outcome = yield Try(candidate, _why(candidate, retries, last_resort=last_resort), wait_s)
            if outcome is None:
                raise RuntimeError("a Try must be answered with how it ended, or the walk must be closed")
            if isinstance(outcome, OverBudget):
                over_budget = True
                yield Skip(candidate, outcome.why)
                break
            failures.append(outcome.failure)
            if outcome.committed:
                return Verdict("the answer broke off after its first content was passed on", ExitCode.FAILED)
            may_retry = outcome.failure in RETRIED and retries < MAX_RETRIES
            if not may_retry or not ruled_out.all_of(waiting + postponed):
                break
            wait_s = _wait(outcome, retries, jitter())
            if wait_s > MAX_WAIT_S:
                break
            retries += 1
        ruled_out.learn(candidate, outcome)
    return _verdict(failures, candidates, over_budget=over_budget)


def no_stand_in(candidate: Candidate, blocked: str | None) -> str | None:
    """Why a free candidate does not take the place of the model that the budget `blocked`, if there is one."""
    if blocked is None or not candidate.is_free:
        return None
    return f"the budget blocks {blocked}, and nothing free takes its place"


def _waits_for_the_end(candidate: Candidate, *, last_resort: bool) -> bool:
    """Whether it may be tried in spite of its cool-down once nothing else is left."""
    guessed = candidate.cooling is not None and not candidate.cooling_is_official
    return candidate.skipped is None and guessed and not last_resort


def _why(candidate: Candidate, retries: int, *, last_resort: bool) -> str:
    if retries:
        return f"retry {retries}: nothing else is left"
    return "nothing else is left, so its cool-down is cut short" if last_resort else candidate.why


def _wait(outcome: Failed, retries: int, jitter: float) -> float:
    """The provider's own time where it named one, never less; else a doubling wait between half and the whole of it."""
    if outcome.retry_after_s is not None:
        return outcome.retry_after_s + 0.25 * jitter
    return float(BACKOFF_S * 2**retries * (0.5 + 0.5 * jitter))


def _verdict(failures: Sequence[Failure], candidates: Sequence[Candidate], *, over_budget: bool) -> Verdict:
    if over_budget and not failures:
        return Verdict("nothing was called, because of the budget", ExitCode.BUDGET)
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
