"""Vectors from a model behind Ollama: the reference design's `nomic-embed-text`, or any other.

Standard library only, as a hit must not wait for the import of an HTTP library. One deadline for all of a call.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any

from llmswitch.errors import CacheError, ConfigError
from llmswitch.ollama_address import Address, address_of

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector
    from llmswitch.catalog import ProviderSettings

CONNECT_S, DEADLINE_S = 0.25, 2.0
KEEP_ALIVE = "30m"
LARGEST_ANSWER = 64_000_000
THRESHOLD = 0.85
"""The reference configuration's; a model that was measured otherwise has its own in THRESHOLDS."""
THRESHOLDS: Mapping[str, float] = {"nomic-embed-text": 0.85}
PREFIXES: Mapping[str, str] = {"nomic-embed-text": "clustering: "}
"""What a model wants to be told before a text. Both sides of our comparison are prompts, so both get the same: nomic's
word for finding duplicates."""


@dataclass(slots=True)
class Ollama:
    """A model of Ollama's. `dim` is known from the first answer on, and asked for where it is needed before."""

    model: str
    address: Address
    headers: Mapping[str, str] = field(default_factory=dict)
    deadline_s: float = DEADLINE_S
    _dim: int = 0

    @classmethod
    def at(cls, model: str, settings: ProviderSettings | None) -> Ollama:
        """`model` where `settings` or `OLLAMA_HOST` say. Raises ConfigError for an address that is none."""
        try:
            address = address_of(settings)
        except ValueError as error:
            raise ConfigError(f"Ollama's address can't be used: {error}") from None
        return cls(model, address, settings.headers if settings else {})

    @property
    def name(self) -> str:
        """Model and prefix: either makes other vectors."""
        return f"ollama:{self.model}:{self._prefix.strip(': ')}" if self._prefix else f"ollama:{self.model}"

    @property
    def dim(self) -> int:
        if not self._dim:
            self.embed(["a"])
        return self._dim

    @property
    def threshold(self) -> float:
        return THRESHOLDS.get(self._base, THRESHOLD)

    def embed(self, texts: Sequence[str]) -> Vector:
        """(n, dim), L2-normalised. Raises CacheError when there is no answer within the deadline, or no such model."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        rows = np.asarray(self._vectors(texts), dtype=np.float32)
        if rows.ndim != 2 or len(rows) != len(texts) or not np.isfinite(rows).all():
            raise CacheError(f"Ollama's vectors of {self.model} have the wrong shape")
        self._dim = rows.shape[1]
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        vectors: Vector = rows / np.maximum(lengths, 1e-12)
        return vectors

    @property
    def _base(self) -> str:
        return self.model.partition(":")[0]

    @property
    def _prefix(self) -> str:
        return PREFIXES.get(self._base, "")

    def _vectors(self, texts: Sequence[str]) -> Any:
        clean = [(self._prefix + text).encode("utf-8", "replace").decode() for text in texts]
        said = self._post({"model": self.model, "input": clean, "keep_alive": KEEP_ALIVE, "truncate": True})
        if "embeddings" not in said:
            raise CacheError(f"Ollama's answer for {self.model} holds no vectors")
        return said["embeddings"]

    def _post(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        address, until = self.address, time.monotonic() + self.deadline_s
        kind = HTTPSConnection if address.secure else HTTPConnection
        connection = kind(address.host, address.port, timeout=min(CONNECT_S, self.deadline_s))
        try:
            connection.connect()
            connection.sock.settimeout(max(until - time.monotonic(), 0.001))
            headers = {"content-type": "application/json", **self.headers}
            connection.request("POST", address.path + "/api/embed", json.dumps(body).encode(), headers)
            response = connection.getresponse()
            content = response.read(LARGEST_ANSWER)
        except TimeoutError:
            raise CacheError(f"Ollama gave no vectors within {self.deadline_s:g} s") from None
        except (OSError, HTTPException) as error:
            raise CacheError(
                f"Ollama can't be reached at {address.host}:{address.port} ({type(error).__name__})",
                hint='start it, or set `[cache] embedder = "light"`',
            ) from None
        finally:
            connection.close()
        return self._read(response.status, content)

    def _read(self, status: int, content: bytes) -> Mapping[str, Any]:
        if status == 404:
            raise CacheError(f"Ollama has no model {self.model}", hint=f"ollama pull {self.model}")
        if status != 200:
            raise CacheError(f"Ollama answered {status} when asked for vectors of {self.model}")
        try:
            said = json.loads(content)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise CacheError("Ollama's answer is not a JSON object")
        return said
