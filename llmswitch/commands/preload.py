"""Start the slow import of the likely SDK while the prompt is still being read and labelled."""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from llmswitch import paths
from llmswitch.catalog import Model
from llmswitch.profile import Profile
from llmswitch.providers.base import missing_key
from llmswitch.providers.registry import SDK


def preload(profile: Profile, task: str | None, model: str | None, *, cached: bool = False) -> None:
    """Import, in a daemon thread, numpy where the cache (`cached`: it may be asked) has something to search, then the SDK of
    the model that most routes would try first."""
    sdk = likely_sdk(profile, task, model)
    names = ["numpy"] if cached and may_search(profile) else []
    names += [sdk] if sdk and importlib.util.find_spec(sdk) else []
    if names:
        threading.Thread(target=_import, args=(names,), name="imports", daemon=True).start()


def may_search(profile: Profile) -> bool:
    """Whether a near prompt may have been kept on disk: then a lookup computes with vectors."""
    settings = profile.settings["cache"]
    if settings["store"] != "disk" or settings["embedder"] == "none":
        return False
    folder = Path(settings["path"]).expanduser() if settings["path"] else paths.cache_dir() / "answers"
    return folder.is_dir()


def likely_sdk(profile: Profile, task: str | None, model: str | None) -> str | None:
    """The SDK behind `model`, or behind the first usable candidate of `task`, or of most tasks."""
    if model is not None:
        return _sdk(profile, profile.model(model))
    if task is not None:
        return next(_usable(profile, task), None)
    first = [sdk for task in profile.routes if (sdk := next(_usable(profile, task), None))]
    return Counter(first).most_common(1)[0][0] if first else next(_usable(profile, "chat"), None)


def _usable(profile: Profile, task: str) -> Iterator[str]:
    for name in (*profile.route(task).models(), *profile.chain):
        model = profile.model(name)
        if missing_key(profile.providers[model.provider]) is None and (sdk := _sdk(profile, model)):
            yield sdk


def _sdk(profile: Profile, model: Model) -> str | None:
    return SDK.get(profile.providers[model.provider].kind)


def _import(names: Sequence[str]) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            continue  # whoever needs it imports it again and says what is missing
