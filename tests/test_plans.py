"""When a plan keeps a model out: windows, the wall, the reserve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llmswitch.conversation import QuotaReport
from llmswitch.engine.plans import barred, burn_per_hour, is_current, length_name
from llmswitch.ledger.limits import Window
from llmswitch.profile import Profile, load_profile

NOW = 1_800_000_000.0


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return load_profile("default", start=tmp_path)


def window(
    used: float | None, *, status: Any = "allowed", resets: float | None = NOW + 600, minutes: int = 300
) -> Window:
    return Window("claude-max", QuotaReport("five_hour", status, used, resets, minutes), NOW - 60, "official")


def test_below_the_reserve_every_task_may_use_the_plan(profile: Profile) -> None:
    assert barred(profile, [window(0.84)], "implement", NOW) == {}


def test_the_reserve_is_kept_for_its_tasks(profile: Profile) -> None:
    assert set(barred(profile, [window(0.9)], "implement", NOW)) == {"opus", "sonnet", "haiku"}
    assert barred(profile, [window(0.9)], "design", NOW) == {}


@pytest.mark.parametrize("full", [window(0.99), window(None, status="rejected")])
def test_at_the_wall_no_task_may(profile: Profile, full: Window) -> None:
    reasons = barred(profile, [full], "design", NOW)
    assert "is used up until" in reasons["opus"]


def test_after_the_reset_the_plan_is_back(profile: Profile) -> None:
    assert barred(profile, [window(1.0, resets=NOW - 1)], "design", NOW) == {}


def test_a_window_of_another_plan_changes_nothing(profile: Profile) -> None:
    assert "gpt-codex" not in barred(profile, [window(1.0)], "agentic", NOW)


def test_a_report_without_a_reset_is_stale_after_the_windows_length() -> None:
    report = window(1.0, resets=None)
    assert is_current(report, NOW)
    assert not is_current(report, NOW + 300 * 60)


@pytest.mark.parametrize(
    ("minutes", "name"),
    [(300, "5-hour"), (10_080, "weekly"), (1_440, "daily"), (4_320, "3-day"), (30, "30-minute"), (None, "quota")],
)
def test_windows_are_named_by_their_length(minutes: int | None, name: str) -> None:
    assert length_name(minutes) == name


def test_burn_is_the_share_used_an_hour_since_the_window_began(profile: Profile) -> None:
    half_way = window(0.5, resets=NOW - 60 + 150 * 60)
    assert burn_per_hour(half_way, profile.plans, NOW) == pytest.approx(0.2)
