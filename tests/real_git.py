"""A real git repository in a home of its own, with the llmswitch of this checkout as the program that hooks call."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from command import Command, command_for
from upstream import Upstream

PROGRAM = Path(sys.executable).with_name("llmswitch")


@dataclass(frozen=True)
class Ran:
    """How a program ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class RealGit:
    """A repository (or the place where one will be) and the environment that everything runs in."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *argv: str, stdin: str = "", folder: Path | None = None, **variables: str) -> Ran:
        """Run a program to its end, in the repository."""
        done = subprocess.run(
            argv,
            cwd=folder or self.folder,
            env=self.environment | variables,
            input=stdin.encode(),
            capture_output=True,
            timeout=110,
            check=False,
        )
        return Ran(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))

    def git(self, *arguments: str, stdin: str = "", folder: Path | None = None, **variables: str) -> str:
        """What git says on stdout. It must succeed."""
        ran = self.run("git", *arguments, stdin=stdin, folder=folder, **variables)
        assert ran.code == 0, f"git {' '.join(arguments)}: exit {ran.code}\n{ran.out}{ran.err}"
        return ran.out.rstrip("\n")

    def llmswitch(self, *arguments: str, stdin: str = "", folder: Path | None = None, **variables: str) -> Ran:
        """Run llmswitch in the repository."""
        return self.run(str(PROGRAM), *arguments, stdin=stdin, folder=folder, **variables)

    def write(self, files: Mapping[str, str]) -> None:
        """Put files into the working tree."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def stage(self, **files: str) -> None:
        """Write and stage files; a name's double underscore is a dot."""
        self.write({name.replace("__", "."): text for name, text in files.items()})
        self.git("add", "-A")

    def hook(self, name: str, script: str, *, executable: bool = True) -> Path:
        """Put a hook of the person's own into the repository's folder."""
        path = self.folder / self.git("rev-parse", "--git-path", f"hooks/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script)
        path.chmod(0o755 if executable else 0o644)
        return path

    def message(self, commit: str = "HEAD", *, folder: Path | None = None) -> str:
        """A commit's message."""
        return self.git("log", "-1", "--encoding=UTF-8", "--format=%B", commit, folder=folder).rstrip("\n")

    def at(self, folder: Path, **variables: str) -> RealGit:
        """The same world, seen from another folder."""
        return RealGit(folder, self.environment | variables)


def new_repository(home: Path, upstream: Upstream | None, *init: str) -> RealGit:
    """A repository `project` in `home`, with one commit, whose every vendor is `upstream`."""
    command: Command = command_for(home, upstream)
    environment = command.environment | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_EDITOR": "true",
        "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}",
    }
    (home / ".gitconfig").write_text(
        "[user]\nname = A Person\nemail = person@example.com\n[init]\ndefaultBranch = main\n"
        '[protocol "file"]\nallow = always\n[advice]\ndetachedHead = false\n'
    )
    folder = home / "project"
    folder.mkdir()
    world = RealGit(folder, environment)
    world.git("init", "--quiet", *init)
    world.stage(README="a project\n")
    world.git("commit", "--quiet", "-m", "Begin")
    return world
