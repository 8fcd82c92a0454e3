"""The engine at work for one command: Ctrl-C, SIGTERM, a closed terminal and a deadline end it with the spend recorded."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from llmswitch.commands.ask_output import Output
from llmswitch.engine.dispatch import Engine
from llmswitch.errors import ExitCode, TimeoutExceededError

TERMINATED = 128 + signal.SIGTERM


def run_engine(engine: Engine, work: Coroutine[Any, Any, int], output: Output, timeout_s: float | None = None) -> int:
    """Run `work` to its exit code, at most `timeout_s` seconds (None: any time). Raises TimeoutExceededError."""
    try:
        with asyncio.Runner() as runner:
            return runner.run(_guarded(engine, work, timeout_s))
    except TimeoutError:
        output.interrupted()
        raise TimeoutExceededError(
            f"the answer was not complete within {timeout_s:g} s",
            phase="total",
            hint="--timeout sets this limit; what was spent is recorded",
        ) from None
    except KeyboardInterrupt:
        output.interrupted()
        return int(ExitCode.INTERRUPTED)
    except asyncio.CancelledError:
        output.interrupted()
        return TERMINATED


async def _guarded(engine: Engine, work: Coroutine[Any, Any, int], timeout_s: float | None) -> int:
    """`work`, ended by SIGTERM and a closed terminal as by Ctrl-C, with every adapter closed after it. Raises
    TimeoutError after `timeout_s` seconds (None: never)."""
    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        async with asyncio.timeout(timeout_s):
            return await work
    finally:
        await engine.aclose()
