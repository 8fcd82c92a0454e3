"""Hooks for every repository of the user: through core.hooksPath, which git obeys in all of them at once, or through
init.templateDir, whose hooks git copies into each new repository. What will be done is told before it is done."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from llmswitch import paths
from llmswitch.errors import UsageError
from llmswitch.hooks import hook_file
from llmswitch.hooks.hook_file import Change, HookFileError
from llmswitch.hooks.repository import clean_environment
from llmswitch.hooks.shim import HOOKS, Below, Hook, forwarder

Way = Literal["hooks-path", "template"]
KEYS: dict[Way, str] = {"hooks-path": "core.hooksPath", "template": "init.templateDir"}

FORWARDED = (
    "applypatch-msg",
    "commit-msg",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "sendemail-validate",
    "update",
)
"""Hooks of repositories that go on to run. Not among them are the two that git calls many times for each commit."""
NOT_FORWARDED = ("reference-transaction", "post-index-change")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the hooks of one way are, and whether the user had set that up already."""

    way: Way
    folder: Path
    users_own: bool

    @property
    def hooks(self) -> Path:
        """The folder of the hook files."""
        return self.folder if self.way == "hooks-path" else self.folder / "hooks"

    @property
    def below(self) -> Below:
        """Where a hook of the repository's is that ours has to run."""
        return "repository" if self.way == "hooks-path" and not self.users_own else "nothing"


def place(way: Way) -> Place:
    """The user's own folder where one is configured, else one of ours. Raises UsageError where ours would silence hooks that
    the whole system has."""
    ours = paths.data_dir() / ("git-hooks" if way == "hooks-path" else "git-template")
    said = _git("config", "--global", "--type=path", "--get", KEYS[way])
    folder = Path(said) if said else ours
    shared = None if said else _git("config", "--system", "--get", "core.hooksPath")
    if way == "hooks-path" and shared:
        raise UsageError(
            f"core.hooksPath is set for the whole system, to {shared}: a global one would silence the hooks there",
            hint="install into single repositories, or use --via template",
        )
    return Place(way, folder, folder != ours)


def plan(where: Place, hooks: Sequence[Hook]) -> list[str]:
    """What `install` will do, as sentences for the person."""
    names = ", ".join(hooks)
    if where.users_own:
        return [
            (
                f"your {KEYS[where.way]} is {where.folder}: {names} of llmswitch will be added there, and hooks that are there"
                " already go on to run"
            ),
        ]
    if where.way == "template":
        return [
            f"git's template for new repositories will be copied to {where.folder}, with {names} of llmswitch added",
            f"`git config --global init.templateDir {where.folder}` will be set",
            "repositories made or cloned from then on have the hooks; in one that is there already, `git init` copies them",
        ]
    return [
        f"{names} of llmswitch will be written to {where.folder}",
        (
            f"`git config --global core.hooksPath {where.folder}` will be set: git then looks for hooks of all your"
            " repositories there, and no longer in .git/hooks"
        ),
        (
            "hooks that a repository has in .git/hooks go on to run: files are written that call them, all but"
            f" {' and '.join(NOT_FORWARDED)}, which git calls too often for that"
        ),
        "a repository that sets core.hooksPath itself (husky and the like) is not reached",
    ]


def install(where: Place, hooks: Sequence[Hook], program: str) -> Iterator[tuple[Hook, Change]]:
    """Do what `plan` says. git is led there last, when everything stands."""
    if not where.users_own and where.way == "template":
        _copy_template(where.folder)
    if not where.users_own:
        paths.private_dir(where.hooks)
    for hook in hooks:
        path = where.hooks / hook
        if _forwards(path):
            path.unlink()
        below = where.below
        yield hook, hook_file.insert(path, hook, program, below=below if below == "repository" else None)
    if not where.users_own:
        if where.way == "hooks-path":
            _write_forwarders(where.hooks)
        _git("config", "--global", KEYS[where.way], str(where.folder), must=True)


def uninstall(where: Place) -> Iterator[tuple[Hook, Change]]:
    """Take our lines out everywhere; where git was led to a folder of ours, lead it back and remove the folder."""
    for hook in HOOKS:
        yield hook, hook_file.remove(where.hooks / hook)
    if where.users_own:
        return
    if _git("config", "--global", "--type=path", "--get", KEYS[where.way]):
        _git("config", "--global", "--unset", KEYS[where.way], must=True)
    for name in FORWARDED:
        if _forwards(where.hooks / name):
            (where.hooks / name).unlink()
    if where.way == "template":
        shutil.rmtree(where.folder, ignore_errors=True)
    elif where.folder.is_dir() and not any(where.folder.iterdir()):
        where.folder.rmdir()


def _write_forwarders(folder: Path) -> None:
    for name in FORWARDED:
        path = folder / name
        if not path.exists():
            path.write_text(forwarder(name), encoding="utf-8")
            path.chmod(0o755)


def _forwards(path: Path) -> bool:
    return path.is_file() and path.read_bytes() == forwarder(path.name).encode()


def _copy_template(folder: Path) -> None:
    """What git itself puts into a new repository, so that a template of ours takes nothing away."""
    if folder.is_dir():
        return
    with tempfile.TemporaryDirectory() as made:
        _git("init", "--quiet", "--bare", made, must=True)
        for name in ("description", "info", "hooks"):
            given = Path(made) / name
            if given.is_dir():
                shutil.copytree(given, folder / name)
            elif given.is_file():
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy2(given, folder / name)


def _git(*arguments: str, must: bool = False) -> str | None:
    """git, wherever we stand: what it says, or None where it fails and need not succeed."""
    try:
        done = subprocess.run(
            ["git", *arguments], env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise HookFileError("git is not installed, or not on PATH", hint="install git") from None
    if done.returncode and must:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise HookFileError(f"`git {' '.join(arguments)}` failed: {said}")
    return None if done.returncode else done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
