"""Hooks for all repositories: told before it is done, other hooks go on to run, and all of it can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_git import RealGit


def _ours(home: Path) -> Path:
    return home / ".local/share/llmswitch"


def _config(project: RealGit, key: str) -> str:
    return project.run("git", "config", "--global", "--get", key).out.strip()


@pytest.fixture
def global_hooks(project: RealGit, home: Path) -> Path:
    """The folder that `--global` leads git to."""
    assert project.llmswitch("hook", "install", "--all", "--global", "--yes").code == 0
    return _ours(home) / "git-hooks"


def test_it_is_told_first_and_nothing_is_done_without_a_yes(project: RealGit, home: Path) -> None:
    before = (home / ".gitconfig").read_bytes()
    ran = project.llmswitch("hook", "install", "--global")
    assert ran.code == 2
    assert f"`git config --global core.hooksPath {_ours(home)}/git-hooks` will be set" in ran.err
    assert "--yes does it" in ran.err
    assert (home / ".gitconfig").read_bytes() == before
    assert not _ours(home).exists()


def test_hooks_of_a_repository_go_on_to_run(project: RealGit, home: Path, global_hooks: Path) -> None:
    del global_hooks
    own = project.folder / ".git/hooks"
    for name in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"):
        (own / name).write_text(f'#!/bin/sh\necho "${{0##*/}} $#" >>{home}/seen\n')
        (own / name).chmod(0o755)
    project.git("commit", "--quiet", "--allow-empty", "-m", "Say hello to all")
    assert (home / "seen").read_text().splitlines() == [
        "pre-commit 0",
        "prepare-commit-msg 2",
        "commit-msg 1",
        "post-commit 0",
    ]


@pytest.mark.parametrize("place", ["worktree", "submodule", "bare"])
def test_the_repositorys_own_hooks_are_found_from_everywhere(
    project: RealGit, home: Path, global_hooks: Path, place: str
) -> None:
    del global_hooks
    folder, hooks = home / place, project.folder / ".git/hooks"
    if place == "worktree":
        project.git("worktree", "add", "--quiet", str(folder))
    elif place == "submodule":
        project.git("clone", "--quiet", str(project.folder), str(home / "library"))
        project.git("submodule", "--quiet", "add", str(home / "library"), "library")
        folder, hooks = project.folder / "library", project.folder / ".git/modules/library/hooks"
    else:
        project.git("clone", "--quiet", "--bare", str(project.folder), str(folder))
        hooks = folder / "hooks"
        project.git("remote", "add", "other", str(home / "other.git"), folder=folder)
        project.git("init", "--quiet", "--bare", str(home / "other.git"))
    name = "pre-push" if place == "bare" else "commit-msg"
    hooks.mkdir(exist_ok=True)
    (hooks / name).write_text(f"#!/bin/sh\ntouch {home}/seen\n")
    (hooks / name).chmod(0o755)
    if place == "bare":
        project.git("push", "--quiet", "other", "main", folder=folder)
    else:
        project.git("commit", "--quiet", "--allow-empty", "-m", "Say hello to all", folder=folder)
    assert (home / "seen").exists()


def test_a_failing_hook_of_the_repository_still_stops_the_commit(project: RealGit, global_hooks: Path) -> None:
    del global_hooks
    own = project.folder / ".git/hooks/pre-commit"
    own.write_text("#!/bin/sh\nexit 1\n")
    own.chmod(0o755)
    assert project.run("git", "commit", "--allow-empty", "-m", "Try").code == 1


def test_a_hook_installed_in_both_places_runs_once(project: RealGit, home: Path) -> None:
    project.llmswitch("hook", "install", "commit-msg")
    project.llmswitch("hook", "install", "commit-msg", "--global", "--yes")
    ran = project.run("git", "commit", "--allow-empty", "-m", "wip")
    assert ran.err.count("says nothing about the change") == 1


def test_uninstall_leaves_nothing_behind(project: RealGit, home: Path, global_hooks: Path) -> None:
    ran = project.llmswitch("hook", "uninstall", "--global", "--yes")
    assert ran.out.count("removed: ") == 4
    assert not global_hooks.exists()
    assert _config(project, "core.hooksPath") == ""


def test_a_hooks_folder_of_the_users_own_is_used_and_stays(project: RealGit, home: Path) -> None:
    own = home / "my hooks"
    own.mkdir()
    (own / "commit-msg").write_text('#!/bin/sh\necho mine >>"$1"\n')
    (own / "commit-msg").chmod(0o755)
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    project.git("config", "--global", "core.hooksPath", str(own))
    project.llmswitch("hook", "install", "commit-msg", "--global", "--yes")
    project.git("commit", "--quiet", "--allow-empty", "-m", "Say hello to all")
    assert project.message() == "Say hello to all\nmine"
    project.llmswitch("hook", "uninstall", "--global", "--yes")
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before
    assert _config(project, "core.hooksPath") == str(own)


def test_hooks_of_the_whole_system_are_not_silenced(project: RealGit, home: Path) -> None:
    (home / "system").write_text("[core]\nhooksPath = /opt/hooks\n")
    variables = {"GIT_CONFIG_NOSYSTEM": "0", "GIT_CONFIG_SYSTEM": str(home / "system")}
    ran = project.at(home, **variables).llmswitch("hook", "install", "--global", "--yes")
    assert ran.code == 2
    assert "would silence the hooks there" in ran.err


def test_through_the_template_new_repositories_have_the_hook(project: RealGit, home: Path) -> None:
    ran = project.llmswitch("hook", "install", "--global", "--via", "template", "--yes")
    assert ran.code == 0
    project.git("init", "--quiet", str(home / "new"))
    there = {path.name for path in (home / "new/.git/hooks").iterdir()}
    assert "prepare-commit-msg" in there
    assert (home / "new/.git/info/exclude").exists(), "what git's own template has is missing"
    status = project.at(home / "new").llmswitch("hook", "status")
    assert "prepare-commit-msg  installed, calls" in status.out


def test_uninstall_takes_the_template_back(project: RealGit, home: Path) -> None:
    project.llmswitch("hook", "install", "--global", "--via", "template", "--yes")
    project.llmswitch("hook", "uninstall", "--global", "--via", "template", "--yes")
    assert _config(project, "init.templateDir") == ""
    assert not (_ours(home) / "git-template").exists()


def test_a_hook_that_is_added_later_takes_the_place_of_its_forwarder(project: RealGit, home: Path) -> None:
    project.llmswitch("hook", "install", "--global", "--yes")
    ran = project.llmswitch("hook", "install", "--global", "--yes", "prepare-commit-msg", "commit-msg")
    folder = _ours(home) / "git-hooks"
    assert ran.out == f"unchanged: {folder}/prepare-commit-msg\ninstalled: {folder}/commit-msg\n"
    assert "says nothing about the change" in project.run("git", "commit", "--allow-empty", "-m", "wip").err
