"""Drawn glasses: they go with the head and stay where they are when the skin below them moves."""

import cv2
import numpy as np
from numpy.random import Generator

from spasmwatch_edge.simulator.portrait import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, Picture
from spasmwatch_edge.simulator.stage import Floats, Stage

FINE = 4  # drawn this much larger, so that the edges are soft
FRAMES = ((25, 20, 20), (30, 45, 80), (110, 110, 115), (60, 30, 25))  # BGR


class Glasses:
    """One pair, its shape drawn from ``random``."""

    def __init__(self, stage: Stage, random: Generator) -> None:
        unit = stage.unit
        self._half = (unit * random.uniform(0.36, 0.42), unit * random.uniform(0.22, 0.32))
        self._round = random.uniform(0.25, 1.0)
        self._thick = max(1, round(FINE * unit * random.uniform(0.02, 0.05)))
        colour = np.array(FRAMES[int(random.integers(len(FRAMES)))], np.float32)
        glare = float(random.uniform(0.0, 0.3))
        eyes = [stage.landmarks[list(pair), :2].mean(axis=0) for pair in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS)]
        height, width = stage.studio.shape[:2]
        middle = (eyes[0] + eyes[1]) / 2
        x0, x1 = max(0, int(middle[0] - 1.25 * unit)), min(width, int(middle[0] + 1.25 * unit))
        y0, y1 = max(0, int(middle[1] - 0.45 * unit)), min(height, int(middle[1] + 0.5 * unit))
        self._box = (slice(y0, y1), slice(x0, x1))
        centres = [((eye[0] - x0), (eye[1] - y0 + 0.04 * unit)) for eye in eyes]
        frame, shine = self._draw(centres, (x1 - x0, y1 - y0), unit)
        self._keep = 1.0 - np.maximum(frame, glare * shine)[..., None]
        self._add = (frame[..., None] * colour + (glare * shine * (1.0 - frame))[..., None] * 235.0).astype(np.float32)

    def put_on(self, picture: Picture) -> None:
        """Draw the glasses into ``picture`` (in place)."""
        picture[self._box] = (picture[self._box] * self._keep + self._add).astype(np.uint8)

    def _draw(self, centres: list[tuple[float, float]], size: tuple[int, int], unit: float) -> tuple[Floats, Floats]:
        """How much of each pixel is frame, and how much of it lies in a reflection on a lens."""
        canvas = np.zeros((size[1] * FINE, size[0] * FINE), np.uint8)
        lenses = canvas.copy()
        for centre in centres:
            outline = self._lens(centre)
            cv2.polylines(canvas, [outline], True, 255, self._thick)
            cv2.fillPoly(lenses, [outline], 255)
        (right_x, right_y), (left_x, left_y) = centres
        ends = ((right_x - self._half[0], right_x + self._half[0]), (left_x - self._half[0], left_x + self._half[0]))
        high = 0.1 * unit
        for start, stop in (
            ((ends[0][1], right_y - 0.5 * high), (ends[1][0], left_y - 0.5 * high)),
            ((ends[0][0] - 0.35 * unit, right_y - high), (ends[0][0], right_y - high)),
            ((ends[1][1], left_y - high), (ends[1][1] + 0.35 * unit, left_y - high)),
        ):
            points = [(round(x * FINE), round(y * FINE)) for x, y in (start, stop)]
            cv2.line(canvas, points[0], points[1], 255, self._thick)
        rows, columns = np.mgrid[: canvas.shape[0], : canvas.shape[1]].astype(np.float32)
        band = np.exp(-((((columns + 0.7 * rows) / (FINE * unit)) % 0.9 - 0.3) ** 2) / (2 * 0.07**2))
        shine = (lenses * band).astype(np.float32)
        return tuple(  # type: ignore[return-value]
            np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_AREA), np.float32) / 255.0
            for layer in (canvas, shine)
        )

    def _lens(self, centre: tuple[float, float]) -> "np.ndarray[tuple[int, ...], np.dtype[np.int32]]":
        """A superellipse: from nearly a rectangle to an ellipse."""
        angle = np.linspace(0.0, 2 * np.pi, 60, endpoint=False)
        x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** self._round * self._half[0] + centre[0]
        y = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** self._round * self._half[1] + centre[1]
        return np.rint(np.stack([x, y], axis=1) * FINE).astype(np.int32)
