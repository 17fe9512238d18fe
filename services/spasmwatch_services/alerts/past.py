"""Fills days that the alert service did not hear itself (first start, long absence) from the store's roll-ups."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from spasmwatch.domain.trend.daybook import PART_HOURS, Cell, Day, DayBook
from spasmwatch.domain.trend.periods import ANY_NODE
from spasmwatch.errors import StoreError
from spasmwatch.ports import Rate, Store
from spasmwatch.settings import Settings

log = logging.getLogger(__name__)

PAST_DAYS = 126
"""Two months of usual days before a treatment cycle's plateau."""
RETRY_S = 60.0


@dataclass(frozen=True, slots=True)
class Past:
    """Hourly roll-ups of one person."""

    person: str
    rates: Sequence[Rate]


def read_past(
    settings: Settings,
    open_store: Callable[[Settings], Store],
    take: Callable[[Past], None],
    trouble: Callable[[str, str | None], None],
    stopping: threading.Event,
) -> None:
    """Read the store once; while it is out of reach say so and try again."""
    home = settings.home
    while not stopping.is_set():
        end = datetime.combine(datetime.now(home.zone).date(), time(0), home.zone).astimezone(UTC)
        try:
            store = open_store(settings)
            try:
                rates = store.rates(home.person, end - timedelta(days=PAST_DAYS), end, "hour", home.timezone)
            finally:
                store.close()
        except StoreError as error:
            trouble("store", f"the store is out of reach: {error}")
            stopping.wait(RETRY_S)
            continue
        trouble("store", None)
        take(Past(home.person, rates))
        return


def fill(book: DayBook, past: Past, zone: tzinfo) -> int:
    """Add the days that the book does not know; returns their number. Roll-ups do not tell the camera."""
    new: dict[date, Day] = {}
    for rate in past.rates:
        local = rate.start.astimezone(zone)
        if local.date() in book.days or rate.observed_s <= 0:
            continue
        day = new.setdefault(local.date(), Day())
        cell = day.cells.setdefault(f"{local.hour // PART_HOURS}/{ANY_NODE}", Cell())
        cell.observed_s += rate.observed_s
        cell.closed_s += rate.closed_s
        for name, count in rate.counts.items():
            if not name.startswith("all_") and not name.endswith("_all"):
                cell.counts[name] = cell.counts.get(name, 0) + count
    book.days.update(new)
    book.touched.update(new)
    return len(new)
