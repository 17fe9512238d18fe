"""Opening the mouth: the lower lip and the chin go down, what appears between the lips is dark, with teeth on top."""

import cv2
import numpy as np

from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.simulator.stage import Floats, Stage, covered, smooth

UPPER_INNER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
INSIDE = (28, 22, 42)  # BGR of the mouth's inside in full light
TEETH = (150, 165, 175)


class Mouth:
    """The mouth and chin on the studio picture."""

    def __init__(self, stage: Stage) -> None:
        unit, points = stage.unit, stage.landmarks
        upper, lower = points[list(UPPER_INNER), :2], points[list(LOWER_INNER), :2]
        left, right = float(upper[:, 0].min()), float(upper[:, 0].max())
        self._middle, self._half = (left + right) / 2, (right - left) / 2
        height, width = stage.studio.shape[:2]
        x0, x1 = max(0, int(self._middle - 1.3 * unit)), min(width, int(self._middle + 1.3 * unit))
        y0, y1 = max(0, int(upper[:, 1].min() - 0.3 * unit)), min(height, int(lower[:, 1].max() + 1.4 * unit))
        self._box = (slice(y0, y1), slice(x0, x1))
        self._unit = unit
        columns = np.arange(x0, x1, dtype=np.float32)
        self._x, self._y = np.meshgrid(columns, np.arange(y0, y1, dtype=np.float32))
        self._upper = _line(upper, columns, unit)
        self._lower = np.maximum(_line(lower, columns, unit), self._upper)
        across = (columns - self._middle) / self._half
        self._lip = (np.clip(1.0 - across**2, 0.0, 1.0) ** 0.9).astype(np.float32)
        self._chin = np.exp(-(((columns - self._middle) / (0.75 * unit)) ** 4)).astype(np.float32)
        # How bright this face is, so that the teeth do not shine in the dark.
        self._light = float(stage.studio[self._box].mean()) / 140.0
        self._was_open = ((self._y - self._upper > 0.5) & (self._lower - self._y > 0.5)).astype(np.float32)

    def move(self, picture: Picture, jaw: float) -> None:
        """Open the mouth in ``picture`` (in place) by ``jaw`` distances between the eyes."""
        if jaw <= 0.003:
            return
        drop = jaw * self._unit
        upper_edge = self._upper - 0.12 * drop * self._lip
        lower_edge = self._lower + 0.88 * drop * self._lip
        above, below = upper_edge - self._y, self._y - lower_edge
        lift = 0.12 * drop * self._lip * (1.0 - smooth(above / (0.28 * self._unit)))
        # Long enough that the skin is never folded, however wide the mouth.
        far = smooth(below / (0.25 * self._unit + 1.8 * drop))
        neck = 1.0 - smooth((below - 0.45 * self._unit) / (0.85 * self._unit))
        fall = 0.88 * drop * (self._lip * (1.0 - far) + self._chin * far * neck)
        map_y = np.where(above > below, self._y + lift, self._y - fall).astype(np.float32)
        source = picture
        skin = cv2.remap(source, self._x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cover = covered(above, below, lower_edge - upper_edge)
        inside = self._inside(source, -above)
        picture[self._box] = (inside * (1.0 - cover) + skin * cover).astype(np.uint8)

    def _inside(self, source: Picture, depth: Floats) -> Floats:
        """What is seen between the lips: teeth under the upper lip, then the dark; a mouth open before stays."""
        teeth = (1.0 - smooth((depth - 0.05 * self._unit) / (0.03 * self._unit))) * 0.8 * self._lip
        dark = np.array(INSIDE, np.float32) * min(1.0, self._light)
        drawn = dark + (np.array(TEETH, np.float32) * self._light - dark) * teeth[..., None]
        was = self._was_open[..., None]
        return np.asarray(drawn * (1.0 - was) + source[self._box] * was, np.float32)


def _line(points: Floats, columns: Floats, unit: float) -> Floats:
    order = np.argsort(points[:, 0])
    heights = np.interp(columns, points[order, 0], points[order, 1]).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(heights[None, :], (0, 0), max(0.5, 0.02 * unit))[0], np.float32)
