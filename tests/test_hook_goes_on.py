"""A hook never stands in the way: whatever is wrong, the commit is made, and the person is told why there is no message."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from real_git import PROGRAM, RealGit, new_repository
from upstream import Reply, Upstream, nobody_listens

BY_HAND = 'sh -c \'cp "$1" ../seen; echo By hand >"$1"\' -'
"""An editor that keeps what it was shown, and writes a message."""


@pytest.fixture
def answered(home: Path, upstream: Upstream) -> RealGit:
    """A repository with the hook installed, and something staged."""
    project = new_repository(home, upstream)
    project.environment.update(
        {
            "LLMSWITCH_ROUTES_DOCS": "third",
            "LLMSWITCH_FALLBACK_CHAIN": "third",
            "GIT_EDITOR": BY_HAND,
        }
    )
    project.environment["LLMSWITCH_HOOKS_DEADLINE_S"] = "60"
    project.llmswitch("hook", "install")
    project.stage(greeting="hello\n")
    return project


def _commit(project: RealGit, **variables: str) -> tuple[str, str]:
    """The comment line of ours in the file that the editor was shown, and what git said on stderr."""
    ran = project.at(project.folder, **variables).run("git", "commit", "--quiet")
    assert (ran.code, project.message()) == (0, "By hand")
    lines = (project.folder / "../seen").read_text().splitlines()
    return next((line for line in lines if line.startswith("# llmswitch: ")), ""), ran.err


Broken = Callable[[RealGit, Upstream], dict[str, str]]


def _nobody_listens(_: RealGit, __: Upstream) -> dict[str, str]:
    return {"OLLAMA_HOST": nobody_listens()}


def _no_provider(project: RealGit, _: Upstream) -> dict[str, str]:
    return {"LLMSWITCH_PROFILE": "api", "ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": "",  "LLMSWITCH_ROUTES_DOCS": "haiku",
            "LLMSWITCH_FALLBACK_CHAIN": "haiku"}  # fmt: skip


def _refused(_: RealGit, upstream: Upstream) -> dict[str, str]:
    upstream.script(Reply(status=500), times=None)
    return {}


def _late(_: RealGit, upstream: Upstream) -> dict[str, str]:
    upstream.script(Reply(first_delay_s=3_600), times=None)
    return {"LLMSWITCH_HOOKS_DEADLINE_S": "4"}


def _stalled(_: RealGit, upstream: Upstream) -> dict[str, str]:
    upstream.script(Reply(stall_after=1), times=None)
    return {"LLMSWITCH_HOOKS_DEADLINE_S": "4"}


def _budget(_: RealGit, __: Upstream) -> dict[str, str]:
    return {"LLMSWITCH_BUDGET_DAY_USD": "0", "LLMSWITCH_BUDGET_ON_EXCEED": "block", "LLMSWITCH_ROUTES_DOCS": "first",
            "LLMSWITCH_FALLBACK_CHAIN": "first"}  # fmt: skip


def _bad_config(project: RealGit, _: Upstream) -> dict[str, str]:
    (project.folder / ".llmswitch.toml").write_text("[hooks]\nstile = 'plain'\n")
    return {}


def _forbidden_config(project: RealGit, _: Upstream) -> dict[str, str]:
    (project.folder / ".llmswitch.toml").write_text("[hooks]\nblock_on = 'low'\n")
    return {}


def _hostile_config(project: RealGit, _: Upstream) -> dict[str, str]:
    (project.folder / ".llmswitch.toml").write_text("[providers.ollama]\napi_key_cmd = 'touch ../pwned'\n")
    return {}


def _broken_ledger(project: RealGit, _: Upstream) -> dict[str, str]:
    return {"LLMSWITCH_LEDGER": "/dev/null/ledger.db"}


WRONG: dict[str, tuple[Broken, str]] = {
    "the provider can't be reached": (_nobody_listens, "Ollama is not running"),
    "there is no provider": (_no_provider, "haiku"),
    "the provider fails": (_refused, "HTTP 500"),
    "the answer does not begin": (_late, "none came within 4 s ([hooks] deadline_s)"),
    "the answer does not end": (_stalled, "none came within 4 s ([hooks] deadline_s)"),
    "the budget is used up": (_budget, "budget"),
    "the configuration is wrong": (_bad_config, ".llmswitch.toml:2: unknown key 'stile'"),
    "the project sets what it may not": (_forbidden_config, "a project may not set 'hooks.block_on'"),
    "the project names a command": (_hostile_config, "a project may not set 'providers.ollama'"),
    "the ledger can't be opened": (_broken_ledger, "ledger"),
}


@pytest.mark.parametrize(("broken", "words"), WRONG.values(), ids=WRONG)
def test_the_commit_goes_on_and_the_file_says_why(
    answered: RealGit, upstream: Upstream, broken: Broken, words: str
) -> None:
    line, err = _commit(answered, **broken(answered, upstream))
    assert line.startswith("# llmswitch: no message: ")
    assert words in err
    assert not (answered.folder / "../pwned").exists()


def test_a_late_answer_is_a_row_in_the_ledger(answered: RealGit, upstream: Upstream, home: Path) -> None:
    _stalled(answered, upstream)
    _commit(answered, LLMSWITCH_HOOKS_DEADLINE_S="12")  # so long that also a slow machine has made its request by then
    with closing(sqlite3.connect(home / ".local/share/llmswitch/ledger.db")) as ledger:
        rows = ledger.execute(
            "SELECT kind, hook, d.status, a.status FROM dispatches d JOIN attempts a ON dispatch_id = d.id"
        )
        assert rows.fetchall() == [("hook", "prepare-commit-msg", "cancelled", "cancelled")]


def _program(answered: RealGit, script: str) -> None:
    """Another program in the place of llmswitch."""
    program = answered.folder / "../llmswitch"
    program.write_text(script)
    program.chmod(0o755)
    hook = answered.folder / ".git/hooks/prepare-commit-msg"
    hook.write_text(hook.read_text().replace(f"p={PROGRAM}\n", f"p={program}\n"))


@pytest.mark.parametrize("end", ["exit 1", "exit 2", "exit 78", "kill -SEGV $$", "kill -KILL $$", "exec /nowhere"])
def test_a_program_that_crashes_stops_no_commit(answered: RealGit, end: str) -> None:
    _program(answered, f"#!/bin/sh\n{end}\n")
    _commit(answered)


def test_only_exit_10_stops_a_commit(answered: RealGit) -> None:
    _program(answered, "#!/bin/sh\nexit 10\n")
    assert answered.run("git", "commit").code == 1
    assert answered.message() == "Begin"


def test_a_program_that_is_gone_is_told_of(answered: RealGit) -> None:
    hook = answered.folder / ".git/hooks/prepare-commit-msg"
    hook.write_text(hook.read_text().replace(f"p={PROGRAM}\n", "p=/nowhere/llmswitch\n"))
    path = os.pathsep.join(
        folder for folder in os.environ["PATH"].split(os.pathsep) if not Path(folder, "llmswitch").exists()
    )
    _, err = _commit(answered, PATH=path)
    assert "/nowhere/llmswitch is gone; `llmswitch hook install` again" in err


def test_a_program_that_moved_is_found_on_the_path(answered: RealGit, upstream: Upstream) -> None:
    hook = answered.folder / ".git/hooks/prepare-commit-msg"
    hook.write_text(hook.read_text().replace(f"p={PROGRAM}\n", "p=/nowhere/llmswitch\n"))
    upstream.script(Reply(text="feat: say hello"))
    answered.git("commit", "--quiet", GIT_EDITOR="true")
    assert answered.message() == "feat: say hello"


def test_an_answer_that_holds_no_message_is_told_of(answered: RealGit, upstream: Upstream) -> None:
    upstream.script(Reply(text="```\n```"), times=None)
    line, _ = _commit(answered)
    assert line == "# llmswitch: no message: the model's answer holds no commit message"


HANGS = """#!/bin/sh
case "$*" in *diff-index*)
  trap "touch ../ended; exit" TERM
  while :; do sleep 0.1; done ;;
esac
exec /usr/bin/git "$@"
"""


def test_work_that_can_not_be_cancelled_ends_at_the_deadline(answered: RealGit, home: Path) -> None:
    """A git that hangs: the thread that waits for it can't be cancelled."""
    slow = home / "bin"
    slow.mkdir()
    (slow / "git").write_text(HANGS.replace("/usr/bin/git", shutil.which("git") or "git"))
    (slow / "git").chmod(0o755)
    path = f"{slow}{os.pathsep}{answered.environment['PATH']}"
    _program(answered, f'#!/bin/sh\nPATH="{path}" exec "{PROGRAM}" "$@"\n')
    line, _ = _commit(answered, LLMSWITCH_HOOKS_DEADLINE_S="12")
    assert line == "# llmswitch: no message: none came within 12 s ([hooks] deadline_s)"
    _wait_for((home / "ended").exists)


def _wait_for(done: Callable[[], object]) -> None:
    """Something that must happen; the limit is reached only when the test fails."""
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_c_ends_the_commit_quietly_with_the_spend_recorded(
    answered: RealGit, upstream: Upstream, home: Path
) -> None:
    upstream.script(Reply(stall_after=1), times=None)
    process = subprocess.Popen(
        ["git", "commit"],
        cwd=answered.folder,
        env=answered.environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    _wait_for(lambda: any(seen.method == "POST" for seen in upstream.requests))
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: everybody in the foreground
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Traceback" not in err.decode()
    assert not (answered.folder / ".git/index.lock").exists()
    assert answered.message() == "Begin"
    assert upstream.wait_until_client_left()
    with closing(sqlite3.connect(home / ".local/share/llmswitch/ledger.db")) as ledger:
        settled = "SELECT status FROM attempts WHERE status != 'open'"
        _wait_for(lambda: ledger.execute(settled).fetchall())
        assert ledger.execute(settled).fetchall() == [("cancelled",)]


def test_no_key_and_no_secret_of_the_environment_is_in_the_file(answered: RealGit, upstream: Upstream) -> None:
    upstream.script(Reply(status=401, body='{"error": {"message": "bad key sk-test-0123456789"}}'), times=None)
    line, _ = _commit(answered, LLMSWITCH_ROUTES_DOCS="second", LLMSWITCH_FALLBACK_CHAIN="second")
    assert line.startswith("# llmswitch: no message: ")
    assert "0123456789" not in line
