"""The time axis of every chart, in the home's time zone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes

_HOURS = (1, 2, 3, 6, 12, 24)
_DAYS = (2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12)


def days(time: datetime) -> float:
    """``time`` as matplotlib counts it: days since 1970 in UTC."""
    return time.timestamp() / 86400


def time_axis(axes: Axes, start: datetime, end: datetime, zone: ZoneInfo, *, ticks: int) -> None:
    """Local times below the axis from ``start`` to ``end``: at most ``ticks`` steps, as few words as needed.

    matplotlib's own date locators cost more time than the rest of a small chart.
    """
    times = list(_ticks(start.astimezone(zone), end.astimezone(zone), ticks))
    axes.set_xticks([days(time) for time in times], [_words(time, place, times) for place, time in enumerate(times)])
    axes.set_xlim(days(start), days(end))


def _ticks(start: datetime, end: datetime, most: int) -> Iterator[datetime]:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    length = end - start
    for hours in _HOURS:
        if length <= timedelta(hours=hours * most):
            # Wall-clock arithmetic: local hours stay where they are when the clocks change.
            every = (midnight + timedelta(hours=hours * n) for n in range(24 * (length.days + 2) // hours + 1))
            yield from (time for time in every if start <= time <= end)
            return
    for number in _DAYS:
        if length <= timedelta(days=number * most):
            first = midnight if midnight >= start else midnight + timedelta(days=1)
            yield from (first + timedelta(days=n) for n in range(0, length.days + 1, number))
            return
    months = next((n for n in _MONTHS if length <= timedelta(days=31 * n * most)), 12)
    month = start.year * 12 + start.month
    while (time := datetime(month // 12, month % 12 + 1, 1, tzinfo=start.tzinfo)) <= end:
        yield time
        month += months


def _words(time: datetime, place: int, times: list[datetime]) -> str:
    """The hour; at midnight the day; on firsts of months far apart the month, with the year where it changes."""
    step = times[1] - times[0] if len(times) > 1 else timedelta(hours=1)
    if step < timedelta(days=1):
        return f"{time:%H:%M}" if time.hour or time.minute else f"{time.day} {time:%b}"
    if step < timedelta(days=27):
        return f"{time.day} {time:%b}"
    return f"{time:%b}" if place and time.month != 1 else f"{time:%b %Y}"
