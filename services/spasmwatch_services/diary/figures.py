"""The figures that pages and API share: today so far, what is usual, and how uncertain a count is."""

from datetime import datetime

from spasmwatch.ports import Rate
from spasmwatch_services.charts import Point, point
from spasmwatch_services.diary.house import House

BASELINE_DAYS = 56


def figures(house: House, moment: datetime) -> tuple[Point, list[Rate], float]:
    """Today so far, the days before it that say what is usual, and how much spasms come in bouts."""
    start, end = house.history.day(moment)
    first, _ = house.history.day(moment, BASELINE_DAYS + 1)
    days = house.history.rates(first, end, "day")
    before = [day for day in days if day.start < start]
    today = next((day for day in days if day.start >= start), Rate(start, 0.0, {}, 0.0, 0))
    clumping = house.clumping(moment)
    return point(today, dispersion=clumping), before, clumping
