"""Rates for other programs: never without observed time and interval."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from spasmwatch.ports import Bucket
from spasmwatch_services.charts import point
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.api.answers import problems
from spasmwatch_services.diary.api.entries import span
from spasmwatch_services.diary.house import House


class BucketRate(BaseModel):
    """One hour or local day. ``rate``, ``low`` and ``high`` (95 %) are per observed hour, null when unobserved."""

    start: datetime
    observed_s: float
    spasms: int
    rate: float | None
    low: float | None
    high: float | None


def router(house: House) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["seeing"])

    @routes.get("/rates", responses=problems(400))
    def rates(
        visitor: Annotated[Visitor, Depends(house.guard.may(May.COUNTS))],
        start: Annotated[AwareDatetime | None, Query()] = None,
        end: Annotated[AwareDatetime | None, Query()] = None,
        bucket: Bucket = "day",
    ) -> list[BucketRate]:
        """The buckets that start in [start, end) (default: the last 30 days), oldest first."""
        house.trail.looked(visitor.name, "trends")
        now = house.clock.now()
        clumping = house.clumping(now)
        points = [
            point(rate, dispersion=clumping)
            for rate in house.history.rates(*span(start, end, now, timedelta(days=30)), bucket)
        ]
        return [
            BucketRate(
                start=item.start,
                observed_s=item.observed_s,
                spasms=item.count,
                rate=item.rate,
                low=item.low if item.rate is not None else None,
                high=item.high if item.rate is not None else None,
            )
            for item in points
        ]

    return routes
