"""Two cameras with two detectors are no breakpoint every day."""

from datetime import UTC, datetime, timedelta

from spasmwatch.domain.trend.daybook import DayBook, Minute
from spasmwatch.domain.trend.periods import detector_since
from support import make

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


def book(versions: list[tuple[str, ...]]) -> DayBook:
    made = DayBook(UTC)
    for day, names in enumerate(versions):
        for number, version in enumerate(names):
            at = START + timedelta(days=day, minutes=number)
            detector = {"name": "spasmwatch", "version": version}
            made.observe(Minute.of(make.stamped(make.observation(at, detector=detector), f"cam{number}"), UTC))
    return made


def since(made: DayBook) -> int | None:
    found = detector_since(sorted(made.days.items()))
    return None if found is None else (found - START.date()).days


def test_two_detectors_side_by_side_are_one_state() -> None:
    assert since(book([("1", "2"), ("2", "1"), ("1", "2", "1")])) is None


def test_the_day_of_an_upgrade_belongs_to_neither() -> None:
    assert since(book([("1",), ("1",), ("1", "2"), ("2",), ("2",)])) == 3
