"""Many jobs with bounded concurrency. Each is a dispatch of its own with its own ledger row; what can only fail again stops
the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from llmswitch.conversation import Notice
from llmswitch.engine import structured
from llmswitch.engine.dispatch import DispatchEvent, Engine, Job, Result
from llmswitch.errors import ExitCode, LlmSwitchError, TimeoutExceededError

RETRY_AFTER_S = (5.0, 20.0, 60.0)
"""Pauses before a prompt for which every candidate was rate-limited or overloaded is tried again: nobody is waiting."""
FAILURES_IN_A_ROW = 10
HOPELESS = frozenset({ExitCode.BUDGET, ExitCode.AUTHENTICATION, ExitCode.CONFIGURATION})
"""What one prompt fails with will fail the others too."""


@dataclass(frozen=True, slots=True)
class Task:
    """One line of a batch: `line` counts from 1."""

    line: int
    job: Job


@dataclass(frozen=True, slots=True)
class Done:
    """How one line ended; `result` is None where it failed before, or outside of, a dispatch."""

    task: Task
    result: Result | None
    error: LlmSwitchError | None


@dataclass(slots=True)
class Batch:
    """`take` gets every line as it ends, in any order; `say` gets what a person should know. `stopped_by` is the error that
    ended the batch before its last line."""

    engine: Engine
    take: Callable[[Done], None]
    say: Callable[[str], None]
    jobs: int = 4
    timeout_s: float | None = None
    retry_after_s: Sequence[float] = RETRY_AFTER_S
    stopped_by: LlmSwitchError | None = None
    failed_in_a_row: int = 0

    async def run(self, tasks: Sequence[Task]) -> None:
        """Run them all, at most `jobs` at a time, the earliest line first. Cancelling it cancels those under way."""
        waiting = iter(tasks)

        async def worker() -> None:
            for task in waiting:
                if self.stopped_by is not None:
                    return
                self._ended(await self._one(task))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.jobs, len(tasks))):
                    group.create_task(worker())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None  # what `take` raised: a closed pipe, a full disk

    def _ended(self, done: Done) -> None:
        self.take(done)
        if done.error is None:
            self.failed_in_a_row = 0
            return
        self.failed_in_a_row += 1
        if done.error.exit_code in HOPELESS or self.failed_in_a_row >= FAILURES_IN_A_ROW:
            self.stopped_by = self.stopped_by or done.error

    async def _one(self, task: Task) -> Done:
        for wait_s in (*self.retry_after_s, None):
            done = await self._once(task)
            if wait_s is None or done.error is None or done.error.exit_code != ExitCode.TRY_LATER:
                break
            self.say(f"line {task.line}: every candidate is rate-limited or overloaded; again in {wait_s:g} s")
            await asyncio.sleep(wait_s)
        return done

    async def _once(self, task: Task) -> Done:
        try:
            async with asyncio.timeout(self.timeout_s) as limit:
                result = await self._answer(task.job)
        except TimeoutError:
            if not limit.expired():
                raise
            return Done(task, None, TimeoutExceededError(f"not complete within {self.timeout_s:g} s", phase="total"))
        except LlmSwitchError as error:
            return Done(task, None, error)
        return Done(task, result, result.error)

    async def _answer(self, job: Job) -> Result:
        if job.request.schema is None:
            return await self.engine.run(job, self._notice)
        outcome = await structured.run(self.engine, job, self._notice)
        last = outcome.results[-1]
        if last.error is None and outcome.errors:
            return replace(last, error=structured.mismatch_error(outcome.errors))
        return last

    async def _notice(self, event: DispatchEvent) -> None:
        if isinstance(event, Notice):
            self.say(event.text)
