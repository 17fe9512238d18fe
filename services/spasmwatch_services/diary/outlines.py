"""The outline of the face around a spasm, from the traces that the camera program keeps where they are switched on.

A trace holds numbers only, so an outline is a few lines and never a picture. It is there where camera and pages run on
one machine: traces do not leave the machine of the camera.
"""

import gzip
import json
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from spasmwatch.domain.detection.memory import restore_frame
from spasmwatch.domain.detection.signals import FaceSignals, FrameSignals

AROUND_S = 1.0
"""So much of the time before and after a spasm is shown, too."""
LONGEST_S = 60.0
_SAME = timedelta(milliseconds=1)
"""Records that would share a time are moved by microseconds; traces are not."""
_NAME = "%Y%m%dT%H%M%S%f"

Length = Annotated[float, Field(ge=-5, le=5)]


class Side(BaseModel):
    """One side of the subject: lid ``gap``, heights of ``brow`` and ``nose`` wing, place of the mouth's corner."""

    model_config = ConfigDict(from_attributes=True, allow_inf_nan=False)

    gap: Length
    brow: Length
    nose: Length
    mouth_out: Length
    mouth_up: Length


class Face(BaseModel):
    """A face turned upright and forward, in inter-ocular distances."""

    model_config = ConfigDict(from_attributes=True, allow_inf_nan=False)

    left: Side
    right: Side
    mouth_open: Length
    brow_distance: Length


class Moment(BaseModel):
    """``t`` seconds after the spasm's start; ``face`` None where it was not seen."""

    t: float
    face: Face | None


class Outlines:
    """Reads traces from a folder that need not exist."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def kept(self) -> list[datetime]:
        """When the spasms began of which there is a trace, oldest first."""
        return sorted(time for path in self._folder.glob("*.trace") if (time := _time(path)) is not None)

    def moments(self, start: datetime, end: datetime) -> list[Moment]:
        """A spasm frame by frame; empty where no readable trace of it is kept."""
        found = has(self.kept(), start)
        if found is None:
            return []
        first = start.timestamp()
        until = min((end - start).total_seconds(), LONGEST_S) + AROUND_S
        try:
            frames = list(_frames(self._folder / f"{found:{_NAME}}.trace"))
            return [
                Moment(t=frame.time - first, face=_face(frame.face))
                for frame in frames
                if -AROUND_S <= frame.time - first <= until
            ]
        except (OSError, EOFError, KeyError, TypeError, ValueError, AttributeError):
            return []


def has(kept: list[datetime], start: datetime) -> datetime | None:
    """The time among ``kept`` (oldest first) that is ``start``, give or take a millisecond."""
    place = bisect_left(kept, start - _SAME)
    return kept[place] if place < len(kept) and kept[place] <= start + _SAME else None


def _time(path: Path) -> datetime | None:
    try:
        return datetime.strptime(path.stem, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _frames(path: Path) -> Iterator[FrameSignals]:
    """With the times of the records: the clock may have been set since the camera program's start."""
    content: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    moved = float(content.get("moved_s", 0.0))
    face: FaceSignals | None = None
    for state in content["frames"]:
        frame = restore_frame(state, face)
        face = frame.face
        yield replace(frame, time=frame.time + moved)


def _face(face: FaceSignals | None) -> Face | None:
    return None if face is None else Face.model_validate(face)
