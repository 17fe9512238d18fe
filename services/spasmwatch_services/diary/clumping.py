"""How much spasms of the last weeks came in bouts: it widens every interval, and changes slowly."""

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from spasmwatch_services.diary.history import History
from spasmwatch_services.diary.situation import bouts

BOUT_DAYS = 28
HOLDS = timedelta(minutes=10)
"""Reading four weeks of hours at each look at the page took as long as all the rest of it."""


class Clumping:
    """``clumping(now, series)``: variance over mean of the hours of a day, at least 1; up to ten minutes old."""

    def __init__(self, history: History, zone: ZoneInfo) -> None:
        self._history, self._zone = history, zone
        self._known: dict[str, tuple[datetime, float]] = {}
        self._lock = threading.Lock()

    def __call__(self, now: datetime, series: str = "all_all") -> float:
        """Of the 28 days up to ``now``; 1 while the store is out of reach."""
        with self._lock:
            known = self._known.get(series)
        if known is not None and timedelta(0) <= now - known[0] < HOLDS:
            return known[1]
        first, end = self._history.day(now, BOUT_DAYS)
        found = bouts(self._history.rates(first, end, "hour"), self._zone, series)
        if self._history.trouble is None:
            with self._lock:
                self._known[series] = now, found
        return found
