"""What a log tells about the way a repository writes, and the ticket that a branch names."""

from __future__ import annotations

from pathlib import Path

import pytest
from git_repository import GitRepository

from llmswitch.hooks.habit import Habit, habit_of, learn
from llmswitch.hooks.repository import Repository
from llmswitch.hooks.ticket import ticket_of, with_ticket


def of(*subjects: str, body: str = "") -> Habit:
    return habit_of([(subject, body) for subject in subjects])


@pytest.mark.parametrize(
    ("subjects", "style"),
    [
        (("feat(ui): add a button", "fix: stop", "docs: say more"), "conventional"),
        (("Add a button", "Stop the timer", "Say more"), "plain"),
        (("ui: add a button", "net: stop", "ui: say more"), "prefix"),
        (("[ui] Add a button", "[net] Stop", "[ui] Say more"), "prefix"),
        (("✨ Add a button", "🐛 Stop", "📝 Say more"), "gitmoji"),
        ((":sparkles: Add a button", ":bug: Stop", ":memo: Say more"), "gitmoji"),
    ],
)
def test_the_style_is_that_of_most_subjects(subjects: tuple[str, ...], style: str) -> None:
    assert of(*subjects).style == style


def test_types_and_scopes_are_those_in_use_most_used_first() -> None:
    habit = of("feat(ui): a", "fix(ui): b", "fix(net): c", "fix: d")
    assert (habit.types, habit.scopes) == (("fix", "feat"), ("ui", "net"))


def test_japanese_subjects_make_japanese_the_language() -> None:
    assert of("ボタンを追加", "タイマーを止める", "Fix CI").language == "Japanese"


def test_latin_letters_tell_no_language() -> None:
    assert of("Knopf hinzugefügt", "Add a button").language is None


def test_the_limit_is_what_nine_of_ten_subjects_keep_to_within_reason() -> None:
    assert of(*["x" * 60] * 20).subject_columns == 60
    assert of(*["x" * 10] * 20).subject_columns == 50
    assert of(*["x" * 300] * 20).subject_columns == 100


def test_a_body_of_trailers_alone_is_none() -> None:
    assert of("Add", "Stop", body="Signed-off-by: A <a@example.com>").body_share == 0
    assert of("Add", "Stop", body="Because.").body_share == 1


@pytest.mark.parametrize(
    ("subjects", "form", "expected"),
    [
        (("PROJ-1: add", "PROJ-2: stop"), "start:{}: ", "PROJ-9: do it"),
        (("[PROJ-1] add", "[PROJ-2] stop"), "start:[{}] ", "[PROJ-9] do it"),
        (("Add a thing (#1)", "Stop it (#2)"), "end: ({})", "do it (PROJ-9)"),
    ],
)
def test_a_ticket_goes_where_the_log_has_it(subjects: tuple[str, ...], form: str, expected: str) -> None:
    habit = of(*subjects)
    assert habit.ticket_form == form
    assert with_ticket("do it\n", "PROJ-9", habit.ticket_form) == f"{expected}\n"


def test_a_ticket_after_a_type_stays_after_it() -> None:
    habit = of("feat: PROJ-1 add", "fix(ui): PROJ-2 stop")
    assert with_ticket("feat: do it\n", "PROJ-9", habit.ticket_form) == "feat: PROJ-9 do it\n"


def test_a_ticket_that_is_named_already_is_not_named_again() -> None:
    assert with_ticket("do it (#42)\n", "#42", None) == "do it (#42)\n"
    assert with_ticket("do it (#421)\n", "#42", None) == "do it (#421)\n\nRefs #42\n"


@pytest.mark.parametrize(
    ("branch", "ticket"),
    [
        ("feature/PROJ-123-login", "PROJ-123"),
        ("PROJ-123", "PROJ-123"),
        ("42-fix-login", "#42"),
        ("issue-42", "#42"),
        ("issues/42/fix", "#42"),
        ("fix/42-login", "#42"),
        ("bug#42", "#42"),
        ("main", None),
        (None, None),
        ("release/2024-11", None),
        ("release/42-x", None),
        ("v2.1", None),
        ("feature/UTF-8-names", None),
        ("feature/SHA-256", None),
        ("2024-11-24", None),
        ("dependabot/npm/lodash-4.17.21", None),
        ("python3-12-support", None),
    ],
)
def test_the_ticket_is_read_from_the_branch(branch: str | None, ticket: str | None) -> None:
    assert ticket_of(branch) == ticket


def test_what_programs_write_is_no_habit(tmp_path: Path) -> None:
    made = GitRepository.made(tmp_path / "project")
    for subject in ["Merge branch 'a'", "fixup! b", 'Revert "c"', "Bump x from 1 to 2"] * 3:
        made.commit(subject)
    assert learn(Repository.here(made.path)) == Habit(count=0)


def test_a_log_in_another_encoding_is_read(tmp_path: Path) -> None:
    made = GitRepository.made(tmp_path / "project")
    made.git("config", "i18n.commitEncoding", "EUC-JP")
    made.git("config", "i18n.logOutputEncoding", "EUC-JP")
    for number in range(6):
        message = made.path / "message"
        message.write_bytes(f"変更{number}を加える".encode("euc_jp"))
        made.git("commit", "--quiet", "--allow-empty", "-F", str(message))
    habit = learn(Repository.here(made.path))
    assert (habit.language, habit.examples[0]) == ("Japanese", "変更5を加える")


def test_before_the_first_commit_the_habit_is_conventional_commits(tmp_path: Path) -> None:
    GitRepository.made(tmp_path / "project")
    assert learn(Repository.here(tmp_path / "project")).style == "conventional"
