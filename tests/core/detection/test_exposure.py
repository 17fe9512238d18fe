"""Observed time: every second is accounted for, with its reason."""

import pytest

from spasmwatch.domain.detection.exposure import Exposure, Minute
from spasmwatch.domain.records import Reason

FULL = {"left": 1.0, "right": 1.0}


def fed(steps: list[tuple[float, Reason | None]]) -> list[Minute]:
    exposure = Exposure()
    minutes = []
    for time, reason in steps:
        seen = reason is None
        minute = exposure.add(time, reason, FULL if seen else None, 100.0 if seen else None, 0.0 if seen else None)
        if minute:
            minutes.append(minute)
    last = exposure.finish()
    return [*minutes, last] if last else minutes


def test_a_minute_holds_what_was_seen_and_why_the_rest_was_not() -> None:
    steps: list[tuple[float, Reason | None]] = [
        (n / 10, "turned" if 200 <= n < 300 else "absent" if n >= 500 else None) for n in range(601)
    ]
    (minute,) = fed(steps)
    assert minute.seconds == pytest.approx(60.0)
    assert minute.observed_s == pytest.approx(40.0)
    assert minute.unobserved == {"turned": pytest.approx(10.0), "absent": pytest.approx(10.0)}
    assert minute.observed_s + sum(minute.unobserved.values()) == pytest.approx(minute.seconds)


def test_minutes_begin_at_whole_minutes_and_the_last_is_partial() -> None:
    first, second, third = fed([(30 + n / 10, None) for n in range(1001)])
    assert [first.start, second.start, third.start] == [30.0, 60.0, 120.0]
    assert [first.seconds, second.seconds, third.seconds] == [pytest.approx(v) for v in (30.0, 60.0, 10.0)]
    assert second.fps == pytest.approx(10.0)


def test_a_stalled_camera_is_not_taken_as_seen() -> None:
    (minute,) = fed([(0.0, None), (0.1, None), (20.1, None), (20.2, None)])
    assert minute.seconds == pytest.approx(20.2)
    assert minute.observed_s < 1.0
    assert minute.unobserved["slow"] == pytest.approx(19.5)


def test_openness_and_light_are_null_where_nobody_was_seen() -> None:
    (minute,) = fed([(n / 10, "absent") for n in range(20)])
    assert minute.median_light() is None
    assert minute.median_openness("left") is None
