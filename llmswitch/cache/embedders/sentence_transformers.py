"""Vectors from any sentence-transformers model, by name or local folder.

Importing torch takes seconds: this embedder belongs into the resident engine, and loads when it is first asked.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmswitch.errors import CacheError

if TYPE_CHECKING:
    from llmswitch.cache.base import Vector

THRESHOLD = 0.85


class SentenceTransformers:
    """A model named `model`: a folder, or a name that the library finds in its own cache or fetches."""

    threshold = THRESHOLD

    def __init__(self, model: str) -> None:
        self.model = model
        self._loaded: Any = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model; of a folder its absolute path, as two of one name may hold different weights."""
        folder = Path(self.model).expanduser()
        return f"sentence-transformers:{folder.resolve() if folder.is_dir() else self.model}"

    @property
    def dim(self) -> int:
        return int(self.embed(["a"]).shape[1])

    def embed(self, texts: Sequence[str]) -> Vector:
        """(n, dim), L2-normalised. Raises CacheError when the library or the model is missing."""
        import numpy as np

        vectors: Vector = np.asarray(
            self._model().encode(list(texts), normalize_embeddings=True, show_progress_bar=False), dtype=np.float32
        )
        return vectors

    def _model(self) -> Any:
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self.model)
            return self._loaded


def _load(model: str) -> Any:
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise CacheError(
            f"the embedder sentence-transformers:{model} needs the extra `semantic` ({error})",
            hint="pip install 'llmswitch[semantic]', or set `[cache] embedder = \"light\"`",
        ) from None
    torch.set_num_threads(1)  # with more, beside other work, one prompt was seen to take 490 ms instead of 17
    folder = Path(model).expanduser()
    try:
        return SentenceTransformer(str(folder) if folder.is_dir() else model, device="cpu")
    except Exception as error:  # the library raises what its many back ends raise
        raise CacheError(f"the model {model} can't be loaded: {type(error).__name__}: {error}") from error
