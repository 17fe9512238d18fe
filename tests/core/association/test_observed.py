"""Observed time as a function of the clock, and local days and hours."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spasmwatch.domain.association.cells import Calendar, cells
from spasmwatch.domain.association.history import Exposures
from spasmwatch.domain.association.observed import ObservedTime
from spasmwatch.domain.association.windows import WINDOWS


def test_two_cameras_on_one_person_count_the_better_view_once() -> None:
    observed = ObservedTime.of([0, 30, 100], [60, 60, 60], [60, 30, 60], ["a", "b", "a"])
    assert observed.total_s == pytest.approx(60 + 15 + 60)
    assert np.diff(observed.until([0, 60, 90, 100, 160])) == pytest.approx([60, 15, 0, 60])


def test_a_repeated_minute_counts_once() -> None:
    assert ObservedTime.of([0, 0], [60, 60], [30, 30]).total_s == pytest.approx(30)


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 120), st.floats(0, 1)), min_size=1, max_size=30),
    st.lists(st.floats(-100, 6000), min_size=2, max_size=8),
)
def test_any_cuts_add_up_to_the_whole(pieces: list[tuple[int, int, float]], cuts: list[float]) -> None:
    start, seconds, share = (np.array(column, dtype=float) for column in zip(*pieces, strict=True))
    observed = ObservedTime.of(start, seconds, seconds * share)
    edges = np.concatenate(([-1000.0], np.sort(cuts), [10000.0]))
    assert np.diff(observed.until(edges)).sum() == pytest.approx(observed.total_s, abs=1e-6)
    assert observed.total_s <= seconds.sum() + 1e-6


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago"])
def test_days_and_hours_are_those_of_the_clock_on_the_wall(zone: str) -> None:
    start = datetime(2026, 3, 1, 7, tzinfo=UTC).timestamp()
    calendar = Calendar.of(start, start + 60 * 86400, ZoneInfo(zone))
    for place in range(0, calendar.day.size, 37):
        local = datetime.fromtimestamp(calendar.edges[place], UTC).astimezone(ZoneInfo(zone))
        assert (calendar.day[place], calendar.hour[place]) == (local.toordinal(), local.hour + local.minute / 60)


def test_cells_keep_every_second_and_every_spasm() -> None:
    random = np.random.default_rng(2)
    start = 86400.0 * np.arange(20) + random.uniform(0, 40000, 20)
    observed = ObservedTime.of(start, np.full(20, 9000.0), np.full(20, 8000.0))
    spasms = np.sort(np.concatenate([each + random.uniform(0, 9000, 7) for each in start]))
    coffee = np.sort(start + random.uniform(0, 9000, 20))
    calendar = Calendar.of(observed.edges[0], observed.edges[-1], ZoneInfo("Europe/Berlin"))
    cut = cells(calendar, observed, (spasms,), Exposures(coffee, coffee, np.full(20, np.nan)), WINDOWS)
    assert cut.observed.sum() == pytest.approx(observed.total_s)
    assert cut.spasms.sum() == spasms.size
    within = [((spasms >= each) & (spasms < each + 3600)) for each in coffee]
    assert cut.spasms[cut.exposed[:, 0], 0].sum() == np.any(within, axis=0).sum()


def test_time_in_which_the_sensors_were_silent_is_left_out() -> None:
    observed = ObservedTime.of([0, 100], [60, 60], [60, 30]).without([-50, 40, 130], [10, 110, 1000])
    assert np.diff(observed.until([0, 10, 40, 60, 110, 130, 160])) == pytest.approx([0, 30, 0, 0, 10, 0])
