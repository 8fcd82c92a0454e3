"""`llmswitch review` as a process in a real repository: places, severities, portions, exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from command import Command, command_for
from git_repository import GitRepository
from upstream import Reply, Upstream

from llmswitch.commands.ask_output import TextOutput
from llmswitch.commands.review import show
from llmswitch.errors import NoCandidateError
from llmswitch.hooks.findings import Finding
from llmswitch.hooks.review import Review

AWS_KEY = "AKIA" + "QWERTYUIOPASDFGH"


def finding(**more: Any) -> dict[str, Any]:
    return {
        "file": "a.py",
        "line": 2,
        "code": "b = a / 0",
        "severity": "high",
        "title": "It divides by zero",
        "explanation": "Always.",
    } | more


def answer(*findings: dict[str, Any]) -> Reply:
    return Reply(text=json.dumps({"findings": list(findings)}))


@pytest.fixture
def made(home: Path) -> GitRepository:
    made = GitRepository.made(home / "project")
    made.stage("README", "read me\n")
    made.commit()
    made.git("checkout", "--quiet", "-b", "side")
    made.stage("a.py", "a = 1\nb = a / 0\n")
    made.commit("feat: divide")
    return made


@pytest.fixture
def llmswitch(home: Path, upstream: Upstream, made: GitRepository) -> Command:
    return Command(made.path, command_for(home, upstream).environment)


def sent(upstream: Upstream) -> list[Any]:
    return [seen.body for seen in upstream.requests if seen.method == "POST"]


def test_a_pipe_gets_one_line_a_finding_for_editors(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(answer(finding(), finding(severity="critical", line=1, code="a = 1", title="Worse")))
    done = llmswitch("review")
    assert (done.code, done.out) == (0, "a.py:1: critical: Worse\na.py:2: high: It divides by zero\n")


def test_left_out_the_range_is_what_the_default_branch_lacks(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(answer())
    llmswitch("review")
    told = json.dumps(sent(upstream))
    assert "b = a / 0" in told
    assert "feat: divide" in told
    assert "read me" not in told


def test_staged_reviews_what_is_staged(llmswitch: Command, made: GitRepository, upstream: Upstream) -> None:
    upstream.script(answer())
    made.stage("c.py", "c = 3\n")
    llmswitch("review", "--staged")
    assert "c = 3" in json.dumps(sent(upstream))
    assert "b = a / 0" not in json.dumps(sent(upstream))


def test_a_range_is_compared_from_where_the_branches_parted(
    llmswitch: Command, made: GitRepository, upstream: Upstream
) -> None:
    upstream.script(answer())
    made.git("checkout", "--quiet", "main")
    made.stage("later.py", "later = 1\n")
    made.commit("feat: later")
    llmswitch("review", "main..side")
    assert "b = a / 0" in json.dumps(sent(upstream))
    assert "later.py" not in json.dumps(sent(upstream))


def test_a_wrong_line_is_put_right_by_the_line_that_is_quoted(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(answer(finding(line=40)))
    assert llmswitch("review").out == "a.py:2: high: It divides by zero\n"


def test_a_line_that_is_not_in_the_change_is_marked_and_blocks_nothing(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(answer(finding(line=40, code="no such line")))
    done = llmswitch("review", "--fail-on", "low")
    assert done.code == 0
    assert done.out == "a.py:40: high: It divides by zero [this line is not in the change]\n"


def test_a_file_that_is_not_in_the_change_is_dropped_and_told(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(answer(finding(file="made_up.py")))
    done = llmswitch("review")
    assert done.out == ""
    assert "1 findings were dropped" in done.err


@pytest.mark.parametrize(("fail_on", "code"), [("critical", 0), ("high", 10), ("medium", 10), (None, 0)])
def test_fail_on_exits_10_from_that_severity_on(
    llmswitch: Command, upstream: Upstream, fail_on: str | None, code: int
) -> None:
    upstream.script(answer(finding()))
    assert llmswitch("review", *(["--fail-on", fail_on] if fail_on else [])).code == code


def test_an_answer_of_the_wrong_shape_is_repaired_once(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="Looks good to me!"), answer(finding()))
    done = llmswitch("review")
    assert (done.code, len(sent(upstream))) == (0, 2)
    assert done.out == "a.py:2: high: It divides by zero\n"


def test_an_answer_of_the_wrong_shape_twice_is_an_error(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(Reply(text="Looks good to me!"), times=None)
    done = llmswitch("review")
    assert (done.code, done.out) == (1, "")


def test_a_large_change_is_reviewed_in_portions_and_merged(
    llmswitch: Command, made: GitRepository, upstream: Upstream
) -> None:
    upstream.script(answer(finding()), times=None)
    for number in range(3):
        made.stage(f"part{number}.py", "".join(f"name_{number}_{line} = {line}\n" for line in range(60)))
    made.commit("feat: parts")
    done = llmswitch("review", LLMSWITCH_HOOKS_DIFF_TOKENS="1000")
    assert len(sent(upstream)) > 1
    assert done.out == "a.py:2: high: It divides by zero\n"
    for number in range(3):
        assert any(f"name_{number}_59" in json.dumps(body) for body in sent(upstream))


def test_a_portion_that_failed_is_an_error_beside_the_findings_of_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    half = Review(
        "main..HEAD",
        (Finding("a.py", 2, "low", "Odd", "Why?"),),
        ("a.py",),
        (),
        errors=(NoCandidateError("nobody answered"),),
    )
    code = show(
        half, TextOutput(sys.stdout, sys.stderr, raw=True, quiet=True, verbose=False), as_json=False, fail_on=None
    )
    shown = capsys.readouterr()
    assert (code, shown.out) == (69, "a.py:2: low: Odd\n")
    assert "a portion was not reviewed: nobody answered" in shown.err


def test_a_secret_in_the_range_keeps_the_review_on_this_machine(
    llmswitch: Command, made: GitRepository, upstream: Upstream
) -> None:
    upstream.script(answer(), times=None)
    made.stage("settings.py", f'key = "{AWS_KEY}"\n')
    made.commit("feat: settings")
    done = llmswitch("review")
    assert [seen.model for seen in upstream.requests if seen.method == "POST"] == ["glm-4.7"]
    assert "settings.py:1: AWS Access Key" in done.err
    assert AWS_KEY not in done.err + done.out


def test_only_left_out_files_are_sent_nowhere(llmswitch: Command, made: GitRepository, upstream: Upstream) -> None:
    made.stage("package-lock.json", "{}\n")
    made.commit("build: lock")
    done = llmswitch("review", "HEAD~1")
    assert (done.code, done.out, sent(upstream)) == (0, "", [])
    assert "package-lock.json (lock file)" in done.err


def test_nothing_to_review_is_no_failure(llmswitch: Command, upstream: Upstream) -> None:
    done = llmswitch("review", "HEAD..HEAD")
    assert (done.code, done.out, sent(upstream)) == (0, "", [])


def test_an_unknown_range_is_a_usage_error(llmswitch: Command) -> None:
    done = llmswitch("review", "nonsense..HEAD")
    assert done.code == 2
    assert "nonsense" in done.err


def test_json_has_the_findings_and_what_was_left_out(
    llmswitch: Command, made: GitRepository, upstream: Upstream
) -> None:
    upstream.script(answer(finding()))
    made.stage("package-lock.json", "{}\n")
    made.commit("build: lock")
    body = json.loads(llmswitch("review", "--json").out)
    assert body["findings"][0] | {"explanation": ""} == {
        "file": "a.py",
        "line": 2,
        "severity": "high",
        "title": "It divides by zero",
        "explanation": "",
        "in_diff": True,
    }
    assert body["left_out"] == [{"file": "package-lock.json", "reason": "lock file"}]


def test_escape_sequences_of_a_model_do_not_reach_the_terminal(llmswitch: Command, upstream: Upstream) -> None:
    upstream.script(answer(finding(title="red \x1b[31malert\x07")))
    assert llmswitch("review").out == "a.py:2: high: red [31malert\n"
