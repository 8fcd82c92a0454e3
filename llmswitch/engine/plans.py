"""Which plans a task may still draw on: quota windows as their own programs reported them, and the share a profile keeps
back for the tasks that need it. Pure: windows and the time come in, reasons come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from llmswitch.catalog import Plan
from llmswitch.ledger.limits import Window
from llmswitch.profile import Profile

WALL = 0.98
"""From this share on a window counts as used up: a call that is cut off in the middle is worse than one that is not made."""
UNKNOWN_LENGTH_MIN = 300
HOUR_MIN = 60
DAY_MIN = 24 * HOUR_MIN
WEEK_MIN = 7 * DAY_MIN


def is_current(window: Window, now: float) -> bool:
    """Whether the report still describes the window that is running at `now` (POSIX seconds)."""
    report = window.report
    if report.resets_at is not None:
        return report.resets_at > now
    return now - window.seen_at < (report.minutes or UNKNOWN_LENGTH_MIN) * 60


def length_name(minutes: int | None) -> str:
    """A window by its length, not by the name some vendor gave it."""
    if minutes is None:
        return "quota"
    if minutes == WEEK_MIN:
        return "weekly"
    if minutes % DAY_MIN == 0:
        return "daily" if minutes == DAY_MIN else f"{minutes // DAY_MIN}-day"
    return f"{minutes / HOUR_MIN:g}-hour" if minutes >= HOUR_MIN else f"{minutes}-minute"


def barred(profile: Profile, windows: Iterable[Window], task: str, now: float) -> dict[str, str]:
    """Model name → why its plan keeps it out of `task` at `now`; models that may be asked are not in it."""
    current = [window for window in windows if is_current(window, now)]
    reasons: dict[str, str] = {}
    for name, model in profile.models.items():
        plan = profile.plans.get(model.plan or "")
        if plan is None:
            continue
        mine = (window for window in current if window.scope == plan.name)
        if reason := next((reason for window in mine if (reason := _reason(plan, window, task, now))), None):
            reasons[name] = reason
    return reasons


def _reason(plan: Plan, window: Window, task: str, now: float) -> str | None:
    report = window.report
    used = report.utilization
    which = f"the {length_name(report.minutes)} window of {plan.name}"
    until = f" until {clock_time(report.resets_at, now)}" if report.resets_at else ""
    if report.status == "rejected" or (used is not None and used >= WALL):
        return f"{which} is used up{until}"
    if used is not None and plan.reserve and used >= 1 - plan.reserve and task not in plan.reserved_for:
        kept_for = ", ".join(plan.reserved_for) or "nothing"
        return f"the rest of {which} ({1 - used:.0%}) is kept for {kept_for}{until}"
    return None


def clock_time(instant: float, now: float) -> str:
    """A POSIX time as local clock time, with the day where it is not within the next 20 hours."""
    local = datetime.fromtimestamp(instant).astimezone()
    return f"{local:%H:%M}" if instant - now < 20 * 3600 else f"{local:%a %d %b %H:%M}"


def burn_per_hour(window: Window, plans: Mapping[str, Plan], now: float) -> float | None:
    """The share of the window used an hour since it began, or None where length, share or reset is not known."""
    report = window.report
    if window.scope not in plans or report.utilization is None or not report.minutes or report.resets_at is None:
        return None
    hours = (min(now, window.seen_at) - (report.resets_at - report.minutes * 60)) / 3600
    return report.utilization / hours if hours > 0 else None
