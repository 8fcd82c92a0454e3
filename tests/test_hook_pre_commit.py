"""The hooks inside of the pre-commit framework: the real one, offline, with this checkout's manifest."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from real_git import PROGRAM, RealGit, new_repository
from upstream import Reply, Upstream

PRE_COMMIT = Path(sys.executable).with_name("pre-commit")
MANIFEST = Path(__file__).parent.parent / ".pre-commit-hooks.yaml"
CONFIG = """
repos:
  - repo: {hooks}
    rev: {rev}
    hooks: [{{id: llmswitch-message}}, {{id: llmswitch-check}}, {{id: llmswitch-review}}]
"""
GENERATED = "feat: say hello"
FINDING = json.dumps(
    {
        "findings": [
            {
                "file": "greeting",
                "line": 1,
                "code": "hello",
                "severity": "high",
                "title": "It greets nobody",
                "explanation": "A name is missing.",
            }
        ]
    }
)


@pytest.fixture
def framed(home: Path, upstream: Upstream) -> RealGit:
    """A repository whose hooks are pre-commit's, which calls ours; something is staged."""
    project = new_repository(home, upstream)
    project.environment.update(
        {"LLMSWITCH_ROUTES_DOCS": "third", "LLMSWITCH_ROUTES_REVIEW": "third", "LLMSWITCH_HOOKS_DEADLINE_S": "60"}
    )
    upstream.script(Reply(text=GENERATED), times=None)
    hooks = home / "hooks"
    hooks.mkdir()
    shutil.copy(MANIFEST, hooks)
    for arguments in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "Hooks")):
        project.git(*arguments, folder=hooks)
    rev = project.git("rev-parse", "HEAD", folder=hooks)
    project.write({".pre-commit-config.yaml": CONFIG.format(hooks=hooks, rev=rev)})
    types = ("prepare-commit-msg", "commit-msg", "pre-push")
    ran = project.run(str(PRE_COMMIT), "install", *(f"--hook-type={name}" for name in types))
    assert ran.code == 0, ran.out + ran.err
    project.stage(greeting="hello\n")
    return project


def test_the_manifest_is_valid(framed: RealGit) -> None:
    ran = framed.run(str(PRE_COMMIT), "validate-manifest", str(MANIFEST))
    assert ran.code == 0, ran.out


def test_a_message_is_written(framed: RealGit) -> None:
    framed.git("commit", "--quiet")
    assert framed.message() == GENERATED


def test_a_message_that_is_there_is_left_alone(framed: RealGit, upstream: Upstream) -> None:
    framed.git("commit", "--quiet", "-m", "Say hello to everybody")
    assert framed.message() == "Say hello to everybody"
    assert not [seen for seen in upstream.requests if seen.method == "POST"]


def test_a_poor_message_is_told_of_and_stops_nothing(framed: RealGit) -> None:
    ran = framed.run("git", "commit", "-m", "wip")
    assert ran.code == 0
    assert "'wip' says nothing about the change" in ran.out + ran.err


def test_a_poor_message_stops_the_commit_where_the_user_said_so(framed: RealGit) -> None:
    ran = framed.run("git", "commit", "-m", "wip", LLMSWITCH_HOOKS_CHECK="block")
    assert (ran.code, framed.message()) == (1, "Begin")


@pytest.mark.parametrize("end", ["exit 1", "kill -SEGV $$"])
def test_an_llmswitch_that_crashes_stops_nothing(framed: RealGit, home: Path, end: str) -> None:
    (home / "bin").mkdir()
    (home / "bin/llmswitch").write_text(f"#!/bin/sh\n{end}\n")
    (home / "bin/llmswitch").chmod(0o755)
    framed.git("commit", "--quiet", "-m", "Try", PATH=f"{home}/bin{os.pathsep}{framed.environment['PATH']}")
    assert framed.message() == "Try"


def test_without_llmswitch_git_goes_on(framed: RealGit, home: Path) -> None:
    """pre-commit itself is called by its path."""
    folders = framed.environment["PATH"].split(os.pathsep)
    path = os.pathsep.join(folder for folder in folders if not (Path(folder) / PROGRAM.name).exists())
    framed.git("commit", "--quiet", "-m", "Try", PATH=path)
    assert framed.message() == "Try"


@pytest.mark.parametrize(("block_on", "code"), [("off", 0), ("high", 1)])
def test_what_is_pushed_is_reviewed(framed: RealGit, home: Path, upstream: Upstream, block_on: str, code: int) -> None:
    framed.git("init", "--quiet", "--bare", str(home / "origin.git"))
    framed.git("remote", "add", "origin", str(home / "origin.git"))
    framed.git("push", "--quiet", "--no-verify", "origin", "main")
    framed.git("commit", "--quiet", "--no-verify", "-m", "Say hello to everybody")
    upstream._rules.clear()
    upstream.script(Reply(text=FINDING), times=None)
    ran = framed.run("git", "push", "origin", "main:topic", LLMSWITCH_HOOKS_BLOCK_ON=block_on)
    assert "greeting:1: high: It greets nobody" in ran.out + ran.err
    assert ran.code == code
