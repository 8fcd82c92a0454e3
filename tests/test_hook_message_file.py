"""Where a message and a note go in the file that git opens in the editor, and what git makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_git import RealGit

from llmswitch.hooks.message_file import Habits, habits, own_text, with_message, with_note
from llmswitch.hooks.replace_file import replace_file
from llmswitch.hooks.repository import Repository

HINT = b"# Please enter the commit message for your changes.\n#\n# On branch main\n"
SCISSORS = b"# ------------------------ >8 ------------------------\n# Do not modify.\n# Everything below.\n"


def test_a_message_goes_above_gits_comments() -> None:
    assert with_message(b"\n" + HINT, "Add x\n\nBecause.", Habits()) == b"Add x\n\nBecause.\n\n" + HINT


def test_a_templates_text_stays_below_the_message() -> None:
    assert with_message(b"Ticket:\n# why?\n\n" + HINT, "Add x", Habits()) == b"Add x\n\nTicket:\n# why?\n\n" + HINT


def test_trailers_are_one_block() -> None:
    text = with_message(b"\n\nSigned-off-by: A <a@b>\n\n" + HINT, "Add x\n\nRefs: #1", Habits())
    assert text == b"Add x\n\nRefs: #1\nSigned-off-by: A <a@b>\n\n" + HINT


def test_a_subject_alone_is_no_trailer() -> None:
    text = with_message(b"\n\nSigned-off-by: A <a@b>\n", "fix: x", Habits())
    assert text == b"fix: x\n\nSigned-off-by: A <a@b>\n"


def test_a_line_that_git_would_drop_is_moved_by_a_space() -> None:
    assert with_message(b"", "Fix\n\n#12 was it", Habits()) == b"Fix\n\n #12 was it\n"
    assert with_message(b"", "Fix\n\n#12 was it", Habits(b";")) == b"Fix\n\n#12 was it\n"
    assert with_message(b"", "Fix\n\n#12 was it", Habits(cleanup="keep")) == b"Fix\n\n#12 was it\n"


def test_scissors_in_a_message_cut_nothing_off() -> None:
    message = "Fix\n\n# ------------------------ >8 ------------------------\nmore"
    assert b"\n # ---" in with_message(b"", message, Habits(cleanup="scissors"))


def test_a_message_has_no_control_characters() -> None:
    assert with_message(b"", "Fix \x1b[31mred\x07\r\n\r\nx\u202ey\x00", Habits()) == b"Fix [31mred\n\nxy\n"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("latin-1", b'Caf\xe9 - "x" ?\n'), ("ascii", b'Caf? - "x" ?\n'), ("cp932", "Caf? - “x” 日\n".encode("cp932"))],
)
def test_a_message_is_in_the_encoding_of_commits(encoding: str, expected: bytes) -> None:
    message = "Café – “x” 日" if encoding != "cp932" else "Caf? - “x” 日"
    assert with_message(b"", message, Habits(encoding=encoding)) == expected


def test_a_note_is_one_comment_line_above_gits_own() -> None:
    assert with_note(b"\n" + HINT, "no\nmessage", Habits()) == b"\n# no message\n" + HINT


def test_a_note_in_a_file_without_comments_is_its_last_line() -> None:
    assert with_note(b"text", "why", Habits()) == b"text\n# why\n"


def test_a_note_goes_below_the_scissors_where_comments_above_them_would_stay() -> None:
    text = b"\n" + SCISSORS + b"#\n# On branch main\n"
    noted = with_note(text, "why", Habits(cleanup="scissors"))
    assert noted == b"\n" + SCISSORS + b"# why\n#\n# On branch main\n"


def test_there_is_no_note_where_git_would_keep_it() -> None:
    assert with_note(b"\n" + HINT, "why", Habits(cleanup="keep")) is None


def test_what_stands_in_the_file_is_told_without_comments() -> None:
    assert own_text(b"Ticket:\n# why?\n\n" + HINT + SCISSORS + b"diff", Habits()) == "Ticket:"


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "COMMIT_EDITMSG"
    path.write_bytes(b"x")
    replace_file(path, b"y", 0o640)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"y", 0o640)
    assert list(tmp_path.glob("*EDITMSG*")) == [path]


CONFIGURED = {
    "nothing": ([], [], Habits()),
    "another comment character": (["core.commentChar=;"], [], Habits(b";")),
    "an automatic comment character": (["core.commentChar=auto"], [], Habits()),
    "an automatic one, and # begins a line": (["core.commentChar=auto"], ["-t", "template"], Habits(b"@")),
    "-v": ([], ["-v"], Habits()),
    "scissors": (["commit.cleanup=scissors"], [], Habits(cleanup="scissors")),
    "scissors, below a template with comments": (
        ["commit.cleanup=scissors"],
        ["-t", "template"],
        Habits(cleanup="scissors"),
    ),
    "scissors by option, with -v": ([], ["--cleanup=scissors", "-v"], Habits(cleanup="scissors")),
    "whitespace": (["commit.cleanup=whitespace"], [], Habits(cleanup="keep")),
    "verbatim by option": ([], ["--cleanup=verbatim"], Habits(cleanup="keep")),
    "whitespace by option, with -v": ([], ["--cleanup=whitespace", "-v"], Habits(cleanup="keep")),
    "no comments at all": (["commit.status=false"], [], Habits()),
    "an encoding": (["i18n.commitEncoding=ISO-8859-1"], [], Habits(encoding="iso8859-1")),
}


@pytest.mark.parametrize(("config", "options", "expected"), CONFIGURED.values(), ids=CONFIGURED)
def test_git_drops_the_note_and_keeps_the_message(
    project: RealGit, config: list[str], options: list[str], expected: Habits
) -> None:
    """The habits that are read from what git really wrote; then git makes a commit of what we made of the file."""
    for setting in config:
        project.git("config", *setting.split("=", 1))
    project.write({"template": "# one\n; not a comment\n"} if "-t" in options else {})
    project.write({"file": "x\n"})
    project.git("add", "file")
    project.hook("prepare-commit-msg", '#!/bin/sh\ncp "$1" ../seen\n')
    project.run("git", "commit", *options, GIT_EDITOR="false")
    seen = (project.folder / "../seen").read_bytes()
    repository = Repository(project.folder, project.folder / ".git", project.folder)
    how = habits(repository, seen)
    assert how == expected
    message = "Füge x hinzu\n\nWeil -.\n#1 ist es.".replace("ü", "u" if how.encoding == "ascii" else "ü")
    noted = with_note(seen, "no message", how)
    made = with_message(noted or seen, message, how)
    (project.folder / "../made").write_bytes(made)
    project.hook("prepare-commit-msg", '#!/bin/sh\ncp ../made "$1"\n')
    project.git("commit", *options, GIT_EDITOR="true")
    said = project.message()
    assert said.replace("\n #1", "\n#1").startswith(message)
    assert "no message" not in said
    assert (noted is None) == (how.cleanup == "keep")
