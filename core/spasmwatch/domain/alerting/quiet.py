"""Quiet hours in the home's time zone: they delay delivery, never evaluation."""

from datetime import datetime, time, timedelta, tzinfo


def quiet_until(now: datetime, begin: time, end: time, zone: tzinfo) -> datetime | None:
    """The end of the quiet hours that ``now`` lies in; None outside them. They may reach over midnight."""
    local = now.astimezone(zone)
    clock = local.time()
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if clock >= end else 0)
    return datetime.combine(day, end, zone)


def next_time(now: datetime, at: time, zone: tzinfo) -> datetime:
    """The next instant after ``now`` at which the home's clock shows ``at``."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), at, zone)
    return today if today > now else datetime.combine(local.date() + timedelta(days=1), at, zone)
