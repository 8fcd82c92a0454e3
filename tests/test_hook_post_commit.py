"""post-commit: a note about who wrote the message, where it was written by a model and kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_git import RealGit, new_repository
from upstream import Reply, Upstream

GENERATED = "feat: say hello\n\nBecause nobody did."


@pytest.fixture
def noted(home: Path, upstream: Upstream) -> RealGit:
    """A repository with both hooks, and something staged."""
    project = new_repository(home, upstream)
    project.environment.update({"LLMSWITCH_ROUTES_DOCS": "third", "LLMSWITCH_HOOKS_DEADLINE_S": "60"})
    upstream.script(Reply(text=GENERATED), times=None)
    project.llmswitch("hook", "install", "prepare-commit-msg", "post-commit")
    project.stage(greeting="hello\n")
    return project


def _note(project: RealGit) -> list[str]:
    """The lines of HEAD's note; none without one."""
    ran = project.run("git", "notes", "--ref=llmswitch", "show", "HEAD")
    return ran.out.splitlines() if ran.code == 0 else []


def test_a_kept_message_has_a_note_with_its_model_and_cost(noted: RealGit) -> None:
    noted.git("commit", "--quiet")
    lines = _note(noted)
    assert lines[:3] == ["message: as written", "model: third", "cost: $0"]
    assert lines[3].startswith("dispatch: ")


def test_an_edited_message_is_told_apart(noted: RealGit) -> None:
    noted.git("commit", "--quiet", GIT_EDITOR="sed -i 's/nobody did/it is polite/'")
    assert _note(noted)[0] == "message: edited"


def test_a_message_by_hand_has_no_note(noted: RealGit) -> None:
    noted.git("commit", "--quiet", GIT_EDITOR="sh -c 'echo Quite another one >\"$1\"' -")
    assert _note(noted) == []


def test_the_message_of_a_commit_that_was_given_up_is_not_the_next_ones(noted: RealGit) -> None:
    assert noted.run("git", "commit", GIT_EDITOR="false").code == 1
    noted.git("commit", "--quiet", "-m", "Something else by hand")
    assert _note(noted) == []


def test_no_note_is_made_where_the_user_said_so(noted: RealGit) -> None:
    noted.git("commit", "--quiet", LLMSWITCH_HOOKS_NOTE="false")
    assert _note(noted) == []


def test_it_does_not_start_python_without_a_generated_message(noted: RealGit) -> None:
    hook = noted.folder / ".git/hooks/post-commit"
    hook.write_text(hook.read_text().replace("hook run", "no such verb"))
    assert noted.run("git", "commit", "--quiet", "-m", "By hand").err == ""


def test_a_record_that_can_not_be_read_is_passed_over(noted: RealGit) -> None:
    (noted.folder / ".git/llmswitch-message.json").write_text("{")
    ran = noted.run("git", "commit", "--quiet", "-m", "By hand")
    assert (ran.code, ran.err) == (0, "")
    assert not (noted.folder / ".git/llmswitch-message.json").exists()


def test_the_record_is_for_nobody_else_to_read(noted: RealGit) -> None:
    noted.git("commit", "--quiet", GIT_EDITOR="sh -c 'stat -c %a .git/llmswitch-message.json >../mode' -")
    assert (noted.folder / "../mode").read_text() == "600\n"


def test_in_a_worktree_the_note_is_made_too(noted: RealGit, home: Path) -> None:
    noted.git("worktree", "add", "--quiet", str(home / "tree"))
    tree = noted.at(home / "tree")
    tree.stage(greeting="hello\n")
    tree.git("commit", "--quiet")
    assert _note(tree)[0] == "message: as written"
