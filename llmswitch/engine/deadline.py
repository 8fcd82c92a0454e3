"""Work that blocks, in a thread, with a deadline: what is late is left to itself."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Callable[[], T], name: str) -> T:
    """What `work` returns or raises; TimeoutError when it takes longer. The thread is a daemon, so that one that hangs keeps
    nobody from going on, nor the process from ending (asyncio's own threads are waited for at the end)."""
    return await asyncio.wait_for(begin(work, name), seconds)


def begin(work: Callable[[], T], name: str) -> asyncio.Future[T]:
    """Start `work` in a thread of its own; the future has what it returns or raises."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def report(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # a T unless there is an error

    def run() -> None:
        result, failed = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is awaited
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(report, result, failed)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
