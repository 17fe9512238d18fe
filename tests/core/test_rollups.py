"""Counts and observed time of hours and local days."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spasmwatch.domain.rollups import (
    HOUR,
    day_of,
    hour_of,
    hours_between,
    reach,
    seen_once,
    summarise_day,
    summarise_hour,
)
from support import make

START = make.START
BERLIN = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)


def hour_of_records(spasms=(), observations=(), start=START):  # type: ignore[no-untyped-def]
    return summarise_hour("home", "patient", (start, start + HOUR), list(spasms), list(observations))


def test_counts_are_by_kind_and_side_with_their_sums() -> None:
    spasms = [
        make.stamped(make.spasm(START + 10 * n * SECOND, kind=kind, side=side, closed_s=0.5))
        for n, (kind, side) in enumerate([("hemifacial", "left"), ("hemifacial", "left"), ("tic", "both")])
    ]
    rollup = hour_of_records(spasms)
    assert rollup.counts == {
        "hemifacial_left": 2, "hemifacial_all": 2, "tic_both": 1, "tic_all": 1, "all_left": 2, "all_both": 1,
        "all_all": 3,
    }  # fmt: skip
    assert rollup.closed_s == 1.5


def test_false_alarms_voluntary_ones_and_wrong_clocks_leave_the_rates() -> None:
    spasms = [make.stamped(make.spasm(START + 10 * n * SECOND)) for n in range(4)]
    judged = [
        spasms[0].model_copy(update={"verdict": "false_alarm"}),
        spasms[1].model_copy(update={"verdict": "voluntary"}),
        spasms[2].model_copy(update={"verdict": "unsure"}),
        spasms[3].model_copy(update={"clock_ok": False}),
    ]
    assert hour_of_records(judged).counts["all_all"] == 1
    lost = make.stamped(make.observation(clock_ok=False))
    assert hour_of_records(observations=[lost]).observed_s == 0


def test_two_cameras_that_see_one_spasm_count_it_once() -> None:
    first = make.stamped(make.spasm(START, seconds=2))
    again = make.stamped(make.spasm(START + SECOND, seconds=2), node="cam2")
    other_side = make.stamped(make.spasm(START + SECOND, seconds=2, side="right"), node="cam2")
    assert seen_once([first, again, other_side]) == [first, other_side]


def test_where_one_camera_saw_two_and_the_other_one_long_spasm_two_count() -> None:
    seen = [make.stamped(make.spasm(START + 3 * n * SECOND, seconds=1)) for n in range(2)]
    blurred = make.stamped(make.spasm(START + 0.5 * SECOND, seconds=4), node="cam2")
    assert seen_once([blurred, *seen]) == seen


def test_observed_time_is_the_union_over_cameras() -> None:
    minutes = [
        make.stamped(make.observation(START, 60.0, blinks=10)),
        make.stamped(make.observation(START + 30 * SECOND, 30.0, blinks=20), node="cam2"),
    ]
    rollup = hour_of_records(observations=minutes)
    assert rollup.observed_s == pytest.approx(60 + 15)  # cam2 saw half of its second half minute
    assert rollup.blinks == 10 + 10


def test_a_minute_across_the_hour_is_shared_out() -> None:
    minute = make.stamped(make.observation(START + HOUR - 15 * SECOND, 60.0))
    parts = [hour_of_records(observations=[minute], start=start).observed_s for start in (START, START + HOUR)]
    assert parts == [15.0, 45.0]


def test_days_have_23_and_25_hours_when_the_clocks_change() -> None:
    spring = day_of(datetime(2026, 3, 29, 10, tzinfo=UTC), BERLIN)
    autumn = day_of(datetime(2026, 10, 25, 10, tzinfo=UTC), BERLIN)
    assert [end - start for start, end in (spring, autumn)] == [23 * HOUR, 25 * HOUR]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"])
@given(time=st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001
def test_hours_tile_each_local_day(zone: str, time: datetime) -> None:
    local = ZoneInfo(zone)
    first, following = day_of(time.replace(tzinfo=UTC), local)
    assert first <= time.replace(tzinfo=UTC) < following
    hours = list(hours_between(first, following - timedelta(microseconds=1), local))
    assert hours[0][0] == first
    assert hours[-1][1] == following
    assert all(before[1] == after[0] for before, after in pairwise(hours))
    assert hour_of(time.replace(tzinfo=UTC), local) in hours


@given(
    st.lists(
        st.tuples(st.integers(-600, 7800), st.integers(0, 40), st.sampled_from(["cam1", "cam2", "cam3"])), max_size=30
    )
)
def test_no_spasm_is_lost_or_doubled_between_hours(drafts: list[tuple[int, int, str]]) -> None:
    spasms = [make.stamped(make.spasm(START + at * SECOND, seconds=length), node=node) for at, length, node in drafts]
    hours = [hour_of_records(spasms, start=START + n * HOUR) for n in range(-1, 3)]
    day = summarise_day("home", "patient", START, hours)
    assert day.counts.get("all_all", 0) == len(seen_once(spasms))


def touched(record) -> list[datetime]:  # type: ignore[no-untyped-def]
    return [start for start, _ in hours_between(*reach(record), ZoneInfo("UTC"))]  # type: ignore[misc]


def test_a_record_reaches_its_hours_only() -> None:
    middle = make.stamped(make.spasm(START + HOUR / 2))
    across = make.stamped(make.observation(START + HOUR - 30 * SECOND))
    assert touched(middle) == [START]
    assert touched(across) == [START, START + HOUR]
    assert touched(make.stamped(make.label(middle))) == [START]
    assert reach(make.stamped(make.health())) is None
