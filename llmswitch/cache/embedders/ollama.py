"""Vectors from a model behind Ollama: the reference design's `nomic-embed-text`, or any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from llmswitch.cache.ollama_call import post
from llmswitch.errors import CacheError, ConfigError
from llmswitch.ollama_address import Address, address_of

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector
    from llmswitch.catalog import ProviderSettings

DEADLINE_S = 2.0
KEEP_ALIVE = "30m"
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
        body = {"model": self.model, "input": clean, "keep_alive": KEEP_ALIVE, "truncate": True}
        said = post(self.address, "/api/embed", body, headers=self.headers, deadline_s=self.deadline_s)
        if "embeddings" not in said:
            raise CacheError(f"Ollama's answer for {self.model} holds no vectors")
        return said["embeddings"]
