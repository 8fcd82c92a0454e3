"""Local days as instants: time zones, clock changes, months."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from llmswitch.errors import UsageError
from llmswitch.ledger import period

TOKYO, BERLIN, BEIRUT = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Beirut")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # a year, month and day at least


@pytest.fixture
def tokyo_is_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_month_in_tokyo_begins_nine_hours_before_utc() -> None:
    found = period.month(utc(2026, 10, 15), zone=TOKYO)
    assert (found.since, found.until) == (utc(2026, 9, 30, 15), utc(2026, 10, 31, 15))


def test_the_last_evening_of_a_month_in_utc_is_the_next_month_in_tokyo() -> None:
    assert period.month(utc(2026, 9, 30, 16), zone=TOKYO).label == "2026-10"


@pytest.mark.usefixtures("tokyo_is_here")
def test_the_local_zone_is_the_one_tz_names_when_asked() -> None:
    assert period.today(utc(2026, 9, 30, 16)).since == utc(2026, 9, 30, 15)


@pytest.mark.usefixtures("tokyo_is_here")
def test_the_zones_name_is_what_tz_says() -> None:
    assert period.zone_name() == "Asia/Tokyo"


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)])
def test_a_day_is_as_long_as_the_clocks_make_it(day: tuple[int, int, int], hours: int) -> None:
    found = period.today(datetime(*day, 12, tzinfo=BERLIN), zone=BERLIN)
    assert found.until.astimezone(UTC) - found.since.astimezone(UTC) == timedelta(hours=hours)


def test_the_days_of_a_month_with_a_clock_change_meet_without_gap() -> None:
    days = period.month(utc(2026, 10, 15), zone=BERLIN).days(BERLIN)
    ends, begins = [end for _, _, end in days[:-1]], [start for _, start, _ in days[1:]]
    assert (len(days), [end.astimezone(UTC) for end in ends]) == (31, [start.astimezone(UTC) for start in begins])


def test_a_skipped_midnight_is_the_moment_of_the_change() -> None:
    assert period.midnight(datetime(2026, 3, 29, tzinfo=BEIRUT).date(), BEIRUT) == utc(2026, 3, 28, 22)


def test_a_leap_february_has_29_days() -> None:
    assert len(period.month(utc(2028, 2, 29, 12), zone=TOKYO).days(TOKYO)) == 29


def test_december_is_followed_by_january() -> None:
    assert period.month(utc(2026, 12, 5), "2026-12", UTC).until == utc(2027, 1, 1)


def test_a_week_begins_on_monday() -> None:
    assert period.week(utc(2026, 11, 22, 12), UTC).since == utc(2026, 11, 16)


def test_an_until_date_is_included_whole() -> None:
    assert period.between("2026-10-01", "2026-10-31", utc(2026, 11, 5), UTC).until == utc(2026, 11, 1)


def test_without_until_a_period_goes_to_the_end_of_today() -> None:
    assert period.between("2026-10-01", None, utc(2026, 11, 5, 7), UTC).until == utc(2026, 11, 6)


def test_an_instant_may_be_given_with_its_offset() -> None:
    assert period.between("2026-10-01T09:00+09:00", None, utc(2026, 11, 5), UTC).since == utc(2026, 10, 1)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "October", "2026-10-01", "0000-01", "9999-12"])
def test_what_is_no_month_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="not a month"):
        period.month(utc(2026, 10, 1), text)


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "9999-12-31", "2026-1-1x"])
def test_what_is_no_date_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="not a date"):
        period.between(None, text, utc(2026, 10, 1), UTC)


def test_a_period_that_ends_before_it_begins_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="ends before it begins"):
        period.between("2026-10-02", "2026-09-30", utc(2026, 11, 1), UTC)


def test_a_year_goes_from_the_local_new_year_to_the_next() -> None:
    found = period.year(utc(2026, 11, 5), zone=TOKYO)
    assert (found.since, found.until) == (utc(2025, 12, 31, 15), utc(2026, 12, 31, 15))


def test_the_last_evening_of_a_year_in_utc_is_the_next_year_in_tokyo() -> None:
    assert period.year(utc(2026, 12, 31, 16), zone=TOKYO).label == "2027"


@pytest.mark.parametrize("text", ["26", "0000", "9999", "2026-10", "next"])
def test_what_is_no_year_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="not a year"):
        period.year(utc(2026, 10, 1), text)


def compared(now: datetime, which: str | None = None, zone: ZoneInfo = TOKYO) -> tuple[period.Period, period.Period]:
    return period.compared(period.month(now, which, zone), now, zone)


def test_this_month_so_far_is_compared_with_the_same_days_of_the_last() -> None:
    this, last = compared(datetime(2026, 11, 23, 7, 35, 10, tzinfo=TOKYO))
    assert (this.until, last.since, last.until) == (
        datetime(2026, 11, 23, 7, 45, tzinfo=TOKYO),
        datetime(2026, 10, 1, tzinfo=TOKYO),
        datetime(2026, 10, 23, 7, 45, tzinfo=TOKYO),
    )


def test_the_same_time_of_day_is_the_wall_clocks_across_a_clock_change() -> None:
    _, last = compared(datetime(2026, 11, 23, 7, 40, tzinfo=BERLIN), zone=BERLIN)
    _, summer = compared(datetime(2026, 10, 27, 7, 40, tzinfo=BERLIN), zone=BERLIN)
    assert (last.since, last.until, summer.until) == (
        utc(2026, 9, 30, 22),  # October began in summer time
        utc(2026, 10, 23, 5, 45),
        utc(2026, 9, 27, 5, 45),
    )


@pytest.mark.parametrize(("year", "days"), [(2027, 28), (2028, 29)])
def test_a_shorter_last_month_is_compared_whole(year: int, days: int) -> None:
    _, last = compared(datetime(year, 3, 31, 9, tzinfo=TOKYO))
    assert (last.until, last.until - last.since) == (datetime(year, 3, 1, tzinfo=TOKYO), timedelta(days=days))


def test_the_last_quarter_of_an_hour_of_a_day_ends_with_it() -> None:
    this, last = compared(datetime(2026, 11, 23, 23, 50, tzinfo=TOKYO))
    assert (this.until, last.until) == (
        datetime(2026, 11, 24, tzinfo=TOKYO),
        datetime(2026, 10, 24, tzinfo=TOKYO),
    )


def test_a_closed_month_is_compared_with_the_whole_month_before() -> None:
    this, last = compared(utc(2026, 11, 23), "2026-03")
    assert (this.label, last.label, last.since, last.until) == (
        "2026-03",
        "2026-02",
        datetime(2026, 2, 1, tzinfo=TOKYO),
        datetime(2026, 3, 1, tzinfo=TOKYO),
    )


def test_january_is_compared_with_december() -> None:
    _, last = compared(datetime(2027, 1, 5, 12, tzinfo=TOKYO))
    assert (last.since, last.until) == (
        datetime(2026, 12, 1, tzinfo=TOKYO),
        datetime(2026, 12, 5, 12, 15, tzinfo=TOKYO),
    )


@pytest.mark.parametrize(
    "name", ["Asia/Tokyo", ":Asia/Tokyo", "JST-9", "<+0330>-3:30", "CET-1CEST,M3.5.0,M10.5.0/3", "UTC", "UTC0", ""]
)
def test_a_zone_that_the_system_knows_is_not_complained_about(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TZ", name)
    assert period.unknown_zone() is None


@pytest.mark.parametrize("name", ["Asia/Tokio", "JST", "../etc/passwd", "/nothing/here"])
def test_a_zone_that_the_system_takes_as_utc_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TZ", name)
    assert period.unknown_zone() == name
