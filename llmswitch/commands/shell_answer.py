"""The two questions a shell asks, and how an answer becomes a command line that is safe to place before a cursor."""

from __future__ import annotations

import asyncio
import platform
import re
from pathlib import Path

from llmswitch import classify
from llmswitch.commands.ask_answer import project_name
from llmswitch.commands.ask_run import Call, run
from llmswitch.conversation import Message, Request, Text
from llmswitch.engine.dispatch import DispatchEvent, Engine, Job
from llmswitch.engine.judge import code_blocks
from llmswitch.errors import InputError, LlmSwitchError, TimeoutExceededError
from llmswitch.ledger.store import Ledger
from llmswitch.profile import Profile
from llmswitch.providers.redaction import redact

TASK = "quickfix"
LONGEST_LINE_TOKENS = 400
TIMEOUT_S = 60.0

_WISH = (
    "You turn a wish into one command line for {shell} on {system}. Answer with nothing but that command line: no explanation, no "
    "code fence, no prompt character. Prefer tools that every such system has. Add `sudo`, or anything that deletes or overwrites, "
    "only where the wish says so."
)
_WHY = (
    "A command failed in {shell} on {system}. You see its command line and exit code, not its output. Say in at most six short "
    "lines what most likely went wrong and what to type instead. If several causes are as likely, name the quickest way to tell "
    "them apart."
)
_PROMPT_MARK = re.compile(r"^\s*[$%❯]\s+")


def suggestion(wish: str, shell: str, profile: Profile) -> str:
    """The command line for `wish`. Raises InputError for an empty wish, LlmSwitchError where nothing usable came back."""
    wish = wish.strip().lstrip("#").strip()
    if not wish:
        raise InputError("the wish is empty; nothing was sent")
    request = Request(
        (Message("user", (Text(wish),)),),
        system=_WISH.format(shell=shell, system=platform.system()),
        max_output_tokens=LONGEST_LINE_TOKENS,
    )
    text = _answer(Job(request, words=wish, task=TASK, project=project_name(Path.cwd())), profile)
    line = command_line(text)
    if not line:
        raise LlmSwitchError("no command came back", hint=f"the answer was: {' '.join(text.split())[:200]}")
    return line


def explanation(command: str, status: int, shell: str, profile: Profile) -> int:
    """Print what may have gone wrong, as `ask` prints its answers; the exit code is `ask`'s."""
    call = Call(
        words=(f"{redact(command.strip())}\n\nexit code {status}",),
        system=_WHY.format(shell=shell, system=platform.system()),
        task=TASK,
        use_stdin=False,
        timeout_s=TIMEOUT_S,
    )
    return run(call, lambda: profile, _no_help)


def command_line(answer: str) -> str:
    """The command in an answer: out of its code fence, without a prompt mark, and without characters that do something to
    a terminal. Empty where there is none."""
    blocks = [body for _, body in code_blocks(answer)]
    text = blocks[0] if blocks else answer
    if text.count("`") == 2 and text.strip().startswith("`") and text.strip().endswith("`"):
        text = text.strip()[1:-1]
    lines = [_PROMPT_MARK.sub("", line).rstrip() for line in text.strip().splitlines()]
    kept = "\n".join(line for line in lines if line.strip())
    return "".join(char for char in kept if char.isprintable() or char in "\n\t")


def _answer(job: Job, profile: Profile) -> str:
    """The answer's text, with nothing shown on the way. Raises LlmSwitchError."""

    async def unseen(_: DispatchEvent) -> None:
        """A shell that waits for a line shows that itself."""

    async def answer(engine: Engine) -> str:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                result = await engine.run(job, unseen)
        except TimeoutError:
            raise TimeoutExceededError(f"no command came within {TIMEOUT_S:g} s", phase="total") from None
        finally:
            await engine.aclose()
        if result.error is not None:
            raise result.error
        return result.text

    with Ledger.open() as ledger:
        return asyncio.run(answer(Engine(profile, ledger, classify.build(profile))))


def _no_help() -> str:
    return ""
