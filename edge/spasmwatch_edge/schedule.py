"""The hours in which the camera may watch, by the home's own clock."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


class Hours:
    """Spans of a day such as ``("07:00-12:00", "20:00-01:30")`` in ``timezone``; without any the camera always may.

    Settings have checked the spans. On the days on which clocks change the wall clock counts.
    """

    def __init__(self, spans: Sequence[str], timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._spans = [tuple(time.fromisoformat(part) for part in span.split("-")) for span in spans]

    def closed_until(self, now: datetime) -> datetime | None:
        """When the camera may watch again; None when it may at ``now``."""
        if not self._spans:
            return None
        today = now.astimezone(self._zone).date()
        openings: list[datetime] = []
        for days in (-1, 0, 1, 2):
            for start, end in self._spans:
                opens = datetime.combine(today + days * DAY, start, self._zone)
                closes = datetime.combine(today + (days + (end <= start)) * DAY, end, self._zone)
                if opens <= now < closes:
                    return None
                if opens > now:
                    openings.append(opens)
        return min(openings)
