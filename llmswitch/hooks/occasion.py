"""Whether a hook has anything to do. The installed lines of shell leave for the same reasons before Python starts; this
holds for callers that are not these lines, such as the pre-commit framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from llmswitch.hooks.shim import RECORD, UNDER_WAY, Hook

_SOURCE = "PRE_COMMIT_COMMIT_MSG_SOURCE"
"""Where the pre-commit framework puts what git gives to prepare-commit-msg as its second argument."""


def nothing_to_do(hook: Hook, arguments: Sequence[str], environment: Mapping[str, str], git_dir: Path) -> str | None:
    """Why `hook` has nothing to do, or None."""
    if environment.get("LLMSWITCH_HOOK") == "0":
        return "LLMSWITCH_HOOK=0"
    if hook == "prepare-commit-msg":
        source = arguments[1] if len(arguments) > 1 else environment.get(_SOURCE, "")
        if source not in ("", "template"):
            return f"the message is there: {source}"
        if environment.get("GIT_EDITOR") == ":":
            return "there is no editor"
    running = next((name for name in UNDER_WAY if (git_dir / name).exists()), None)
    if running and hook in ("prepare-commit-msg", "commit-msg"):
        return f"git is at work: {running}"
    if hook == "post-commit" and not (git_dir / RECORD).is_file():
        return "no message was generated"
    return None
