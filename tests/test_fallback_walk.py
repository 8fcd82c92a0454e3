"""The table of the fallback's rules: which candidates are tried, in which order, after which failures."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from llmswitch.catalog import Model
from llmswitch.engine.fallback import MAX_WAIT_S, Candidate, Failed, Skip, Step, Try, Verdict, walk
from llmswitch.errors import ExitCode, Failure


def candidate(name: str, provider: str | None = None, context: int = 100_000, **more: object) -> Candidate:
    return Candidate(Model(name, provider or f"p-{name}", name, context=context), "route", **more)  # type: ignore[arg-type]


def play(candidates: Sequence[Candidate], outcomes: dict[str, list[Failed]]) -> tuple[list[Step], Verdict | None]:
    """Walk, failing each candidate with its outcomes in turn; a candidate whose outcomes ran out answers."""
    left = {name: list(failures) for name, failures in outcomes.items()}
    steps: list[Step] = []
    walking = walk(candidates, jitter=lambda: 0.0)
    answer: Failed | None = None
    try:
        step = next(walking)
        while True:
            steps.append(step)
            if isinstance(step, Try):
                failures = left.get(step.candidate.model.name, [])
                if not failures:
                    return steps, None
                answer = failures.pop(0)
            else:
                answer = None
            step = walking.send(answer)
    except StopIteration as end:
        return steps, end.value


def tried(steps: Sequence[Step]) -> list[str]:
    return [step.candidate.model.name for step in steps if isinstance(step, Try)]


def skipped(steps: Sequence[Step]) -> list[str]:
    return [step.candidate.model.name for step in steps if isinstance(step, Skip)]


@pytest.mark.parametrize(
    "failure",
    [
        Failure.RATE_LIMIT,
        Failure.OVERLOAD,
        Failure.NETWORK,
        Failure.PROTOCOL,
        Failure.EMPTY,
        Failure.BAD_REQUEST,
        Failure.NOT_FOUND,
        Failure.TIMEOUT,
    ],
)
def test_the_next_model_of_the_same_provider_is_tried_at_once(failure: Failure) -> None:
    steps, verdict = play([candidate("a", "same"), candidate("b", "same")], {"a": [Failed(failure, retry_after_s=5)]})
    assert tried(steps) == ["a", "b"]
    assert verdict is None
    assert all(step.wait_s == 0 for step in steps if isinstance(step, Try))


@pytest.mark.parametrize(
    "failed",
    [
        Failed(Failure.QUOTA),
        Failed(Failure.AUTHENTICATION),
        Failed(Failure.REFUSED),
        Failed(Failure.TIMEOUT, phase="connect"),
    ],
)
def test_every_model_of_the_provider_is_passed_over(failed: Failed) -> None:
    steps, _ = play([candidate("a", "same"), candidate("b", "same"), candidate("c")], {"a": [failed]})
    assert tried(steps) == ["a", "c"]
    assert skipped(steps) == ["b"]


def test_a_prompt_that_is_too_long_goes_only_to_larger_windows() -> None:
    models = [candidate("a", context=8_000), candidate("b", context=8_000), candidate("c", context=200_000)]
    steps, _ = play(models, {"a": [Failed(Failure.CONTEXT_TOO_LONG)]})
    assert tried(steps) == ["a", "c"]


@pytest.mark.parametrize("failure", list(Failure))
def test_nothing_is_tried_after_the_commit_boundary(failure: Failure) -> None:
    steps, verdict = play([candidate("a"), candidate("b")], {"a": [Failed(failure, committed=True)]})
    assert tried(steps) == ["a"]
    assert verdict is not None
    assert verdict.exit_code is ExitCode.FAILED


def test_only_the_last_candidate_is_retried() -> None:
    limit = Failed(Failure.RATE_LIMIT)
    steps, verdict = play([candidate("a"), candidate("b")], {"a": [limit], "b": [limit, limit]})
    assert tried(steps) == ["a", "b", "b", "b"]
    assert verdict is None


def test_a_retry_waits_for_as_long_as_the_provider_said() -> None:
    steps, _ = play([candidate("a")], {"a": [Failed(Failure.RATE_LIMIT, retry_after_s=7)]})
    assert [step.wait_s for step in steps if isinstance(step, Try)] == [0, 7]


def test_a_retry_without_a_named_time_waits_twice_as_long_each_time() -> None:
    limit = Failed(Failure.OVERLOAD)
    steps, _ = play([candidate("a")], {"a": [limit, limit]})
    assert [step.wait_s for step in steps if isinstance(step, Try)] == [0, 0.5, 1.0]


def test_a_wait_that_is_too_long_ends_the_walk() -> None:
    steps, verdict = play([candidate("a")], {"a": [Failed(Failure.RATE_LIMIT, retry_after_s=MAX_WAIT_S + 1)]})
    assert tried(steps) == ["a"]
    assert verdict is not None
    assert verdict.exit_code is ExitCode.TRY_LATER


def test_a_model_of_a_barred_provider_does_not_count_as_another_one_left() -> None:
    limit = Failed(Failure.RATE_LIMIT)
    models = [candidate("a", "barred"), candidate("b"), candidate("c", "barred")]
    steps, _ = play(models, {"a": [Failed(Failure.AUTHENTICATION)], "b": [limit]})
    assert tried(steps) == ["a", "b", "b"]


def test_a_guessed_cool_down_is_cut_short_when_nothing_else_is_left() -> None:
    models = [candidate("a", cooling=Failure.RATE_LIMIT), candidate("b")]
    steps, _ = play(models, {"b": [Failed(Failure.NETWORK)]})
    assert tried(steps) == ["b", "a"]
    assert skipped(steps) == ["a"]


def test_a_cool_down_that_the_provider_named_is_kept() -> None:
    steps, verdict = play([candidate("a", cooling=Failure.RATE_LIMIT, cooling_is_official=True)], {})
    assert tried(steps) == []
    assert verdict is not None
    assert verdict.exit_code is ExitCode.TRY_LATER


@pytest.mark.parametrize(
    ("failures", "code"),
    [
        ([Failure.RATE_LIMIT, Failure.QUOTA], ExitCode.TRY_LATER),
        ([Failure.AUTHENTICATION, Failure.AUTHENTICATION], ExitCode.AUTHENTICATION),
        ([Failure.NETWORK, Failure.NETWORK], ExitCode.NO_CANDIDATE),
        ([Failure.RATE_LIMIT, Failure.BAD_REQUEST], ExitCode.FAILED),
        ([Failure.EMPTY], ExitCode.FAILED),
    ],
)
def test_the_exit_code_says_how_all_candidates_failed(failures: list[Failure], code: ExitCode) -> None:
    names = [f"m{index}" for index in range(len(failures))]
    outcomes = {name: [Failed(failure, retry_after_s=99)] for name, failure in zip(names, failures, strict=True)}
    _, verdict = play([candidate(name) for name in names], outcomes)
    assert verdict is not None
    assert verdict.exit_code is code


def test_no_candidate_at_all_is_its_own_exit_code() -> None:
    steps, verdict = play([candidate("a", skipped="not installed")], {})
    assert skipped(steps) == ["a"]
    assert verdict is not None
    assert verdict.exit_code is ExitCode.NO_CANDIDATE


def test_candidates_that_only_lack_a_key_end_with_the_authentication_code() -> None:
    _, verdict = play([candidate("a", skipped="no key", lacks_key=True)], {})
    assert verdict is not None
    assert verdict.exit_code is ExitCode.AUTHENTICATION
