"""The diff as it is read from real git: names, contents, modes, submodules, merges, hashes; what is reduced, and why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from git_repository import GitRepository

from llmswitch.errors import UsageError
from llmswitch.hooks import diff_reader
from llmswitch.hooks.changes import Diff, FileChange
from llmswitch.hooks.repository import Repository
from llmswitch.hooks.staged import outgoing, resolve, staged


@pytest.fixture
def made(tmp_path: Path) -> GitRepository:
    return GitRepository.made(tmp_path / "project")


def read(made: GitRepository, *, amend: bool = False) -> Diff:
    return staged(Repository.here(made.path), amend=amend)


def only(made: GitRepository) -> FileChange:
    [file] = read(made).files
    return file


@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
def test_the_first_commit_shows_every_file(tmp_path: Path, hash_name: str) -> None:
    made = GitRepository.made(tmp_path / "project", f"--object-format={hash_name}")
    made.stage("a.py", "a = 1\n")
    file = only(made)
    assert (file.path, file.status, file.added, file.patch) == ("a.py", "A", 1, "@@ -0,0 +1 @@\n+a = 1\n")


def test_a_name_that_is_not_utf_8_is_kept_as_git_has_it(made: GitRepository) -> None:
    made.write(b"caf\xe9.txt", "x\n")
    made.git("add", ".")
    assert os.fsencode(only(made).path) == b"caf\xe9.txt"
    assert only(made).shown_path == "caf\N{REPLACEMENT CHARACTER}.txt"


def test_a_name_with_newline_quote_and_space(made: GitRepository) -> None:
    made.stage('a "b"\nc d', "x\n")
    assert only(made).path == 'a "b"\nc d'


@pytest.mark.parametrize("encoding", ["utf-8", "euc_jp", "cp932"])
def test_japanese_content_is_read_in_its_encoding(made: GitRepository, encoding: str) -> None:
    made.stage("a.txt", "これはテストです\n".encode(encoding))
    assert only(made).patch.endswith("+これはテストです\n")


def test_latin_1_is_not_taken_for_japanese(made: GitRepository) -> None:
    made.stage("a.txt", "Gr\xfc\xdfe, caf\xe9\n".encode("latin-1"))
    assert only(made).patch.startswith("@@ -0,0 +1 @@\n+Gr\N{REPLACEMENT CHARACTER}")


def test_a_rename_with_a_change_names_both(made: GitRepository) -> None:
    made.stage("old.py", "a\nb\nc\nd\n")
    made.commit()
    made.git("mv", "old.py", "new.py")
    made.stage("new.py", "a\nb\nc\nD\n")
    file = only(made)
    assert (file.path, file.old_path, file.status, file.added, file.removed) == ("new.py", "old.py", "R", 1, 1)
    assert file.what_happened() == "renamed from old.py"


def test_a_mode_change_is_told_without_a_patch(made: GitRepository) -> None:
    made.stage("run.sh", "x\n")
    made.commit()
    made.git("update-index", "--chmod=+x", "run.sh")
    assert (only(made).what_happened(), only(made).patch) == ("mode 100644 → 100755", "")


def test_a_file_that_becomes_a_link_has_both_parts(made: GitRepository) -> None:
    made.stage("a", "content\n")
    made.commit()
    (made.path / "a").unlink()
    (made.path / "a").symlink_to("elsewhere")
    made.git("add", "a")
    made.stage("b", "b\n")
    first, second = read(made).files
    assert (first.status, first.added, first.removed) == ("T", 1, 1)
    assert (second.path, second.added) == ("b", 1)


def test_a_submodules_change_shows_its_commits(made: GitRepository, tmp_path: Path) -> None:
    inner = GitRepository.made(tmp_path / "inner")
    inner.commit()
    made.git("submodule", "--quiet", "add", str(inner.path), "sub")
    made.commit()
    inside = GitRepository(made.path / "sub")
    newer = inside.commit("more")
    made.git("add", "sub")
    file = only(made)
    assert (file.kind, file.what_happened()) == ("submodule", "submodule")
    assert f"+Subproject commit {newer}" in file.patch


def test_a_dirty_submodule_is_no_staged_change(made: GitRepository, tmp_path: Path) -> None:
    inner = GitRepository.made(tmp_path / "inner")
    inner.stage("f", "1\n")
    inner.commit()
    made.git("submodule", "--quiet", "add", str(inner.path), "sub")
    made.commit()
    made.write("sub/f", "2\n")
    assert read(made).files == ()


def test_an_unmerged_file_is_told_and_the_others_keep_their_patches(made: GitRepository) -> None:
    made.stage("a", "base\n")
    made.commit()
    made.git("checkout", "--quiet", "-b", "side")
    made.stage("a", "side\n")
    made.stage("z", "z\n")
    made.commit()
    made.git("checkout", "--quiet", "main")
    made.stage("a", "main\n")
    made.commit()
    with pytest.raises(AssertionError, match="merge"):
        made.git("merge", "side")
    files = {(file.path, file.status): file for file in read(made).files}
    assert ("a", "U") in files
    assert files["z", "A"].patch == "@@ -0,0 +1 @@\n+z\n"


def test_a_merge_under_way_is_compared_with_the_current_branch(made: GitRepository) -> None:
    made.stage("a", "a\n")
    made.commit()
    made.git("checkout", "--quiet", "-b", "side")
    made.stage("b", "b\n")
    made.commit()
    made.git("checkout", "--quiet", "main")
    made.commit("another")
    made.git("merge", "--quiet", "--no-ff", "--no-commit", "side")
    assert only(made).path == "b"


def test_amending_the_first_commit_shows_all_of_it(made: GitRepository) -> None:
    made.stage("a", "a\n")
    made.commit()
    [file] = read(made, amend=True).files
    assert (file.path, file.status) == ("a", "A")


def test_there_must_be_a_commit_to_amend(made: GitRepository) -> None:
    with pytest.raises(UsageError, match="no commit to amend"):
        read(made, amend=True)


def test_settings_of_the_user_change_nothing(made: GitRepository) -> None:
    made.stage("sub/a.py", "a\n\nb\n")
    made.commit()
    made.git("mv", "sub/a.py", "sub/b.py")
    made.stage("sub/b.py", "a\n\nc\n")
    plain = read(made)
    for name, value in (
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.renames", "false"),
        ("diff.context", "0"),
        ("diff.interHunkContext", "9"),
        ("diff.relative", "true"),
        ("diff.orderFile", "/nowhere"),
        ("diff.submodule", "log"),
        ("diff.wsErrorHighlight", "all"),
        ("diff.suppressBlankEmpty", "true"),
        ("color.ui", "always"),
        ("core.quotePath", "false"),
        ("core.pager", "false"),
    ):
        made.git("config", name, value)
    changed = staged(Repository.here(made.path / "sub"))
    assert [(file.path, file.old_path, file.added, file.removed) for file in changed.files] == [
        (file.path, file.old_path, file.added, file.removed) for file in plain.files
    ]
    assert [hunk.new_start for hunk in changed.files[0].hunks] == [hunk.new_start for hunk in plain.files[0].hunks]


def test_an_enormous_patch_is_cut_and_counted_whole(made: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff_reader, "FILE_BYTES", 1_000)
    made.stage("big.py", "".join(f"line_{number} = 0\n" for number in range(5_000)))
    file = only(made)
    assert (file.cut, file.added) == (True, 5_000)
    assert len(file.patch) <= 1_000
    assert file.patch.endswith("\n")


def test_hunks_know_their_lines(made: GitRepository) -> None:
    made.stage("a", "".join(f"{number}\n" for number in range(1, 30)))
    made.commit()
    made.stage("a", "".join(f"{number}\n" for number in range(1, 30) if number != 5).replace("20\n", "20\ntwenty\n"))
    first, second = only(made).hunks
    assert list(first.removed_at()) == [5]
    assert (20, "+twenty") in list(second.new_lines())


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("package-lock.json", "{}", "lock file"),
        ("sub/Cargo.lock", "x", "lock file"),
        ("a.bin", b"\0\1\2", "binary"),
        ("logo.PNG", "text", "binary"),
        ("node_modules/x/index.js", "x", "vendored"),
        ("third_party/x.c", "x", "vendored"),
        ("api_pb2.py", "x", "generated"),
        ("app.min.css", "x", "generated"),
        ("gen.go", "// Code generated by stringer. DO NOT EDIT.\npackage a\n", "generated"),
        ("long.js", "x" * 3_000, "minified"),
        (".env", "A=1", "sensitive name"),
        (".env.production", "A=1", "sensitive name"),
        ("deploy/id_ed25519", "x", "sensitive name"),
        ("server.PEM", "x", "sensitive name"),
        ("credentials.json", "{}", "sensitive name"),
        ("my-service-account.json", "{}", "sensitive name"),
        (".npmrc", "x", "sensitive name"),
        ("home/.aws/credentials", "x", "sensitive name"),
        ("prod.tfvars", "x", "sensitive name"),
    ],
)
def test_what_a_model_is_only_told_of(made: GitRepository, name: str, content: str | bytes, reason: str) -> None:
    made.stage(name, content)
    assert (only(made).reduced, only(made).patch) == (reason, "")


@pytest.mark.parametrize(
    "name",
    [".env.example", "id_rsa.pub", "lock.py", "environment.py", "vendor.py", "keys.py", "secrets.py", "package.json"],
)
def test_what_only_looks_like_it_is_shown(made: GitRepository, name: str) -> None:
    made.stage(name, "x = 1\n")
    assert only(made).reduced is None


def test_a_header_far_above_the_change_tells_a_generated_file(made: GitRepository) -> None:
    lines = ["# DO NOT EDIT: made by make"] + [f"line_{number} = 0" for number in range(2_000)]
    made.stage("made.py", "\n".join(lines) + "\n")
    made.commit()
    made.stage("made.py", "\n".join([lines[0]] + [line.replace("= 0", "= 1") for line in lines[1:]]) + "\n")
    made.stage("other.py", "x = 1\n")
    assert [file.reduced for file in read(made).files] == ["generated", None]


@pytest.mark.parametrize(
    ("attribute", "name", "reason"),
    [
        ("linguist-generated", "a.py", "generated"),
        ("linguist-vendored=true", "a.py", "vendored"),
        ("-diff", "a.py", "binary"),
        ("binary", "a.py", "binary"),
        ("-linguist-vendored", "vendor/a.py", None),
        ("linguist-generated=false", "a_pb2.py", None),
        ("-linguist-generated", ".env", "sensitive name"),
    ],
)
def test_gitattributes_have_the_last_word_but_for_sensitive_names(
    made: GitRepository, attribute: str, name: str, reason: str | None
) -> None:
    made.stage(".gitattributes", f"{name} {attribute}\n")
    made.commit()
    made.stage(name, "x = 1\n")
    assert only(made).reduced == reason


def test_a_range_without_a_common_ancestor_is_compared_whole(made: GitRepository) -> None:
    made.stage("a", "a\n")
    made.commit()
    made.git("checkout", "--quiet", "--orphan", "other")
    made.stage("b", "b\n")
    made.commit()
    repository = Repository.here(made.path)
    assert {file.path for file in outgoing(repository, resolve(repository, "main..other")).files} == {"b"}


def test_without_another_branch_a_range_must_be_named(made: GitRepository) -> None:
    made.commit()
    with pytest.raises(UsageError, match="no branch to compare with"):
        resolve(Repository.here(made.path), None)


def test_the_default_base_is_the_remotes_default_branch(made: GitRepository, tmp_path: Path) -> None:
    made.commit()
    made.git("clone", "--quiet", str(made.path), str(tmp_path / "clone"))
    clone = GitRepository(tmp_path / "clone")
    clone.stage("a", "a\n")
    clone.commit()
    assert resolve(Repository.here(clone.path), None).title == "origin/main..HEAD"


def test_gitattributes_hold_from_a_subfolder_as_well(made: GitRepository) -> None:
    made.stage(".gitattributes", "sub/a.py linguist-generated\n")
    made.commit()
    made.stage("sub/a.py", "x = 1\n")
    [file] = staged(Repository.here(made.path / "sub")).files
    assert file.reduced == "generated"


def test_a_bare_repository_has_nothing_staged(tmp_path: Path) -> None:
    GitRepository.made(tmp_path / "bare.git", "--bare")
    with pytest.raises(UsageError, match="bare"):
        staged(Repository.here(tmp_path / "bare.git"))


def test_a_range_of_a_bare_repository_is_read(made: GitRepository, tmp_path: Path) -> None:
    made.commit()
    made.stage("a", "a\n")
    made.commit()
    made.git("clone", "--quiet", "--bare", str(made.path), str(tmp_path / "bare.git"))
    repository = Repository.here(tmp_path / "bare.git")
    assert [file.path for file in outgoing(repository, resolve(repository, "HEAD~1")).files] == ["a"]
