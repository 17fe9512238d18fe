"""*Check*: ten minutes of pressing for each felt spasm, then how well person and camera agree."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from spasmwatch.domain.agreement import Agreement, agree
from spasmwatch.domain.records import Diary, Observation
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.house import House

MINUTES = 10
SHOWN = timedelta(days=120)
PRESS = ("symptom", "felt_spasm")
END = ("note", "check")


def router(house: House) -> APIRouter:
    """The route of the page."""
    routes = APIRouter()

    @routes.get("/check", response_class=HTMLResponse)
    def check(visitor: Annotated[Visitor, Depends(house.guard.may(May.LOG))]) -> HTMLResponse:
        house.trail.looked(visitor.name, "check")
        now = house.clock.now()
        entries = house.history.entries(now - SHOWN, now + timedelta(minutes=1))
        ends = [entry for entry in reversed(entries) if (entry.kind, entry.subkind) == END][:10]
        results = [(end, result(house, end, entries)) for end in ends] if visitor.may(May.COUNTS) else []
        return house.render("check.html", visitor, minutes=MINUTES, results=results, done=bool(ends))

    return routes


def result(house: House, end: Diary, entries: list[Diary]) -> Agreement:
    """Agreement of one check; ``value`` of its last entry is its length in minutes."""
    start = end.at - timedelta(minutes=end.value or MINUTES)
    presses = [
        entry.at
        for entry in entries
        if (entry.kind, entry.subkind) == PRESS and entry.unit == end.unit and start <= entry.at <= end.at
    ]
    spasms = [spasm for spasm in house.history.spasms(start, end.at) if spasm.phase == "end"]
    minutes = house.history.observations(start - timedelta(minutes=1), end.at)
    observed = sum(item.observed_s * _share_within(item, start, end.at) for item in minutes)
    return agree(presses, spasms, observed)


def _share_within(item: Observation, start: datetime, end: datetime) -> float:
    """Which part of a minute lies between two times."""
    inside = min(item.end, end) - max(item.start, start)
    return max(0.0, inside.total_seconds()) / item.seconds
