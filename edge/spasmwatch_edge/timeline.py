"""The time of frames: the wall clock's as it was at the start, and from there only forwards.

A Pi without a battery starts with the time of its last run and is set right when the network is up; whoever sets a
clock moves it by hours. Neither may look like an hour-long frame to the detector, nor send it back in time.
"""

from typing import Final

from spasmwatch.adapters.clock import MachineClock

LEAST_STEP_S: Final = 0.5
"""What the wall clock was moved by less than this is left alone: it would only blur what belongs together."""


class Timeline:
    """Seconds since the epoch by the time since boot, which nobody sets."""

    def __init__(self, clock: MachineClock | None = None) -> None:
        self._clock = clock or MachineClock()
        self._offset = self._clock.wall() - self._clock.since_boot()

    def now(self) -> float:
        """The time of a frame that is taken now."""
        return self.at(self._clock.since_boot())

    def at(self, since_boot: float) -> float:
        """The time of a frame that was taken ``since_boot`` seconds after the machine's boot, as sensors tell it."""
        return self._offset + since_boot

    def moved(self) -> float:
        """By how many seconds the wall clock has been set since the start; records are to be told by that later."""
        step = self._clock.wall() - self.now()
        return step if abs(step) >= LEAST_STEP_S else 0.0
