"""What an installed hook calls: one entry point each. Whatever happens here, git goes on, but where the user asked to be
stopped, or pressed Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from llmswitch.errors import ExitCode, LlmSwitchError
from llmswitch.hooks.deadline import Deadline
from llmswitch.hooks.hook_session import Choice
from llmswitch.hooks.occasion import nothing_to_do
from llmswitch.hooks.repository import Repository
from llmswitch.hooks.shim import Hook
from llmswitch.terminal.style import neutral

_ENTRIES: dict[Hook, str] = {
    "prepare-commit-msg": "llmswitch.hooks.run_prepare",
    "commit-msg": "llmswitch.hooks.run_commit_msg",
    "pre-push": "llmswitch.hooks.run_pre_push",
    "post-commit": "llmswitch.hooks.run_post_commit",
}


def run(hook: Hook, arguments: Sequence[str], choice: Choice) -> int:
    """Do what `hook` is for. 0 whatever happens; BLOCKED where the user asked for it; INTERRUPTED for Ctrl-C."""
    try:
        with Deadline(lambda: say(hook, late(deadline))) as deadline:
            repository = Repository.here()
            if nothing_to_do(hook, arguments, os.environ, repository.git_dir):
                return 0
            code: int = import_module(_ENTRIES[hook]).run(repository, arguments, choice, deadline)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except asyncio.CancelledError:
        return 0
    except LlmSwitchError as error:
        say(hook, error.message)
        return 0
    except Exception as error:  # noqa: BLE001 - a bug of ours must not stop a commit
        say(hook, bug(error))
        return 0
    return code


def late(deadline: Deadline) -> str:
    """That the time was not enough, and which key sets it."""
    return f"not done within {deadline.seconds:g} s ([hooks] deadline_s)"


def bug(error: Exception) -> str:
    """A bug of ours as words, with its log written."""
    from llmswitch.crash_log import write

    path = write(error)
    return f"a bug in llmswitch: {type(error).__name__}" + (f" (see {path})" if path else "")


def say(hook: Hook, text: str) -> None:
    """A line for the person who waits for git."""
    sys.stderr.write(f"llmswitch: {hook}: {neutral(text)}\n")
