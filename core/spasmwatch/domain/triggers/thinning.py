"""Readings thinned to what changed: a dead-band, a shortest and a longest interval for each kind."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from spasmwatch.domain.records import TriggerKind
from spasmwatch.domain.triggers.measurement import Measurement


class Thinning(BaseModel):
    """A reading is kept when it left the dead-band around the last kept one, or ``longest_s`` after it.

    The dead-band is the larger of ``dead_band`` (in the reading's unit) and ``dead_share`` of the last kept value.
    Within ``shortest_s`` after a kept one a change waits, and is kept if it lasts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    dead_band: Annotated[float, Field(ge=0)] = 0.0
    dead_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    shortest_s: Annotated[float, Field(ge=0)] = 10.0
    longest_s: Annotated[float, Field(gt=0)] = 1800.0


USUAL: Final[Mapping[TriggerKind, Thinning]] = {
    "temperature": Thinning(dead_band=0.3),
    "humidity": Thinning(dead_band=2),
    "bright_light": Thinning(dead_band=10, dead_share=0.2),
    "noise": Thinning(dead_band=3),
    "air": Thinning(dead_band=2, dead_share=0.1),
    "wind": Thinning(dead_band=1),
}
"""Engineering choices: what a person would call a change. All other kinds are kept at any change."""

ANY_CHANGE: Final = Thinning()


class Thinner:
    """The thinning of one property of one device."""

    __slots__ = ("_kept", "_limits", "held")

    def __init__(self, limits: Thinning) -> None:
        self._limits = limits
        self._kept: tuple[float, float] | None = None  # value and time of the last kept one
        self.held: Measurement | None = None

    def offer(self, measurement: Measurement) -> bool:
        """Whether to keep this reading. Baselines never are: nobody knows when they were measured."""
        value = measurement.value
        if measurement.baseline or not isinstance(value, float):
            return False
        now = measurement.time.timestamp()
        self.held = None
        if self._kept is not None:
            last, since = self._kept[0], now - self._kept[1]
            band = max(self._limits.dead_band, self._limits.dead_share * abs(last))
            # Far below any sensor's step, far above what subtraction adds: at its edge a value is still inside.
            changed = abs(value - last) > band + 1e-9 * max(1.0, abs(last))
            if changed and 0 <= since < self._limits.shortest_s:
                self.held = measurement
                return False
            if not changed and since < self._limits.longest_s:
                return False
        self._kept = (value, now)
        return True

    def due(self, now: float) -> Measurement | None:
        """The change that waited, once its time has come (``now`` in seconds since the epoch)."""
        held = self.held
        if held is None or self._kept is None or now - self._kept[1] < self._limits.shortest_s:
            return None
        self.held = None
        self._kept = (float(held.value), held.time.timestamp())
        return held
