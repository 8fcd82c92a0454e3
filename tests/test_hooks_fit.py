"""A budget shared over a diff: fair, never exceeded, hunks whole where they can be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmswitch.hooks.changes import Diff, FileChange
from llmswitch.hooks.diff_text import diff_text
from llmswitch.hooks.fair_share import water_fill
from llmswitch.hooks.fitted import fit, size_of
from llmswitch.hooks.groups import groups
from llmswitch.tokens import estimate_text

SIZES = st.lists(st.integers(0, 10_000), max_size=50)


@given(SIZES, st.integers(0, 50_000))
def test_the_sum_never_exceeds_the_budget(sizes: list[int], budget: int) -> None:
    assert sum(water_fill(sizes, budget)) <= budget


@given(SIZES, st.integers(0, 50_000))
def test_nobody_gets_more_than_they_have(sizes: list[int], budget: int) -> None:
    assert all(share <= size for share, size in zip(water_fill(sizes, budget), sizes, strict=True))


@given(SIZES, st.integers(0, 50_000))
def test_what_is_smaller_than_another_share_is_whole(sizes: list[int], budget: int) -> None:
    shares = water_fill(sizes, budget)
    largest = max(shares, default=0)
    assert all(share == size for share, size in zip(shares, sizes, strict=True) if size < largest)


@given(SIZES)
def test_a_budget_that_is_enough_serves_everybody_whole(sizes: list[int]) -> None:
    assert water_fill(sizes, sum(sizes)) == sizes


def change(path: str, *hunk_lines: int) -> FileChange:
    patch = ""
    start = 1
    for count in hunk_lines:
        patch += f"@@ -{start},0 +{start},{count} @@\n" + "".join(f"+name_{number} = 0\n" for number in range(count))
        start += count + 100
    return FileChange(path, "M", added=sum(hunk_lines), patch=patch)


def test_a_small_file_beside_a_huge_one_is_whole() -> None:
    fitted = fit(Diff("staged", (change("huge", 5_000), change("small", 3))), 1_000)
    huge, small = fitted.files
    assert small.left_out == 0
    assert huge.left_out > 4_000


def test_a_small_hunk_beside_a_huge_one_is_whole() -> None:
    [file] = fit(Diff("staged", (change("a", 5_000, 3),)), 500).files
    assert len(file.hunks[-1].lines) == 3


def test_the_text_keeps_about_to_the_budget() -> None:
    diff = Diff("staged", tuple(change(f"file{number}", 200, 50) for number in range(30)))
    assert estimate_text(diff_text(fit(diff, 5_000))) < 5_500


def test_of_more_files_than_the_budget_can_show_the_largest_are_shown_and_the_others_told() -> None:
    diff = Diff("staged", tuple(change(f"file{number}", number % 50 + 1) for number in range(3_000)))
    fitted = fit(diff, 2_000)
    text = diff_text(fitted)
    assert len(fitted.files) + len(fitted.told) == 3_000
    assert 0 < len(fitted.files) < 60
    assert "more files, in" in text


def test_a_diff_within_the_budget_is_whole() -> None:
    assert fit(Diff("staged", (change("a", 3), change("b", 4))), 10_000).is_whole


def test_what_is_left_out_is_told() -> None:
    text = diff_text(fit(Diff("staged", (change("a", 5_000),)), 500))
    assert "more changed lines" in text


def test_numbered_lines_have_the_number_they_have_after_the_change() -> None:
    patch = "@@ -10,2 +10,2 @@\n kept\n-old\n+new\n"
    file = FileChange("a", "M", added=1, removed=1, patch=patch)
    text = diff_text(fit(Diff("staged", (file,)), 1_000), numbered=True)
    assert "    10  kept\n       -old\n    11 +new\n" in text


def test_portions_hold_every_file_once_and_keep_to_the_budget() -> None:
    diff = Diff("range", tuple(change(f"file{number}", 20, 20) for number in range(20)))
    portions = groups(diff, 1_000)
    assert [file.path for portion in portions for file in portion.files] == [file.path for file in diff.files]
    assert all(sum(map(size_of, portion.files)) <= 1_000 for portion in portions)


def test_a_file_larger_than_a_portion_is_divided_between_its_hunks() -> None:
    diff = Diff("range", (change("big", 50, 50, 50, 50),))
    portions = groups(diff, 700)
    assert len(portions) > 1
    assert [hunk.new_start for portion in portions for file in portion.files for hunk in file.hunks] == [
        hunk.new_start for hunk in diff.files[0].hunks
    ]


def test_a_long_line_is_cut() -> None:
    file = FileChange("a", "M", added=1, patch="@@ -0,0 +1 @@\n+" + "x" * 5_000 + "\n")
    assert "more characters)" in diff_text(fit(Diff("staged", (file,)), 10_000))
