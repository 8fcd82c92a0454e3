"""Embedders by their names in a profile: `light`, `ollama:MODEL`, `sentence-transformers:NAME_OR_PATH`, `none`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmswitch.errors import ConfigError

if TYPE_CHECKING:
    from llmswitch.cache.base import Embedder
    from llmswitch.catalog import ProviderSettings

FORMS = "light, ollama:MODEL, sentence-transformers:NAME_OR_PATH or none"


def build(spec: str, ollama: ProviderSettings | None = None) -> Embedder | None:
    """The embedder `spec` names; None for `none` (exact hits only). `ollama` says where Ollama is; without it,
    `OLLAMA_HOST` does. Nothing is loaded yet. Raises ConfigError for a name that is none of these."""
    kind, _, model = spec.partition(":")
    if spec == "none":
        return None
    if spec == "light":
        from llmswitch.cache.embedders.light import Light

        return Light()
    if kind == "ollama" and model:
        from llmswitch.cache.embedders.ollama import Ollama

        return Ollama.at(model, ollama)
    if kind == "sentence-transformers" and model:
        from llmswitch.cache.embedders.sentence_transformers import SentenceTransformers

        return SentenceTransformers(model)
    raise ConfigError(f"[cache] embedder = {spec!r} is no embedder", hint=f"use {FORMS}")
