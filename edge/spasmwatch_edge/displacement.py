"""The third witness: how far brows, wings of the nose and corners of the mouth have moved on the face.

The landmark network hardly follows a wrinkled nose, nor weak jerks of the brows and of some mouths: it draws a likely
face. So a small picture of each of these parts, as it usually looks, is searched for around the place where the *head*
says it rests, by normalised cross-correlation (Lewis 1995), which light does not disturb. The place of best agreement
is the part's displacement. What bridge and nose, brows and mouth do together is the head's doing (or the alignment's
error) and is taken out by their median. Only the resulting numbers leave this file.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.detection.geometry import BROW, MOUTH_CORNER, SIGN, Alignment, Points

# Pixels in an inter-ocular distance of the searched pictures, and how far a part is searched for, in pixels.
FINENESS: Final = 56.0
SEARCH: Final = 8
# How fast the usual picture follows slow changes of light and pose, in seconds; the first frames count fully.
LEARNING_S: Final = 6.0
# With less agreement than this the part is hidden or something else, and nothing is said of it.
LEAST_AGREEMENT: Final = 0.5
# When a part has not been recognised for so long, or there was no face, it is learned anew.
RELEARN_S: Final = 2.0
FORGET_S: Final = 20.0
# A part whose usual place is further than this from where it is looked for is placed anew.
MISPLACED: Final = 0.1

Grey = NDArray[np.float32]


class Part(NamedTuple):
    """A part of the face: mesh ``points``, and the rectangle around their mean that is searched for: half its ``width``
    and ``height``, and how far its middle lies ``above`` them, all in inter-ocular distances.

    ``steadies``: it counts in what all do together.
    """

    points: tuple[int, ...]
    width: float
    height: float
    above: float = 0.0
    steadies: bool = True


WING_RIGHT, WING_LEFT = (98, 64), (327, 294)
PARTS: Final[dict[str, Part]] = {
    "bridge": Part((6, 197, 195), 0.20, 0.16),
    "nose_right": Part(WING_RIGHT, 0.16, 0.16),
    "nose_left": Part(WING_LEFT, 0.16, 0.16),
    "brow_right": Part(tuple(BROW["right"]), 0.24, 0.13),
    "brow_left": Part(tuple(BROW["left"]), 0.24, 0.13),
    "mouth_right": Part((MOUTH_CORNER["right"],), 0.17, 0.15),
    "mouth_left": Part((MOUTH_CORNER["left"],), 0.17, 0.15),
    # The upper edge of each brow and the skin above it: of the whole brow a rim, which stays where it is, holds the
    # picture; but in noise that is found better, and with it what the head does.
    "edge_right": Part(tuple(BROW["right"]), 0.24, 0.10, above=0.08, steadies=False),
    "edge_left": Part(tuple(BROW["left"]), 0.24, 0.10, above=0.08, steadies=False),
}
_STEADIES: Final = np.array([part.steadies for part in PARTS.values()])
# Width and height of the searched pictures, and three of their corners around the points' mean on the upright face.
_SIZES: Final = [
    (2 * round(part.width * FINENESS) + 2 * SEARCH, 2 * round(part.height * FINENESS) + 2 * SEARCH)
    for part in PARTS.values()
]
_ABOVE: Final = np.array([[[0.0, part.above, 0.0]] for part in PARTS.values()])
_CORNERS: Final = np.array([[[-w, -h, 0.0], [w, -h, 0.0], [-w, h, 0.0]] for w, h in _SIZES]) / (2 * FINENESS) - _ABOVE


@dataclass(slots=True)
class _Usual:
    """One part: its ``place`` on the upright face, where its ``middle`` is of late, and what is usually seen there.

    ``age_s``: how long this has been learned; ``unknown_s``: how long it has not been recognised.
    """

    place: Points
    middle: Points
    picture: Grey | None = None
    age_s: float = 0.0
    unknown_s: float = 0.0

    def learn(self, step: float, middle: Points, now: Grey, *, known: bool) -> None:
        """Take in a frame, ``step`` seconds after the last one; ``known``: the part was recognised in it."""
        self.age_s += step
        share = 1 - math.exp(-step / max(step, min(LEARNING_S, self.age_s))) if step > 0 else 0.0
        self.middle = self.middle + share * (middle - self.middle)
        self.unknown_s = 0.0 if known else self.unknown_s + step
        if self.picture is None:
            self.picture = now
        elif self.unknown_s > RELEARN_S or float(np.abs(self.middle - self.place)[:2].max()) > MISPLACED:
            # Another face, new glasses; or it was first seen in the middle of a yawn.
            self.place, self.middle, self.picture = middle, middle, None
            self.age_s = self.unknown_s = 0.0
        elif known:
            self.picture = self.picture + np.float32(share) * (now - self.picture)


@dataclass(frozen=True, slots=True)
class Displacement:
    """How far the parts of one side are from where they usually are, in inter-ocular distances.

    ``brow`` and ``nose`` wing upwards, the mouth corner outwards and upwards. 0 where nothing can be said.
    """

    brow: float = 0.0
    nose: float = 0.0
    mouth_out: float = 0.0
    mouth_up: float = 0.0


class DisplacementWitness:
    """Keeps the usual picture of each part and finds it again in each frame."""

    def __init__(self) -> None:
        self._parts: list[_Usual] = []
        self._time: float | None = None

    def look(
        self, time: float, frame: NDArray[np.uint8], alignment: Alignment, aligned: Points, frontal: bool
    ) -> dict[str, Displacement]:
        """Displacements of both sides. ``frame`` BGR or grey, ``aligned`` (478, 3) landmarks on the upright face.

        ``frontal``: the head is turned little enough to learn what the parts look like.
        """
        step = 0.0 if self._time is None else max(0.0, time - self._time)
        self._time = time
        middles = np.array([aligned[list(part.points)].mean(axis=0) for part in PARTS.values()])
        if not self._parts or step > FORGET_S:
            self._parts = [_Usual(middle, middle.copy()) for middle in middles] if frontal else []
        if not self._parts:
            return {side: Displacement() for side in SIGN}
        pictures = _pictures(frame, alignment, np.array([part.place for part in self._parts]))
        moved = np.array([_moved(now, part.picture) for now, part in zip(pictures, self._parts, strict=True)])
        if frontal:
            for part, middle, now, found in zip(self._parts, middles, pictures, moved, strict=True):
                part.learn(min(1.0, step), middle, now, known=not math.isnan(found[0]))
        return _by_side(moved)


def _pictures(frame: NDArray[np.uint8], alignment: Alignment, places: Points) -> list[Grey]:
    """The searched picture of each part around its place on the upright face (parts, 3), cut out of the frame."""
    in_frame = alignment.back((places[:, np.newaxis] + _CORNERS).reshape(-1, 3))[:, :2]
    height, width = frame.shape[:2]
    # Around a rectangle's fourth corner, too: the face may be turned.
    reach = in_frame.reshape(-1, 3, 2)
    fourth = reach[:, 1] + reach[:, 2] - reach[:, 0]
    every = np.concatenate([in_frame, fourth])
    x0, y0 = np.clip(np.floor(every.min(axis=0)).astype(int) - 2, 0, [width - 1, height - 1])
    x1, y1 = np.clip(np.ceil(every.max(axis=0)).astype(int) + 3, [x0 + 1, y0 + 1], [width, height])
    around = frame[y0:y1, x0:x1]
    grey = around if around.ndim == 2 else cv2.cvtColor(around, cv2.COLOR_BGR2GRAY)
    source = (reach - [x0, y0] - 0.5).astype(np.float32)
    pictures = []
    for three, size in zip(source, _SIZES, strict=True):
        target = np.array([[0, 0], [size[0], 0], [0, size[1]]], dtype=np.float32) - np.float32(0.5)
        matrix = cv2.getAffineTransform(three, target)
        part = cv2.warpAffine(grey, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        pictures.append(part.astype(np.float32))
    return pictures


def _moved(now: Grey, usual: Grey | None) -> tuple[float, float]:
    """Where the middle of ``usual`` is found in ``now``: x and y in inter-ocular distances, NaN where it is not."""
    if usual is None:
        return math.nan, math.nan
    middle = np.ascontiguousarray(usual[SEARCH:-SEARCH, SEARCH:-SEARCH])
    agreement = np.asarray(cv2.matchTemplate(now, middle, cv2.TM_CCOEFF_NORMED), dtype=np.float32)
    _, best, _, (x, y) = cv2.minMaxLoc(agreement)
    if not best >= LEAST_AGREEMENT:
        return math.nan, math.nan
    across = x + _between(agreement[y, max(0, x - 1) : x + 2])
    down = y + _between(agreement[max(0, y - 1) : y + 2, x])
    return (across - SEARCH) / FINENESS, (down - SEARCH) / FINENESS


def _between(three: Grey) -> float:
    """Where, between pixels, the parabola through three values has its top; 0 at the border of the search."""
    if len(three) < 3:
        return 0.0
    before, top, after = (float(value) for value in three)
    bend = before - 2 * top + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _by_side(moved: NDArray[np.float64]) -> dict[str, Displacement]:
    """``moved`` (parts, 2) without what all parts share."""
    known = ~np.isnan(moved[:, 0])
    steady = known & _STEADIES
    shared = np.median(moved[steady], axis=0) if steady.any() else 0.0
    own = np.where(known[:, np.newaxis], moved - shared, 0.0)
    places = dict(zip(PARTS, own, strict=True))
    return {
        side: Displacement(
            brow=-float(places[f"edge_{side}"][1]),
            nose=-float(places[f"nose_{side}"][1]),
            mouth_out=sign * float(places[f"mouth_{side}"][0]),
            mouth_up=-float(places[f"mouth_{side}"][1]),
        )
        for side, sign in SIGN.items()
    }
