"""A server that answers as Ollama does, from llama.cpp and one GGUF file: for tests and benchmarks where there is no Ollama.

`/api/version`, `/api/tags`, `/api/ps`, and `/api/chat` without streaming. `format` becomes a grammar, so that an enum holds;
`options` and `keep_alive` are taken. One question is answered at a time; a client that leaves stops the work on its own.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from llmswitch.providers import llama_server

NAME = "smollm2:135m"
PARAMETERS = "134.52M"
VERSION = "0.14.0"
WINDOW = 4096
"""Tokens of the model's window."""
_OPTIONS = {
    "temperature": "temperature",
    "num_predict": "max_tokens",
    "seed": "seed",
    "top_k": "top_k",
    "top_p": "top_p",
}


class LlamaOllama(ThreadingHTTPServer):
    """The server. `asked` keeps the bodies of `/api/chat`; `abandoned` counts clients that left before their answer."""

    daemon_threads = True

    def __init__(self, path: Path, name: str = NAME) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name, self.path = name, path
        self.model = llama_server.load(path, WINDOW, llama_server.threads())
        self.turn = threading.Lock()
        self.asked: list[dict[str, Any]] = []
        self.abandoned = 0

    @property
    def url(self) -> str:
        """What `OLLAMA_HOST` would be."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is expected here."""

    def chat(self, asked: Mapping[str, Any], connection: socket.socket) -> dict[str, Any] | None:
        """Ollama's answer to `asked`, None when the client has left meanwhile."""
        started = time.monotonic_ns()
        said: list[Mapping[str, Any]] = []

        def take(chunk: Mapping[str, Any]) -> bool:
            said.append(chunk)
            return _has_left(connection)

        with self.turn:
            if not _has_left(connection):
                self.model.handle_chat_completions(_body(asked), take)
            if _has_left(connection):
                self.abandoned += 1
                return None
        deltas = [choice.get("delta", {}) for chunk in said for choice in chunk.get("choices", ())]
        usage: Mapping[str, int] = next((chunk["usage"] for chunk in said if chunk.get("usage")), {})
        return {
            "model": self.name,
            "created_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "message": {"role": "assistant", "content": "".join(delta.get("content") or "" for delta in deltas)},
            "done": True,
            "done_reason": "stop",
            "total_duration": time.monotonic_ns() - started,
            "prompt_eval_count": usage.get("prompt_tokens", 0),
            "eval_count": usage.get("completion_tokens", 0),
        }


@contextmanager
def serving(path: Path, name: str = NAME) -> Iterator[LlamaOllama]:
    """A server with `path` in memory, in a thread; it is gone afterwards."""
    server = LlamaOllama(path, name)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="llama as ollama")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        with server.turn:  # the model must not go while it computes
            server.model = None
        server.server_close()
        thread.join()


def _body(asked: Mapping[str, Any]) -> dict[str, Any]:
    """llama.cpp's Chat Completions body. In chunks, so that each is a chance to stop."""
    options = asked.get("options") or {}
    body = {"messages": asked["messages"], "stream": True, "return_progress": True}
    body |= {ours: options[theirs] for theirs, ours in _OPTIONS.items() if theirs in options}
    wanted = asked.get("format")
    if isinstance(wanted, dict):
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": wanted}}
    elif wanted == "json":
        body["response_format"] = {"type": "json_object"}
    return body


def _has_left(connection: socket.socket) -> bool:
    """Whether the other side has closed. One that has nothing to say yet is still there."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


class _Handler(BaseHTTPRequestHandler):
    server: LlamaOllama
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/api/version":
            self._send({"version": VERSION})
        elif self.path in ("/api/tags", "/api/ps"):
            self._send({"models": [self._described()]})
        else:
            self._send({"error": "not found"}, 404)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path != "/api/chat":
            self._send({"error": "not found"}, 404)
            return
        self.server.asked.append(asked)
        if asked.get("model") != self.server.name:
            self._send({"error": f"model '{asked.get('model')}' not found"}, 404)
        elif asked.get("stream") is not False:
            self._send({"error": "this server does not stream"}, 400)
        elif (said := self.server.chat(asked, self.connection)) is not None:
            self._send(said)

    def _described(self) -> dict[str, Any]:
        name = self.server.name
        details = {"format": "gguf", "family": "llama", "parameter_size": PARAMETERS, "quantization_level": "unknown"}
        return {"name": name, "model": name, "size": self.server.path.stat().st_size, "details": details}

    def _send(self, content: Mapping[str, Any], status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Quiet."""
