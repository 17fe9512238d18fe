"""Days compared fairly: by time of day, by camera, and never across a change of the detector."""

from datetime import UTC, date, datetime, timedelta

import pytest

from spasmwatch.domain.trend.daybook import Cell, Day, DayBook, Minute
from spasmwatch.domain.trend.now import today_against_usual
from spasmwatch.domain.trend.periods import Gates, Periods, detector_since
from support import make

FIRST = date(2026, 1, 5)


def day(**cells: tuple[float, int]) -> Day:
    """Observed hours and spasms by ``p<part>_<node>``."""
    named = {name[1:].replace("_", "/"): value for name, value in cells.items()}
    return Day({place: Cell(hours * 3600, 0.0, {"tic_left": count}) for place, (hours, count) in named.items()})


def test_sitting_before_the_camera_at_another_time_of_day_is_no_worsening() -> None:
    # 2 an hour in the morning, 10 in the evening, as always; only the time of sitting has moved.
    usual = [day(p1_cam1=(1.0, 2), p3_cam1=(0.25, 2 + n % 2)) for n in range(56)]
    recent = [day(p3_cam1=(1.0, 10)) for _ in range(7)]
    found = Periods(recent, usual).compare()
    assert found is not None
    assert found.ratio == pytest.approx(1.0, abs=0.25)


def test_another_camera_that_sees_more_is_no_worsening() -> None:
    usual = [day(p3_cam1=(1.0, 3), p3_cam2=(0.5, 5)) for _ in range(56)]
    recent = [day(p3_cam2=(1.0, 10)) for _ in range(7)]
    found = Periods(recent, usual).compare()
    assert found is not None
    assert found.ratio == pytest.approx(1.0, abs=0.15)


def test_days_from_roll_ups_are_compared_by_the_time_of_day_alone() -> None:
    usual = [Day({"3/*": Cell(3600.0, 0.0, {"tic_left": 6})}) for _ in range(56)]
    recent = [day(p3_cam1=(1.0, 6)) for _ in range(7)]
    found = Periods(recent, usual).compare()
    assert found is not None
    assert found.ratio == pytest.approx(1.0, abs=0.05)


def test_too_little_data_is_named() -> None:
    gates = Gates(120, 4, 14)
    many = [day(p3_cam1=(1.0, 6)) for _ in range(20)]
    assert gates.lacking(many[:7], many) is None
    assert gates.lacking([day(p3_cam1=(0.2, 1))] * 7, many) == "84 of 120 observed minutes"
    assert gates.lacking(many[:3], many) == "3 of 4 observed days"
    assert gates.lacking(many[:7], many[:13]) == "13 of 14 days before"


def test_a_change_of_the_detector_is_a_breakpoint() -> None:
    days = [(FIRST + timedelta(n), Day(detector="a 1" if n < 4 else "a 2")) for n in range(9)]
    assert detector_since(days) == FIRST + timedelta(4)
    assert detector_since(days[4:]) is None


def test_a_day_begins_at_home() -> None:
    from zoneinfo import ZoneInfo

    book = DayBook(ZoneInfo("Europe/Berlin"))
    observation = make.observation(datetime(2026, 1, 5, 23, 30, tzinfo=UTC))
    book.observe(Minute.of(observation, book.zone))
    assert list(book.days) == [date(2026, 1, 6)]


def test_today_is_shown_against_the_usual_with_its_uncertainty() -> None:
    book = DayBook(UTC)
    for number in range(20):
        book.days[FIRST + timedelta(number)] = day(p2_cam1=(1.0, 6))
    book.days[FIRST + timedelta(20)] = day(p2_cam1=(1.0, 24))
    now = datetime(2026, 1, 25, 18, tzinfo=UTC)
    trend = today_against_usual(book, "patient", now, [])
    assert trend.state == "more"
    assert trend.low is not None
    assert trend.low > 1
    assert trend.coverage == pytest.approx(1 / 18)


def test_an_hour_of_history_is_not_enough_data() -> None:
    book = DayBook(UTC)
    book.days[FIRST] = day(p2_cam1=(1.0, 6))
    trend = today_against_usual(book, "patient", datetime(2026, 1, 5, 18, tzinfo=UTC), [])
    assert trend.state == "not_enough_data"
    assert trend.usual is None
