"""`llmswitch pr-description` as a process in a real repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import Command, command_for
from git_repository import GitRepository
from upstream import Reply, Upstream

from llmswitch.hooks.pr_description import parted

AWS_KEY = "AKIA" + "QWERTYUIOPASDFGH"


@pytest.fixture
def made(home: Path) -> GitRepository:
    made = GitRepository.made(home / "project")
    made.stage("README", "read me\n")
    made.commit()
    made.git("checkout", "--quiet", "-b", "42-divide")
    made.stage("a.py", "b = a / 2\n")
    made.git("commit", "--quiet", "-m", "feat: divide\n\nBecause halves are asked for.")
    return made


@pytest.fixture
def llmswitch(home: Path, upstream: Upstream, made: GitRepository) -> Command:
    upstream.script(Reply(text="Divide by two\n\n## What\nHalves.\n"), times=None)
    return Command(made.path, command_for(home, upstream).environment)


def told(upstream: Upstream) -> str:
    bodies: list[Any] = [seen.body for seen in upstream.requests if seen.method == "POST"]
    return json.dumps(bodies)


def test_title_and_body_are_printed_with_the_ticket_of_the_branch(llmswitch: Command) -> None:
    done = llmswitch("pr-description")
    assert (done.code, done.out) == (0, "Divide by two\n\n## What\nHalves.\n\nRefs #42\n")


def test_the_change_and_the_commits_with_their_bodies_are_sent(llmswitch: Command, upstream: Upstream) -> None:
    llmswitch("pr-description")
    for part in ("b = a / 2", "feat: divide", "Because halves are asked for."):
        assert part in told(upstream)


def test_the_projects_template_is_sent(llmswitch: Command, made: GitRepository, upstream: Upstream) -> None:
    made.write(".github/PULL_REQUEST_TEMPLATE.md", "## Risk of this\n- [ ] tested\n")
    llmswitch("pr-description")
    assert "## Risk of this" in told(upstream)


def test_json_has_title_and_body(llmswitch: Command) -> None:
    body = json.loads(llmswitch("pr-description", "main..HEAD", "--json").out)
    assert (body["title"], body["model"]) == ("Divide by two", "first")
    assert body["body"].startswith("## What")


def test_a_secret_in_a_commit_message_keeps_it_on_this_machine(
    llmswitch: Command, made: GitRepository, upstream: Upstream
) -> None:
    made.commit(f"fix: revoke {AWS_KEY}")
    llmswitch("pr-description")
    assert [seen.model for seen in upstream.requests if seen.method == "POST"] == ["glm-4.7"]


def test_only_left_out_files_are_sent_nowhere(llmswitch: Command, made: GitRepository, upstream: Upstream) -> None:
    made.stage("yarn.lock", "x\n")
    made.commit("build: lock")
    done = llmswitch("pr-description", "HEAD~1")
    assert (done.code, told(upstream)) == (0, "[]")
    assert done.out.startswith("build: add yarn.lock")


def test_a_range_without_a_change_is_a_usage_error(llmswitch: Command) -> None:
    assert llmswitch("pr-description", "HEAD..HEAD").code == 2


@pytest.mark.parametrize(
    "answer",
    [
        "Divide\n\nHalves.",
        "```markdown\nDivide\n\nHalves.\n```",
        "# Divide\n\nHalves.",
        "**Title:** Divide\n\n**Description:**\n\nHalves.",
        "Here is the pull request:\n\nTitle: Divide\n\nHalves.",
        "<think>\nWhat now?\n</think>\nDivide\n\nHalves.",
    ],
)
def test_what_surrounds_title_and_body_goes(answer: str) -> None:
    assert parted(answer) == ("Divide", "Halves.")


def test_code_within_the_body_stays() -> None:
    assert parted("Divide\n\n```py\nx\n```\nand\n```py\ny\n```")[1] == "```py\nx\n```\nand\n```py\ny\n```"
