"""Verdicts on spasms: confirmed, false alarm, voluntary, not sure; for a whole group at once."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from spasmwatch.domain.records import Label, Name, ShortText, Spasm, Text, Verdict
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.api.answers import problems
from spasmwatch_services.diary.api.entries import span
from spasmwatch_services.diary.api.limit import spend
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.outlines import Moment

REVIEWED = timedelta(days=31)


class Which(BaseModel):
    """One spasm."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    node: Name
    spasm_id: ShortText


class Judgement(BaseModel):
    """One verdict for up to 500 spasms of the last month."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    spasms: Annotated[list[Which], Field(min_length=1, max_length=500)]
    reason: Text | None = None


class Judged(BaseModel):
    """How many labels were written."""

    labels: int


def router(house: House) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["review"])

    @routes.get("/spasms", responses=problems(400))
    def spasms(
        visitor: Annotated[Visitor, Depends(house.guard.may(May.COUNTS))],
        start: Annotated[AwareDatetime | None, Query()] = None,
        end: Annotated[AwareDatetime | None, Query()] = None,
    ) -> list[Spasm]:
        """Spasms with start ≤ start < end (default: the last day), with their verdicts."""
        house.trail.looked(visitor.name, "spasms")
        return house.history.spasms(*span(start, end, house.clock.now(), timedelta(days=1)))

    @routes.get("/spasms/{node}/{spasm_id}/outline", responses=problems(404))
    def outline(
        node: Annotated[str, Path(max_length=64)],
        spasm_id: Annotated[str, Path(max_length=200)],
        visitor: Annotated[Visitor, Depends(house.guard.may(May.LABEL))],
    ) -> list[Moment]:
        """The outline of the landmarks around a spasm of the last month, where traces are kept: numbers, no picture."""
        house.trail.looked(visitor.name, "outlines")
        spasm = next((one for one in _recent(house) if (one.node, one.spasm_id) == (node, spasm_id)), None)
        moments = house.outlines.moments(spasm.start, spasm.end or spasm.start) if spasm else []
        if not moments:
            raise HTTPException(404, house.words("error.no_outline"))
        return moments

    @routes.post("/labels", status_code=201, responses=problems(404, 429))
    def judge(judgement: Judgement, visitor: Annotated[Visitor, Depends(house.guard.may(May.LABEL))]) -> Judged:
        """Say what these spasms were. The latest verdict counts; false alarms and voluntary ones leave the rates."""
        spend(house, visitor)
        wanted = {(which.node, which.spasm_id) for which in judgement.spasms}
        found = [spasm for spasm in _recent(house) if (spasm.node, spasm.spasm_id) in wanted]
        if len(found) < len(wanted):
            raise HTTPException(404, house.words("error.no_spasm"))
        for spasm in found:
            house.outbox.add(_label(spasm, judgement, visitor.name, house.clock.now()))
        return Judged(labels=len(found))

    return routes


def _recent(house: House) -> list[Spasm]:
    now = house.clock.now()
    return house.history.spasms(now - REVIEWED, now + timedelta(minutes=5))


def _label(spasm: Spasm, judgement: Judgement, author: str, now: datetime) -> Label:
    return Label(
        person=spasm.person,
        time=now,
        spasm_id=spasm.spasm_id,
        spasm_node=spasm.node,
        start=spasm.start,
        kind=spasm.kind or "unclassified",
        side=spasm.side or "both",
        verdict=judgement.verdict,
        reason=judgement.reason,
        author=author,
    )
