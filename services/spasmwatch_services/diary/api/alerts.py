"""Alerts: read, acknowledge, snooze, call a false alarm."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path
from pydantic import BaseModel, ConfigDict, Field
from uuid6 import uuid7

from spasmwatch.domain.records import Alert, Verb
from spasmwatch.domain.topics import AlertCommand
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.api.answers import problems
from spasmwatch_services.diary.api.limit import spend
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.situation import open_alerts

SNOOZE_MINUTES = 60


class Word(BaseModel):
    """A repeated ``id`` does nothing. ``minutes`` is how long a snooze lasts."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None = None
    minutes: Annotated[int, Field(ge=5, le=24 * 60)] = SNOOZE_MINUTES


class Accepted(BaseModel):
    """The word is on its way to the alert service."""

    id: str


def router(house: House) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/alerts", tags=["alerts"])

    @routes.get("", responses=problems())
    def read(visitor: Annotated[Visitor, Depends(house.guard.may(May.COUNTS))]) -> list[Alert]:
        """The alerts that are open now, the gravest first."""
        house.trail.looked(visitor.name, "alerts")
        return open_alerts(house.live.alerts())

    @routes.post("/{alert_id}/{verb}", status_code=202, responses=problems(404, 429))
    def command(
        alert_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,128}$")],
        verb: Verb,
        visitor: Annotated[Visitor, Depends(house.guard.may(May.ALERTS))],
        word: Word | None = None,
    ) -> Accepted:
        """Acknowledge, snooze, unsnooze or call a false alarm."""
        spend(house, visitor)
        if alert_id not in {alert.alert_id for alert in house.live.alerts()}:
            raise HTTPException(404, house.words("error.no_alert"))
        word = word or Word()
        now = house.clock.now()
        said = AlertCommand(
            id=word.id or str(uuid7()),
            verb=verb,
            actor=visitor.name,
            until=now + timedelta(minutes=word.minutes) if verb == "snooze" else None,
            time=now,
        )
        house.bus.publish(house.topics.alert_command(said.actor, alert_id), said.payload())
        house.trail.note(visitor.name, verb, alert_id)
        return Accepted(id=said.id)

    return routes
