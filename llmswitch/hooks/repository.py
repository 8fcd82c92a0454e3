"""The one way to git: its own program, in an environment that neither the user's diff settings nor a hook's caller bends."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, cast

from llmswitch.errors import InputError, LlmSwitchError, UsageError

TIMEOUT_S = 60.0
"""For one call of git whose output is taken whole."""

_BENDING = (
    "GIT_EXTERNAL_DIFF",  # a program that git would run for each file
    "GIT_DIFF_OPTS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
)
_SET = {
    "GIT_OPTIONAL_LOCKS": "0",  # a killed reader must not leave an index.lock behind
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone would otherwise fetch over the network
    "LC_ALL": "C",  # messages that are compared here
}


class GitError(LlmSwitchError):
    """git failed; the message holds what it said."""


def clean_environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for git: whose repository and index it is (`GIT_DIR`, `GIT_WORK_TREE`, `GIT_INDEX_FILE`, …) stays
    as the caller has it, what changes the form of the output is gone."""
    kept = {
        name: value
        for name, value in (os.environ if given is None else given).items()
        if name not in _BENDING and not name.startswith("GIT_TRACE")
    }
    return kept | _SET


@dataclass(frozen=True)
class Repository:
    """A git repository. git runs in `folder`: the working tree's root, where there is one."""

    folder: Path
    git_dir: Path
    """This working tree's own git folder (absolute): `MERGE_HEAD` and the like are here."""
    top: Path | None
    """The working tree's root (absolute); None in a bare repository."""

    @classmethod
    def here(cls, folder: Path | None = None) -> Repository:
        """The repository around `folder` (the current one by default). Raises InputError where there is none, GitError
        where git is not installed or refuses."""
        place = folder or Path.cwd()
        unknown = cls(place, place, None)
        done = unknown._finished(("rev-parse", "--absolute-git-dir", "--show-toplevel"), None)
        if done.returncode == 0:
            git_dir, top = map(Path, os.fsdecode(done.stdout).rstrip("\n").rsplit("\n", 1))
            # paths that git reads and writes are relative to the root; a relative GIT_DIR holds only where the caller is
            return cls(place if "GIT_DIR" in os.environ else top, git_dir, top)
        bare = unknown._finished(("rev-parse", "--absolute-git-dir"), None)  # also from within a `.git` folder
        if bare.returncode:
            raise _not_usable(bare.stderr, place)
        return cls(place, Path(os.fsdecode(bare.stdout).rstrip("\n")), None)

    def run(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """What `git ARGUMENTS` writes. Raises GitError when it fails."""
        done = self._finished(arguments, stdin)
        if done.returncode:
            raise _failed(arguments, done.returncode, done.stderr)
        return done.stdout

    def text(self, *arguments: str, stdin: bytes | None = None) -> str:
        """As `run`, decoded as UTF-8 (a broken byte becomes U+FFFD), without the newline at its end."""
        return self.run(*arguments, stdin=stdin).decode("utf-8", "replace").rstrip("\n")

    def attempt(self, *arguments: str) -> str | None:
        """As `text`, or None when git fails: for questions whose answer may be no."""
        done = self._finished(arguments, None)
        return None if done.returncode else done.stdout.decode("utf-8", "replace").rstrip("\n")

    @contextmanager
    def stream(self, *arguments: str) -> Iterator[IO[bytes]]:
        """What `git ARGUMENTS` writes, as it comes. A reader who stops early ends git. Raises GitError when it fails."""
        with tempfile.TemporaryFile() as said, self._started(arguments, said) as process:
            out = cast("IO[bytes]", process.stdout)
            whole = False
            try:
                yield out
                whole = not out.read(1)
            finally:
                if not whole:
                    process.send_signal(signal.SIGTERM)
            if process.wait() and whole:
                said.seek(0)
                raise _failed(arguments, process.returncode, said.read())

    def _started(self, arguments: tuple[str, ...], said: IO[bytes]) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._argv(arguments),
                cwd=self.folder,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                bufsize=1 << 16,
            )
        except FileNotFoundError:
            raise _not_installed(self.folder) from None

    def _finished(self, arguments: tuple[str, ...], stdin: bytes | None) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                self._argv(arguments),
                cwd=self.folder,
                env=clean_environment(),
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError:
            raise _not_installed(self.folder) from None
        except subprocess.TimeoutExpired:
            raise GitError(f"`git {arguments[0]}` did not end within {TIMEOUT_S:g} s") from None

    def _argv(self, arguments: tuple[str, ...]) -> list[str]:
        return ["git", "--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false", *arguments]

    @cached_property
    def head(self) -> str | None:
        """The commit that HEAD points to; None before the first commit."""
        return self.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}")

    @cached_property
    def branch(self) -> str | None:
        """The branch's short name, also before its first commit; None for a detached HEAD. During a rebase: the branch
        that is being rebased."""
        for name in ("rebase-merge/head-name", "rebase-apply/head-name"):
            try:
                said = (self.git_dir / name).read_text(encoding="utf-8", errors="replace").strip()
            except OSError:
                continue
            return said.removeprefix("refs/heads/") or None
        return self.attempt("symbolic-ref", "--quiet", "--short", "HEAD")

    @cached_property
    def empty_tree(self) -> str:
        """The id of the tree without files, in this repository's hash."""
        return self.text("hash-object", "-t", "tree", "--stdin", stdin=b"")

    @property
    def name(self) -> str:
        """How it is called: its folder's name, as the ledger's `project`."""
        return (self.top or self.git_dir).name

    def under_way(self, *names: str) -> bool:
        """Whether one of these files of the git folder exists (`MERGE_HEAD`, `rebase-merge`, …)."""
        return any((self.git_dir / name).exists() for name in names)


def _not_usable(stderr: bytes, place: Path) -> LlmSwitchError:
    said = stderr.decode("utf-8", "replace").strip()
    if "not a git repository" in said:
        return InputError(f"not a git repository: {place}", hint="run it inside one, or make one with `git init`")
    return GitError(_first_line(said) or f"git can't read the repository in {place}", hint=_safe_directory(said))


def _safe_directory(said: str) -> str | None:
    """git's own advice about somebody else's repository."""
    return "git config --global --add safe.directory PATH" if "safe.directory" in said else None


def _failed(arguments: tuple[str, ...], code: int, stderr: bytes) -> LlmSwitchError:
    said = stderr.decode("utf-8", "replace").strip()
    if "unknown revision" in said or "bad revision" in said:
        return UsageError(_first_line(said), hint="`git log --oneline` shows what there is")
    return GitError(f"`git {arguments[0]}` failed (exit {code}): {_first_line(said)}")


def _first_line(said: str) -> str:
    """The line that names the reason, without git's `fatal: `."""
    lines = said.splitlines()
    line = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[0] if lines else "")
    return line.removeprefix("fatal: ").removeprefix("error: ")


def _not_installed(folder: Path) -> LlmSwitchError:
    if not folder.is_dir():
        return InputError(f"there is no folder {folder}")
    return GitError("git is not installed, or not on PATH", hint="install git")
