"""Closing an eye: the lid's skin comes down over the eye, column by column, the eyeball stays where it is.

Not a warp of the whole eye: a squashed iris is not what a camera, or a second witness, sees when an eye closes.
"""

import cv2
import numpy as np

from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.simulator.stage import Floats, Stage, covered, smooth

Side = str
# Outer corner to inner corner, in the order of the mesh.
UPPER = {"right": (33, 246, 161, 160, 159, 158, 157, 173, 133), "left": (263, 466, 388, 387, 386, 385, 384, 398, 362)}
LOWER = {"right": (33, 7, 163, 144, 145, 153, 154, 155, 133), "left": (263, 249, 390, 373, 374, 380, 381, 382, 362)}
UNDER_BROW = {"right": (46, 53, 52, 65, 55), "left": (276, 283, 282, 295, 285)}
IRIS = {"right": 468, "left": 473}
# In distances between the eyes: the strip above the lid's edge that carries the lashes and moves unstretched,
# the skin below the lower lid that follows it, and the width of the drawn line of lashes.
LASHES, BELOW, LASH_LINE = 0.025, 0.22, 0.014
LASH_DARKNESS = 0.45


class Lids:
    """The lids of one eye on the studio picture."""

    def __init__(self, stage: Stage, side: Side) -> None:
        unit, points = stage.unit, stage.landmarks
        upper, lower, brow = (points[list(table[side]), :2] for table in (UPPER, LOWER, UNDER_BROW))
        corners = upper[[0, -1], 0]
        x0, x1 = int(corners.min() - 0.1 * unit), int(corners.max() + 0.1 * unit) + 1
        y0 = int(min(brow[:, 1].min(), upper[:, 1].min() - 0.15 * unit) - 0.02 * unit)
        y1 = int(lower[:, 1].max() + 1.2 * BELOW * unit) + 1
        height, width = stage.studio.shape[:2]
        x0, y0, x1, y1 = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
        self._box = (slice(y0, y1), slice(x0, x1))
        self._unit = unit
        columns = np.arange(x0, x1, dtype=np.float32)
        self._x, self._y = np.meshgrid(columns, np.arange(y0, y1, dtype=np.float32))
        self._upper = _line(upper, columns, unit) - 0.008 * unit
        self._lower = np.maximum(_line(lower, columns, unit) + 0.004 * unit, self._upper)
        self._brow = np.minimum(_line(brow, columns, unit), self._upper - 0.1 * unit)
        # Beyond the corners there is no opening to close.
        inside = smooth((columns - corners.min()) / (0.06 * unit)) * smooth((corners.max() - columns) / (0.06 * unit))
        self._opening = (self._lower - self._upper) * inside
        self._corner_fade = inside
        iris = points[IRIS[side], :2]
        self._iris_weight = np.exp(-(((self._x - iris[0]) / (0.16 * unit)) ** 4)).astype(np.float32)

    def move(self, picture: Picture, closure: float, squeeze: float, gaze: tuple[float, float]) -> None:
        """Draw the eye into ``picture`` (in place): ``closure`` and ``squeeze`` 0–1, ``gaze`` in eye distances."""
        source = picture
        eye = self._gazing(source, gaze)
        if closure <= 0.004 and squeeze <= 0.004:
            picture[self._box] = eye
            return
        rise = (0.10 * closure + 0.22 * squeeze) * self._opening
        upper_edge = self._upper + closure * (self._opening - rise)
        lower_edge = self._lower - rise
        above, below = upper_edge - self._y, self._y - lower_edge
        lid = self._upper_skin(above, upper_edge - self._upper, upper_edge - self._brow)
        under = rise * (1.0 - smooth(below / (BELOW * self._unit)))
        map_y = np.where(above > below, self._y + lid, self._y + under).astype(np.float32)
        border = cv2.BORDER_REPLICATE
        skin = cv2.remap(source, self._x, map_y, cv2.INTER_LINEAR, borderMode=border)
        cover = covered(above, below, lower_edge - upper_edge)
        drawn = eye * (1.0 - cover) + skin * cover
        line = np.exp(-((above / (LASH_LINE * self._unit)) ** 2)) * min(1.0, 2.0 * closure)
        drawn *= 1.0 - LASH_DARKNESS * (line * self._corner_fade)[..., None]
        picture[self._box] = drawn.astype(np.uint8)

    def _upper_skin(self, above: Floats, drop: Floats, reach: Floats) -> Floats:
        """How far up to look for the skin that now lies ``above`` the edge: all the way at the edge, 0 at the brow."""
        lashes = LASHES * self._unit
        return np.asarray(-drop * (1.0 - smooth((above - lashes) / (reach - lashes))), np.float32)

    def _gazing(self, source: Picture, gaze: tuple[float, float]) -> Picture:
        if abs(gaze[0]) + abs(gaze[1]) < 0.002:
            return source[self._box].copy()
        inside = np.minimum(self._y - self._upper, self._lower - self._y) / (0.03 * self._unit)
        weight = self._iris_weight * smooth(inside)
        map_x = self._x - np.float32(gaze[0] * self._unit) * weight
        map_y = self._y - np.float32(gaze[1] * self._unit) * weight
        return np.asarray(cv2.remap(source, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _line(points: Floats, columns: Floats, unit: float) -> Floats:
    """The height of a line of landmarks at every column, its kinks rounded."""
    order = np.argsort(points[:, 0])
    heights = np.interp(columns, points[order, 0], points[order, 1]).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(heights[None, :], (0, 0), max(0.5, 0.03 * unit))[0], np.float32)
