"""Tables on a terminal that is too narrow for their columns: blocks of lines, in which nothing is missing."""

from __future__ import annotations

import io

import pytest

from llmswitch.terminal.cells import cell_width
from llmswitch.terminal.named_lines import named_lines
from llmswitch.terminal.stacked import stacked
from llmswitch.terminal.tables import render_table

HEADERS = ("tier", "model", "calls", "cash")
ROWS = (("0", "opus", "1,204", "$12.30"), ("3", "日本語のモデル", "7", ""))


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_row_is_its_name_and_its_pairs() -> None:
    assert stacked(HEADERS, ROWS, 80, right=(0, 2, 3)) == [
        "opus",
        "  tier 0  calls 1,204  cash $12.30",
        "日本語のモデル",
        "  tier 3  calls 7",
    ]


def test_pairs_go_on_in_the_next_line() -> None:
    assert stacked(HEADERS, ROWS[:1], 18, right=(0, 2, 3)) == ["opus", "  tier 0", "  calls 1,204", "  cash $12.30"]


@pytest.mark.parametrize("room", [8, 10, 15, 30])
def test_no_line_is_wider_than_the_terminal(room: int) -> None:
    rows = [("0", "a-very-long-name-of-a-model", "1", "$1 + plan + local + ?"), *ROWS]
    assert max(map(cell_width, stacked(HEADERS, rows, room, right=(0, 2, 3)))) <= room


@pytest.mark.parametrize("room", [8, 10, 15, 30])
def test_every_character_of_a_cell_is_there(room: int) -> None:
    lines = stacked(HEADERS, [("0", "a-very-long-name 日本語のモデル", "1", "$1 + plan")], room, right=(0, 2, 3))
    assert "".join("".join(lines).split()) == "a-very-long-name日本語のモデルtier0calls1cash$1+plan"


def test_a_table_that_fits_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    assert render_table(HEADERS, ROWS, stream=Terminal()).splitlines()[0].split() == list(HEADERS)


def test_a_table_that_does_not_fit_becomes_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("NO_COLOR", "1")
    lines = render_table(HEADERS, ROWS, stream=Terminal(), right=(0, 2, 3), footer=("", "total", "", "$1")).splitlines()
    assert lines[-2:] == ["total", "  cash $1"]


def test_a_pipe_has_columns_whatever_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert render_table(HEADERS, ROWS, stream=io.StringIO()).splitlines()[0].split() == list(HEADERS)


def test_a_text_stands_beside_its_name_where_there_is_room() -> None:
    assert named_lines([("fees", "one two three")], room=60) == ["fees       one two three"]


def test_a_text_stands_below_its_name_where_there_is_none() -> None:
    assert named_lines([("fees", "one two three")], room=12) == ["fees", "  one two", "  three"]
