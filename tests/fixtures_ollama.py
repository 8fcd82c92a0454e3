"""A scripted Ollama on loopback, on a real socket: it answers as told and keeps what it was asked."""

from __future__ import annotations

import json
import select
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from llmswitch.ollama_address import Address


class Ollama(ThreadingHTTPServer):
    """Answers /api/tags, /api/ps and /api/chat as told and keeps what it was asked. `size` is that of its models, as Ollama
    has it ("8.2B"); `left` is set when a client went away while it waited for its answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.installed = ["glm-4.7:latest"]
        self.size = ""
        self.loaded = True
        self.left = threading.Event()
        self.content: str = '{"task":"design","difficulty":"hard"}'
        self.raw: bytes | None = None
        self.status = 200
        self.wait = threading.Event()
        self.wait.set()
        self.asked: list[dict[str, Any]] = []

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is expected here."""


class _Handler(BaseHTTPRequestHandler):
    server: Ollama

    def do_GET(self) -> None:
        names = self.server.installed if self.path == "/api/tags" or self.server.loaded else []
        models = [{"name": name, "details": {"parameter_size": self.server.size}} for name in names]
        self._send(json.dumps({"models": models}).encode(), 200)

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        while not self.server.wait.wait(0.02):
            if select.select([self.connection], [], [], 0)[0]:
                self.server.left.set()
                return
        body = json.dumps({"message": {"role": "assistant", "content": self.server.content}, "done": True}).encode()
        self._send(self.server.raw if self.server.raw is not None else body, self.server.status)

    def _send(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def ollama() -> Iterator[Ollama]:
    server = Ollama()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.wait.set()
    server.shutdown()
    server.server_close()
    thread.join()
