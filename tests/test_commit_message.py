"""`llmswitch commit-message` as a process in a real repository: what it prints, and what of the change ever leaves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Command, command_for
from git_repository import GitRepository
from upstream import Reply, Upstream

AWS_KEY = "AKIA" + "QWERTYUIOPASDFGH"
PRIVATE_KEY = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7c0ffee\n-----END RSA PRIVATE KEY-----\n"
MESSAGE = "feat(parser): read empty lines\n\nThey ended the file before.\n"


@pytest.fixture
def made(home: Path) -> GitRepository:
    return GitRepository.made(home / "project")


@pytest.fixture
def llmswitch(home: Path, upstream: Upstream, made: GitRepository) -> Command:
    upstream.script(Reply(text=MESSAGE), times=None)
    return Command(made.path, command_for(home, upstream).environment)


def sent(upstream: Upstream) -> list[Any]:
    """The bodies of all requests that asked a model."""
    return [seen.body for seen in upstream.requests if seen.method == "POST"]


def whole(upstream: Upstream) -> str:
    return json.dumps(sent(upstream), ensure_ascii=False)


def remote(upstream: Upstream) -> list[str]:
    """The models that were asked and are not on this machine."""
    return [seen.model for seen in upstream.requests if seen.method == "POST" and seen.model != "glm-4.7"]


def test_the_message_and_nothing_else_is_on_stdout(llmswitch: Command, made: GitRepository) -> None:
    made.stage("parser.py", "x = 1\n")
    done = llmswitch("commit-message")
    assert (done.code, done.out) == (0, MESSAGE)


def test_the_staged_change_is_sent_and_not_the_working_tree(
    llmswitch: Command, made: GitRepository, upstream: Upstream
) -> None:
    made.stage("parser.py", "staged = 1\n")
    made.write("parser.py", "unstaged = 1\n")
    llmswitch("commit-message")
    assert "staged = 1" in whole(upstream)
    assert "unstaged = 1" not in whole(upstream)


def test_the_index_that_git_names_is_the_one_that_counts(
    llmswitch: Command, made: GitRepository, upstream: Upstream
) -> None:
    made.stage("in_the_usual_index.py", "one = 1\n")
    made.write("only_in_the_other.py", "two = 2\n")
    made.git("add", "only_in_the_other.py", GIT_INDEX_FILE=".git/other-index")
    llmswitch("commit-message", GIT_INDEX_FILE=".git/other-index")
    assert "only_in_the_other.py" in whole(upstream)
    assert "in_the_usual_index.py" not in whole(upstream)


def test_nothing_staged_is_said_and_nothing_is_sent(llmswitch: Command, upstream: Upstream) -> None:
    done = llmswitch("commit-message")
    assert (done.code, sent(upstream)) == (2, [])
    assert "nothing is staged" in done.err


def test_outside_of_a_repository_nothing_is_sent(home: Path, llmswitch: Command, upstream: Upstream) -> None:
    done = Command(home, llmswitch.environment)("commit-message")
    assert (done.code, sent(upstream)) == (2, [])
    assert "not a git repository" in done.err


def env_file(made: GitRepository) -> None:
    made.stage(".env", "DB_PASSWORD=correct-horse-9\n")


def private_key(made: GitRepository) -> None:
    made.stage("deploy.txt", PRIVATE_KEY)


def aws_key(made: GitRepository) -> None:
    made.stage("settings.py", f'key = "{AWS_KEY}"\n')


def removed_key(made: GitRepository) -> None:
    made.stage("settings.py", f'key = "{AWS_KEY}"\n')
    made.commit()
    made.stage("settings.py", 'key = read("key")\n')


def key_in_the_context(made: GitRepository) -> None:
    made.stage("settings.py", f'key = "{AWS_KEY}"\na = 1\n')
    made.commit()
    made.stage("settings.py", f'key = "{AWS_KEY}"\na = 2\n')


def key_file(made: GitRepository) -> None:
    made.stage("certs/server.pem", "anything\n")


def renamed_env(made: GitRepository) -> None:
    made.stage(".env", "A=1\nB=2\nC=3\n")
    made.commit()
    made.git("mv", ".env", "settings.txt")
    made.stage("settings.txt", "A=1\nB=2\nC=4\n")


SECRETS: list[Callable[[GitRepository], None]] = [
    env_file,
    private_key,
    aws_key,
    removed_key,
    key_in_the_context,
    key_file,
    renamed_env,
]


@pytest.mark.parametrize("staged", SECRETS)
def test_a_secret_never_reaches_a_model_that_is_not_local(
    llmswitch: Command, made: GitRepository, upstream: Upstream, staged: Callable[[GitRepository], None]
) -> None:
    staged(made)
    made.stage("parser.py", "x = 1\n")
    done = llmswitch("commit-message")
    assert (done.code, remote(upstream)) == (0, [])
    assert [seen.model for seen in upstream.requests if seen.method == "POST"] == ["glm-4.7"]


@pytest.mark.parametrize("staged", SECRETS)
def test_no_secret_is_printed(llmswitch: Command, made: GitRepository, staged: Callable[[GitRepository], None]) -> None:
    staged(made)
    done = llmswitch("commit-message", "-v")
    for secret in (AWS_KEY, "MIIEowIBAAKCAQEA7c0ffee", "correct-horse-9"):
        assert secret not in done.out + done.err


def test_a_hit_is_told_with_its_file_line_and_rule(llmswitch: Command, made: GitRepository) -> None:
    made.stage("settings.py", f'a = 1\nkey = "{AWS_KEY}"\n')
    assert "settings.py:2: AWS Access Key" in llmswitch("commit-message").err


def test_the_fallback_does_not_take_a_secret_to_another_machine(
    home: Path, made: GitRepository, upstream: Upstream
) -> None:
    upstream.script(Reply(status=500), times=None)
    aws_key(made)
    done = Command(made.path, command_for(home, upstream).environment)("commit-message")
    assert (done.code != 0, remote(upstream)) == (True, [])


def test_stop_sends_a_secret_nowhere(llmswitch: Command, made: GitRepository, upstream: Upstream) -> None:
    aws_key(made)
    done = llmswitch("commit-message", LLMSWITCH_HOOKS_SECRETS="stop")
    assert (done.code, sent(upstream)) == (1, [])
    assert "settings.py:1: AWS Access Key" in done.err


def test_a_secret_in_the_hint_counts_as_well(llmswitch: Command, made: GitRepository, upstream: Upstream) -> None:
    made.stage("parser.py", "x = 1\n")
    llmswitch("commit-message", "--hint", f"rotate {AWS_KEY}")
    assert remote(upstream) == []


def test_the_content_of_a_file_with_a_sensitive_name_is_not_sent_to_local_models_either(
    llmswitch: Command, made: GitRepository, upstream: Upstream
) -> None:
    env_file(made)
    made.stage("parser.py", "x = 1\n")
    llmswitch("commit-message")
    assert "correct-horse-9" not in whole(upstream)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("package-lock.json", "{}\n"),
        (".env", "A=1\n"),
        ("logo.png", "\0\1"),
        ("vendor/lib/a.go", "package a\n"),
        ("api.pb.go", "package api\n"),
        ("app.min.js", "x\n"),
    ],
)
def test_a_lone_file_that_is_left_out_is_sent_nowhere(
    llmswitch: Command, made: GitRepository, upstream: Upstream, name: str, content: str
) -> None:
    made.stage(name, content)
    made.write("not_staged.py", "private = 1\n")
    made.git("add", "--intent-to-add", "not_staged.py")
    made.git("rm", "--cached", "--quiet", "not_staged.py")
    done = llmswitch("commit-message")
    assert (done.code, sent(upstream)) == (0, [])
    assert name.rpartition("/")[2] in done.out


def test_a_lone_ignored_lock_file_is_sent_nowhere_and_gets_a_message(
    llmswitch: Command, made: GitRepository, upstream: Upstream
) -> None:
    made.stage(".gitignore", "*.lock\n")
    made.stage("poetry.lock", "a\n")
    made.commit("chore: begin")
    made.stage("poetry.lock", "b\n")
    made.write("other.py", "not staged\n")
    done = llmswitch("commit-message")
    assert (done.code, done.out, sent(upstream)) == (0, "build: update poetry.lock\n", [])


def test_the_dispatch_is_recorded_as_docs(llmswitch: Command, made: GitRepository, home: Path) -> None:
    made.stage("parser.py", "x = 1\n")
    llmswitch("commit-message")
    connection = sqlite3.connect(home / ".local/share/llmswitch/ledger.db")
    rows = connection.execute("SELECT kind, task, project, status FROM dispatches").fetchall()
    connection.close()
    assert rows == [("ask", "docs", "project", "ok")]


def test_hooks_model_names_the_model(llmswitch: Command, made: GitRepository, upstream: Upstream) -> None:
    made.stage("parser.py", "x = 1\n")
    llmswitch("commit-message", LLMSWITCH_HOOKS_MODEL="second")
    assert upstream.last.model == "gpt-5.4-mini"


def test_an_unknown_hooks_model_is_a_configuration_error(llmswitch: Command, made: GitRepository) -> None:
    made.stage("parser.py", "x = 1\n")
    done = llmswitch("commit-message", LLMSWITCH_HOOKS_MODEL="secnod")
    assert done.code == 78
    assert "second" in done.err


def test_the_ticket_of_the_branch_is_named(llmswitch: Command, made: GitRepository) -> None:
    made.git("checkout", "--quiet", "-b", "feature/PROJ-123-empty-lines")
    made.stage("parser.py", "x = 1\n")
    assert llmswitch("commit-message").out == MESSAGE + "\nRefs PROJ-123\n"


def test_json_tells_subject_body_and_cost(llmswitch: Command, made: GitRepository) -> None:
    made.stage("parser.py", "x = 1\n")
    body = json.loads(llmswitch("commit-message", "--json").out)
    assert body["message"] == MESSAGE
    assert body["subject"] == "feat(parser): read empty lines"
    assert body["body"] == "They ended the file before."
    assert (body["model"], body["cost_source"]) == ("first", "list")


def test_amend_compares_with_the_commit_before(llmswitch: Command, made: GitRepository, upstream: Upstream) -> None:
    made.stage("a.py", "first = 1\n")
    made.commit("feat: first")
    made.stage("b.py", "second = 2\n")
    made.commit("feat: second")
    made.stage("c.py", "third = 3\n")
    llmswitch("commit-message", "--amend")
    assert "second = 2" in whole(upstream)
    assert "third = 3" in whole(upstream)
    assert "first = 1" not in whole(upstream)


def test_a_huge_diff_is_summed_up_file_by_file(llmswitch: Command, made: GitRepository, upstream: Upstream) -> None:
    for number in range(4):
        made.stage(f"part{number}.py", "".join(f"name_{number}_{line} = {line}\n" for line in range(2_000)))
    made.stage("small.py", "tiny = 1\n")
    done = llmswitch("commit-message", LLMSWITCH_HOOKS_DIFF_TOKENS="2000")
    assert (done.code, done.out) == (0, MESSAGE)
    last = json.dumps(sent(upstream)[-1])
    assert len(sent(upstream)) == 5
    assert "(summary) feat(parser)" in last
    assert "tiny = 1" in last


def test_a_secret_in_one_file_keeps_all_summaries_on_this_machine(
    llmswitch: Command, made: GitRepository, upstream: Upstream
) -> None:
    for number in range(3):
        made.stage(f"part{number}.py", "".join(f"name_{number}_{line} = {line}\n" for line in range(2_000)))
    made.stage("part1.py", "".join(f"x{line} = {line}\n" for line in range(400)) + f'key = "{AWS_KEY}"\n')
    done = llmswitch("commit-message", LLMSWITCH_HOOKS_DIFF_TOKENS="1000")
    assert (done.code, remote(upstream)) == (0, [])
    assert len(sent(upstream)) > 1


def test_an_answer_without_a_message_is_an_error(home: Path, made: GitRepository, upstream: Upstream) -> None:
    upstream.script(Reply(text="```\n```"), times=None)
    made.stage("parser.py", "x = 1\n")
    done = Command(made.path, command_for(home, upstream).environment)("commit-message")
    assert (done.code, done.out) == (1, "")
    assert "holds no commit message" in done.err


def test_a_subject_without_a_type_gets_one_and_still_fits(home: Path, made: GitRepository, upstream: Upstream) -> None:
    upstream.script(Reply(text="Explain how the parser reads every empty line, and why it once did not do so"))
    made.stage("README.md", "words\n")
    subject = Command(made.path, command_for(home, upstream).environment)("commit-message").out.partition("\n")[0]
    assert subject == "docs: explain how the parser reads every empty line"


def test_a_file_name_that_is_not_utf_8_does_no_harm(llmswitch: Command, made: GitRepository) -> None:
    made.write(b"caf\xe9.txt", "x\n")
    made.git("add", ".")
    assert llmswitch("commit-message").code == 0


def test_no_index_lock_is_left_behind(llmswitch: Command, made: GitRepository) -> None:
    made.stage("parser.py", "x = 1\n")
    before = (made.path / ".git/index").stat().st_mtime_ns
    llmswitch("commit-message")
    assert (made.path / ".git/index").stat().st_mtime_ns == before
    assert not (made.path / ".git/index.lock").exists()


def test_the_users_external_diff_is_not_run(llmswitch: Command, made: GitRepository, upstream: Upstream) -> None:
    program = made.path.parent / "external"
    program.write_text(f"#!/bin/sh\ntouch {made.path.parent}/ran\n", encoding="utf-8")
    program.chmod(0o755)
    for name in ("diff.external", "diff.mine.command", "diff.mine.textconv"):
        made.git("config", name, str(program))
    for name, value in (("diff.noprefix", "true"), ("color.ui", "always"), ("diff.renames", "false")):
        made.git("config", name, value)
    made.stage(".gitattributes", "*.py diff=mine\n")
    made.stage("parser.py", "x = 1\n")
    llmswitch("commit-message", GIT_EXTERNAL_DIFF=str(program))
    assert not (made.path.parent / "ran").exists()
    assert "+x = 1" in whole(upstream)
    assert "\x1b" not in whole(upstream)
