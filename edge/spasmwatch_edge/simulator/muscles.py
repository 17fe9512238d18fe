"""Brows, cheeks, mouth corners and nose: smooth pulls on the skin, each a field of displacements around landmarks.

Fields are kept at a quarter of the studio's resolution: nothing in them is finer than a tenth of the eye distance.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.simulator.pose import Channel, Pose
from spasmwatch_edge.simulator.stage import Floats, Stage

STEP = 4


@dataclass(frozen=True, slots=True)
class Pull:
    """At 1 the skin around ``points`` moves by ``along`` (x outwards for the left side of the subject, y down).

    ``along`` and ``spread`` (standard deviations in x and y) are in distances between the eyes.
    """

    channel: Channel
    points: tuple[int, ...]
    along: tuple[float, float]
    spread: tuple[float, float]


PULLS = (
    Pull("brow_right", (105, 63, 66), (0.0, -0.13), (0.2, 0.13)),
    Pull("brow_left", (334, 293, 296), (0.0, -0.13), (0.2, 0.13)),
    Pull("frown", (107, 55), (0.06, 0.03), (0.1, 0.12)),
    Pull("frown", (336, 285), (-0.06, 0.03), (0.1, 0.12)),
    Pull("cheek_right", (50, 117), (-0.02, -0.09), (0.2, 0.17)),
    Pull("cheek_left", (280, 346), (0.02, -0.09), (0.2, 0.17)),
    Pull("corner_right", (61,), (-0.16, -0.1), (0.17, 0.13)),
    Pull("corner_right", (206,), (-0.05, -0.05), (0.2, 0.2)),
    Pull("corner_left", (291,), (0.16, -0.1), (0.17, 0.13)),
    Pull("corner_left", (426,), (0.05, -0.05), (0.2, 0.2)),
    Pull("nose_right", (64, 98), (-0.02, -0.07), (0.12, 0.12)),
    Pull("nose_left", (294, 327), (0.02, -0.07), (0.12, 0.12)),
    Pull("pucker", (61,), (0.13, 0.0), (0.15, 0.13)),
    Pull("pucker", (291,), (-0.13, 0.0), (0.15, 0.13)),
)


class Grid:
    """The coarse grid of the studio: where fields live, and how they are applied to a picture."""

    def __init__(self, stage: Stage) -> None:
        height, width = stage.studio.shape[:2]
        self.shape = (-(-height // STEP) + 1, -(-width // STEP) + 1)
        rows, columns = np.mgrid[: self.shape[0], : self.shape[1]].astype(np.float32)
        # Centre of each coarse cell in studio pixels, as cv2.resize places it.
        self.x, self.y = columns * STEP + (STEP - 1) / 2, rows * STEP + (STEP - 1) / 2
        self._size = (width, height)
        self._fine_y, self._fine_x = np.mgrid[:height, :width].astype(np.float32)

    def apply(self, picture: Picture, field: Floats) -> Picture:
        """Move the picture's content by ``field`` (rows, columns, 2) in studio pixels."""
        whole, (width, height) = (self.shape[1] * STEP, self.shape[0] * STEP), self._size
        across = cv2.resize(np.ascontiguousarray(field[..., 0]), whole)[:height, :width]
        down = cv2.resize(np.ascontiguousarray(field[..., 1]), whole)[:height, :width]
        map_x, map_y = cv2.subtract(self._fine_x, across), cv2.subtract(self._fine_y, down)
        moved = cv2.remap(picture, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)


class Muscles:
    """All pulls on one stage."""

    def __init__(self, stage: Stage, grid: Grid) -> None:
        self._grid = grid
        fields: dict[Channel, Floats] = {}
        for pull in PULLS:
            field = _field(pull, stage, grid)
            fields[pull.channel] = fields[pull.channel] + field if pull.channel in fields else field
        self._fields = fields

    def move(self, picture: Picture, pose: Pose) -> Picture:
        """The picture with the skin pulled; the same picture when nothing pulls."""
        total: Floats | None = None
        for channel, field in self._fields.items():
            amount = pose[channel]
            if abs(amount) > 0.003:
                total = field * np.float32(amount) if total is None else total + field * np.float32(amount)
        return picture if total is None else self._grid.apply(picture, total)


def _field(pull: Pull, stage: Stage, grid: Grid) -> Floats:
    bump = np.zeros(grid.shape, np.float32)
    for point in pull.points:
        x, y = stage.landmarks[point, :2]
        dx, dy = (grid.x - x) / (pull.spread[0] * stage.unit), (grid.y - y) / (pull.spread[1] * stage.unit)
        bump += np.exp(-(dx**2 + dy**2) / 2).astype(np.float32)
    bump /= bump.max()
    return np.dstack([bump * (pull.along[0] * stage.unit), bump * (pull.along[1] * stage.unit)]).astype(np.float32)
