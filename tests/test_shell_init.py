"""`llmswitch init`: completion and key bindings in real shells, in a real terminal."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command import Command, command_for
from terminal import Terminal, terminal
from upstream import Reply, Upstream

from llmswitch.commands.init import SCRIPTS
from llmswitch.commands.shell_answer import command_line

SHELLS = ("bash", "zsh", "fish")
START = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i"),
}
PREPARE = {
    "bash": "PS1='ready> '; . ./init.sh",
    "zsh": "PS1='ready> '; autoload -Uz compinit; compinit -u -d ./zcompdump; . ./init.sh",
    "fish": "function fish_prompt; echo -n 'ready> '; end; source ./init.sh",
}


@pytest.fixture
def command(home: Path, upstream: Upstream) -> Command:
    return command_for(home, upstream)


@contextmanager
def shell(name: str, command: Command) -> Iterator[Terminal]:
    """The shell `name`, with the script of `init NAME --keys` in it and this checkout's llmswitch first on its PATH."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    folder = command.home
    done = command("init", name, "--keys")
    assert done.code == 0, done.err
    (folder / "init.sh").write_text(done.out)
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "llmswitch"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m llmswitch "$@"\n')
    program.chmod(0o755)
    environment = command.environment | {"PATH": f"{programs}:{command.environment['PATH']}", "SHELL": "/bin/sh"}
    with terminal(folder, environment, *START[name]) as opened:
        opened.type(PREPARE[name])
        opened.press("Enter")
        opened.wait_for_prompt("ready>")
        opened.type("clear")
        opened.press("Enter")
        yield opened


def typed(opened: Terminal, text: str) -> None:
    opened.wait_for_prompt("ready>")
    opened.type(text)
    opened.wait_for(text)


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("llmswitch temp", "llmswitch template"),
        ("llmswitch ask --task quick", "llmswitch ask --task quickfix"),
        ("llmswitch ask -m seco", "llmswitch ask -m second"),
        ("llmswitch -P qual", "llmswitch -P quality"),
        ("llmswitch ask -t tran", "llmswitch ask -t translate"),
        ("llmswitch ask -f a-file-of", "llmswitch ask -f a-file-of-mine"),
    ],
)
def test_tab_completes(name: str, line: str, completed: str, command: Command) -> None:
    (command.home / "a-file-of-mine").touch()
    with shell(name, command) as opened:
        typed(opened, line)
        opened.press("Tab")
        opened.wait_for(completed)


@pytest.mark.parametrize("name", SHELLS)
def test_sessions_that_are_kept_are_offered(name: str, command: Command) -> None:
    assert command("ask", "--session", "auth-tokens", "how long?").code == 0
    with shell(name, command) as opened:
        typed(opened, "llmswitch ask --session au")
        opened.press("Tab")
        opened.wait_for("--session auth-tokens")


@pytest.mark.parametrize("name", SHELLS)
def test_a_broken_profile_says_nothing_in_the_middle_of_a_line(name: str, command: Command) -> None:
    (command.home / "bench.toml").write_text("[models")
    with shell(name, command) as opened:
        typed(opened, "llmswitch ask -m seco")
        opened.press("Tab")
        opened.type("nd")
        assert "TOML" not in opened.wait_for("ask -m second")


@pytest.mark.parametrize("name", SHELLS)
def test_a_wish_becomes_a_command_on_the_line_that_is_not_run(name: str, command: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="```sh\ntouch made-by-it; echo $((40 + 2))\n```"), times=None)
    with shell(name, command) as opened:
        typed(opened, "# make a file")
        opened.press("C-x", "C-a")
        opened.wait_for("ready> touch made-by-it; echo $((40 + 2))")
        assert not (command.home / "made-by-it").exists()
    content = upstream.requests[-1].body["messages"][-1]["content"]
    assert "make a file" in str(content)
    assert "#" not in str(content)


@pytest.mark.parametrize("name", SHELLS)
def test_where_no_command_comes_the_line_stays(name: str, command: Command, upstream: Upstream) -> None:
    upstream.script(Reply(status=401), times=None)
    with shell(name, command) as opened:
        typed(opened, "make a file")
        opened.press("C-x", "C-a")
        opened.wait_for("llmswitch")
        assert "ready> make a file" in opened.wait_for("make a file")


@pytest.mark.parametrize("name", SHELLS)
def test_a_failed_command_is_explained(name: str, command: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="There is no such folder."), times=None)
    with shell(name, command) as opened:
        typed(opened, "cd /no/such/folder")
        opened.press("Enter")
        opened.wait_for_prompt("ready>")
        opened.press("C-x", "C-w")
        opened.wait_for("There is no such folder.")
    content = str(upstream.requests[-1].body["messages"][-1]["content"])
    assert "cd /no/such/folder" in content
    assert "exit code 1" in content


@pytest.mark.parametrize("name", SHELLS)
def test_a_command_that_did_not_fail_is_not_sent(name: str, command: Command, upstream: Upstream) -> None:
    with shell(name, command) as opened:
        typed(opened, "true")
        opened.press("Enter")
        opened.wait_for_prompt("ready>")
        opened.press("C-x", "C-w")
        opened.wait_for("did not fail")
    assert not [seen for seen in upstream.requests if seen.method == "POST"]


def test_a_key_in_a_failed_command_is_not_sent(command: Command, upstream: Upstream) -> None:
    done = command("shell", "why", "--status", "1", "--", "curl -H 'Authorization: Bearer sk-ant-0123456789abcdef' x")
    assert done.code == 0, done.err
    assert "sk-ant-0123456789abcdef" not in str(upstream.requests[-1].body)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ("ls -l", "ls -l"),
        ("```bash\nls -l\n```", "ls -l"),
        ("Here it is:\n\n```\n$ ls -l\n```\nIt lists.", "ls -l"),
        ("`ls -l`", "ls -l"),
        ("$ ls -l\n", "ls -l"),
        ("for f in *; do\n  echo $f\ndone", "for f in *; do\n  echo $f\ndone"),
        ("ls\x1b[31m\x07 -l\r", "ls[31m -l"),
        ("  \n ", ""),
    ],
)
def test_an_answer_becomes_a_command_line_without_anything_around_it(answer: str, line: str) -> None:
    assert command_line(answer) == line


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.bash")), ids=lambda path: path.name)
def test_the_bash_scripts_pass_shellcheck(path: Path) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", "-s", "bash", str(path)], capture_output=True, text=True, check=False)
    assert done.stdout == ""


@pytest.mark.parametrize(
    "path", sorted(path for path in SCRIPTS.iterdir() if path.suffix != ".bash"), ids=lambda path: path.name
)
def test_the_other_scripts_parse(path: Path) -> None:
    name = path.suffix[1:]
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    done = subprocess.run([name, "-n", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
