"""pre-push: which commits are reviewed, what is shown, and when it stops a push."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from real_git import RealGit, new_repository
from upstream import Reply, Upstream

from llmswitch.hooks.pushed import Update, from_pre_commit, outgoing_ranges, updates
from llmswitch.hooks.repository import Repository

FINDING = {
    "file": "greeting",
    "line": 1,
    "code": "hello",
    "severity": "high",
    "title": "It greets nobody",
    "explanation": "A name is missing.",
}
ZERO = "0" * 40


@pytest.fixture
def pushing(home: Path, upstream: Upstream) -> RealGit:
    """A repository whose main is pushed to `origin`, with the hook installed; the model finds one thing in everything."""
    project = new_repository(home, upstream)
    project.environment.update({"LLMSWITCH_ROUTES_REVIEW": "third", "LLMSWITCH_HOOKS_DEADLINE_S": "60"})
    upstream.script(Reply(text=json.dumps({"findings": [FINDING]})), times=None)
    project.git("init", "--quiet", "--bare", str(home / "origin.git"))
    project.git("remote", "add", "origin", str(home / "origin.git"))
    project.git("push", "--quiet", "origin", "main")
    project.llmswitch("hook", "install", "pre-push")
    return project


def _commit(project: RealGit, message: str = "Say hello", **files: str) -> str:
    project.stage(**(files or {"greeting": "hello\n"}))
    project.git("commit", "--quiet", "-m", message)
    return project.git("rev-parse", "HEAD")


def _ranges(project: RealGit, *pushed: Update, remote: str = "origin") -> list[tuple[str, str]]:
    repository = Repository(project.folder, project.folder / ".git", project.folder)
    return [(span.base, span.head) for span in outgoing_ranges(repository, list(pushed), remote)]


def test_lines_of_git_are_read() -> None:
    text = f"refs/heads/a 12 refs/heads/b {ZERO}\n(delete) {ZERO} refs/heads/c 34\nnonsense\n"
    first, second = updates(text)
    assert (first.is_branch, first.is_new, first.deletes) == (True, True, False)
    assert (second.is_branch, second.is_new, second.deletes) == (True, False, True)


def test_pre_commits_variables_are_read() -> None:
    told = {"PRE_COMMIT_FROM_REF": "12", "PRE_COMMIT_TO_REF": "34", "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/b"}
    assert from_pre_commit(told) == [Update("", "34", "refs/heads/b", "12")]
    assert from_pre_commit({}) == []


def test_what_the_remote_branch_lacks_is_reviewed(pushing: RealGit) -> None:
    base = pushing.git("rev-parse", "HEAD")
    head = _commit(pushing)
    assert _ranges(pushing, Update("refs/heads/main", head, "refs/heads/main", base)) == [(base, head)]


def test_of_a_new_branch_only_its_own_commits_are_reviewed(pushing: RealGit) -> None:
    base = pushing.git("rev-parse", "HEAD")
    pushing.git("switch", "--quiet", "-c", "topic")
    _commit(pushing)
    head = _commit(pushing, greeting="hello all\n")
    assert _ranges(pushing, Update("refs/heads/topic", head, "refs/heads/topic", ZERO)) == [(base, head)]


def test_of_a_forced_push_what_is_new_since_both_parted_is_reviewed(pushing: RealGit) -> None:
    base = pushing.git("rev-parse", "HEAD")
    old = _commit(pushing)
    pushing.git("commit", "--quiet", "--amend", "-m", "Say hello again")
    head = pushing.git("rev-parse", "HEAD")
    assert _ranges(pushing, Update("refs/heads/main", head, "refs/heads/main", old)) == [(base, head)]


def test_a_remote_id_that_is_not_here_is_like_a_new_branch(pushing: RealGit) -> None:
    base = pushing.git("rev-parse", "HEAD")
    head = _commit(pushing)
    assert _ranges(pushing, Update("refs/heads/main", head, "refs/heads/main", "1" * 40)) == [(base, head)]


def test_a_remote_given_by_its_url_is_compared_with_all_that_is_known(pushing: RealGit) -> None:
    base = pushing.git("rev-parse", "HEAD")
    head = _commit(pushing)
    update = Update("refs/heads/main", head, "refs/heads/main", ZERO)
    assert _ranges(pushing, update, remote="https://example.com/x.git") == [(base, head)]


def test_deletions_tags_and_a_first_push_are_not_reviewed(pushing: RealGit) -> None:
    head = _commit(pushing)
    assert _ranges(pushing, Update("(delete)", ZERO, "refs/heads/main", head)) == []
    assert _ranges(pushing, Update("refs/tags/v1", head, "refs/tags/v1", ZERO)) == []
    pushing.git("remote", "add", "empty", "nowhere")
    assert _ranges(pushing, Update("refs/heads/main", head, "refs/heads/main", ZERO), remote="empty") == []


def test_what_is_pushed_to_two_branches_is_reviewed_once(pushing: RealGit) -> None:
    head = _commit(pushing)
    both = [Update("refs/heads/main", head, f"refs/heads/{name}", ZERO) for name in ("a", "b")]
    assert len(_ranges(pushing, *both)) == 1


def test_findings_are_shown_and_stop_nothing(pushing: RealGit, upstream: Upstream, home: Path) -> None:
    head = _commit(pushing)
    ran = pushing.run("git", "push", "--quiet", "origin", "main")
    assert ran.code == 0
    assert ran.out == ""
    assert "greeting:1: high: It greets nobody\n" in ran.err
    assert pushing.git("rev-parse", "main", folder=home / "origin.git") == head
    with closing(sqlite3.connect(home / ".local/share/llmswitch/ledger.db")) as ledger:
        assert ledger.execute("SELECT kind, hook, task FROM dispatches").fetchall() == [("hook", "pre-push", "review")]


@pytest.mark.parametrize(("block_on", "code"), [("low", 1), ("high", 1), ("critical", 0), ("off", 0)])
def test_a_severity_stops_the_push_where_the_user_said_so(pushing: RealGit, block_on: str, code: int) -> None:
    _commit(pushing)
    ran = pushing.run("git", "push", "origin", "main", LLMSWITCH_HOOKS_BLOCK_ON=block_on)
    assert ran.code == code
    assert (f'the push is stopped ([hooks] block_on = "{block_on}")' in ran.err) == bool(code)


def test_a_project_can_not_make_it_stop_pushes(pushing: RealGit) -> None:
    _commit(pushing, __llmswitch__toml="[hooks]\nblock_on = 'low'\n", greeting="hello\n")
    ran = pushing.run("git", "push", "origin", "main")
    assert ran.code == 0
    assert "a project may not set 'hooks.block_on'" in ran.err


@pytest.mark.parametrize(
    "reply", [Reply(status=500), Reply(text="no JSON"), Reply(stall_after=0)], ids=["fails", "talks", "hangs"]
)
def test_a_review_that_fails_stops_no_push(pushing: RealGit, upstream: Upstream, reply: Reply) -> None:
    upstream._rules.clear()
    upstream.script(reply, times=None)
    _commit(pushing)
    variables = {
        "LLMSWITCH_HOOKS_BLOCK_ON": "low",
        "LLMSWITCH_FALLBACK_CHAIN": "third",
        "LLMSWITCH_HOOKS_PUSH_DEADLINE_S": "5",
    }
    ran = pushing.at(pushing.folder, **variables).run("git", "push", "origin", "main")
    assert ran.code == 0
    assert "llmswitch: pre-push: " in ran.err


@pytest.mark.parametrize(
    "what",
    [["--delete", "origin", "topic"], ["origin", "v1"], ["origin", "main"]],
    ids=["delete", "tag", "nothing new"],
)
def test_python_is_not_started_where_there_is_nothing_to_review(pushing: RealGit, what: list[str]) -> None:
    pushing.git("push", "--quiet", "--no-verify", "origin", "main:topic")
    pushing.git("tag", "v1")
    hook = pushing.folder / ".git/hooks/pre-push"
    hook.write_text(hook.read_text().replace("hook run", "no such verb"))
    ran = pushing.run("git", "push", "--quiet", *what)
    assert (ran.code, ran.err) == (0, "")
