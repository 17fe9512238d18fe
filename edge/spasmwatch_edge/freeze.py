"""Does the picture stand still? Some recorders and USB cameras repeat their last picture for ever when they hang."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from spasmwatch_edge.sources.live import STALLED_S

EVERY_ROW: Final = 8
"""Of so many rows one is compared: noise, or a face that lives, changes some of them."""


class Freeze:
    """Compares each picture with the one before. No more than a sample of one picture is remembered."""

    def __init__(self) -> None:
        self._sample = b""
        self._since = 0.0
        self._face = False

    def lasts(self, time: float, frame: NDArray[np.uint8], *, face: bool) -> bool:
        """Whether the picture has been the same for as long as a stall takes, and a ``face`` was seen in it.

        Without a face it may be a dark room, which is black in every frame. ``time`` in seconds.
        """
        sample = frame[::EVERY_ROW].tobytes()
        if sample != self._sample:
            self._sample, self._since, self._face = sample, time, False
        self._face = self._face or face
        return self._face and time - self._since >= STALLED_S
