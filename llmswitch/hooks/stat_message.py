"""A message that tells only which files changed: for a commit of which nothing may be sent."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llmswitch.hooks.changes import Diff, FileChange
from llmswitch.hooks.columns import columns
from llmswitch.hooks.message_prompt import Style

_TEST = re.compile(r"(?:^|/)(?:tests?|spec|__tests__)/|(?:^|/)test_[^/]*$|[._](?:test|spec)\.\w+$", re.IGNORECASE)
_DOCS = re.compile(r"(?:^|/)docs?/|\.(?:md|rst|adoc|txt)$|(?:^|/)(?:README|CHANGELOG|LICENSE)[^/]*$", re.IGNORECASE)
_CI = re.compile(r"(?:^|/)(?:\.github/workflows|\.circleci|\.gitlab-ci|\.ci)(?:/|\.yml)", re.IGNORECASE)


def type_of(diff: Diff) -> str:
    """The Conventional Commits type that the files' names tell: tests, documentation, CI, lock files, else `chore`."""
    paths = [file.path for file in diff.files]
    for kind, pattern in (("test", _TEST), ("docs", _DOCS), ("ci", _CI)):
        if all(pattern.search(path) for path in paths):
            return kind
    return "build" if all(file.reduced == "lock file" for file in diff.files) else "chore"


def stat_message(diff: Diff, style: Style) -> str:
    """The message, with a newline at its end: `build: update package-lock.json`."""
    verb, files = _verb(diff.files, japanese=style.language == "Japanese"), _files(diff.files, style)
    sentence = f"{files}を{verb}" if style.language == "Japanese" else f"{verb} {files}"
    if style.name == "conventional":
        return f"{type_of(diff)}: {sentence}\n"
    return f"{sentence[:1].upper()}{sentence[1:]}\n" if style.language != "Japanese" else f"{sentence}\n"


def _verb(files: Sequence[FileChange], *, japanese: bool) -> str:
    statuses = {file.status for file in files}
    words = {"A": ("add", "追加"), "D": ("remove", "削除"), "R": ("rename", "改名")}
    english, own = words.get(statuses.pop(), ("update", "更新")) if len(statuses) == 1 else ("update", "更新")
    return own if japanese else english


def _files(files: Sequence[FileChange], style: Style) -> str:
    names = [file.shown_path for file in files]
    several = f"{len(names)}件のファイル" if style.language == "Japanese" else f"{len(names)} files"
    joined = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    if len(names) > 3 or columns(joined) > style.subject_columns - 20:
        return several if len(names) > 1 else names[0].rpartition("/")[2]
    return joined
