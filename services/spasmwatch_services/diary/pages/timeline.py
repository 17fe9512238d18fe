"""*Timeline*: spasms, triggers, diary and alerts on one time axis; a day, a week or a month."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import HTMLResponse

from spasmwatch.domain.rollups import day_of
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.lanes import span_chart

Span = Literal["day", "week", "month"]
SPANS: dict[Span, int] = {"day": 1, "week": 7, "month": 30}


def router(house: House) -> APIRouter:
    """The route of the page."""
    routes = APIRouter()

    @routes.get("/timeline", response_class=HTMLResponse)
    def timeline(
        visitor: Annotated[Visitor, Depends(house.guard.visitor)], span: Span = "day", to: date | None = None
    ) -> HTMLResponse:
        house.trail.looked(visitor.name, "timeline")
        zone, now = house.settings.home.zone, house.clock.now()
        today = now.astimezone(zone).date()
        last = min(to or today, today)
        if last.year < 2000:
            raise HTTPException(404)
        noon = datetime(last.year, last.month, last.day, 12, tzinfo=zone)
        days = SPANS[span]
        start, end = day_of(noon - timedelta(days=days - 1), zone)[0], day_of(noon, zone)[1]
        counts = visitor.may(May.COUNTS)
        title = house.words(f"timeline.{span}")
        return house.render(
            "timeline.html",
            visitor,
            span=span,
            spans=list(SPANS),
            start=start,
            last=last,
            earlier=last - timedelta(days=days),
            later=min(today, last + timedelta(days=days)) if last < today else None,
            picture=span_chart(house, start, end, visitor.screen, title=title, counts=counts),
            counts=counts,
            trouble=house.history.trouble,
        )

    return routes
