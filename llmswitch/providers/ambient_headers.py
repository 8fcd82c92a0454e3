"""Headers that an SDK takes from the environment on its own, and when they must not travel.

`ANTHROPIC_CUSTOM_HEADERS`, `OPENAI_CUSTOM_HEADERS`, `OPENAI_ORG_ID` and the like are meant for the server that the
vendor's own variables name. Where a profile names another base URL, they would carry somebody's secret to a stranger.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping


def custom_names(variable: str) -> list[str]:
    """The names of the headers in `variable`, one `Name: value` a line."""
    lines = os.environ.get(variable, "").split("\n")
    return [line.partition(":")[0].strip() for line in lines if ":" in line]


def own_headers(
    ours: Mapping[str, str], *, ambient: Iterable[str], credential: str, foreign: bool, omit: object
) -> dict[str, object]:
    """The SDK client's `default_headers`. `ours` always wins; of the `ambient` names the one called `credential` (so that
    exactly one is sent), or all of them for a `foreign` base URL, are replaced by the SDK's `omit` marker."""
    kept = {name.lower() for name in ours}
    dropped = {name for name in ambient if name.lower() not in kept and (foreign or name.lower() == credential.lower())}
    return {**dict.fromkeys(sorted(dropped), omit), **ours}
