"""Running llmswitch as a person does: a process of its own, a home of its own, the scripted upstream behind it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from upstream import Upstream

PROFILE = """
[models.first]
provider = "anthropic"
model = "claude-haiku-4-5"
images = true
tier = 1
[models.second]
provider = "openai"
model = "gpt-5.4-mini"
tier = 2
[models.third]
provider = "ollama"
model = "glm-4.7"
tier = 3
[routes]
default = ["first"]
[fallback]
chain = ["second", "third"]
[classifier]
mode = "linear"
[cache]
store = "off"
"""
"""Without the cache, so that asking the same twice asks twice; the tests of the cache have a profile with one."""


@dataclass(frozen=True)
class Done:
    """How the process ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """`llmswitch` with a home folder, an environment and a working folder."""

    home: Path
    environment: dict[str, str]

    def argv(self, *arguments: str) -> list[str]:
        """The command line."""
        return [sys.executable, "-m", "llmswitch", *arguments]

    def __call__(self, *arguments: str, stdin: bytes | None = None, **variables: str) -> Done:
        """Run it to its end; `stdin` None is /dev/null."""
        done = subprocess.run(
            self.argv(*arguments),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            env=self.environment | variables,
            cwd=self.home,
            timeout=110,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(
        self,
        *arguments: str,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> subprocess.Popen[bytes]:
        """Start it, as a rule with stdout and stderr on pipes."""
        return subprocess.Popen(
            self.argv(*arguments),
            env=self.environment,
            cwd=self.home,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )


def command_for(home: Path, upstream: Upstream | None, names: Sequence[str] = ()) -> Command:
    """A command whose every vendor is `upstream`; without one nothing is configured."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        **{name: os.environ[name] for name in names},
    }
    if upstream is not None:
        profile = home / "bench.toml"
        profile.write_text(PROFILE, encoding="utf-8")
        environment |= {
            "LLMSWITCH_PROFILE": str(profile),
            "ANTHROPIC_BASE_URL": upstream.anthropic_url,
            "ANTHROPIC_API_KEY": "sk-ant-test-0123456789",
            "OPENAI_BASE_URL": upstream.openai_url,
            "OPENAI_API_KEY": "sk-test-0123456789",
            "OLLAMA_HOST": upstream.ollama_url,
        }
    return Command(home, environment)
