"""One process of the kill soak: dispatches through the engine, several at once, until it is done or killed.

What it does is written to a journal, line by line with one `write` each, so that a killed process's lines are all there:
`begin ID`, `try ID ORDINAL MODEL` before an attempt's row is opened, `end ID ORDINAL STATUS` after it is settled, `done ID`.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic  # noqa: F401 - the fork server imports the SDKs once for all workers
import ollama  # noqa: F401
import openai  # noqa: F401

from llmswitch.catalog import Model
from llmswitch.classify import Label
from llmswitch.conversation import Message, Request, Text, TextDelta
from llmswitch.engine.dispatch import Attempting, AttemptReport, DispatchEvent, Engine, Job
from llmswitch.ledger.store import Ledger
from llmswitch.profile import load_profile

RESERVE = Decimal("0.05")
AT_ONCE = 8
CANCELLED = 0.15
READER_GONE = 0.05


@dataclass(frozen=True)
class Batch:
    """The dispatches of one process: ids, the tasks whose routes they may take, and where things are."""

    ids: tuple[int, ...]
    seed: int
    tasks: tuple[str, ...]
    profile: Path
    ledger: Path
    journal: Path


def prompt_of(number: int) -> str:
    """What dispatch `number` asks; the upstream's log is searched for it."""
    return f"soak-{number:06d}"


class ReservingLedger(Ledger):
    """A ledger that reserves RESERVE dollars for each attempt, as a profile with a budget does."""

    def begin_attempt(
        self, dispatch_id: str, ordinal: int, model: Model, reserve_usd: Decimal | None = None, **more: Any
    ) -> int:
        """Open the row with the reserve."""
        return super().begin_attempt(dispatch_id, ordinal, model, reserve_usd or RESERVE, **more)


class Unlabelled:
    """The jobs bring their task along."""

    def label(self, request: str, attachment: str = "", tokens: int | None = None) -> Label:
        """Never asked."""
        raise AssertionError("every job has a task")


def run(batch: Batch) -> None:
    """Make every dispatch of `batch`; the process's entry point."""
    asyncio.run(_main(batch))


async def _main(batch: Batch) -> None:
    journal = os.open(batch.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    chance = random.Random(batch.seed)
    waiting = iter(batch.ids)
    with ReservingLedger.open(batch.ledger) as ledger:
        engine = Engine(load_profile(str(batch.profile), project=False), ledger, Unlabelled())
        lanes = [_lane(engine, waiting, chance, batch.tasks, journal) for _ in range(AT_ONCE)]
        await asyncio.gather(*lanes)
        await engine.aclose()
    os.close(journal)


async def _lane(
    engine: Engine, waiting: Iterator[int], chance: random.Random, tasks: tuple[str, ...], journal: int
) -> None:
    for number in waiting:
        _note(journal, "begin", number)
        await _dispatch(engine, number, chance, chance.choice(tasks), journal)
        _note(journal, "done", number)


async def _dispatch(engine: Engine, number: int, chance: random.Random, task: str, journal: int) -> None:
    """One dispatch, perhaps cancelled from outside, perhaps with a reader that goes away."""
    reader_goes = chance.random() < READER_GONE
    cancel_after = chance.uniform(0, 0.3) if chance.random() < CANCELLED else None
    ended = 0

    async def emit(event: DispatchEvent) -> None:
        nonlocal ended
        if isinstance(event, Attempting):
            _note(journal, "try", number, event.ordinal, event.candidate.model.model)
        elif isinstance(event, AttemptReport):
            ended += 1
            _note(journal, "end", number, ended, event.status)
        elif isinstance(event, TextDelta) and reader_goes:
            raise BrokenPipeError

    prompt = prompt_of(number)
    job = Job(Request((Message("user", (Text(prompt),)),)), prompt, task=task, session=prompt)
    running = asyncio.create_task(engine.run(job, emit))
    if cancel_after is not None:
        asyncio.get_running_loop().call_later(cancel_after, running.cancel)
    with suppress(asyncio.CancelledError, BrokenPipeError):  # as meant
        await running


def _note(journal: int, *words: object) -> None:
    os.write(journal, (" ".join(map(str, words)) + "\n").encode())
