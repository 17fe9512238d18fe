"""Quiet hours: over midnight, and in the nights in which the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spasmwatch.domain.alerting.quiet import quiet_until

BERLIN = ZoneInfo("Europe/Berlin")
AUTUMN = datetime(2026, 10, 24, 22, tzinfo=UTC)
"""Midnight in Berlin; at 01:00 UTC the clocks go from 03:00 back to 02:00."""


def until(now: datetime, begin: str, end: str) -> datetime | None:
    return quiet_until(now, time.fromisoformat(begin), time.fromisoformat(end), BERLIN)


@pytest.mark.parametrize(
    ("clock", "quiet"), [("21:59", False), ("22:00", True), ("00:00", True), ("06:59", True), ("07:00", False)]
)
def test_quiet_hours_reach_over_midnight(clock: str, quiet: bool) -> None:
    now = datetime.combine(date(2026, 3, 2), time.fromisoformat(clock), BERLIN)
    end = until(now, "22:00", "07:00")
    assert (end is not None) == quiet
    if end is not None:
        assert end.astimezone(BERLIN).time() == time(7)
        assert timedelta(0) < end - now <= timedelta(hours=9)


def test_quiet_hours_within_a_day() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=BERLIN)
    assert until(noon, "11:00", "13:30") == noon + timedelta(hours=1.5)
    assert until(noon, "13:00", "14:00") is None
    assert until(noon, "12:00", "12:30") == noon + timedelta(hours=0.5)


@pytest.mark.parametrize("minutes", [0, 140, 160, 179, 180, 200, 209])
def test_an_hour_that_comes_twice_does_not_wake_anybody_in_between(minutes: int) -> None:
    # From 22:00 to 02:30: the clock shows 02:30 at 00:30 UTC and again at 01:30 UTC.
    end = until(AUTUMN + timedelta(minutes=minutes), "22:00", "02:30")
    assert end == AUTUMN + timedelta(hours=3.5)


def test_after_the_second_end_the_night_is_over() -> None:
    assert until(AUTUMN + timedelta(hours=3.5), "22:00", "02:30") is None


def test_quiet_hours_that_begin_in_the_hour_that_comes_twice_begin_once() -> None:
    first = AUTUMN + timedelta(hours=2.5)  # 02:30 for the first time
    assert until(first - timedelta(minutes=1), "02:30", "07:00") is None
    for minutes in (0, 30, 45, 60):
        assert until(first + timedelta(minutes=minutes), "02:30", "07:00") == AUTUMN + timedelta(hours=8)


def test_a_time_that_the_clocks_leave_out_is_the_one_an_hour_later() -> None:
    # On 29 March at 01:00 UTC the clocks go from 02:00 to 03:00.
    midnight = datetime(2026, 3, 28, 23, tzinfo=UTC)
    for hours in (0, 1.9, 2.1):
        assert until(midnight + timedelta(hours=hours), "22:00", "02:30") == midnight + timedelta(hours=2.5)
    assert until(midnight + timedelta(hours=2.5), "22:00", "02:30") is None


@given(
    now=st.integers(0, 365 * 1440).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    begin=st.times().map(lambda at: at.replace(microsecond=0)),
    end=st.times().map(lambda at: at.replace(microsecond=0)),
)
def test_the_end_is_later_within_a_day_and_is_no_quiet_time(now: datetime, begin: time, end: time) -> None:
    if begin == end:
        return
    over = quiet_until(now, begin, end, BERLIN)
    if over is not None:
        assert timedelta(0) < over - now <= timedelta(hours=25)
        again = quiet_until(over, begin, end, BERLIN)
        assert again is None or again > over
