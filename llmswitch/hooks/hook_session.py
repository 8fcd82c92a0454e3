"""What every hook that asks a model has in common: the profile, the ledger, an engine that remembers its results, and an
end that comes in order (a deadline, Ctrl-C, SIGTERM)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from llmswitch.conversation import Notice
from llmswitch.engine.dispatch import Attempting, DispatchEvent, Emit, Engine, Job, Result
from llmswitch.hooks.deadline import Deadline
from llmswitch.profile import Profile
from llmswitch.terminal.progress import Status

if TYPE_CHECKING:
    from llmswitch.hooks.review import Review

Answer = TypeVar("Answer")
_OFFLINE = "LLMSWITCH_OFFLINE"
_DOES = {"prepare-commit-msg": "writes the message", "commit-msg": "writes a better one", "pre-push": "reviews"}
"""What the person waits for, in the waiting line."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which profile a hook runs under (a name from the command line, and whether the project's layer counts), and how a
    review is shown to the person."""

    show: Callable[[Review], None]
    profile: str | None = None
    project: bool = True


@dataclass
class HookEngine(Engine):
    """An engine that shows on a terminal whom it waits for, and remembers what its dispatches came to."""

    results: list[Result] = field(default_factory=list)
    status: Status = field(default_factory=lambda: Status(sys.stderr, quiet=False))

    async def run(self, job: Job, emit: Emit) -> Result:
        """As `Engine.run`."""

        async def seen(event: DispatchEvent) -> None:
            if isinstance(event, Attempting):
                self.status.waiting(f"{event.candidate.model.name} {_DOES.get(job.hook or '', 'answers')}")
            await emit(event)

        try:
            result = await super().run(job, seen)
        finally:
            self.status.clear()
        self.results.append(result)
        return result

    async def tell(self, event: DispatchEvent) -> None:
        """What the person should read, on stderr."""
        if isinstance(event, Notice):
            self.status.note(event.text)


def load_profile(choice: Choice, deadline: Deadline) -> Profile:
    """The profile, whose deadline holds from now on. A hook never fetches a model file: nobody asked for it, and it would
    not be there in time. Raises ConfigError."""
    from llmswitch import profile

    os.environ.setdefault(_OFFLINE, "1")
    loaded = profile.load_profile(choice.profile, project=choice.project)
    deadline.set(float(loaded.settings["hooks"]["deadline_s"]))
    return loaded


def answered(
    profile: Profile, deadline: Deadline, work: Callable[[HookEngine], Awaitable[Answer]]
) -> tuple[Answer, list[Result]]:
    """What `work` comes to, and the dispatches it took. Raises TimeoutError at the deadline, LlmSwitchError,
    KeyboardInterrupt, and CancelledError for SIGTERM; the ledger's rows are settled in any case."""
    from llmswitch import classify
    from llmswitch.ledger.store import Ledger

    with Ledger.open() as ledger, asyncio.Runner() as runner:
        engine = HookEngine(profile, ledger, classify.build(profile))
        return runner.run(_guarded(engine, deadline, work)), engine.results


async def _guarded(engine: HookEngine, deadline: Deadline, work: Callable[[HookEngine], Awaitable[Any]]) -> Any:
    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        async with asyncio.timeout(deadline.left()):
            return await work(engine)
    finally:
        await engine.aclose()
