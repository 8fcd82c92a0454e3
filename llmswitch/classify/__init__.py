"""Which task a prompt is: `linear` (embedded), `local_model` (a model behind Ollama), `cascade` of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmswitch.classify.label import Classifier, Difficulty, Label, Opinion

if TYPE_CHECKING:
    from llmswitch.classify.local_model import LocalModel
    from llmswitch.profile import Profile

__all__ = ["Classifier", "Difficulty", "Label", "Opinion", "build", "inherit", "model_of", "remember_last"]


def build(profile: Profile, mode: str | None = None) -> Classifier:
    """The classifier `profile` asks for; `mode` (linear, model, cascade) overrides the profile's. Opens nothing yet."""
    from llmswitch.classify import taught
    from llmswitch.classify.linear import Linear

    settings = profile.settings["classifier"]
    linear = Linear(settings["longcontext_tokens"], delta=taught.load() if taught.file().exists() else None)
    mode = mode or settings["mode"]
    if mode == "linear":
        return linear
    from llmswitch.classify.cascade import ALWAYS, Cascade

    model = model_of(profile)
    if model is not None:
        model.only_trusted = mode == "cascade"
    return Cascade(linear, model, ALWAYS if mode == "model" else settings["threshold"])


def inherit(previous_task: str | None, label: Label, text: str) -> Label:
    """The label of a turn whose conversation was `previous_task`: the same task, unless `text` clearly asks for another."""
    from llmswitch.classify.follow_up import inherit as carried_on

    return carried_on(previous_task, label, text)


def remember_last(dispatch_id: str, request: str, attachment: str = "") -> None:
    """Keep the features (numbers, no text) of a dispatch, so that `llmswitch wrong` can correct it; the last 50 are kept.
    Raises OSError."""
    from llmswitch.classify import corrections
    from llmswitch.classify.features import features
    from llmswitch.classify.structure import meant

    corrections.remember_last(dispatch_id, features(*meant(request, attachment)))


def model_of(profile: Profile) -> LocalModel | None:
    """The local model of the profile, or None where none is named that Ollama could serve."""
    from llmswitch.classify.local_model import LocalModel
    from llmswitch.ollama_address import address_of

    settings = profile.settings["classifier"]
    wanted = list(settings["models"])
    provider = profile.providers.get("ollama")
    if settings["model"] is not None:
        entry = profile.model(settings["model"])
        serving = profile.providers[entry.provider]
        if serving.kind == "ollama":
            provider = serving
            named = list(entry.options.get("prefer", ())) if entry.model == "auto" else [entry.model]
            wanted = [*named, *wanted]
    try:
        address = address_of(provider)
    except ValueError:
        return None
    return (
        LocalModel(address, wanted, settings["deadline_ms"], provider.headers if provider else {}) if wanted else None
    )
