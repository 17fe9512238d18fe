"""Stop the camera; end the pause. The end before its time belongs to the patient."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from uuid6 import uuid7

from spasmwatch.domain.topics import PauseCommand
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.api.answers import problems
from spasmwatch_services.diary.api.limit import spend
from spasmwatch_services.diary.house import House


class Length(BaseModel):
    """``minutes`` None means until the patient resumes."""

    model_config = ConfigDict(extra="forbid")

    minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] | None = None


class Sent(BaseModel):
    """To how many cameras the wish went."""

    cameras: int


def router(house: House) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/pause", tags=["pause"])

    @routes.post("", status_code=202, responses=problems(404, 429))
    def pause(length: Length, visitor: Annotated[Visitor, Depends(house.guard.may(May.PAUSE))]) -> Sent:
        """Stop every camera for some minutes, or until the patient resumes."""
        spend(house, visitor)
        return Sent(cameras=send_pause(house, visitor.name, "pause", length.minutes))

    @routes.delete("", status_code=202, responses=problems(404, 429))
    def resume(visitor: Annotated[Visitor, Depends(house.guard.may(May.RESUME))]) -> Sent:
        """Start the cameras again before the pause is over: the patient alone may."""
        spend(house, visitor)
        return Sent(cameras=send_pause(house, visitor.name, "resume"))

    return routes


def send_pause(house: House, actor: str, verb: Literal["pause", "resume"], minutes: int | None = None) -> int:
    """Tell every camera. Raises 404 where none has been heard of, BusError when the broker is away."""
    cameras = house.live.cameras()
    if not cameras:
        raise HTTPException(404, house.words("error.no_camera"))
    now = house.clock.now()
    wish = PauseCommand(
        id=str(uuid7()),
        verb=verb,
        actor=actor,
        # Only visitors who may resume get here with that verb, and only the patient may.
        patient=verb == "resume",
        until=now + timedelta(minutes=minutes) if minutes else None,
        time=now,
    )
    for camera in cameras:
        house.bus.publish(house.topics.command(camera.name, "pause"), wish.payload())
    house.trail.note(actor, verb, str(minutes or ""))
    return len(cameras)
