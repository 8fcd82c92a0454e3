"""Which task a prompt is: `linear` (embedded), `local_model` (a model behind Ollama), `cascade` of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmswitch.classify.label import Classifier, Difficulty, Label, Opinion

if TYPE_CHECKING:
    from llmswitch.profile import Profile

__all__ = ["Classifier", "Difficulty", "Label", "Opinion", "build"]


def build(profile: Profile, mode: str | None = None) -> Classifier:
    """The classifier `profile` asks for; `mode` (linear, model, cascade) overrides the profile's. Opens nothing yet."""
    from llmswitch.classify.linear import Linear

    settings = profile.settings["classifier"]
    linear = Linear(settings["longcontext_tokens"])
    return linear
