"""Installing, chaining, and taking out again: what was there before is as it was, byte for byte."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from real_git import PROGRAM, RealGit

SHELL_HOOK = '#!/bin/sh\n# mine\necho mine >>"$1"\n'


def _everything(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Mode and content (of a link: its target) of every file below `folder`."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.readlink().name if path.is_symlink() else path.read_bytes(),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def _hooks(project: RealGit) -> Path:
    return project.folder / project.git("rev-parse", "--git-path", "hooks")


def test_install_says_which_file_it_wrote(project: RealGit) -> None:
    ran = project.llmswitch("hook", "install")
    assert (ran.code, ran.out) == (0, f"installed: {project.folder}/.git/hooks/prepare-commit-msg\n")


def test_a_second_install_changes_nothing(project: RealGit) -> None:
    project.llmswitch("hook", "install", "--all")
    before = _everything(_hooks(project))
    ran = project.llmswitch("hook", "install", "--all")
    assert ran.out.count("unchanged: ") == 4
    assert _everything(_hooks(project)) == before


HOOKS_BEFORE = {
    "a shell script": SHELL_HOOK.encode(),
    "a shell script without a newline at its end": SHELL_HOOK.rstrip().encode(),
    "nothing but a shebang": b"#!/bin/sh\n",
    "a bash script with options": b"#!/usr/bin/env bash\nset -euo pipefail\ntrue\n",
    "a Python script": b"#!/usr/bin/env python3\nprint(1)\n",
    "no shebang": b"true\n",
    "an empty file": b"",
    "carriage returns": b"#!/bin/sh\r\ntrue\r\n",
    "bytes that are no text": b"#!/bin/sh\n# \xff\xfe\x00\n",
}


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o644])
@pytest.mark.parametrize("before", HOOKS_BEFORE.values(), ids=HOOKS_BEFORE)
def test_uninstall_restores_what_was_there(project: RealGit, before: bytes, mode: int) -> None:
    path = _hooks(project) / "prepare-commit-msg"
    path.write_bytes(before)
    path.chmod(mode)
    untouched = _everything(project.folder)
    assert project.llmswitch("hook", "install", "--all").code == 0
    assert _everything(project.folder) != untouched
    assert project.llmswitch("hook", "uninstall").code == 0
    assert _everything(project.folder) == untouched


def test_uninstall_restores_a_link(project: RealGit) -> None:
    project.write({"scripts/check.sh": SHELL_HOOK})
    (_hooks(project) / "commit-msg").symlink_to("../../scripts/check.sh")
    untouched = _everything(project.folder)
    project.llmswitch("hook", "install", "commit-msg")
    project.llmswitch("hook", "uninstall")
    assert _everything(project.folder) == untouched


def test_what_was_edited_after_the_install_stays(project: RealGit) -> None:
    path = project.hook("commit-msg", SHELL_HOOK)
    project.llmswitch("hook", "install", "commit-msg")
    path.write_text(path.read_text() + "echo later\n")
    project.llmswitch("hook", "uninstall")
    assert path.read_text() == SHELL_HOOK + "echo later\n"


def test_half_of_our_lines_is_never_taken_for_all_of_them(project: RealGit) -> None:
    path = project.hook("commit-msg", SHELL_HOOK)
    project.llmswitch("hook", "install", "commit-msg")
    torn = path.read_text().replace("# <<< llmswitch commit-msg <<<\n", "")
    path.write_text(torn)
    ran = project.llmswitch("hook", "uninstall")
    assert ran.code == 1
    assert f"{path}:2: the lines of llmswitch are no longer whole" in ran.err
    assert path.read_text() == torn


def test_lines_added_to_our_own_file_run_after_the_next_install(project: RealGit) -> None:
    project.llmswitch("hook", "install", "commit-msg")
    path = _hooks(project) / "commit-msg"
    path.write_text(path.read_text() + 'echo added >>"$1"\n')
    project.llmswitch("hook", "install", "commit-msg")
    project.git("commit", "--quiet", "--allow-empty", "-m", "Try", LLMSWITCH_HOOK="0")
    assert project.message() == "Try\nadded"


WAYS_TO_CHAIN = {
    "in the same file": "#!/bin/sh\n",
    "moved aside": "# no shebang\n",
    "by another shell": "#!/usr/bin/env bash\n",
}


@pytest.mark.parametrize("shebang", WAYS_TO_CHAIN.values(), ids=WAYS_TO_CHAIN)
def test_the_hook_that_was_there_gets_its_arguments_and_its_name(project: RealGit, shebang: str) -> None:
    project.hook("prepare-commit-msg", shebang + '\necho "${0##*/}|$#|$2" >>"$1"\n')
    project.llmswitch("hook", "install")
    project.git("commit", "--quiet", "--allow-empty", "-m", "Try")
    assert project.message().startswith("Try\nprepare-commit-msg")
    assert project.message().endswith("|2|message")


@pytest.mark.parametrize("shebang", WAYS_TO_CHAIN.values(), ids=WAYS_TO_CHAIN)
def test_the_exit_code_of_the_hook_that_was_there_is_the_hooks(project: RealGit, shebang: str) -> None:
    path = project.hook("commit-msg", shebang + "\nexit 7\n")
    project.llmswitch("hook", "install", "commit-msg")
    assert project.run(str(path), str(project.folder / "README")).code == 7
    assert project.run("git", "commit", "--allow-empty", "-m", "Try").code == 1


@pytest.mark.parametrize("shebang", WAYS_TO_CHAIN.values(), ids=WAYS_TO_CHAIN)
def test_the_pre_push_hook_that_was_there_reads_what_git_writes(project: RealGit, home: Path, shebang: str) -> None:
    seen = home / "seen"
    project.hook("pre-push", f'{shebang}\n{{ echo "$@"; cat; }} >"{seen}"\n')
    project.git("init", "--quiet", "--bare", str(home / "bare.git"))
    project.git("remote", "add", "origin", str(home / "bare.git"))
    project.git("push", "--quiet", "--dry-run", "origin", "main", "HEAD:refs/tags/one")
    plain = seen.read_text()
    project.llmswitch("hook", "install", "pre-push")
    project.git("push", "--quiet", "--dry-run", "origin", "main", "HEAD:refs/tags/one", LLMSWITCH_HOOK="0")
    assert seen.read_text() == plain
    assert plain.count("\n") == 3


def test_a_hook_that_was_switched_off_stays_off(project: RealGit) -> None:
    project.hook("commit-msg", '#!/bin/sh\necho mine >>"$1"\n', executable=False)
    project.llmswitch("hook", "install", "commit-msg")
    project.git("commit", "--quiet", "--allow-empty", "-m", "Try")
    assert project.message() == "Try"


def test_worktrees_share_the_hooks(project: RealGit, home: Path) -> None:
    project.git("worktree", "add", "--quiet", str(home / "tree"))
    ran = project.at(home / "tree").llmswitch("hook", "install")
    assert ran.out == f"installed: {project.folder}/.git/hooks/prepare-commit-msg\n"


def test_a_submodule_has_hooks_of_its_own(project: RealGit, home: Path) -> None:
    project.git("clone", "--quiet", str(project.folder), str(home / "library"))
    project.git("submodule", "--quiet", "add", str(home / "library"), "library")
    ran = project.at(project.folder / "library").llmswitch("hook", "install")
    assert ran.out == f"installed: {project.folder}/.git/modules/library/hooks/prepare-commit-msg\n"


def test_a_bare_repository_has_its_hooks_beside_its_objects(project: RealGit, home: Path) -> None:
    project.git("clone", "--quiet", "--bare", str(project.folder), str(home / "bare.git"))
    ran = project.at(home / "bare.git").llmswitch("hook", "install", "pre-push")
    assert ran.out == f"installed: {home}/bare.git/hooks/pre-push\n"


def test_hooks_path_is_where_git_looks(project: RealGit) -> None:
    project.git("config", "core.hooksPath", "tools/hooks")
    ran = project.at(project.folder).llmswitch("hook", "install")
    assert ran.out == f"installed: {project.folder}/tools/hooks/prepare-commit-msg\n"


@pytest.mark.parametrize("configured", ["", "tools/hooks"])
def test_from_a_folder_below_it_is_the_same_place(project: RealGit, configured: str) -> None:
    if configured:
        project.git("config", "core.hooksPath", configured)
    project.write({"a/b/file": ""})
    ran = project.at(project.folder / "a/b").llmswitch("hook", "install")
    assert ran.out == f"installed: {project.folder}/{configured or '.git/hooks'}/prepare-commit-msg\n"


def test_a_tracked_hooks_folder_is_told_of(project: RealGit) -> None:
    project.write({"tools/hooks/README": "hooks"})
    project.git("add", "-A")
    project.git("config", "core.hooksPath", "tools/hooks")
    assert "is part of the repository: git will show the change" in project.llmswitch("hook", "install").err


def test_hooks_of_all_repositories_are_not_touched_by_the_way(project: RealGit, home: Path) -> None:
    project.git("config", "--global", "core.hooksPath", str(home / "hooks"))
    ran = project.llmswitch("hook", "install")
    assert ran.code == 2
    assert "install --global" in ran.err
    assert not (home / "hooks").exists()


def test_switched_off_hooks_are_told_of(project: RealGit) -> None:
    project.git("config", "core.hooksPath", os.devnull)
    ran = project.llmswitch("hook", "install")
    assert (ran.code, "hooks are switched off" in ran.err) == (2, True)


def test_outside_of_a_repository_nothing_is_installed(project: RealGit, home: Path) -> None:
    assert project.at(home).llmswitch("hook", "install").code == 2


def test_an_unknown_hook_is_told_with_the_nearest_one(project: RealGit) -> None:
    ran = project.llmswitch("hook", "install", "commit-message")
    assert (ran.code, "did you mean 'commit-msg'?" in ran.err) == (2, True)


def test_status_tells_what_is_installed_where(project: RealGit) -> None:
    project.hook("commit-msg", SHELL_HOOK)
    project.hook("post-commit", SHELL_HOOK)
    project.llmswitch("hook", "install", "prepare-commit-msg", "commit-msg")
    assert project.llmswitch("hook", "status").out.splitlines() == [
        f"{project.folder}/.git/hooks",
        f"  prepare-commit-msg  installed, calls {PROGRAM}",
        f"  commit-msg          installed, after the hook that was there, calls {PROGRAM}",
        "  pre-push            not installed",
        "  post-commit         another hook, not of llmswitch",
    ]


def test_status_tells_that_the_program_is_gone(project: RealGit) -> None:
    project.llmswitch("hook", "install")
    path = _hooks(project) / "prepare-commit-msg"
    path.write_text(path.read_text().replace(str(PROGRAM), "/nowhere/llmswitch"))
    assert "but /nowhere/llmswitch is gone: install it again" in project.llmswitch("hook", "status").out
    row = json.loads(project.llmswitch("hook", "status", "--json").out)["hooks"][0]
    assert (row["program"], row["program_exists"]) == ("/nowhere/llmswitch", False)


def test_install_renews_a_hook_whose_program_is_gone(project: RealGit) -> None:
    project.llmswitch("hook", "install")
    path = _hooks(project) / "prepare-commit-msg"
    before = path.read_text()
    path.write_text(before.replace(str(PROGRAM), "/nowhere/llmswitch"))
    assert project.llmswitch("hook", "install").out.startswith("updated: ")
    assert path.read_text() == before


def test_status_tells_that_the_lines_are_of_another_version(project: RealGit) -> None:
    project.llmswitch("hook", "install")
    path = _hooks(project) / "prepare-commit-msg"
    path.write_text(path.read_text().replace("LLMSWITCH_HOOK=0 silences them.", "Another version."))
    assert "but its lines are of another version: install it again" in project.llmswitch("hook", "status").out
    assert project.llmswitch("hook", "install").out.startswith("updated: ")
    assert "another version" not in project.llmswitch("hook", "status").out


def test_status_tells_of_hooks_that_git_passes_over(project: RealGit) -> None:
    project.llmswitch("hook", "install")
    own = _hooks(project) / "prepare-commit-msg"
    project.git("config", "core.hooksPath", "elsewhere")
    assert f"{own} has lines of llmswitch too, but git does not look there" in project.llmswitch("hook", "status").err


def test_status_knows_hooks_that_the_global_ones_call(project: RealGit) -> None:
    project.llmswitch("hook", "install")
    project.llmswitch("hook", "install", "--global", "--yes")
    ran = project.llmswitch("hook", "status")
    assert (ran.err, "(core.hooksPath, global)" in ran.out) == ("", True)


def test_a_tool_that_may_write_over_our_lines_is_told_of(project: RealGit) -> None:
    project.hook("commit-msg", "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n")
    ran = project.llmswitch("hook", "install", "commit-msg")
    assert "pre-commit wrote this hook and may write over our lines" in ran.err


def test_huskys_folder_is_told_of(project: RealGit) -> None:
    project.git("config", "core.hooksPath", ".husky/_")
    assert "husky writes" in project.llmswitch("hook", "install").err
