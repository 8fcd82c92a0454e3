"""Which files a repository's hooks are, and our lines in and out of them. git itself says where they are: worktrees share
the main repository's, a submodule has its own, core.hooksPath leads anywhere."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmswitch.errors import UsageError
from llmswitch.hooks import hook_file
from llmswitch.hooks.hook_file import Change, Found
from llmswitch.hooks.repository import Repository
from llmswitch.hooks.shim import HOOKS, Hook


@dataclass(frozen=True, slots=True)
class HooksFolder:
    """Where git looks for a repository's hooks, and what is worth knowing before anything is written there."""

    path: Path
    configured: str | None = None
    """The scope in which core.hooksPath is set: local, worktree, global, system, command."""
    tracked: bool = False
    """It is part of the working tree, and its hooks belong to everybody's history."""

    @property
    def shared(self) -> bool:
        """Whether other repositories run the hooks of this folder too."""
        return self.configured in ("global", "system")


def hooks_folder(repository: Repository) -> HooksFolder:
    """As git sees it from here. Raises UsageError where hooks are switched off."""
    path = _absolute(repository, repository.text("rev-parse", "--git-path", "hooks"))
    said = repository.attempt("config", "--show-scope", "--get", "core.hooksPath")
    if path.exists() and not path.is_dir():
        raise UsageError(
            f"core.hooksPath is {path}: hooks are switched off", hint="`git config --unset core.hooksPath`"
        )
    return HooksFolder(path, said.split()[0] if said else None, _is_tracked(repository, path))


def own_folder(repository: Repository) -> Path:
    """The repository's own hooks folder, whether or not git looks there."""
    return _absolute(repository, repository.text("rev-parse", "--git-common-dir")) / "hooks"


def _absolute(repository: Repository, said: str) -> Path:
    return Path(os.path.normpath(repository.folder / said))


def _is_tracked(repository: Repository, folder: Path) -> bool:
    top = repository.top
    if top is None or not folder.resolve().is_relative_to(top.resolve()):
        return False
    return bool(repository.attempt("ls-files", "--", str(folder)))


def program() -> str:
    """The llmswitch that hooks are to call: this one. Raises UsageError where it is no program of its own."""
    started = Path(sys.argv[0])
    beside = Path(sys.executable).with_name("llmswitch")
    found = shutil.which("llmswitch")
    candidates = [started.absolute()] if started.name == "llmswitch" else []
    for path in [*candidates, beside, *([Path(found)] if found else [])]:
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise UsageError(
        "there is no program `llmswitch` that a hook could call", hint="install it: `pip install llmswitch`"
    )


def install(folder: Path, hooks: Sequence[Hook], program: str) -> Iterator[tuple[Hook, Change, Found]]:
    """Put our lines into the files of `hooks`; each with what was done and what stands there now."""
    for hook in hooks:
        change = hook_file.insert(folder / hook, hook, program)
        yield hook, change, hook_file.inspect(folder / hook)


def uninstall(folder: Path, hooks: Sequence[Hook]) -> Iterator[tuple[Hook, Change, Found]]:
    """Take our lines out of the files of `hooks`."""
    for hook in hooks:
        change = hook_file.remove(folder / hook)
        yield hook, change, hook_file.inspect(folder / hook)


def status(folder: Path) -> Iterator[tuple[Hook, Found]]:
    """What stands at the path of each hook that we know."""
    for hook in HOOKS:
        yield hook, hook_file.inspect(folder / hook)
