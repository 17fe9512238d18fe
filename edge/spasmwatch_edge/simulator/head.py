"""The head moves before its background: shift, roll, size, and turns by the depth of the landmarks."""

import math

import cv2
import numpy as np

from spasmwatch_edge.simulator.muscles import STEP, Grid
from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.simulator.pose import Pose
from spasmwatch_edge.simulator.stage import Floats, Stage, smooth

# In distances between the eyes, around the midpoint of the eyes: the head's ellipse, how far its movement
# fades into the background, and how far behind the eyes it turns.
CENTRE_Y, RADIUS_X, RADIUS_Y, FADE = 0.35, 1.2, 1.45, 0.75
AXIS = 0.6


class Head:
    """Fields of displacement for every way in which the head moves."""

    def __init__(self, stage: Stage, grid: Grid) -> None:
        unit, points = stage.unit, stage.landmarks
        middle = points[[33, 133, 263, 362], :2].mean(axis=0)
        self._unit, self._grid = unit, grid
        x, y = grid.x - middle[0], grid.y - middle[1]
        radius = np.hypot(x / (RADIUS_X * unit), (y / unit - CENTRE_Y) / RADIUS_Y)
        self._mask = np.float32(1.0) - smooth((radius - 1.0) / FADE)
        self._x, self._y = x * self._mask, (y - 0.8 * unit) * self._mask
        depth = _depth(points, grid, unit)
        self._near = (AXIS * unit - depth) * self._mask

    def move(self, picture: Picture, pose: Pose) -> Picture:
        """The picture with the head moved; the same picture when it rests."""
        yaw, pitch, roll, size = pose["yaw"], pose["pitch"], pose["roll"], pose["size"]
        shift_x, shift_y = pose["head_x"] * self._unit, pose["head_y"] * self._unit
        if max(abs(yaw), abs(pitch), abs(roll), abs(size), abs(shift_x) / 40, abs(shift_y) / 40) < 2e-4:
            return picture
        field = np.empty((*self._grid.shape, 2), np.float32)
        field[..., 0] = self._near * math.sin(yaw) + self._x * (math.cos(yaw) - 1 + size) - self._y * roll
        field[..., 0] += shift_x * self._mask
        field[..., 1] = self._near * math.sin(pitch) + self._y * (math.cos(pitch) - 1 + size) + self._x * roll
        field[..., 1] += shift_y * self._mask
        return self._grid.apply(picture, field)


def _depth(points: Floats, grid: Grid, unit: float) -> Floats:
    """Depth of the head at every cell of the grid, spread from the landmarks (negative nearer the camera)."""
    depth = np.zeros(grid.shape, np.float32)
    weight = np.full(grid.shape, 1e-3, np.float32)
    back = float(points[:, 2].max())
    for x, y, z in points[::2]:
        near = np.exp(-((grid.x - x) ** 2 + (grid.y - y) ** 2) / (2 * (0.13 * unit) ** 2)).astype(np.float32)
        depth += near * np.float32(z)
        weight += near
    # Where no landmark is near, the head goes on at the depth of its rim.
    spread = (depth + 1e-3 * back) / weight
    return np.asarray(cv2.GaussianBlur(spread, (0, 0), 0.12 * unit / STEP), np.float32)
