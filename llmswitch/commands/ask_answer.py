"""`ask` with an answer: the engine runs, its events become output, Ctrl-C and a closed pipe end it with the spend recorded."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from llmswitch import classify
from llmswitch.catalog import Model
from llmswitch.commands.ask_output import JsonOutput, JsonStreamOutput, Output, TextOutput
from llmswitch.commands.ask_run import Call
from llmswitch.commands.engine_run import run_engine
from llmswitch.commands.prompt_input import PromptInput
from llmswitch.conversation import Request
from llmswitch.engine.dispatch import Engine, Job, Result
from llmswitch.engine.purse import Purse
from llmswitch.errors import ExitCode, Failure
from llmswitch.ledger.store import Ledger
from llmswitch.profile import Profile

Way = Callable[[Engine, Call, Job, Output], Coroutine[Any, Any, int]]


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
        allow_unknown_price=call.allow_unknown_price,
        purse=None if call.max_cost is None else Purse(call.max_cost),
        cache=call.cache,
    )
    with Ledger.open() as ledger:
        for note in ledger.notes:
            output.note(note)
        engine = Engine(profile, ledger, classify.build(profile))
        with in_session(call, engine, job, output.note) as (engine, job):
            return run_engine(engine, _way(call)(engine, call, job, output), output, call.timeout_s)


def in_session(
    call: Call, engine: Engine, job: Job, say: Callable[[str], None]
) -> AbstractContextManager[tuple[Engine, Job]]:
    """`engine` and `job`, made part of a session where the call or the profile wants one."""
    if not call.in_session(engine.profile):
        return nullcontext((engine, job))
    from llmswitch.commands.ask_keep import session

    return session(call, engine, job, say)


def _way(call: Call) -> Way:
    if call.schema is not None:
        return _structured
    if call.compare is not None:
        return _compared
    if call.second_opinion is not None:
        return _reviewed
    return _plain


async def _plain(engine: Engine, _: Call, job: Job, output: Output) -> int:
    result = await engine.run(job, output.emit)
    lacking = _not_pulled(engine, result)
    if lacking and output.confirm(f"Ollama does not have {lacking.model} yet. Pull it now?"):
        await _pull(engine, lacking, output)
        result = await engine.run(job, output.emit)
    output.finish(result)
    _remember(result, job, output)
    return _code(result)


def _remember(result: Result, job: Job, output: Output) -> None:
    """Keep the prompt's features, numbers without text, so that `llmswitch wrong` can teach the classifier."""
    try:
        classify.remember_last(result.dispatch_id, job.words, job.attachment)
    except OSError as error:
        output.note(f"`llmswitch wrong` will not know this prompt: {error.strerror}")


def _not_pulled(engine: Engine, result: Result) -> Model | None:
    """The model that could have answered if Ollama had it."""
    last = result.last
    if result.error is None or last is None or last.failure != Failure.NOT_FOUND:
        return None
    return last.model if engine.profile.providers[last.model.provider].kind == "ollama" else None


async def _pull(engine: Engine, model: Model, output: Output) -> None:
    from llmswitch.providers.ollama_chat import pull

    async for progress in pull(engine.profile.providers[model.provider], model.model):
        await output.emit(progress)


async def _structured(engine: Engine, _: Call, job: Job, output: Output) -> int:
    from llmswitch.engine import structured

    outcome = await structured.run(engine, job, output.emit)
    last = outcome.results[-1]
    if last.error is None and outcome.errors:
        error = structured.mismatch_error(outcome.errors)
        last = replace(last, error=error)
    elif last.error is None:
        last = replace(last, text=json.dumps(outcome.value, ensure_ascii=False, indent=1))
        output.whole(last.text)
    output.finish(last)
    _remember(last, job, output)
    return _code(last)


async def _reviewed(engine: Engine, call: Call, job: Job, output: Output) -> int:
    from llmswitch.commands import ask_many

    results = await ask_many.second_opinion(engine, call, job, output)
    _remember(results[0], job, output)
    return _finish_many(results, output)


async def _compared(engine: Engine, call: Call, job: Job, output: Output) -> int:
    from llmswitch.commands import ask_many

    names = ask_many.model_list(call.compare or "")
    results = await ask_many.compare(engine, job, names, output)
    return _finish_many(results, output)


def _finish_many(results: tuple[Result, ...], output: Output) -> int:
    from llmswitch.commands import ask_many

    output.finish_many(results)
    return ask_many.exit_code(results)


def _code(result: Result) -> int:
    return int(result.error.exit_code if result.error else ExitCode.OK)


def _output(call: Call) -> Output:
    if call.output == "json":
        return JsonOutput(sys.stdout, sys.stderr, quiet=call.quiet, verbose=call.verbose)
    if call.output == "json-stream":
        return JsonStreamOutput(sys.stdout, sys.stderr, quiet=call.quiet, verbose=call.verbose)
    return TextOutput(sys.stdout, sys.stderr, raw=call.output == "raw", quiet=call.quiet, verbose=call.verbose)


def project_name(folder: Path) -> str | None:
    """The name of the git repository's root folder around `folder`, or None."""
    return next((parent.name for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)
