"""Git behind one small class: where it runs, what bends it not, how its failures read."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_repository import GitRepository

from llmswitch.errors import ExitCode, InputError, UsageError
from llmswitch.hooks.repository import GitError, Repository, clean_environment


@pytest.fixture
def made(tmp_path: Path) -> GitRepository:
    return GitRepository.made(tmp_path / "project")


def test_outside_of_a_repository_the_error_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a git repository") as raised:
        Repository.here(tmp_path)
    assert raised.value.exit_code == ExitCode.USAGE
    assert "inside one" in str(raised.value.hint)


def test_a_subfolder_belongs_to_the_repository_around_it(made: GitRepository) -> None:
    made.write("deep/er/file", "")
    repository = Repository.here(made.path / "deep" / "er")
    assert (repository.top, repository.git_dir) == (made.path, made.path / ".git")


def test_a_linked_worktree_has_a_git_folder_of_its_own(made: GitRepository, tmp_path: Path) -> None:
    made.commit()
    made.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "side")
    repository = Repository.here(tmp_path / "linked")
    assert repository.git_dir == made.path / ".git" / "worktrees" / "linked"
    assert repository.branch == "side"


def test_a_bare_repository_has_no_working_tree(tmp_path: Path) -> None:
    GitRepository.made(tmp_path / "bare.git", "--bare")
    assert Repository.here(tmp_path / "bare.git").top is None


def test_before_the_first_commit_there_is_a_branch_and_no_head(made: GitRepository) -> None:
    repository = Repository.here(made.path)
    assert (repository.head, repository.branch) == (None, "main")


def test_a_detached_head_has_no_branch(made: GitRepository) -> None:
    made.git("checkout", "--quiet", "--detach", made.commit())
    assert Repository.here(made.path).branch is None


@pytest.mark.parametrize(("hash_name", "digits"), [("sha1", 40), ("sha256", 64)])
def test_the_empty_tree_is_one_of_the_repositorys_own_hash(tmp_path: Path, hash_name: str, digits: int) -> None:
    GitRepository.made(tmp_path / "project", f"--object-format={hash_name}")
    repository = Repository.here(tmp_path / "project")
    assert len(repository.empty_tree) == digits
    assert repository.run("ls-tree", repository.empty_tree) == b""


def test_an_unknown_revision_is_a_usage_error(made: GitRepository) -> None:
    with pytest.raises(UsageError, match="nonsense"):
        Repository.here(made.path).run("log", "nonsense..HEAD")


def test_another_failure_names_the_git_command(made: GitRepository) -> None:
    with pytest.raises(GitError, match="git cat-file"):
        Repository.here(made.path).run("cat-file", "-p", "0" * 40)


def test_a_failure_at_the_end_of_a_stream_is_raised(made: GitRepository) -> None:
    with pytest.raises(UsageError), Repository.here(made.path).stream("log", "nonsense..HEAD") as out:
        assert out.read() == b""


def test_a_reader_may_stop_early(made: GitRepository) -> None:
    made.stage("big", "line\n" * 200_000)
    with Repository.here(made.path).stream("diff", "--cached") as out:
        assert out.readline().startswith(b"diff --git")


def test_whose_index_it_is_stays_and_a_foreign_diff_program_goes() -> None:
    given = {"GIT_INDEX_FILE": "i", "GIT_DIR": "d", "GIT_EXTERNAL_DIFF": "rm", "GIT_TRACE": "1", "PATH": "p"}
    environment = clean_environment(given)
    assert environment["GIT_INDEX_FILE"] == "i"
    assert environment["GIT_DIR"] == "d"
    assert not {"GIT_EXTERNAL_DIFF", "GIT_TRACE"} & environment.keys()


def test_no_lock_is_taken() -> None:
    assert clean_environment({})["GIT_OPTIONAL_LOCKS"] == "0"


def test_a_missing_git_is_said(made: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository.here(made.path)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(GitError, match="not installed"):
        repository.run("version")
