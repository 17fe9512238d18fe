"""Has the face moved since the landmark network looked? At rest the answer saves four of five runs of the network.

The part of the picture that holds brows, eyes and mouth is compared with the same part when the network ran last.
What counts as movement is measured against the sensor's own noise. The network still runs once a second, always while
anything moves, and always in a picture so noisy that the detector averages over frames.
"""

from collections import deque
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.detection.geometry import Alignment

# The part of the face, in inter-ocular distances, and its size in pixels before averaging into blocks.
LEFT, TOP, RIGHT, BOTTOM = -1.0, -0.6, 1.0, 1.4
FINE, BLOCKS = (96, 96), (12, 12)
# Movement: the strongest change of any block, as a share of the face's contrast and in multiples of the noise. A lid
# that sinks by a tenth of its gap changes the blocks on its edge by twice as much (single pixels drown in noise).
LEAST_CHANGE = 0.08
NOISES = 7.0
# With more noise than this share of the face's contrast every frame is looked at.
NOISIEST = 0.04
HEARTBEAT_S = 1.0

Grey = NDArray[np.float32]


class Stillness:
    """Remembers what the face looked like when the network ran last."""

    def __init__(self) -> None:
        self._matrix: NDArray[Any] | None = None
        self._reference = self._before = np.zeros(BLOCKS, dtype=np.float32)
        self._contrast = 1.0
        self._noise = PairNoise()
        self._ran_at = float("-inf")

    def still(self, time: float, frame: NDArray[np.uint8]) -> bool:
        """Whether nothing has moved since :meth:`remember`, and that is not too long ago."""
        if self._matrix is None or time - self._ran_at >= HEARTBEAT_S:
            return False
        now = _cut(frame, self._matrix)
        step, self._before = now - self._before, now
        noise = self._noise.add(step)
        if noise > NOISIEST * self._contrast:
            return False
        change = float(np.abs(now - self._reference).max())
        return change < max(LEAST_CHANGE * self._contrast, NOISES * noise)

    def remember(self, time: float, frame: NDArray[np.uint8], alignment: Alignment) -> None:
        """The network has just looked at ``frame`` and found the face so aligned."""
        corners = np.array([[LEFT, TOP, -0.3], [RIGHT, TOP, -0.3], [LEFT, BOTTOM, -0.3]])
        width, height = FINE
        target = np.array([[0, 0], [width, 0], [0, height]], dtype=np.float32)
        self._matrix = np.asarray(cv2.getAffineTransform(alignment.back(corners)[:, :2].astype(np.float32), target))
        self._reference = self._before = _cut(frame, self._matrix)
        self._contrast = max(1.0, float(self._reference.std()))
        self._ran_at = time

    def forget(self) -> None:
        """The face is gone."""
        self._matrix = None


class PairNoise:
    """Deviation of the sensor's noise from pairs of frames, over the last two seconds or so.

    The median over a pair is blind to small moving parts, the low quantile over pairs to a moving head. Doubled frames,
    which some cameras send to keep their rate, tell nothing.
    """

    PAIRS = 50
    QUANTILE = 0.2

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=self.PAIRS)

    def add(self, step: Grey) -> float:
        """Take the difference of two frames; returns the deviation of one frame's noise."""
        # The median of absolute differences of two normal values is .6745 · √2 of their deviation.
        scatter = float(np.median(np.abs(step))) / 0.954
        if scatter > 0:
            self._recent.append(scatter)
        return sorted(self._recent)[int(self.QUANTILE * len(self._recent))] if self._recent else 0.0


def _cut(frame: NDArray[np.uint8], matrix: NDArray[Any]) -> Grey:
    """The part as grey levels around their mean: a lamp that brightens everything is no movement."""
    part = cv2.warpAffine(frame, matrix, FINE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY).astype(np.float32)
    blocks = cv2.resize(grey, BLOCKS, interpolation=cv2.INTER_AREA)
    return np.asarray(blocks - blocks.mean(), dtype=np.float32)
