"""pre-push: review the commits that the remote does not have yet, and say what is found. It stops the push only where the
user's own configuration names a severity (`[hooks] block_on`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from llmswitch.errors import ExitCode, LlmSwitchError
from llmswitch.hooks import pushed
from llmswitch.hooks.deadline import Deadline
from llmswitch.hooks.hook_session import Choice, HookEngine, answered, load_profile
from llmswitch.hooks.repository import Repository
from llmswitch.hooks.review import Review, ReviewWish, review
from llmswitch.hooks.run_hook import say
from llmswitch.hooks.shim import Hook
from llmswitch.hooks.staged import Range
from llmswitch.profile import Profile

HOOK: Hook = "pre-push"
OFF = "off"


def run(repository: Repository, arguments: Sequence[str], choice: Choice, deadline: Deadline) -> int:
    """0, or BLOCKED for a finding that the user wants to be stopped for."""
    remote = arguments[0] if arguments else os.environ.get("PRE_COMMIT_REMOTE_NAME", "origin")
    spans = list(pushed.outgoing_ranges(repository, _updates(), remote))
    if not spans:
        return 0
    deadline.last_word = lambda: say(HOOK, _late(deadline))
    profile = load_profile(choice, deadline)
    settings = profile.settings["hooks"]
    if settings["push_deadline_s"]:
        deadline.set(float(settings["push_deadline_s"]))
    for span in spans:
        done = _reviewed(profile, deadline, repository, span)
        if done is None:
            continue
        choice.show(done)
        for error in done.errors:
            say(HOOK, f"a portion was not reviewed: {_one_line(error)}")
        if settings["block_on"] != OFF and done.blocking(settings["block_on"]):
            deadline.code = int(ExitCode.BLOCKED)
    if deadline.code:
        say(
            HOOK,
            f'the push is stopped ([hooks] block_on = "{settings["block_on"]}"); `git push --no-verify` pushes',
        )
    return deadline.code


def _reviewed(profile: Profile, deadline: Deadline, repository: Repository, span: Range) -> Review | None:
    """The review of one range, or None where there is none, which is told."""

    async def work(engine: HookEngine) -> Review:
        return await review(engine, repository, ReviewWish(span=span, hook=HOOK), engine.tell)

    try:
        return answered(profile, deadline, work)[0]
    except TimeoutError:
        say(HOOK, f"{span.title}: {_late(deadline)}")
    except LlmSwitchError as error:
        say(HOOK, f"{span.title} was not reviewed: {_one_line(error)}")
    return None


def _updates() -> list[pushed.Update]:
    """What is pushed: from the pre-commit framework's variables, else from stdin, where git writes it."""
    told = pushed.from_pre_commit(os.environ)
    if told or sys.stdin.isatty():
        return told
    return pushed.updates(sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))


def _late(deadline: Deadline) -> str:
    return f"no review within {deadline.seconds:g} s ([hooks] push_deadline_s, deadline_s)"


def _one_line(error: LlmSwitchError) -> str:
    return " ".join(error.message.split())
