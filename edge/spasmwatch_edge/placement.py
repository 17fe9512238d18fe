"""Aiming the camera: what to change, what this place allows, and which side is the left one. No picture is kept."""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.detection.prior import Prior
from spasmwatch.domain.detection.quality import (
    DARKEST,
    LARGEST_PITCH,
    LARGEST_YAW,
    LEAST_SHARPNESS,
    SLOWEST_FPS,
    SMALLEST_EYE_DISTANCE,
)
from spasmwatch.domain.detection.signals import FaceSignals, FrameSignals
from spasmwatch.errors import SpasmWatchError
from spasmwatch.ports import FrameSource
from spasmwatch_edge.sources.two_sizes import mirrored

log = logging.getLogger(__name__)

Side = Literal["left", "right"]

# Comfortable values: from here on nothing is lost, see docs/detection.md.
GOOD_EYE_DISTANCE: Final = 30.0
GOOD_LIGHT: Final = 60.0
GOOD_FPS: Final = 20.0
LONGEST_LINE_OF_SIGHT: Final = 0.6
# A good place is enough after so long, one that merely limits what can be seen after the longer time.
AIMED_S: Final = 3.0
LIMITED_S: Final = 20.0
GIVE_UP_S: Final = 300.0
# The eye counts as closed on one side when it stayed so for this long.
SHUT_FOR_S: Final = 0.8
SIDE_SCORE: Final = 1.5
# Below it no eye alone is even half shut.
OPEN_SCORE: Final = 1.0
LONGEST_STEP_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Placement:
    """Whether the camera's stream is mirrored, and whether somebody has checked the sides.

    ``camera`` is the one it was found out with, see ``opening.camera_name``; None in a file of an earlier version.
    """

    mirrored: bool = False
    side_verified: bool = False
    camera: str | None = None

    def save(self, folder: Path) -> None:
        """Keep it in ``folder``. Raises SpasmWatchError."""
        path = folder / "placement.json"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps(asdict(self)), encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise SpasmWatchError(f"cannot keep the camera's place in {path}: {error.strerror}") from error


def load_placement(folder: Path, camera: str) -> Placement:
    """The placement kept in ``folder``; an unknown one when there is none for ``camera`` or it is damaged."""
    try:
        kept = json.loads((folder / "placement.json").read_text(encoding="utf-8"))
        placement = Placement(bool(kept["mirrored"]), bool(kept["side_verified"]), kept.get("camera"))
    except (OSError, ValueError, KeyError, TypeError):
        return Placement()
    if placement.camera in (None, camera):
        return placement
    log.warning(
        "left and right were checked with the camera %s, not with %s: run `spasmwatch edge place` again",
        placement.camera,
        camera,
    )
    return Placement()


class Mirrored:
    """A source whose stream is mirrored, turned back."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source

    @property
    def dropped(self) -> int | None:
        """Frames that nobody had time for, where the source counts them."""
        return getattr(self._source, "dropped", None)

    def frames(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """The frames the right way round."""
        for time, frame in self._source.frames():
            yield time, mirrored(frame)

    def close(self) -> None:
        """Release the device."""
        self._source.close()


@dataclass(frozen=True, slots=True)
class Advice:
    """What to change; ``prevents``: until then nothing can be watched, else it merely limits what can be seen."""

    says: str
    prevents: bool


def advice(face: FaceSignals | None, fps: float | None, faces: int = 1) -> list[Advice]:
    """What to change, the most important first; empty when all is well."""
    if face is None:
        return [Advice("I see no face: turn the camera towards where the person sits", prevents=True)]
    found = []
    if faces > 1:
        found.append(Advice("I see more than one face: only the person to be watched should be in view", prevents=True))
    if face.eye_distance < GOOD_EYE_DISTANCE:
        bad = face.eye_distance < SMALLEST_EYE_DISTANCE
        given = f"{'too small to watch' if bad else 'small'} ({face.eye_distance:.0f} pixels between the eyes)"
        found.append(Advice(f"the face is {given}: move the camera nearer", bad))
    if face.light < GOOD_LIGHT:
        bad = face.light < DARKEST
        given = "too dark to watch" if bad else "dim"
        found.append(Advice(f"the face is {given}: put a lamp behind the camera, or use an infrared one", bad))
    if face.sharpness < LEAST_SHARPNESS:
        found.append(Advice("the picture is too blurred to watch: clean or focus the lens, add light", prevents=True))
    if _from_the_side(face):
        bad = abs(face.yaw) > LARGEST_YAW
        given = f"{'too far ' if bad else ''}{'left' if face.yaw > 0 else 'right'}"
        found.append(Advice(f"the face looks {given} past the camera: move it to where they look", bad))
    if _from_above_or_below(face):
        bad = abs(face.pitch) > LARGEST_PITCH
        given = f"{'much ' if bad else ''}too {'high' if face.pitch > 0 else 'low'}"
        found.append(Advice(f"the camera stands {given}: put it at eye level", bad))
    if fps is not None and fps < GOOD_FPS:
        bad = fps < SLOWEST_FPS
        worst = "too few to watch" if bad else "short twitches may be missed"
        found.append(Advice(f"only {fps:.0f} pictures a second: {worst}", bad))
    return sorted(found, key=lambda one: not one.prevents)


def _from_the_side(face: FaceSignals) -> bool:
    return abs(face.yaw) > LONGEST_LINE_OF_SIGHT * LARGEST_YAW


def _from_above_or_below(face: FaceSignals) -> bool:
    return abs(face.pitch) > LONGEST_LINE_OF_SIGHT * LARGEST_PITCH


def allows(face: FaceSignals, fps: float) -> str:
    """What this place and frame rate allow, in one line."""
    limits = [
        words
        for limited, words in (
            (face.light < GOOD_LIGHT, "dim light"),
            (_from_the_side(face), "seen from the side"),
            (_from_above_or_below(face), f"seen from {'above' if face.pitch > 0 else 'below'}"),
        )
        if limited
    ]
    weak = face.eye_distance >= GOOD_EYE_DISTANCE and not limits
    size = "weak spasms too" if weak else "clear spasms only"
    speed = (
        "from a tenth of a second on"
        if fps >= GOOD_FPS
        else f"and of these what is longer than {2.5 / fps:.1f} seconds"
    )
    given = ", ".join([f"{face.eye_distance:.0f} pixels between the eyes", f"{fps:.0f} pictures a second", *limits])
    return f"{given}: I can see {size}, {speed}"


class Patience:
    """Tells from the advice, as time goes by, when the camera stands well enough to go on."""

    def __init__(self, began: float) -> None:
        """``began`` in seconds, as all times."""
        self._began = self._not_good = self._not_usable = began

    def over(self, time: float, problems: list[Advice]) -> bool:
        """Whether to go on. Raises SpasmWatchError when nothing can be watched here for ``GIVE_UP_S``."""
        if problems:
            self._not_good = time
        if problems and problems[0].prevents:
            self._not_usable = time
            if time - self._began >= GIVE_UP_S:
                raise SpasmWatchError(
                    f"nothing can be watched from this place, so nothing was changed: {problems[0].says}"
                )
        return time - self._not_good >= AIMED_S or time - self._not_usable >= LIMITED_S


class SideCheck:
    """Follows which eye alone is shut, by its side of the stream; ``calm_s`` is how long neither was."""

    def __init__(self) -> None:
        # Here nobody's eyes are taken for shut: narrow ones, too, are to be seen at once.
        self._detector = Detector(Prior(shut_gap=0.0))
        self._before: float | None = None
        self._time = 0.0
        self.begin()

    def begin(self) -> None:
        """Forget what was shut until now; the face stays known."""
        self._shut_s: dict[Side, float] = {"left": 0.0, "right": 0.0}
        self.calm_s = 0.0

    def feed(self, frame: FrameSignals) -> Side | None:
        """The side in the stream that has stayed shut long enough, if any."""
        step = 0.0 if self._before is None else min(LONGEST_STEP_S, frame.time - self._before)
        self._before = frame.time
        # While something is said aloud no frame is looked at; the detector need not take that for a slow camera.
        self._time += step
        self._detector.update(replace(frame, time=self._time))
        evidence = self._detector.evidence
        if evidence is None:
            return None
        self.calm_s = self.calm_s + step if max(evidence.one_sided.values()) < OPEN_SCORE else 0.0
        for side, before in self._shut_s.items():
            shut = evidence.one_sided[side] >= SIDE_SCORE
            self._shut_s[side] = before + step if shut else max(0.0, before - step)
        return next((side for side, seconds in self._shut_s.items() if seconds >= SHUT_FOR_S), None)
