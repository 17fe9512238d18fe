"""The photograph laid out for moving: level, at the wanted distance between the eyes, face apart from background.

The *studio* is the part of the frame around the head, at ``zoom`` times the frame's resolution, so that movements of
a fraction of a pixel stay true on small faces. Lengths of movements are given in ``unit``: the distance between the
eyes in studio pixels.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch_edge.simulator.portrait import Picture, Points, Portrait

Floats = NDArray[np.float32]

# The studio around the midpoint of the eyes, in distances between the eyes.
LEFT, RIGHT, TOP, BOTTOM = 2.6, 2.6, 2.2, 3.0
# Below this distance between the eyes the studio is rendered at a multiple of the frame's resolution.
FINE_UNIT = 56


@dataclass(frozen=True, slots=True)
class Stage:
    """``background`` is the whole frame; ``studio`` replaces it at (x, y), reduced by ``zoom``."""

    background: Picture
    studio: Picture
    landmarks: Points
    x: int
    y: int
    zoom: int
    unit: float

    def compose(self, studio: Picture) -> Picture:
        """A new frame with the moved studio in its place."""
        height, width = studio.shape[:2]
        width, height = width // self.zoom, height // self.zoom
        small = studio if self.zoom == 1 else cv2.resize(studio, (width, height), interpolation=cv2.INTER_AREA)
        frame = self.background.copy()
        frame[self.y : self.y + height, self.x : self.x + width] = small
        return frame


def lay_out(portrait: Portrait, width: int, height: int, eye_distance: float, centre: tuple[float, float]) -> Stage:
    """Place the portrait in a frame of ``width`` × ``height``; ``centre`` is the midpoint of the eyes as fractions."""
    cx, cy = centre[0] * width, centre[1] * height
    zoom = max(1, math.ceil(FINE_UNIT / eye_distance))
    x0, y0, x1, y1 = _around(cx, cy, eye_distance, width, height)
    size = ((x1 - x0) * zoom, (y1 - y0) * zoom)
    midpoint = ((cx + 0.5 - x0) * zoom - 0.5, (cy + 0.5 - y0) * zoom - 0.5)
    studio, landmarks = _placed(portrait, eye_distance * zoom, midpoint, size)
    background, _ = _placed(portrait, eye_distance, (cx, cy), (width, height))
    stage = Stage(background, studio, landmarks, x0, y0, zoom, eye_distance * zoom)
    return Stage(stage.compose(studio), studio, landmarks, x0, y0, zoom, eye_distance * zoom)


def _around(cx: float, cy: float, eye_distance: float, width: int, height: int) -> tuple[int, int, int, int]:
    """The part of the frame (left, top, right, bottom) that the head can move in."""
    return (
        max(0, round(cx - LEFT * eye_distance)),
        max(0, round(cy - TOP * eye_distance)),
        min(width, round(cx + RIGHT * eye_distance)),
        min(height, round(cy + BOTTOM * eye_distance)),
    )


def stage_on(portrait: Portrait) -> Stage:
    """The stage on a picture as it is: nothing is moved or scaled, only the part around the head enlarged if small."""
    right, left = portrait.eyes
    eye_distance = float(np.hypot(*(left - right)))
    (cx, cy), (height, width) = (right + left) / 2, portrait.picture.shape[:2]
    zoom = max(1, math.ceil(FINE_UNIT / eye_distance))
    x0, y0, x1, y1 = _around(cx, cy, eye_distance, width, height)
    studio = portrait.picture[y0:y1, x0:x1]
    if zoom > 1:
        enlarged = cv2.resize(studio, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
        studio = np.asarray(enlarged, np.uint8)
    landmarks = portrait.landmarks.copy()
    landmarks[:, :2] = (landmarks[:, :2] + 0.5 - (x0, y0)) * zoom - 0.5
    landmarks[:, 2] *= zoom
    return Stage(portrait.picture, studio, landmarks, x0, y0, zoom, eye_distance * zoom)


def _placed(
    portrait: Portrait, unit: float, midpoint: tuple[float, float], size: tuple[int, int]
) -> tuple[Picture, Points]:
    """The portrait turned level and scaled to ``unit`` pixels between the eyes, with its midpoint at ``midpoint``."""
    right, left = portrait.eyes
    dx, dy = float(left[0] - right[0]), float(left[1] - right[1])
    original = math.hypot(dx, dy)
    picture, shrink = portrait.picture, 1.0
    if unit < 0.7 * original:
        # Averaging first: a single step of interpolation would alias.
        shrink = unit / original
        picture = np.asarray(cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    angle, scale = math.atan2(dy, dx), unit / original
    cos, sin = math.cos(-angle) * scale, math.sin(-angle) * scale
    middle = (right + left) / 2
    turn = np.array([[cos, -sin], [sin, cos]])
    shift = np.array(midpoint) - turn @ middle
    matrix = np.hstack([turn / shrink, shift[:, None]])
    warped = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    placed = np.asarray(warped, np.uint8)
    landmarks = portrait.landmarks.astype(np.float64)
    moved = np.hstack([landmarks[:, :2] @ turn.T + shift, landmarks[:, 2:] * scale])
    return _softened_outside(placed, matrix, picture, unit), moved.astype(np.float32)


def _softened_outside(placed: Picture, matrix: NDArray[np.float64], picture: Picture, unit: float) -> Picture:
    """Blur what lies beyond the photograph's edge, where the border would run in stripes."""
    size = (placed.shape[1], placed.shape[0])
    inside = cv2.warpAffine(np.full(picture.shape[:2], 255, np.uint8), matrix, size)
    if inside.min() > 0:
        return placed
    soft = cv2.GaussianBlur(placed, (0, 0), 0.35 * unit)
    weight = cv2.GaussianBlur(cv2.erode(inside, np.ones((3, 3), np.uint8)), (0, 0), 0.03 * unit)[..., None] / 255.0
    return np.asarray(placed * weight + soft * (1.0 - weight), np.uint8)


def smooth(t: Floats) -> Floats:
    """0 below 0, 1 above 1, a smooth step (3t² - 2t³) between."""
    t = np.clip(t, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def covered(above: Floats, below: Floats, gap: Floats) -> Floats:
    """How much of each pixel (rows, columns, 1) is skin: all of it outside an opening, softly at its edges.

    ``above`` and ``below`` are the heights above its upper and the depths below its lower edge, ``gap`` its width
    at every column, all in pixels.
    """
    seen = np.clip(0.5 - np.maximum(above, below), 0.0, 1.0) * np.clip(gap, 0.0, 1.0)
    return np.asarray(1.0 - seen[..., None], np.float32)
