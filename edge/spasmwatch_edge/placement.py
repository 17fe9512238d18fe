"""Aiming the camera: what to change, what this place allows, and which side is the left one. No picture is kept."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.detection.quality import (
    DARKEST,
    LARGEST_PITCH,
    LARGEST_YAW,
    SLOWEST_FPS,
    SMALLEST_EYE_DISTANCE,
)
from spasmwatch.domain.detection.signals import FaceSignals, FrameSignals
from spasmwatch.errors import SpasmWatchError
from spasmwatch.ports import FrameSource
from spasmwatch_edge.sources.two_sizes import mirrored

# Comfortable values: from here on nothing is lost, see docs/detection.md.
GOOD_EYE_DISTANCE: Final = 30.0
GOOD_LIGHT: Final = 60.0
GOOD_FPS: Final = 20.0
LONGEST_LINE_OF_SIGHT: Final = 0.6
# The eye counts as closed on one side when it stayed so for this long.
SHUT_FOR_S: Final = 0.8
SIDE_SCORE: Final = 1.5


@dataclass(frozen=True, slots=True)
class Placement:
    """Whether the camera's stream is mirrored, and whether somebody has checked the sides."""

    mirrored: bool = False
    side_verified: bool = False

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


def load_placement(folder: Path) -> Placement:
    """The placement kept in ``folder``; an unknown one when there is none or it is damaged (then aim again)."""
    try:
        kept = json.loads((folder / "placement.json").read_text(encoding="utf-8"))
        return Placement(mirrored=bool(kept["mirrored"]), side_verified=bool(kept["side_verified"]))
    except (OSError, ValueError, KeyError, TypeError):
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


def advice(face: FaceSignals | None, fps: float | None, faces: int = 1) -> list[str]:
    """What to change, the most important first; empty when all is well."""
    if face is None:
        return ["I see no face: turn the camera towards where the person sits"]
    found = []
    if faces > 1:
        found.append("I see more than one face: only the person to be watched should be in view")
    if face.eye_distance < GOOD_EYE_DISTANCE:
        worst = "too small to watch" if face.eye_distance < SMALLEST_EYE_DISTANCE else "small"
        found.append(f"the face is {worst} ({face.eye_distance:.0f} pixels between the eyes): move the camera nearer")
    if face.light < GOOD_LIGHT:
        worst = "too dark to watch" if face.light < DARKEST else "dim"
        found.append(f"the face is {worst}: put a lamp behind the camera, or use an infrared one")
    if abs(face.yaw) > LONGEST_LINE_OF_SIGHT * LARGEST_YAW:
        found.append(
            f"the face looks {'left' if face.yaw > 0 else 'right'} past the camera: move it to where they look"
        )
    if abs(face.pitch) > LONGEST_LINE_OF_SIGHT * LARGEST_PITCH:
        found.append(f"the camera stands too {'high' if face.pitch > 0 else 'low'}: put it at eye level")
    if fps is not None and fps < GOOD_FPS:
        worst = "too few to watch" if fps < SLOWEST_FPS else "short twitches may be missed"
        found.append(f"only {fps:.0f} pictures a second: {worst}")
    return found


def allows(face: FaceSignals, fps: float) -> str:
    """What this place and frame rate allow, in one line."""
    size = "short and weak spasms too" if face.eye_distance >= GOOD_EYE_DISTANCE else "clear spasms only"
    speed = "twitches from a tenth of a second" if fps >= GOOD_FPS else f"spasms longer than {2.5 / fps:.1f} seconds"
    given = f"{face.eye_distance:.0f} pixels between the eyes and {fps:.0f} pictures a second"
    return f"{given}: I can see {size}, and {speed}"


class SideCheck:
    """Waits for the person to close their left eye, and tells on which side of the stream that happened."""

    def __init__(self) -> None:
        self._detector = Detector()
        self._shut_s = {"left": 0.0, "right": 0.0}
        self._before: float | None = None

    def feed(self, frame: FrameSignals) -> Literal["left", "right"] | None:
        """The side in the stream, once it is certain."""
        step = 0.0 if self._before is None else min(0.2, frame.time - self._before)
        self._before = frame.time
        self._detector.update(frame)
        evidence = self._detector.evidence
        for side in ("left", "right"):
            shut = evidence is not None and evidence.one_sided[side] >= SIDE_SCORE
            self._shut_s[side] = self._shut_s[side] + step if shut else max(0.0, self._shut_s[side] - step)
            if self._shut_s[side] >= SHUT_FOR_S:
                return "left" if side == "left" else "right"
        return None
