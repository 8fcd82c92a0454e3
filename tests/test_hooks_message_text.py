"""From a model's answer to a message: what surrounds it goes, what it made up goes, the subject fits, nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmswitch.hooks.columns import columns
from llmswitch.hooks.message_text import NoMessageError, clean

MESSAGE = "fix: read empty lines\n\nThey ended the file.\n"


@pytest.mark.parametrize(
    "answer",
    [
        "fix: read empty lines\n\nThey ended the file.",
        "fix: read empty lines\nThey ended the file.",
        "```\nfix: read empty lines\n\nThey ended the file.\n```",
        "Here is the commit message:\n\n```text\nfix: read empty lines\n\nThey ended the file.\n```\nLet me know!",
        "Sure! Here's a commit message:\n\nfix: read empty lines\n\nThey ended the file.",
        "<think>\nEmpty lines...\n```\nno\n```\n</think>\n\nfix: read empty lines\n\nThey ended the file.",
        "Commit message: fix: read empty lines\n\nThey ended the file.",
        "**fix: read empty lines**\n\nThey ended the file.",
        '"fix: read empty lines"\n\nThey ended the file.',
        "`fix: read empty lines`\n\nThey ended the file.",
        "# fix: read empty lines\n\nThey ended the file.",
        "fix: read empty lines.\n\nThey ended the file.",
        "fix: read empty lines\r\n\r\nThey ended the file.\r\n",
        "fix: read empty lines\n\n\n\nThey ended the file.\n\nThis commit message follows Conventional Commits.",
        "fix: read empty lines\n\nThey ended the file.\n\nCo-authored-by: Somebody <a@example.com>\nSigned-off-by: B <b@c>",
        "fix: read empty lines\n\nThey ended the file.\n\n🤖 Generated with Some Tool",
        "fix: read empty lines\n\nThey ended the file.\n\nFixes #123",
        "以下がコミットメッセージです:\n\nfix: read empty lines\n\nThey ended the file.",
    ],
)
def test_the_message_is_what_is_left(answer: str) -> None:
    assert clean(answer, subject_columns=72) == MESSAGE


def test_a_ticket_that_the_author_named_stays() -> None:
    assert "Fixes #123" in clean("fix: it\n\nFixes #123", subject_columns=72, known_ids="the hint says #123")


def test_a_longer_number_is_another_ticket() -> None:
    assert "#12" not in clean("fix: it\n\nFixes #12", subject_columns=72, known_ids="#123")


def test_breaking_change_is_no_made_up_trailer() -> None:
    assert "BREAKING CHANGE: it moved" in clean("feat!: move\n\nBREAKING CHANGE: it moved", subject_columns=72)


def test_a_fence_within_the_body_keeps_its_content() -> None:
    text = clean("fix: it\n\nRun:\n```sh\nmake\n```\nand look.", subject_columns=72)
    assert text == "fix: it\n\nRun:\nmake\nand look.\n"


def test_without_a_body_only_the_subject_stays() -> None:
    assert clean(MESSAGE, subject_columns=72, body=False) == "fix: read empty lines\n"


def test_a_full_stop_stays_where_the_repository_has_one() -> None:
    assert clean("Read it.", subject_columns=72, period=True) == "Read it.\n"


def test_a_long_subject_ends_at_a_break_and_is_kept_whole_in_the_body() -> None:
    subject = (
        "feat(parser): read empty lines as what they are, so that files with them are not cut off at the first one"
    )
    text = clean(subject, subject_columns=60)
    first, _, rest = text.partition("\n")
    assert first == "feat(parser): read empty lines as what they are"
    assert " ".join(rest.split()) == subject


def test_a_long_japanese_subject_is_cut_by_columns() -> None:
    first = clean(
        "空行を読み飛ばさずにそのまま読み取るようにパーサーを修正して、ファイルが途中で切れないようにする",
        subject_columns=50,
    )
    assert columns(first.partition("\n")[0]) <= 50


def test_long_prose_is_wrapped_and_lists_keep_their_indent() -> None:
    text = clean("fix: it\n\n- " + "word " * 40, subject_columns=72)
    assert all(len(line) <= 72 for line in text.splitlines())
    assert "\n  word" in text


@pytest.mark.parametrize("line", ["#42 is what this is about", "# A heading"])
def test_no_line_is_left_that_git_would_drop_as_a_comment(line: str) -> None:
    text = clean(f"fix: it\n\n{line}", subject_columns=72)
    assert not any(row.startswith("#") for row in text.splitlines())
    assert line.strip("# ").split()[-1] in text


@pytest.mark.parametrize("answer", ["", "   \n", "```\n```", "<think>never ends", "Signed-off-by: A <a@b>"])
def test_an_answer_without_a_message_is_told(answer: str) -> None:
    with pytest.raises(NoMessageError):
        clean(answer, subject_columns=72)


def test_nothing_is_left_that_steers_a_terminal() -> None:
    assert clean("fix: \x1b[31mred\x07\n\nIt \u202ewas", subject_columns=72) == "fix: [31mred\n\nIt was\n"


@given(st.text(max_size=400), st.integers(20, 100))
def test_whatever_comes_the_subject_fits_and_stands_alone(answer: str, limit: int) -> None:
    try:
        text = clean(answer, subject_columns=limit)
    except NoMessageError:
        return
    lines = text.split("\n")
    assert columns(lines[0]) <= limit + 1  # a `#` moved from the line's start
    assert lines[1:2] in ([""], [])
