"""`ask` with an answer: the engine runs, its events become output, Ctrl-C and a closed pipe end it with the spend recorded."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from llmswitch import classify
from llmswitch.commands.ask_output import JsonOutput, JsonStreamOutput, TextOutput
from llmswitch.commands.ask_run import Call
from llmswitch.commands.prompt_input import PromptInput
from llmswitch.conversation import Request
from llmswitch.engine.dispatch import Engine, Job, Result
from llmswitch.errors import ExitCode
from llmswitch.ledger.store import Ledger
from llmswitch.profile import Profile

TERMINATED = 128 + signal.SIGTERM


def answer(call: Call, profile: Profile, request: Request, given: PromptInput) -> int:
    """Run the dispatch and print it; the exit code says how it ended."""
    output = _output(call)
    job = Job(
        request,
        words=given.words,
        attachment=given.attachment,
        task=call.task,
        model=call.model,
        project=project_name(Path.cwd()),
    )
    with Ledger.open() as ledger:
        for note in ledger.notes:
            output.note(note)
        engine = Engine(profile, ledger, classify.build(profile))
        try:
            result = _run(_dispatch(engine, job, output))
        except KeyboardInterrupt:
            output.interrupted()
            return int(ExitCode.INTERRUPTED)
        except asyncio.CancelledError:
            output.interrupted()
            return TERMINATED
    output.finish(result)
    return int(result.error.exit_code) if result.error else int(ExitCode.OK)


async def _dispatch(engine: Engine, job: Job, output: TextOutput | JsonOutput | JsonStreamOutput) -> Result:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await engine.run(job, output.emit)
    finally:
        await engine.aclose()


def _run(main: Coroutine[Any, Any, Result]) -> Result:
    with asyncio.Runner() as runner:
        return runner.run(main)


def _output(call: Call) -> TextOutput | JsonOutput | JsonStreamOutput:
    if call.output == "json":
        return JsonOutput(sys.stdout, sys.stderr, quiet=call.quiet, verbose=call.verbose)
    if call.output == "json-stream":
        return JsonStreamOutput(sys.stdout, sys.stderr, quiet=call.quiet, verbose=call.verbose)
    return TextOutput(sys.stdout, sys.stderr, raw=call.output == "raw", quiet=call.quiet, verbose=call.verbose)


def project_name(folder: Path) -> str | None:
    """The name of the git repository's root folder around `folder`, or None."""
    return next((parent.name for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)
