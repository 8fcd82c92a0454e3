"""commit-msg: what it finds in a message, what it offers, and when it stops a commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from real_git import RealGit, new_repository
from upstream import Reply, Upstream

from llmswitch.hooks.message_checks import Rules, complaints

GOOD = (
    "Say hello to everybody",
    "Fix #12",
    "Update dependencies of the parser",
    "日本語の件名を短くする",
    "fix: x\n\nBody\n",
)
POOR = {
    "x" * 73: "the subject has 73 characters, 1 too many",
    "件" * 37: "the subject has 74 characters, 2 too many",
    "Say hello\nat once": "the line below the subject is not empty",
    "wip": "'wip' says nothing about the change",
    "WIP: parser": "'WIP: parser' says nothing about the change",
    "...": "'...' says nothing about the change",
    "Merge it\n\n<<<<<<< HEAD": "a mark of a merge conflict is left in it",
    "Say hello\n\ndiff --git a/x b/x": "a diff is left in it",
    "Say hello\n\n# Please enter the commit message for": "git's own comment is left in it",
    "Say hello\n\n; llmswitch: no message: it is late": "a note of llmswitch is left in it",
    "Here is your commit message:\n\nfix: x": "a line of a model talking is left in it",
    "```\nfix: x\n```": "a code fence around all of it is left in it",
}


@pytest.mark.parametrize("message", [*GOOD, "", "\n\n"])
def test_a_good_message_is_left_alone(message: str) -> None:
    assert complaints(message, Rules()) == []


@pytest.mark.parametrize(("message", "complaint"), POOR.items())
def test_a_poor_message_is_told_of(message: str, complaint: str) -> None:
    assert complaint in complaints(message, Rules())


CONVENTIONAL = Rules(conventional=True, types=("feat", "Fix"))


@pytest.mark.parametrize("message", ["feat: say hello", "fix(parser)!: say no", "FEAT: say hello"])
def test_a_conventional_commit_is_one(message: str) -> None:
    assert complaints(message, CONVENTIONAL) == []


def test_what_is_no_conventional_commit_is_told_of() -> None:
    assert complaints("Say hello", CONVENTIONAL) == [
        "the subject is not `type: what` or `type(scope): what` (Conventional Commits)"
    ]


def test_a_type_that_is_not_in_use_is_told_of() -> None:
    assert complaints("faet: say hello", CONVENTIONAL) == ["'faet' is no type in use here (feat, fix)"]


@pytest.fixture
def checked(home: Path, upstream: Upstream) -> RealGit:
    """A repository with the hook installed, and something staged."""
    project = new_repository(home, upstream)
    project.environment.update({"LLMSWITCH_ROUTES_DOCS": "third", "LLMSWITCH_HOOKS_DEADLINE_S": "60"})
    project.llmswitch("hook", "install", "commit-msg")
    project.stage(greeting="hello\n")
    return project


def test_it_advises_and_stops_nothing(checked: RealGit, upstream: Upstream) -> None:
    ran = checked.run("git", "commit", "--quiet", "-m", "wip")
    assert (ran.code, ran.err) == (0, "llmswitch: commit-msg: 'wip' says nothing about the change\n")
    assert upstream.requests == [], "nobody reads an offer where there is no terminal"


def test_it_stops_the_commit_where_the_user_said_so(checked: RealGit) -> None:
    ran = checked.run("git", "commit", "-m", "wip", LLMSWITCH_HOOKS_CHECK="block")
    assert (ran.code, checked.message()) == (1, "Begin")
    assert "git commit --no-verify" in ran.err


def test_it_looks_away_where_the_user_said_so(checked: RealGit) -> None:
    assert checked.run("git", "commit", "--quiet", "-m", "wip", LLMSWITCH_HOOKS_CHECK="off").err == ""


def test_a_project_can_not_make_it_stop_commits(checked: RealGit) -> None:
    checked.write({".llmswitch.toml": "[hooks]\ncheck = 'block'\n"})
    ran = checked.run("git", "commit", "-m", "wip")
    assert (ran.code, checked.message()) == (0, "wip")
    assert "a project may not set 'hooks.check'" in ran.err


def test_comments_of_git_are_no_part_of_the_message(checked: RealGit) -> None:
    ran = checked.run("git", "commit", "--quiet", "-v", GIT_EDITOR='sh -c \'sed -i "1s/^/Say hello/" "$1"\' -')
    assert (ran.code, ran.err, checked.message()) == (0, "", "Say hello")


def test_the_habit_of_the_repository_is_the_rule(checked: RealGit) -> None:
    for number in range(6):
        checked.git("commit", "--quiet", "--allow-empty", "-m", f"feat: number {number}", LLMSWITCH_HOOK="0")
    assert "(Conventional Commits)" in checked.run("git", "commit", "--allow-empty", "-m", "Say hello to all").err


@pytest.mark.parametrize("option", ["--fixup=HEAD", "--squash=HEAD"])
def test_messages_for_a_later_rebase_are_left_alone(checked: RealGit, option: str) -> None:
    project = checked
    project.git("commit", "--quiet", "--allow-empty", "-m", "x" * 80, LLMSWITCH_HOOK="0")
    assert project.run("git", "commit", "--quiet", "--no-edit", option).err == ""


def _on_a_terminal(project: RealGit, *argv: str, **variables: str) -> tuple[int, str]:
    """Run it with stderr on a terminal; exit code and what the terminal shows."""
    master, slave = os.openpty()
    process = subprocess.Popen(
        argv,
        cwd=project.folder,
        env=project.environment | {"TERM": "dumb"} | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=slave,
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # the last writer has gone
            break
        if not part:
            break
        shown += part
    os.close(master)
    return process.wait(60), shown.decode().replace("\r\n", "\n")


def test_a_better_message_is_offered_on_a_terminal(checked: RealGit, upstream: Upstream) -> None:
    upstream.script(Reply(text="feat: say hello"))
    code, shown = _on_a_terminal(checked, "git", "commit", "-m", "wip")
    assert code == 0
    assert "a better one: `git commit --amend -F .git/LLMSWITCH_EDITMSG`\n    feat: say hello\n" in shown
    assert checked.message() == "wip"
    checked.git("commit", "--quiet", "--amend", "-F", ".git/LLMSWITCH_EDITMSG")
    assert checked.message() == "feat: say hello"


def test_no_message_is_offered_where_the_user_said_so(checked: RealGit, upstream: Upstream) -> None:
    _, shown = _on_a_terminal(checked, "git", "commit", "-m", "wip", LLMSWITCH_HOOKS_OFFER="false")
    assert "a better one" not in shown
    assert upstream.requests == []


def test_an_offer_that_fails_is_not_spoken_of(checked: RealGit, upstream: Upstream) -> None:
    upstream.script(Reply(status=500), times=None)
    code, shown = _on_a_terminal(checked, "git", "commit", "-m", "wip")
    assert (code, shown) == (0, "llmswitch: commit-msg: 'wip' says nothing about the change\n")
