"""How each part of Markdown looks, character by character."""

from __future__ import annotations

import io

import pytest

from llmswitch.terminal.cells import cell_width
from llmswitch.terminal.code_lines import CodeLines
from llmswitch.terminal.markdown_stream import MarkdownAnswer
from llmswitch.terminal.palette import COLORED, PLAIN, Palette


def render(text: str, columns: int = 40, palette: Palette = PLAIN) -> str:
    out = io.StringIO()
    answer = MarkdownAnswer(out, lambda: columns, palette)
    answer.write(text)
    answer.end()
    return out.getvalue()


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("**bold**", "\x1b[1mbold\x1b[0m"),
        ("*it*", "\x1b[3mit\x1b[0m"),
        ("_it_", "\x1b[3mit\x1b[0m"),
        ("***both***", "\x1b[1;3mboth\x1b[0m"),
        ("~~gone~~", "\x1b[9mgone\x1b[0m"),
        ("`code`", "\x1b[36mcode\x1b[0m"),
        ("``a ` b``", "\x1b[36ma\x1b[0m\x1b[36m `\x1b[0m\x1b[36m b\x1b[0m"),
        ("**b *i* b**", "\x1b[1mb\x1b[0m\x1b[1m \x1b[0m\x1b[1;3mi\x1b[0m\x1b[1m b\x1b[0m"),
        ("**b *i***", "\x1b[1mb\x1b[0m\x1b[1m \x1b[0m\x1b[1;3mi\x1b[0m"),
        ("[site](https://a.b)", "\x1b[4msite\x1b[0m\x1b[2m (https://a.b)\x1b[0m"),
        ("[wiki](https://a.b/c_(d))", "\x1b[4mwiki\x1b[0m\x1b[2m (https://a.b/c_(d))\x1b[0m"),
        ("[https://a.b](https://a.b)", "\x1b[4mhttps://a.b\x1b[0m"),
        ("![alt](pic.png)", "\x1b[4malt\x1b[0m\x1b[2m (pic.png)\x1b[0m"),
        ("これは**「重要」**です", "これは\x1b[1m「重\x1b[0m\x1b[1m要」\x1b[0mです"),
        ("**注意:**次", "\x1b[1m注\x1b[0m\x1b[1m意:\x1b[0m次"),
    ],
)
def test_inline_styles(source: str, shown: str) -> None:
    assert render(source, palette=COLORED) == shown + "\n"


@pytest.mark.parametrize(
    "source",
    [
        "snake_case_name", "2 * 3 * 4", "__init__.py", "f(*args) and g(*more)", "a ** b", "5~6", "https://a.b/_c_/d_",
        "an [index] (not a link)", "*open", "`open", "**open *all `of it", "\\(x_1\\)", "[a](b c d)", "AT&T; x", "C#", "#hash",
        "1.5 is a number", "-5 degrees", "+1", "--flag", "| x | is a norm", "a\\b",
    ],
)  # fmt: skip
def test_what_is_not_markdown_stays_as_it_is(source: str) -> None:
    assert render(source, 80) == source + "\n"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a\nb", "a\nb\n"),
        ("\n\na\n\n\n\nb\n\n", "a\n\nb\n"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("text\n# Title\ntext", "text\n\n# Title\ntext\n"),
        ("## Title ##", "## Title\n"),
        ("a\n\n---\n\nb", "a\n\n────────────────────────\n\nb\n"),
        ("Title\n===", "Title\n────────────────────────\n"),
        ("- a\n- b\n\ntext", "  • a\n  • b\n\ntext\n"),
        ("- a\n  - b\n    - c\n- d", "  • a\n    ◦ b\n      ▪ c\n  • d\n"),
        ("1. a\n   - b\n2. c", "  1. a\n     ◦ b\n  2. c\n"),
        ("1. a\n1. b\n1. c", "  1. a\n  2. b\n  3. c\n"),
        ("9. a\n10. b", "  9. a\n  10. b\n"),
        ("- a\n\n  more\n\n- b", "  • a\n\n    more\n\n  • b\n"),
        ("- [ ] a\n- [x] b", "  ☐ a\n  ☑ b\n"),
        ("-\n- b", "  •\n  • b\n"),
        ("> a\n> b\n\nc", "│ a\n│ b\n\nc\n"),
        ("> a\n>\n> b", "│ a\n│\n│ b\n"),
        ("> > a", "│ │ a\n"),
        ("> - a\n> - b", "│   • a\n│   • b\n"),
        ("- > a", "  • │ a\n"),
        ("    code\n      more", "code\n  more\n"),
        (r"\*not\* &amp; &lt;b&gt;", "*not* & <b>\n"),
        ("In 2024\n2025. was a year", "In 2024\n2025. was a year\n"),
        ("```a``` is code", "`a` is code\n"),
    ],
)
def test_blocks(source: str, shown: str) -> None:
    assert render(source) == shown


def test_a_paragraph_is_wrapped_between_words() -> None:
    assert render("one two three four five", 10) == "one two\nthree four\nfive\n"


def test_a_list_item_is_wrapped_below_its_text() -> None:
    assert render("- one two three four", 20) == "  • one two three\n    four\n"


def test_a_quote_keeps_its_bar_on_every_line() -> None:
    assert render("> one two three four", 16) == "│ one two three\n│ four\n"


def test_prose_is_no_wider_than_a_hundred_cells() -> None:
    assert max(map(len, render("word " * 80, 200).splitlines())) == 99


def test_a_word_longer_than_a_line_is_left_whole_for_copying() -> None:
    url = "https://example.org/" + "x" * 50
    assert render(f"see {url} there", 40) == f"see\n{url} there\n"


def test_japanese_wraps_by_cells_without_spaces() -> None:
    assert render("日本語の文章は空白がない", 12) == "日本語の文章\nは空白がない\n"


def test_japanese_punctuation_never_starts_a_line() -> None:
    assert render("日本語の文章、空白がない。", 12) == "日本語の文\n章、空白がな\nい。\n"


def test_an_opening_bracket_never_ends_a_line() -> None:
    assert render("日本語の文「空白」がない", 12) == "日本語の文\n「空白」がな\nい\n"


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("abc", 3),
        ("日本", 4),
        ("e\u0301", 1),
        ("か\u3099", 2),
        ("❤\ufe0f", 2),
        ("👩\u200d💻", 2),
        ("👍🏽", 2),
        ("ﾊﾛｰ", 3),
    ],
)
def test_cell_width(text: str, cells: int) -> None:
    assert cell_width(text) == cells


# Code


def test_code_is_neither_wrapped_nor_changed() -> None:
    code = "x = [1,\t2]  " + "# long " * 20 + "\n\n  **not bold** _at_ all"
    lines = render(f"```\n{code}\n```", 40).splitlines()
    assert lines[1:-1] == code.splitlines()


def test_code_in_a_list_starts_at_the_first_column() -> None:
    assert render("1. do\n   ```sh\n   if x\n     y\n   ```\n2. then", 10) == (
        "  1. do\n── sh ────\nif x\n  y\n──────────\n  2. then\n"
    )


def test_code_that_is_never_closed_is_closed_at_the_end() -> None:
    assert render("```\nx", 10) == "──────────\nx\n──────────\n"


def test_a_longer_fence_holds_a_shorter_one() -> None:
    assert render("````md\n```\n````", 10) == "── md ────\n```\n──────────\n"


def test_a_quote_that_ends_closes_its_code() -> None:
    assert render("> ```\n> x\ny", 10) == "──────────\nx\n──────────\ny\n"


@pytest.mark.parametrize(
    ("language", "lines", "painted"),
    [
        ("python", ["def f():"], ["\x1b[35mdef\x1b[0m \x1b[34mf\x1b[0m():"]),
        ("python", ['x = """a', "def", '"""'], ['x = \x1b[32m"""a\x1b[0m', "\x1b[32mdef\x1b[0m", '\x1b[32m"""\x1b[0m']),
        (
            "c",
            ["/* a", "int b", "*/ int"],
            ["\x1b[2m/* a\x1b[0m", "\x1b[2mint b\x1b[0m", "\x1b[2m*/\x1b[0m \x1b[35mint\x1b[0m"],
        ),
        ("c", ["/* a */", "x"], ["\x1b[2m/* a */\x1b[0m", "x"]),
        ("scheme", ["(define x 1)"], ["(\x1b[35mdefine\x1b[0m x \x1b[33m1\x1b[0m)"]),
        ("diff", ["-a", "+b"], ["\x1b[31m-a\x1b[0m", "\x1b[32m+b\x1b[0m"]),
        ("no-such-language", ["def"], ["def"]),
        ("", ["def"], ["def"]),
    ],
)
def test_code_is_highlighted_line_by_line_with_the_state_kept(
    language: str, lines: list[str], painted: list[str]
) -> None:
    code = CodeLines(language)
    assert [code.line(line) for line in lines] == painted


# Tables

TABLE = "| Model | Price |\n|:--|--:|\n| **opus** | $15 |\n| 日本 | $3 |\n"


def test_a_table_is_aligned_by_cells() -> None:
    assert render(TABLE) == "Model  Price\n─────  ─────\nopus     $15\n日本      $3\n"


def test_a_table_is_set_off_from_text_that_touches_it() -> None:
    assert render("before\n" + TABLE.removesuffix("\n") + "\nafter").startswith("before\n\nModel")
    assert render(TABLE + "after").endswith("$3\n\nafter\n")


def test_a_wide_table_wraps_its_cells() -> None:
    shown = render("| a | b |\n|---|---|\n| one | two three four five six seven |", 24)
    assert shown == "a    b\n───  ───────────────────\none  two three four five\n     six seven\n"


def test_a_table_that_is_far_too_wide_becomes_one_block_a_row() -> None:
    source = "| aa | bb | cc |\n|---|---|---|\n" + "| one two | three four | five six |\n" * 2
    assert render(source, 16) == (
        "aa: one two\nbb: three four\ncc: five six\n────────────\naa: one two\nbb: three four\ncc: five six\n"
    )


@pytest.mark.parametrize("width", [8, 20, 33, 40, 80])
def test_no_line_of_a_table_is_wider_than_the_terminal(width: int) -> None:
    source = "| name | what it does |\n|---|---|\n| 日本語モデル | " + "ローカルで動きます and more " * 4 + "|\n"
    assert max(map(cell_width, render(source, width).splitlines())) <= width


def test_a_pipe_in_a_cell_can_be_escaped() -> None:
    assert "a | b" in render("| x |\n|---|\n| a \\| b |")


def test_rows_without_a_divider_stay_text() -> None:
    assert render("| a | b |\n| c | d |") == "| a | b |\n| c | d |\n"
