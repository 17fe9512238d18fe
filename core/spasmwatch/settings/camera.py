"""``[camera]``: where the pictures come from and what may be done with them."""

from typing import Annotated, Literal

from pydantic import Field

from spasmwatch.domain.records import Name
from spasmwatch.settings.section import Section

_TIME = r"([01]\d|2[0-3]):[0-5]\d"
Hours = Annotated[str, Field(pattern=rf"^{_TIME}-{_TIME}$")]


class Camera(Section):
    """``source``: ``auto`` (camera, else simulator), ``picamera2``, ``simulator``, ``usb:0``, a file or RTSP address.

    ``speed`` ``max`` reads a recording as fast as it goes, with times that start at now minus its length.
    ``duration_s`` ends the source after that many seconds of its own time (the whole when left out).
    ``width``, ``height`` and ``fps`` are asked of a camera; ``mains_hz`` is the frequency with which lamps flicker.
    ``hours``, such as ``["07:00-12:30", "14:00-22:00"]``, are those in which it may watch, by the home's clock (always,
    when left out); ``pause_pin`` is the GPIO number of a button at the device, against ground, that pauses and resumes.
    ``traces_days`` keeps the numbers (never pictures) around each spasm for so many days; 0 keeps none.
    ``demo`` lets everybody's face count without enrolment; it is meant for the demo alone.
    """

    node: Name = "cam1"
    source: str = "auto"
    speed: Literal["real", "max"] = "real"
    duration_s: Annotated[float, Field(gt=0)] | None = None
    width: Annotated[int, Field(ge=160, le=4608)] = 1280
    height: Annotated[int, Field(ge=120, le=2592)] = 720
    fps: Annotated[float, Field(ge=5, le=120)] = 30.0
    mains_hz: Literal[50, 60] = 50
    hours: tuple[Hours, ...] = ()
    pause_pin: Annotated[int, Field(ge=0, le=27)] | None = None
    traces_days: Annotated[float, Field(ge=0, le=365)] = 0.0
    demo: bool = False
