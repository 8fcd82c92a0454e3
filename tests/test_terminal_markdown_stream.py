"""The streamed Markdown: the same output however the text is cut, only ever appended, and as early as it is known."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmswitch.terminal.markdown_stream import MarkdownAnswer
from llmswitch.terminal.palette import COLORED, PLAIN, Palette

FRAGMENTS = [
    "word", "a longer run of words that has to be wrapped somewhere ", " ", "  ", "    ", "\t", "\n", "\n\n", "\r\n",
    "# ", "## Title ##", "- ", "* ", "+ ", "1. ", "12) ", "> ", "---", "***", "===", "`", "``", "```", "```python\n",
    "~~~\n", "**", "*", "_", "__", "~~", "~", "[", "]", "](", ")", "(", "![", "!", "http://a_b_c/", "\\", "\\*", "&amp;",
    "&am", "|", "| a | b |\n", "|---|:-:|\n", "<br>", "日本語", "「重要」", "。", "、", "é", "e\u0301", "❤\ufe0f", "👩\u200d💻",
    "👍🏽", "\x1b[31m", "\x1b]0;t\x07", "\x9b2J", "\u202e", "x" * 90, "[ ] ", "[x] ", "def f():", '"""', "/* c", "*/", "*a ",
    '"t"', "'", ".", ",", "snake_case", "2 * 3",
]  # fmt: skip

documents = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=5)), max_size=40).map("".join)


def render(chunks: list[str], columns: int = 40, palette: Palette = COLORED) -> str:
    out = io.StringIO()
    answer = MarkdownAnswer(out, lambda: columns, palette)
    for chunk in chunks:
        answer.write(chunk)
    answer.end()
    return out.getvalue()


def screen(output: str) -> list[tuple[str, str]]:
    """Every character with the style it is shown in."""
    shown = []
    style = ""
    for part in re.split(r"(\x1b\[[\d;]*m)", output):
        if part.startswith("\x1b["):
            style = part
        else:
            shown += [(char, style) for char in part]
    return shown


@settings(max_examples=400, deadline=None)
@given(documents, st.data())
@example("a **b** c", None)
@example("---\n\n- - -\n* * *\na\n===\n- [x] a\n12. b\n```c", None)
@example("# " + "x" * 90, None)
@example('[a](b (c) "d)e") f', None)
@example("*a `b* c` d*", None)
@example("*a " * 400, None)
def test_the_screen_is_the_same_however_the_text_is_cut(text: str, data: st.DataObject | None) -> None:
    whole = screen(render([text]))
    assert screen(render(list(text))) == whole
    if data is not None and text:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
        chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert screen(render(chunks)) == whole


@settings(max_examples=200, deadline=None)
@given(documents)
def test_output_moves_no_cursor_and_erases_nothing(text: str) -> None:
    plain = re.sub(r"\x1b\[[\d;]*m", "", render([text]))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", plain)


@settings(max_examples=200, deadline=None)
@given(documents)
def test_without_colours_there_is_no_escape_at_all(text: str) -> None:
    assert "\x1b" not in render([text], palette=PLAIN)


@settings(max_examples=200, deadline=None)
@given(documents)
def test_every_style_is_closed_before_its_line_ends(text: str) -> None:
    for line in render([text]).split("\n"):
        assert line.count("\x1b[0m") * 2 == line.count("\x1b[")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab XY.,()日本。-+\n", max_size=200))
def test_no_letter_of_plain_text_is_lost(text: str) -> None:
    """Bullets, rules and spaces aside, what the model wrote is what is shown."""
    kept = [char for char in render([text], palette=PLAIN) if char in "abXY.,()日本。"]
    assert kept == [char for char in text if char in "abXY.,()日本。"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Two words ", "Two words"),
        ("so **bold", "so"),
        ("so **bold** th", "so bold"),
        ("日本語", "日本"),
        ("```py\nx = 1\ny", "── py ─────────────────────────────────\nx = 1\n"),
        ("- item one", "  • item"),
        ("## A title", "## A"),
    ],
)
def test_text_is_on_the_screen_before_its_line_ends(text: str, shown: str) -> None:
    out = io.StringIO()
    MarkdownAnswer(out, lambda: 39, PLAIN).write(text)
    assert out.getvalue() == shown


def test_an_interrupted_answer_shows_what_was_held_back() -> None:
    assert render(["So **bo"], palette=PLAIN) == "So **bo\n"


def test_an_answer_without_text_writes_nothing() -> None:
    assert render([], palette=PLAIN) == ""


def test_a_mark_that_is_never_closed_holds_back_no_more_than_a_span() -> None:
    out = io.StringIO()
    MarkdownAnswer(out, lambda: 80, PLAIN).write("*open " + "word " * 200)
    assert len(out.getvalue()) > 900


def test_a_resized_terminal_is_obeyed_from_the_next_line_on() -> None:
    columns = 40
    out = io.StringIO()
    answer = MarkdownAnswer(out, lambda: columns, PLAIN)
    answer.write("one two three four five six seven\n")
    columns = 20
    answer.write("one two three four five six seven\n")
    assert out.getvalue() == "one two three four five six seven\none two three four\nfive six seven\n"
