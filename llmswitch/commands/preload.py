"""Start the slow import of the likely SDK while the prompt is still being read and labelled."""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections import Counter
from collections.abc import Iterator

from llmswitch.catalog import Model
from llmswitch.profile import Profile
from llmswitch.providers.base import missing_key
from llmswitch.providers.registry import SDK


def preload(profile: Profile, task: str | None, model: str | None) -> None:
    """Import, in a daemon thread, the SDK of the model that most routes would try first."""
    sdk = likely_sdk(profile, task, model)
    if sdk and importlib.util.find_spec(sdk):
        threading.Thread(target=_import, args=(sdk,), name=f"import {sdk}", daemon=True).start()


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


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except ImportError:
        return  # the adapter imports it again and says what is missing
