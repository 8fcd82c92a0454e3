"""The lines of shell that a hook holds: clean, and the same in every shell that a hook may be written for."""

from __future__ import annotations

import shutil
import subprocess
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from llmswitch.hooks.install_global import FORWARDED
from llmswitch.hooks.shim import HOOKS, SHEBANG, Below, Hook, block, forwarder

BELOW: tuple[Below, ...] = get_args(Below)
PROGRAM = "/opt/it's here/llmswitch"


@pytest.mark.parametrize(("hook", "below"), list(product(HOOKS, BELOW)))
def test_shellcheck_finds_nothing_in_a_hook(hook: Hook, below: Below) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    script = SHEBANG + block(hook, PROGRAM, below)
    done = subprocess.run(["shellcheck", "-"], input=script, text=True, capture_output=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0


@pytest.mark.parametrize("name", FORWARDED)
def test_shellcheck_finds_nothing_in_a_forwarder(name: str) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", "-"], input=forwarder(name), text=True, capture_output=True, check=False)
    assert done.stdout == ""


SHELLS = ("sh -eu", "dash", "bash", "bash -eu", "bash --posix", "zsh", "ksh", "mksh", "busybox ash")


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shutil.which(shell.split()[0])])
def test_a_hook_works_in_the_shell_of_the_hook_it_was_put_into(shell: str, hook: Hook, tmp_path: Path) -> None:
    script, message = _hook_in(tmp_path, shell, hook)
    git_folder = message.parent
    (git_folder / "llmswitch-message.json").touch()
    done = subprocess.run(
        [*shell.split(), script, message],
        cwd=tmp_path,
        input="refs/heads/a 1234 refs/heads/b 0000\n",
        text=True,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()) == (0, [f"below {hook}", f"ours hook run {hook} {message}"])


def _hook_in(folder: Path, shell: str, hook: Hook) -> tuple[Path, Path]:
    """A hook for `shell` that has our lines over one of its own, and a message file."""
    program = folder / "our program"
    program.write_text('#!/bin/sh\necho "ours $*" >&2\n')
    program.chmod(0o755)
    script = folder / hook
    interpreter = shutil.which(shell.split()[0])
    options = " ".join(shell.split()[1:])
    script.write_text(f"#!{interpreter} {options}\n{block(hook, str(program), 'same')}echo below {hook} >&2\n")
    script.chmod(0o755)
    git_folder = folder / ".git"
    git_folder.mkdir()
    message = git_folder / "COMMIT_EDITMSG"
    message.write_text("")
    return script, message
