"""The windows after and before an exposure, declared beforehand so that nobody picks the one that fits."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Window:
    """Hours relative to an exposure: up to 0 before its start, from 0 on after its end.

    A window that begins at 0 also covers the exposure itself: an hour before a screen counts from its first minute.
    """

    name: str
    begin_h: float
    end_h: float

    @property
    def is_before(self) -> bool:
        """Whether it lies before the exposure: what is raised there did not follow from it."""
        return self.end_h <= 0

    def spans(self, start: Floats, end: Floats) -> tuple[Floats, Floats]:
        """First and last moment of the window of each exposure (seconds)."""
        if self.is_before:
            return start + self.begin_h * HOUR_S, start + self.end_h * HOUR_S
        first = start if self.begin_h == 0 else end + self.begin_h * HOUR_S
        return first, end + self.end_h * HOUR_S


BEFORE: Final = Window("before", -1, 0)
AFTER: Final = (Window("0-1h", 0, 1), Window("1-4h", 1, 4), Window("4-12h", 4, 12))
WINDOWS: Final = (*AFTER, BEFORE)

SAME_DAY: Final = "same_day"
NEXT_DAY: Final = "next_day"

PRIMARY: Final = {"medication": "1-4h", "sleep": SAME_DAY, "fatigue": SAME_DAY}
"""The one window of a trigger that its verdict rests on; ``0-1h`` for every other trigger.

A swallowed medicine takes about an hour to act; sleep and fatigue belong to a whole day.
"""

DAY_LEVEL: Final = {"sleep": 2.0, "fatigue": 3.0}
"""Triggers that are constant within a day, with the step their ratio is given for: two hours, three points of ten."""

EXPOSED_FROM: Final = {"stress": 5.0}
"""The value from which an entry on a scale is an exposure at all: stress 2 of 10 is a calm moment."""


def primary_window(trigger: str) -> str:
    """The window declared for a trigger."""
    return PRIMARY.get(trigger, AFTER[0].name)


def inside(moments: ArrayLike, first: Floats, last: Floats) -> NDArray[np.bool_]:
    """Whether each moment lies in at least one of the half-open spans [first, last)."""
    moments = np.asarray(moments, dtype=float)
    begun = np.searchsorted(np.sort(first), moments, side="right")
    over = np.searchsorted(np.sort(last), moments, side="right")
    within: NDArray[np.bool_] = begun > over
    return within
