"""One call of Ollama, for the cache: standard library only, as a hit must not wait for the import of an HTTP library, and one
deadline for all of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any

from llmswitch.errors import CacheError
from llmswitch.ollama_address import Address

CONNECT_S = 0.25
LARGEST_ANSWER = 64_000_000


def post(
    address: Address, path: str, body: Mapping[str, Any], *, headers: Mapping[str, str], deadline_s: float
) -> Mapping[str, Any]:
    """The JSON object that `path` answers `body` (with its `model`) with. Raises CacheError."""
    until = time.monotonic() + deadline_s
    kind = HTTPSConnection if address.secure else HTTPConnection
    connection = kind(address.host, address.port, timeout=min(CONNECT_S, deadline_s))
    try:
        connection.connect()
        connection.sock.settimeout(max(until - time.monotonic(), 0.001))
        sent = {"content-type": "application/json", **headers}
        connection.request("POST", address.path + path, json.dumps(body).encode(), sent)
        response = connection.getresponse()
        content = response.read(LARGEST_ANSWER)
    except TimeoutError:
        raise CacheError(f"Ollama's {body['model']} gave no answer within {deadline_s:g} s") from None
    except (OSError, HTTPException) as error:
        raise CacheError(
            f"Ollama can't be reached at {address.host}:{address.port} ({type(error).__name__})",
            hint='start it, or set `[cache] embedder = "light"` and leave `judge` out',
        ) from None
    finally:
        connection.close()
    return _read(str(body["model"]), response.status, content)


def _read(model: str, status: int, content: bytes) -> Mapping[str, Any]:
    if status == 404:
        raise CacheError(f"Ollama has no model {model}", hint=f"ollama pull {model}")
    if status != 200:
        raise CacheError(f"Ollama answered {status} when {model} was asked for")
    try:
        said = json.loads(content)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise CacheError("Ollama's answer is not a JSON object")
    return said
