"""A real git repository for a test, out of reach of anybody's own git configuration."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


@dataclass(frozen=True)
class GitRepository:
    """A repository in `path`; `environment` is added to git's."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def made(cls, path: Path, *options: str) -> GitRepository:
        """A fresh one, on the branch `main`."""
        path.mkdir(parents=True, exist_ok=True)
        repository = cls(path)
        repository.git("init", "--quiet", "--initial-branch=main", *options)
        return repository

    def git(self, *arguments: str, **variables: str) -> str:
        """Run git here and return what it writes."""
        foreign = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.path,
            env=foreign | IDENTITY | self.environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"git {arguments}: {done.stderr.decode(errors='replace')}"
        return done.stdout.decode("utf-8", "replace").rstrip("\n")

    def write(self, name: str | bytes, content: str | bytes) -> None:
        """A file of the working tree, with its folders."""
        path = self.path / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def stage(self, name: str, content: str | bytes) -> None:
        """Write a file and add it, also one that is ignored."""
        self.write(name, content)
        self.git("add", "--force", "--", name)

    def commit(self, message: str = "Begin") -> str:
        """Commit what is staged and return the commit's id."""
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")
