"""Diary entries: log, read, revise, delete, bring back."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import AwareDatetime

from spasmwatch.domain.records import Diary
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.api.answers import problems
from spasmwatch_services.diary.api.limit import spend
from spasmwatch_services.diary.entries import AHEAD, Content, NewEntry
from spasmwatch_services.diary.house import House

LONGEST = timedelta(days=732)

EntryId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


def span(start: datetime | None, end: datetime | None, now: datetime, usual: timedelta) -> tuple[datetime, datetime]:
    """The asked time, by default the last ``usual``. Raises 400 for one that is backwards or too long."""
    end = end or now
    try:
        start = start or end - usual
        long = end - start > LONGEST
    except OverflowError:
        long = True
    if long or start is None or start >= end:
        raise HTTPException(400, f"start lies before end, at most {LONGEST.days} days")
    return start, end


def router(house: House) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/entries", tags=["diary"])
    may_log = Depends(house.guard.may(May.LOG))

    @routes.get("", responses=problems(400))
    def read(
        visitor: Annotated[Visitor, Depends(house.guard.visitor)],
        start: Annotated[AwareDatetime | None, Query()] = None,
        end: Annotated[AwareDatetime | None, Query()] = None,
    ) -> list[Diary]:
        """Current entries with start ≤ at < end (default: the last seven days)."""
        house.trail.looked(visitor.name, "diary")
        return house.history.entries(*span(start, end, house.clock.now() + AHEAD, timedelta(days=7)))

    @routes.post("", status_code=201, responses=problems(400, 429))
    def log(entry: NewEntry, visitor: Annotated[Visitor, may_log]) -> Diary:
        """Log an entry. Sending the same entry_id again changes nothing and answers the entry."""
        spend(house, visitor)
        return house.entries.log(entry, visitor.name)

    @routes.get("/{entry_id}", responses=problems(404))
    def revisions(entry_id: EntryId, visitor: Annotated[Visitor, Depends(house.guard.visitor)]) -> list[Diary]:
        """Every revision of one entry, lowest first."""
        house.trail.looked(visitor.name, "diary")
        return _known(house, entry_id)

    @routes.put("/{entry_id}", responses=problems(400, 404, 429))
    def revise(entry_id: EntryId, content: Content, visitor: Annotated[Visitor, may_log]) -> Diary:
        """Write a next revision of an entry."""
        spend(house, visitor)
        _known(house, entry_id)
        return house.entries.revise(entry_id, content, visitor.name)

    @routes.delete("/{entry_id}", responses=problems(404, 429))
    def delete(entry_id: EntryId, visitor: Annotated[Visitor, may_log]) -> Diary:
        """Mark an entry deleted; its revisions stay in the history."""
        spend(house, visitor)
        _known(house, entry_id)
        return house.entries.delete(entry_id, visitor.name)

    @routes.post("/{entry_id}/restore", responses=problems(404, 429))
    def restore(entry_id: EntryId, visitor: Annotated[Visitor, may_log]) -> Diary:
        """Bring a deleted entry back."""
        spend(house, visitor)
        _known(house, entry_id)
        return house.entries.delete(entry_id, visitor.name, deleted=False)

    return routes


def _known(house: House, entry_id: str) -> list[Diary]:
    revisions = house.history.entry(entry_id)
    if not revisions:
        raise HTTPException(404, house.words("error.no_entry"))
    return revisions
