"""A vendor's program as a child process: lines out of it, and an end that leaves nothing behind.

The child leads a process group of its own, so that Ctrl-C reaches it only through us and whatever it starts ends with it.
Output is read as it comes, in lines of any length up to MAX_LINE (asyncio's own line reader stops at 64 KB), and no faster
than it is used. What it says on stderr is kept for the error message, the last KEPT_BYTES of it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

MAX_LINE = 64 * 2**20
"""Bytes; a longer line is no protocol, and would fill the memory."""
KEPT_BYTES = 4_096
HIGH_WATER = 2**20
"""Bytes read ahead before the child has to wait."""
TERM_S = 2.0
"""How long a child may take to end after SIGTERM."""
LINGER_S = 1.0
"""How long output is awaited after the child ended, if something that it started still holds the pipe."""


class LineTooLongError(Exception):
    """A line of more than MAX_LINE bytes."""


class ClientProcess:
    """A running child. Make one with `start`, and `stop` it whatever happens."""

    def __init__(self, transport: asyncio.SubprocessTransport, pipes: _Pipes) -> None:
        self._transport = transport
        self._pipes = pipes

    @classmethod
    async def start(cls, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, stdin: bytes) -> ClientProcess:
        """Run `argv` in `cwd`; `stdin` is all it will ever read there. Raises OSError where it can't be run."""
        transport, pipes = await asyncio.get_running_loop().subprocess_exec(
            _Pipes,
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
        process = cls(transport, pipes)
        into = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))
        into.write(stdin)  # buffered by the transport, written as the child reads
        into.write_eof()
        return process

    @property
    def pid(self) -> int:
        """The child's id, which is its group's too."""
        return self._transport.get_pid()

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._transport.get_returncode()

    @property
    def complaint(self) -> str:
        """The end of what it said on stderr."""
        return bytes(self._pipes.complaint).decode("utf-8", "replace").strip()

    async def lines(self) -> AsyncIterator[bytes]:
        """Each line of stdout without its end, the last one even if it has none. Raises LineTooLongError."""
        buffer = bytearray()
        searched = 0
        while chunk := await self._pipes.take():
            buffer += chunk
            start = 0
            while (end := buffer.find(b"\n", max(start, searched))) >= 0:
                yield bytes(buffer[start:end])
                start = end + 1
            del buffer[:start]
            searched = len(buffer)
            if searched > MAX_LINE:
                raise LineTooLongError
        if buffer:
            yield bytes(buffer)

    async def wait(self, seconds: float) -> bool:
        """Whether it ended by itself within that time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._pipes.gone.wait()
        return self._pipes.gone.is_set()

    async def stop(self, patience_s: float = 0.0) -> None:
        """End it and everything it started: after `patience_s` to end by itself SIGTERM, after TERM_S SIGKILL."""
        try:
            if not (patience_s and await self.wait(patience_s)):
                self._signal(signal.SIGTERM)
                await self.wait(TERM_S)
        finally:  # also where this wait is cancelled in its turn
            self._signal(signal.SIGKILL)
            self._transport.close()
        await self._pipes.closed.wait()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):  # nobody is left in the group
            os.killpg(self.pid, number)


class _Pipes(asyncio.SubprocessProtocol):
    """The child's side as asyncio reports it."""

    def __init__(self) -> None:
        self.complaint = bytearray()
        self.gone = asyncio.Event()
        self.closed = asyncio.Event()
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        self._news = asyncio.Event()
        self._stdout: asyncio.ReadTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pipe = cast("asyncio.SubprocessTransport", transport).get_pipe_transport(1)
        self._stdout = cast("asyncio.ReadTransport", pipe)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self.complaint += data
            del self.complaint[:-KEPT_BYTES]
            return
        self._chunks.append(data)
        self._size += len(data)
        if self._size > HIGH_WATER and self._stdout is not None:
            self._stdout.pause_reading()
        self._news.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        if fd == 1:
            self._ended = True
            self._news.set()

    def process_exited(self) -> None:
        self.gone.set()
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self.closed.set()

    async def take(self) -> bytes:
        """Everything that has arrived, at least one byte; empty at the end."""
        while not self._chunks and not self._ended:
            self._news.clear()
            try:
                async with asyncio.timeout(LINGER_S if self.gone.is_set() else None):
                    await self._news.wait()
            except TimeoutError:
                break
        taken = b"".join(self._chunks)
        self._chunks.clear()
        if self._size > HIGH_WATER and self._stdout is not None and not self._ended:
            self._stdout.resume_reading()
        self._size = 0
        return taken
