"""`ask --second-opinion` and `ask --compare`: more than one model on the same prompt."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace

from llmswitch.commands.ask_output import Output
from llmswitch.commands.ask_run import Call
from llmswitch.conversation import Message, Notice, Text
from llmswitch.engine.dispatch import DispatchEvent, Engine, Job, Result
from llmswitch.engine.families import strongest_of_another
from llmswitch.errors import ExitCode, NoCandidateError, UsageError
from llmswitch.terminal.amounts import money
from llmswitch.terminal.tables import render_table

REVIEW_WISH = (
    "Another model gave the answer above. Review it for the person who asked: say what is right, what is wrong or missing, "
    "and what you would change. Be brief and concrete; if it is good, say so."
)


async def second_opinion(engine: Engine, call: Call, job: Job, output: Output) -> tuple[Result, ...]:
    """The answer, then another family's strongest model on it. Raises NoCandidateError where there is no other family."""
    if call.second_opinion:
        engine.profile.model(call.second_opinion)  # a wrong name is told before anything is spent
    first = await engine.run(job, output.emit)
    if first.error is not None or first.model is None:
        return (first,)
    reviewer = call.second_opinion or ""
    if not reviewer:
        other = strongest_of_another(engine.profile, first.model, engine.missing)
        if other is None:
            raise NoCandidateError(
                "there is no usable model of another family for a second opinion",
                hint="name one: --second-opinion MODEL",
            )
        reviewer = other.name
    turns = (*job.request.messages, Message("assistant", (Text(first.text),)), Message("user", (Text(REVIEW_WISH),)))
    output.section(f"Second opinion: {reviewer}")
    review = replace(job, request=replace(job.request, messages=turns, schema=None), task="review", model=reviewer)
    return first, await engine.run(review, output.emit)


async def compare(engine: Engine, job: Job, names: Sequence[str], output: Output) -> tuple[Result, ...]:
    """Every model's answer to the same prompt, asked at once, printed in the order given."""
    for name in names:
        engine.profile.model(name)

    async def one(name: str) -> Result:
        async def only_notices(event: DispatchEvent) -> None:
            if isinstance(event, Notice):
                await output.emit(event)

        return await engine.run(replace(job, model=name), only_notices)

    results = await asyncio.gather(*(one(name) for name in names))
    for name, result in zip(names, results, strict=True):
        output.section(name, first=name == names[0])
        output.whole(result.text if result.error is None else f"(no answer: {result.error.message})")
    return tuple(results)


def comparison_table(results: Sequence[Result]) -> str:
    """Time, tokens and cost side by side, for stderr."""
    rows = []
    for result in results:
        last = result.last
        tokens = last.usage.output_tokens if last and last.usage else None
        name = last.model.name if last else "none"
        rows.append(
            (name, "failed" if result.error else "", f"{result.total_ms / 1000:.1f} s", _count(tokens), _cost(result))
        )
    return render_table(("model", "", "time", "tokens out", "cost"), rows, stream=sys.stderr, right=(2, 3, 4))


def model_list(given: str) -> list[str]:
    """`A,B,C` as names. Raises UsageError for fewer than two."""
    names = [name.strip() for name in given.split(",") if name.strip()]
    if len(names) < 2 or len(set(names)) != len(names):
        raise UsageError("--compare needs two or more different models, as in --compare sonnet,glm")
    return names


def exit_code(results: Sequence[Result]) -> int:
    """0 when every model answered, else the first failure's code."""
    failed = next((result.error for result in results if result.error), None)
    return int(failed.exit_code if failed else ExitCode.OK)


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"


def _cost(result: Result) -> str:
    last = result.last
    if last is None or last.cost.usd is None:
        return "?"
    if last.cost.source == "plan":
        return "plan"
    if last.cost.source == "free":
        return "local" if last.model.local else "free"
    return money(last.cost.usd)
