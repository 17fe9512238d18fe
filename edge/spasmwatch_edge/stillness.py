"""Has the face moved since the landmark network looked? At rest the answer saves nine of ten runs of the network.

The part of the picture that holds brows, eyes and mouth is compared with the same part when the network ran last.
What counts as movement is measured against the sensor's own noise. The network still runs once a second, and always
while anything moves.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.detection.geometry import Alignment

# The part of the face, in inter-ocular distances, and its size in pixels before and after averaging.
LEFT, TOP, RIGHT, BOTTOM = -1.0, -0.6, 1.0, 1.4
FINE, COARSE = (96, 96), (48, 48)
# Movement: the strongest change of any pixel, in grey levels and in multiples of the noise.
LEAST_CHANGE = 7.0
NOISES = 7.0
HEARTBEAT_S = 1.0

Grey = NDArray[np.float32]


class Stillness:
    """Remembers what the face looked like when the network ran last."""

    def __init__(self) -> None:
        self._matrix: NDArray[Any] | None = None
        self._reference: Grey | None = None
        self._before: Grey | None = None
        self._noise = 0.0
        self._ran_at = float("-inf")

    def still(self, time: float, frame: NDArray[np.uint8]) -> bool:
        """Whether nothing has moved since :meth:`remember`, and that is not too long ago."""
        if self._matrix is None or self._reference is None or time - self._ran_at >= HEARTBEAT_S:
            return False
        now = _cut(frame, self._matrix)
        if self._before is not None:
            # Median absolute difference of two frames: .954 deviations of the noise, blind to small moving parts.
            self._noise += 0.1 * (float(np.median(np.abs(now - self._before))) / 0.954 - self._noise)
        self._before = now
        strongest = float(np.abs(now - self._reference).max())
        return strongest < max(LEAST_CHANGE, NOISES * self._noise)

    def remember(self, time: float, frame: NDArray[np.uint8], alignment: Alignment) -> None:
        """The network has just looked at ``frame`` and found the face so aligned."""
        corners = np.array([[LEFT, TOP, -0.3], [RIGHT, TOP, -0.3], [LEFT, BOTTOM, -0.3]])
        width, height = FINE
        target = np.array([[0, 0], [width, 0], [0, height]], dtype=np.float32)
        matrix = np.asarray(cv2.getAffineTransform(alignment.back(corners)[:, :2].astype(np.float32), target))
        self._matrix, self._reference = matrix, _cut(frame, matrix)
        self._before = None
        self._ran_at = time

    def forget(self) -> None:
        """The face is gone."""
        self._matrix = self._reference = self._before = None


def _cut(frame: NDArray[np.uint8], matrix: NDArray[Any]) -> Grey:
    """The part as grey levels around their mean: a lamp that brightens everything is no movement."""
    part = cv2.warpAffine(frame, matrix, FINE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.resize(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), COARSE, interpolation=cv2.INTER_AREA)
    small = grey.astype(np.float32)
    return np.asarray(small - small.mean(), dtype=np.float32)
