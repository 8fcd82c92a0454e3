"""Which stretch of time a report covers: local days, as instants in UTC.

The local time zone is the one in force when the question is asked (`TZ`, else the system's). A day goes from one local
midnight to the next, so it has 23 or 25 hours where the clocks change.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from llmswitch.errors import UsageError

_MONTH = re.compile(r"(\d{4})-(\d{2})")
_POSIX_ZONE = re.compile(r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)[+-]?\d{1,3}(?::\d\d){0,2}|UTC0?$|GMT$")
"""`JST-9`, `<+0330>-3:30`, `CET-1CEST,M3.5.0,M10.5.0/3`: a zone that the value itself describes."""
_YEAR = re.compile(r"\d{4}")
QUARTER_S = 900
"""Seconds of the grid on which every present time zone's midnights lie."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` to before `until`, both with the local offset. `month` says that it is one whole calendar month, the
    only period that a plan's fee belongs to."""

    label: str
    since: datetime
    until: datetime
    month: bool = False

    def days(self, zone: tzinfo | None = None) -> list[tuple[str, datetime, datetime]]:
        """Every local day in it: ISO date, start, end, cut at the period's own ends."""
        found = []
        day = _local(self.since, zone).date()
        while (start := midnight(day, zone)) < self.until:
            end = midnight(day + timedelta(days=1), zone)
            found.append((day.isoformat(), max(start, self.since), min(end, self.until)))
            day += timedelta(days=1)
        return found


def midnight(day: date, zone: tzinfo | None = None) -> datetime:
    """The instant a local day begins; where midnight is skipped by a clock change, the moment of the change."""
    return _aware(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001 - made aware by the call


def _aware(naive: datetime, zone: tzinfo | None) -> datetime:
    """The instant of a wall time."""
    if zone is None:
        return naive.astimezone()
    return naive.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)  # a skipped hour compares equal to nothing


def today(now: datetime, zone: tzinfo | None = None) -> Period:
    """The local day of `now`."""
    day = _local(now, zone).date()
    return Period("today", midnight(day, zone), midnight(day + timedelta(days=1), zone))


def week(now: datetime, zone: tzinfo | None = None) -> Period:
    """The local week of `now`, from Monday."""
    day = _local(now, zone).date()
    monday = day - timedelta(days=day.weekday())
    return Period("this week", midnight(monday, zone), midnight(monday + timedelta(days=7), zone))


def month(now: datetime, which: str | None = None, zone: tzinfo | None = None) -> Period:
    """The month `YYYY-MM`, or the local month of `now`. Raises UsageError for what is no month."""
    first = _local(now, zone).date().replace(day=1)
    if which is not None:
        parts = _MONTH.fullmatch(which)
        if not parts or not 1 <= int(parts[2]) <= 12 or not 1 <= int(parts[1]) <= 9998:
            raise UsageError(f"{which!r} is not a month", hint="write it as YYYY-MM, such as 2026-10")
        first = date(int(parts[1]), int(parts[2]), 1)
    following = (first + timedelta(days=32)).replace(day=1)
    return Period(f"{first:%Y-%m}", midnight(first, zone), midnight(following, zone), month=True)


def year(now: datetime, which: str | None = None, zone: tzinfo | None = None) -> Period:
    """The year `YYYY`, or the local year of `now`. Raises UsageError for what is no year."""
    number = _local(now, zone).year
    if which is not None:
        if not _YEAR.fullmatch(which) or not 1 <= int(which) <= 9998:
            raise UsageError(f"{which!r} is not a year", hint="write it as YYYY, such as 2026")
        number = int(which)
    return Period(f"{number:04d}", midnight(date(number, 1, 1), zone), midnight(date(number + 1, 1, 1), zone))


def compared(whole: Period, now: datetime, zone: tzinfo | None = None) -> tuple[Period, Period]:
    """The month `whole` and the one before it. Of the present month: what is over of it, and the same days of the last
    one up to the same time of day, to the next full quarter of an hour; a last month that is shorter is taken whole."""
    first = _local(whole.since, zone).date()
    before_first = (first - timedelta(days=1)).replace(day=1)
    start = midnight(before_first, zone)
    if not whole.since <= now < whole.until:
        return whole, Period(f"{before_first:%Y-%m}", start, whole.since, month=True)
    end = min(datetime.fromtimestamp((now.timestamp() // QUARTER_S + 1) * QUARTER_S, UTC), whole.until)
    wall = _local(end, zone)
    same = datetime.combine(before_first + (wall.date() - first), wall.time())
    until = min(_aware(same, zone), whole.since)
    return (
        Period(f"{first:%Y-%m} so far", whole.since, wall),
        Period(f"{before_first:%Y-%m}, the same days", start, until),
    )


def between(since: str | None, until: str | None, now: datetime, zone: tzinfo | None = None) -> Period:
    """From the date (or ISO date and time) `since` to `until`, a date being taken whole. Without `since`: everything up
    to then; without `until`: up to the end of today. Raises UsageError."""
    start = _instant(since, zone, whole_day=False) if since else midnight(date(1970, 1, 2), zone)
    end = _instant(until, zone, whole_day=True) if until else today(now, zone).until
    if end <= start:
        raise UsageError(f"the period ends before it begins: {since or 'the beginning'} to {until or 'today'}")
    label = f"{since or 'the beginning'} to {until or 'today'}"
    return Period(label, start, end)


def unknown_zone() -> str | None:
    """The value of `TZ` where it names no zone that is known here: the C library takes that as UTC without a word."""
    name = os.environ.get("TZ", "").lstrip(":")
    if not name or _POSIX_ZONE.match(name):
        return None
    if name.startswith("/"):
        return None if Path(name).is_file() else name
    from zoneinfo import TZPATH  # 3 ms, and hardly anybody sets TZ

    return None if any((Path(folder) / name).is_file() for folder in TZPATH) else name


def zone_name() -> str:
    """The local time zone's name: `TZ` (empty means UTC), else the system's, else its offset."""
    if (name := os.environ.get("TZ")) is not None:
        name = name.lstrip(":")
        return name.partition("zoneinfo/")[2] or name or "UTC"
    try:
        target = str(Path("/etc/localtime").readlink())
    except OSError:
        target = ""  # not a link here
    return target.partition("zoneinfo/")[2] or "UTC" + datetime.now().astimezone().isoformat()[-6:]


def _instant(text: str, zone: tzinfo | None, *, whole_day: bool) -> datetime:
    try:
        if len(text) == len("2026-10-01"):
            return midnight(date.fromisoformat(text) + timedelta(days=int(whole_day)), zone)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is not a date", hint="write it as YYYY-MM-DD, or as an ISO 8601 date and time"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=zone) if zone else at.astimezone()


def _local(at: datetime, zone: tzinfo | None) -> datetime:
    return at.astimezone(zone)
