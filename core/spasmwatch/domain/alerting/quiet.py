"""Quiet hours in the home's time zone: they delay delivery, never evaluation."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo


def quiet_until(now: datetime, begin: time, end: time, zone: tzinfo) -> datetime | None:
    """The end, in UTC, of the quiet hours that ``now`` lies in; None outside them. They may reach over midnight.

    In the autumn night in which an hour comes twice they begin when the clock first shows ``begin`` and end when it
    shows ``end`` for the last time, so that nobody is woken in between. A time that the clocks leave out in spring
    counts as the one an hour later.
    """
    today = now.astimezone(zone).date()
    ends = (_end_of_night(now, today + timedelta(days=days), begin, end, zone) for days in (-1, 0))
    return next((until for until in ends if until is not None), None)


def _end_of_night(now: datetime, day: date, begin: time, end: time, zone: tzinfo) -> datetime | None:
    """The end of the quiet hours that begin on ``day``, if ``now`` lies in them."""
    last = day if begin < end else day + timedelta(days=1)
    first = datetime.combine(day, begin, zone).astimezone(UTC)
    # In UTC: within one zone Python compares what the clocks show, and finds a repeated hour equal to nothing else.
    until = max(datetime.combine(last, end.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
    return until if first <= now < until else None
