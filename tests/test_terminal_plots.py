"""Plots made of characters: nothing that happened is invisible, nothing is wider than its room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmswitch.terminal.plots import bar_plot, sparkline, squeezed

AMOUNTS = st.lists(st.floats(min_value=0, max_value=1e6, allow_nan=False), max_size=400)


def test_a_trend_is_scaled_to_its_largest_value() -> None:
    assert sparkline([0, 1, 4, 8], 10) == " ▂▅█"


def test_a_trend_of_nothing_is_blank() -> None:
    assert sparkline([0, 0, 0], 10) == "   "


def test_a_trend_without_blocks_is_ascii() -> None:
    assert sparkline([0, 1, 4, 8], 10, blocks=False).isascii()


@given(AMOUNTS, st.integers(min_value=1, max_value=60))
def test_a_trend_is_never_wider_than_its_room(values: list[float], cells: int) -> None:
    assert len(sparkline(values, cells)) <= cells


@given(st.lists(st.integers(min_value=0, max_value=10**9), max_size=400), st.integers(min_value=1, max_value=60))
def test_days_that_share_a_cell_are_added(values: list[int], cells: int) -> None:
    assert sum(squeezed(values, cells)) == sum(values)


def test_a_small_value_beside_a_large_one_is_seen() -> None:
    assert bar_plot([0.001, 1000], ["a", "b"], cells=10)[3] == "▁ █"


def test_bars_are_as_high_as_their_values() -> None:
    plot = bar_plot([1, 2, 3, 4, 0], ["a", "b", "c", "d", "e"], cells=20, height=4)
    assert plot[:4] == ["      █", "    █ █", "  █ █ █", "█ █ █ █"]


def test_a_part_of_a_row_is_a_part_of_a_block() -> None:
    assert bar_plot([5, 8], ["a", "b"], cells=20, height=1)[0] == "▅ █"


def test_labels_keep_apart() -> None:
    assert bar_plot([1] * 6, [f"11-0{day}" for day in range(1, 7)], cells=20)[-1] == "11-01   11-05"


@given(AMOUNTS.filter(bool), st.integers(min_value=1, max_value=100))
def test_bars_are_never_wider_than_their_room(values: list[float], cells: int) -> None:
    plot = bar_plot(values, ["x"] * len(values), cells=cells)
    assert max(len(line) for line in plot[:-1]) <= cells


def test_bars_without_blocks_are_ascii() -> None:
    assert all(line.isascii() for line in bar_plot([1, 2, 9], ["a", "b", "c"], cells=20, blocks=False))
