"""A scripted upstream on loopback: a real HTTP server in a thread that speaks the vendors' protocols and fails on demand.

`Upstream.script(Reply(...), ...)` queues what happens to the next requests; with the queue empty it answers DEFAULT_TEXT.
Everything that arrives is kept in `requests`. Protocols are told apart by the path, so one base URL serves them all.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from upstream_wire import BEFORE_MARKER, DEFAULT_TEXT, STREAMS, Piece, Reply, error_body, error_event, garbled_event

__all__ = [
    "BEFORE_MARKER",
    "DEFAULT_TEXT",
    "Reply",
    "Seen",
    "Upstream",
    "nobody_listens",
    "running_upstream",
    "silent_port",
]

MODELS = ("glm-4.7", "qwen3:8b", "qwen2.5-coder:32b")
WAIT_S = 20.0
"""How long a test waits for something that must happen; reached only when it fails."""


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; header names are lower case, `arrived_ns` is CLOCK_MONOTONIC."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    arrived_ns: int

    @property
    def model(self) -> str:
        """The model id that was asked for."""
        return str(self.body.get("model", "")) if isinstance(self.body, dict) else ""


@dataclass
class _Rule:
    reply: Reply
    path: str
    model: str
    times: int | None


@dataclass
class Upstream:
    """The server's face to a test; safe to use from any thread."""

    url: str = ""
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    client_left: threading.Event = field(default_factory=threading.Event)
    _rules: list[_Rule] = field(default_factory=list)
    _released: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def anthropic_url(self) -> str:
        return self.url

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def ollama_url(self) -> str:
        return self.url

    @property
    def openrouter_url(self) -> str:
        return f"{self.url}/api/v1"

    @property
    def gemini_url(self) -> str:
        return f"{self.url}/v1beta/openai"

    def script(self, *replies: Reply, path: str = "", model: str = "", times: int | None = 1) -> None:
        """Queue replies for requests whose path and model contain these words; `times` None repeats for ever."""
        with self._lock:
            self._rules += [_Rule(reply, path, model, times) for reply in replies]

    def release(self) -> None:
        """Let every held stream go on."""
        self._released.set()

    def wait_until_client_left(self) -> bool:
        """Whether a client closed a stalled or held stream."""
        return self.client_left.wait(WAIT_S)

    @property
    def last(self) -> Seen:
        """The newest request."""
        return self.requests[-1]

    def take(self, path: str, model: str) -> Reply:
        """The reply for a request; used by the server."""
        with self._lock:
            for rule in self._rules:
                if rule.path in path and rule.model in model and rule.times != 0:
                    if rule.times is not None:
                        rule.times -= 1
                    return rule.reply
        return Reply()

    @property
    def held(self) -> bool:
        """Whether held streams still wait."""
        return not self._released.is_set()


class _ClientGoneError(Exception):
    """The client closed its side while it was being kept waiting."""


class _Connection:
    def __init__(self, upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.upstream, self.reader, self.writer = upstream, reader, writer

    async def serve(self) -> None:
        try:
            while await self._one():
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away between two requests
        except _ClientGoneError:
            self.upstream.client_left.set()
        finally:
            self.writer.close()

    async def _one(self) -> bool:
        seen = await self._read()
        path = seen.path.partition("?")[0]
        self.upstream.requests.append(seen)
        if seen.method == "GET" or path in ("/api/show", "/api/pull"):
            return await self._inventory(path)
        dialect = _dialect(path)
        if dialect is None:
            return await self._json({"error": {"message": f"no route {path}", "type": "not_found_error"}}, 404)
        reply = self.upstream.take(path, seen.model)
        if reply.first_delay_s:
            await self._wait(reply.first_delay_s)
        if reply.refuse:
            self.writer.transport.abort()
            return False
        if reply.status >= 400:
            body = error_body(dialect, reply)
            kind = "text/html" if body.startswith("<") else "application/json"
            return await self._whole(body.encode(), kind, reply.status, reply.headers)
        if reply.garbage:
            return await self._whole(b"<html><body>Welcome to the hotel network</body></html>", "text/html")
        if reply.plain is not None:
            return await self._json(reply.plain)
        return await self._stream(dialect, reply, seen)

    async def _read(self) -> Seen:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        fields = (line.split(":", 1) for line in head[1:] if ":" in line)
        headers = {name.lower(): value.strip() for name, value in fields}
        raw = await self.reader.readexactly(int(headers.get("content-length", 0)))
        body: Any = json.loads(raw) if raw else None
        return Seen(method, path, headers, body, time.monotonic_ns())

    async def _stream(self, dialect: str, reply: Reply, seen: Seen) -> bool:
        kind = "application/x-ndjson" if dialect == "ollama" else "text/event-stream"
        self._head(200, kind, {"Transfer-Encoding": "chunked", **reply.headers})
        asked = seen.body if isinstance(seen.body, dict) else {}
        sent, pieces = 0, len(reply.pieces())
        for chunk in STREAMS[dialect](reply, seen.model, asked):
            if not isinstance(chunk, Piece):
                if sent == pieces != 0:
                    pieces = 0  # once: what follows the last piece has several events
                    fault = await self._before_piece(dialect, reply, BEFORE_MARKER)
                    if fault is not None:
                        return fault
                await self._write(chunk, reply)
                continue
            fault = await self._before_piece(dialect, reply, sent)
            if fault is not None:
                return fault
            await self._write(chunk.data, reply)
            sent += 1
        fault = await self._before_piece(dialect, reply, sent)
        if fault is not None:
            return fault
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()
        return True

    async def _before_piece(self, dialect: str, reply: Reply, sent: int) -> bool | None:
        """Act out the fault that is due before piece number `sent`; None if the stream goes on, else whether the
        connection does."""
        if reply.delay_s:
            await self._wait(reply.delay_s)
        if reply.hold_after == sent:
            while self.upstream.held:
                await self._wait(0.01)
        if reply.stall_after == sent:
            await self._wait(3_600)
        if reply.drop_after == sent:
            self.writer.transport.abort()
            return False
        if reply.garble_after == sent:
            await self._write(garbled_event(dialect), reply)
        if reply.error_after == sent:
            await self._write(error_event(dialect, reply), reply)
        if sent in (reply.error_after, reply.end_after):
            self.writer.write(b"0\r\n\r\n")
            await self.writer.drain()
            return True
        return None

    async def _wait(self, seconds: float) -> None:
        """Sleep, but notice a client that leaves meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                try:
                    early = await self.reader.read(1)
                except ConnectionError:
                    early = b""
                raise _ClientGoneError if not early else RuntimeError("a second request on a busy connection")

    def _head(self, status: int, kind: str, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} Scripted", f"Content-Type: {kind}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def _write(self, data: bytes, reply: Reply) -> None:
        size = reply.tcp_bytes or len(data)
        for at in range(0, len(data), size):
            part = data[at : at + size]
            self.writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await self.writer.drain()
            if reply.tcp_bytes:
                await asyncio.sleep(0)

    async def _whole(self, body: bytes, kind: str, status: int = 200, headers: Mapping[str, str] | None = None) -> bool:
        self._head(status, kind, {"Content-Length": str(len(body)), **(headers or {})})
        self.writer.write(body)
        await self.writer.drain()
        return True

    async def _json(self, body: Any, status: int = 200) -> bool:
        return await self._whole(json.dumps(body).encode(), "application/json", status)

    async def _inventory(self, path: str) -> bool:
        """What is installed, and Ollama's download."""
        if path == "/api/tags":
            return await self._json({"models": [{"name": name, "model": name, "size": 3_000_000} for name in MODELS]})
        if path == "/api/version":
            return await self._json({"version": "0.15.6"})
        if path == "/api/ps":
            return await self._json({"models": []})
        if path == "/api/show":
            return await self._json({"model_info": {"glm4.context_length": 131_072}, "capabilities": ["completion"]})
        if path == "/api/pull":
            steps: list[dict[str, Any]] = [{"status": "pulling manifest"}]
            steps += [{"status": "downloading", "total": 100, "completed": done} for done in (40, 100)]
            steps += [{"status": "success"}]
            return await self._whole(
                "".join(json.dumps(step) + "\n" for step in steps).encode(), "application/x-ndjson"
            )
        if path.endswith("/models"):
            return await self._json({"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})
        return await self._whole(b"Ollama is running", "text/plain", 200 if path == "/" else 404)


def _dialect(path: str) -> str | None:
    ends = {"/messages": "anthropic", "/chat/completions": "chat", "/responses": "responses", "/api/chat": "ollama"}
    return next((dialect for end, dialect in ends.items() if path.endswith(end)), None)


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    """A server on a free port of 127.0.0.1 for the time of the block."""
    upstream = Upstream()
    ready, stop = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        connections: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            connections.add(task)
            upstream.connections += 1
            with suppress(asyncio.CancelledError):  # the server is closing
                await _Connection(upstream, reader, writer).serve()
            connections.discard(task)

        server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=2**26)
        upstream.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        loops.append(asyncio.get_running_loop())
        ready.set()
        await stop.wait()
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="upstream", daemon=True)
    thread.start()
    assert ready.wait(WAIT_S), "the upstream did not start"
    try:
        yield upstream
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(WAIT_S)


def nobody_listens() -> str:
    """The URL of a port that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@contextmanager
def silent_port() -> Iterator[str]:
    """The URL of a port that neither takes nor refuses a connection: its queue is full, so the handshake never ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(address)
        try:
            yield f"http://127.0.0.1:{address[1]}"
        finally:
            for filler in fillers:
                filler.close()
