"""*Trends*: rates per observed hour over weeks and months, with intervals, treatment marks and the detector's floor."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from spasmwatch.domain.association.wording import sentence
from spasmwatch.domain.records import Diary
from spasmwatch.ports import Rate
from spasmwatch_services.charts import Mark, Point, point, rates_chart, weekly
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.lanes import entry_words
from spasmwatch_services.diary.offers import MEDICATION_CHANGES
from spasmwatch_services.diary.situation import spread, spread_point, usual

Length = Literal["month", "quarter", "year"]
LENGTHS: dict[Length, int] = {"month": 30, "quarter": 91, "year": 365}
SERIES = ("all_all", "hemifacial_all", "blepharospasm_all", "tic_all", "all_left", "all_right", "all_both")
Series = Literal["all_all", "hemifacial_all", "blepharospasm_all", "tic_all", "all_left", "all_right", "all_both"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSIGHTS_FROM = timedelta(days=2)
"""They come once a day; older ones may speak of what has been corrected since."""


def router(house: House) -> APIRouter:
    """The route of the page."""
    routes = APIRouter()

    @routes.get("/trends", response_class=HTMLResponse)
    def trends(
        visitor: Annotated[Visitor, Depends(house.guard.may(May.COUNTS))],
        length: Length = "quarter",
        series: Series = "all_all",
    ) -> HTMLResponse:
        house.trail.looked(visitor.name, "trends")
        now = house.clock.now()
        start, end = house.history.day(now, LENGTHS[length])
        days = house.history.rates(start, end, "day")
        marks = treatment_marks(house.history.entries(start, end), house)
        shown = weekly(days, house.settings.home.zone) if length == "year" else days
        k, clumping = spread(days, series), house.clumping(now, series)
        points = [
            spread_point(rate, k, series, 7) if length == "year" else point(rate, series, clumping) for rate in shown
        ]
        chart = rates_chart(
            points,
            title=house.words(f"trends.{length}"),
            zone=house.settings.home.zone,
            bucket="week" if length == "year" else "day",
            begin=start,
            end=end,
            now=now,
            marks=marks,
            usual=usual(days, series),
            floor=house.settings.diary.show_floor,
            pooled=0 if length == "year" else 7,
        )
        drawing = house.pictures.place((start, end, shown, marks, k, clumping, series), chart, visitor.screen)
        recent, _ = house.history.day(now, 7)
        return house.render(
            "trends.html",
            visitor,
            length=length,
            lengths=list(LENGTHS),
            series=series,
            all_series=SERIES,
            picture=(chart, drawing),
            marks=marks,
            kinds=kinds(days, [day for day in days if day.start >= recent]),
            floor=house.settings.diary.show_floor,
            insights=[sentence(found) for found in house.history.insights(now - INSIGHTS_FROM, now)],
            trouble=house.history.trouble,
        )

    return routes


def treatment_marks(entries: Sequence[Diary], house: House) -> list[Mark]:
    """What may have changed the rate: treatments and changes of medication."""
    return [
        Mark(entry.at, entry_words(entry, house))
        for entry in entries
        if entry.kind == "treatment" or (entry.kind == "medication" and entry.subkind in MEDICATION_CHANGES)
    ]


def kinds(days: Sequence[Rate], recent: Sequence[Rate]) -> list[tuple[str, Point, Point]]:
    """For each series the last seven days and the whole time, with intervals that allow for bouts."""
    rows = []
    for series in SERIES:
        k = spread(days, series)
        last_week, whole = (spread_point(_sum(some), k, series, len(some)) for some in (recent, days))
        rows.append((series, last_week, whole))
    return rows


def _sum(rates: Sequence[Rate]) -> Rate:
    counts: Counter[str] = Counter()
    for rate in rates:
        counts.update(rate.counts)
    first = min((rate.start for rate in rates), default=None)
    observed = sum(rate.observed_s for rate in rates)
    return Rate(first or _EPOCH, observed, dict(counts), 0.0, 0)
