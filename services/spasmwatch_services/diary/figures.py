"""The figures that pages and API share: today so far, what is usual, and how uncertain a count is."""

from datetime import datetime

from spasmwatch.ports import Rate
from spasmwatch_services.charts import Point, point
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.situation import bouts

BASELINE_DAYS = 56
BOUT_DAYS = 28


def figures(house: House, moment: datetime) -> tuple[Point, list[Rate], float]:
    """Today so far, the days before it that say what is usual, and how much spasms come in bouts."""
    start, end = house.history.day(moment)
    first, _ = house.history.day(moment, BASELINE_DAYS + 1)
    days = house.history.rates(first, end, "day")
    before = [day for day in days if day.start < start]
    today = next((day for day in days if day.start >= start), Rate(start, 0.0, {}, 0.0, 0))
    clumping = recent_bouts(house, moment)
    return point(today, dispersion=clumping), before, clumping


def recent_bouts(house: House, moment: datetime, series: str = "all_all") -> float:
    """How much spasms came in bouts in the last four weeks."""
    first, end = house.history.day(moment, BOUT_DAYS)
    return bouts(house.history.rates(first, end, "hour"), house.settings.home.zone, series)
