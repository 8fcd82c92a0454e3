"""Which house a model comes from, whoever serves it: a second opinion should come from another one."""

from __future__ import annotations

import re
from collections.abc import Callable

from llmswitch.catalog import Model
from llmswitch.profile import Profile

_FAMILIES: tuple[tuple[str, str], ...] = (
    (r"claude", "Claude"),
    (r"gpt|codex|\bo[134]\b", "GPT"),
    (r"gemini|gemma", "Gemini"),
    (r"deepseek", "DeepSeek"),
    (r"qwen|qwq", "Qwen"),
    (r"glm", "GLM"),
    (r"kimi|moonshot", "Kimi"),
    (r"llama", "Llama"),
    (r"mistral|codestral|devstral|magistral", "Mistral"),
    (r"grok", "Grok"),
    (r"phi", "Phi"),
    (r"smollm", "SmolLM"),
)


def family(model: Model) -> str:
    """The family's name; a model that none fits is a family of its own."""
    wanted = model.model.lower()
    return next((name for pattern, name in _FAMILIES if re.search(pattern, wanted)), wanted)


def strongest_of_another(profile: Profile, first: Model, missing: Callable[[Model], str | None]) -> Model | None:
    """The usable model of the strongest tier that is not of `first`'s family, in the profile's order; None if there is none."""
    other = [model for model in profile.models.values() if family(model) != family(first)]
    for model in sorted(other, key=lambda model: model.tier):
        if missing(model) is None:
            return model
    return None
