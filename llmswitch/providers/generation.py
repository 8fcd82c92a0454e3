"""One generation of llama.cpp in a thread of its own, its chunks handed over to asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Mapping
from typing import Any

HAND_OVER = 64
"""Chunks that may wait for a slow reader; then generation waits, too."""
_LOOK_S = 0.1

Chunk = Mapping[str, Any]


class _Generation:
    """The thread's side. It never outlives `stop` by more than one batch of the prompt or one token."""

    def __init__(self, server: Any, body: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        self.chunks: asyncio.Queue[Chunk | None] = asyncio.Queue()
        self.room = threading.Semaphore(HAND_OVER)
        self.stop = threading.Event()
        self.ended = asyncio.Event()
        self.error: BaseException | None = None
        self._server = server
        self._body = body
        self._loop = loop

    def run(self) -> None:
        try:
            self._server.handle_chat_completions(self._body, self._take)
        except (ValueError, RuntimeError) as error:  # what xllamacpp makes of a C++ exception
            self.error = error
        finally:
            self._server = None  # the last reference may be this one, and unloads the model
            self._tell(self._end)

    def _take(self, chunk: Chunk) -> bool:
        """Called by llama.cpp for each chunk; True makes it cancel the generation."""
        while not self.room.acquire(timeout=_LOOK_S):
            if self.stop.is_set():
                return True
        return self.stop.is_set() or not self._tell(self.chunks.put_nowait, chunk)

    def _end(self) -> None:
        self.chunks.put_nowait(None)
        self.ended.set()

    def _tell(self, *call: Any) -> bool:
        try:
            self._loop.call_soon_threadsafe(*call)
        except RuntimeError:  # the loop is closed: nobody listens any more
            return False
        return True


async def chunks(server: Any, body: dict[str, Any]) -> AsyncGenerator[Chunk, None]:
    """llama.cpp's chunks for a Chat Completions `body`. Closing the generator or cancelling its task stops the work and
    waits until it has stopped. Raises ValueError or RuntimeError with llama.cpp's words where it refuses the body."""
    generation = _Generation(server, body, asyncio.get_running_loop())
    # not a daemon: the interpreter must not end under a thread that is inside C++
    thread = threading.Thread(target=generation.run, name="llmswitch-generation")
    thread.start()
    try:
        while (chunk := await generation.chunks.get()) is not None:
            generation.room.release()
            yield chunk
        if generation.error is not None:
            raise generation.error
    finally:
        generation.stop.set()
        await generation.ended.wait()
        thread.join()  # it has nothing left to do
