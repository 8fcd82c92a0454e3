"""Every way to commit, run by real git against the scripted model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commit_cases import ALL, GENERATED, CommitCase, Does
from real_git import PROGRAM, RealGit, new_repository
from upstream import Reply, Upstream

LOGGED = """#!/bin/sh
echo "$*" >>"{log}"
exec "{program}" "$@"
"""


def _run(case: CommitCase, home: Path, upstream: Upstream) -> tuple[RealGit, str]:
    """Run the case; the repository as it is then, and what git told the hook (`-` where it did not call it)."""
    upstream.script(Reply(text=GENERATED), times=None)
    project = new_repository(home, upstream, *case.init)
    program = home / "llmswitch"
    program.write_text(LOGGED.format(log=home / "python", program=PROGRAM))
    program.chmod(0o755)
    project.environment["LLMSWITCH_ROUTES_DOCS"] = "third"
    project.environment["LLMSWITCH_HOOKS_DEADLINE_S"] = "100"
    project.git("status")
    before = project.run("sh", "-ec", case.before)
    assert before.code == 0, before.err
    place = project.at(home / case.folder, **case.environment)
    assert place.llmswitch("hook", "install").code == 0
    hook = place.folder / place.git("rev-parse", "--git-path", "hooks/prepare-commit-msg")
    hook.write_text(hook.read_text().replace(f"p={PROGRAM}\n", f"p={program}\n"))
    trace = home / "trace"
    ran = place.run("sh", "-ec", case.command, GIT_TRACE=str(trace))
    assert ran.code == 0, f"{ran.out}{ran.err}"
    return place, _told(trace.read_text())


def _told(trace: str) -> str:
    """The arguments after the file's name, from the lines in which git says what it runs; `-` where it ran no hook."""
    runs = [line for line in trace.splitlines() if "run_command" in line and "hooks/prepare-commit-msg " in line]
    words = [run.partition("hooks/prepare-commit-msg ")[2].replace("'", "").split() for run in runs]
    return ", ".join(" ".join(told[1:]) for told in words) if runs else "-"


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_way_to_commit_comes_out_as_the_table_says(case: CommitCase, home: Path, upstream: Upstream) -> None:
    place, told = _run(case, home, upstream)
    started = (home / "python").exists()
    sent = [json.dumps(seen.body, ensure_ascii=False) for seen in upstream.requests if seen.method == "POST"]
    observed = {
        "source": told,
        "started": started,
        "requests": len(sent),
        "message": place.message(),
    }
    assert observed == {
        "source": "-" if case.does is Does.NOT_CALLED else case.source,
        "started": case.does in (Does.WRITES, Does.NOTHING, Does.UNSENT),
        "requests": 1 if case.does is Does.WRITES else 0,
        "message": _whole(case, place.message()),
    }
    assert [word for word in case.sent if word not in "".join(sent)] == []
    assert [word for word in case.unsent if word in "".join(sent)] == []


def _whole(case: CommitCase, message: str) -> str:
    """git's own messages go on below what the case names."""
    return (
        message if case.does is not Does.WRITES and case.message and message.startswith(case.message) else case.message
    )


def test_names_are_told_apart() -> None:
    assert len({case.name for case in ALL}) == len(ALL)
