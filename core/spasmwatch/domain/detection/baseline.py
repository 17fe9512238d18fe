"""What is usual for this person now: rolling robust levels, frozen while something may be a spasm."""

from collections import deque
from typing import Any, Literal, get_args

import numpy as np

# What moves in speech and mimicry, and in tics.
MobilePart = Literal["mouth", "brow", "nose"]


class Level:
    """A rolling quantile of one signal and its scatter over the last ``window_s`` seconds of accepted values.

    Values are thinned to one every ``every_s``, so memory and cost do not depend on the frame rate.
    """

    def __init__(self, quantile: float = 0.5, window_s: float = 30.0, every_s: float = 0.12) -> None:
        self._quantile, self._every = quantile, every_s
        self._values: deque[float] = deque(maxlen=round(window_s / every_s))
        self._last = -float("inf")
        self._fresh = 0
        self.value = 0.0
        self.scatter = 0.0

    def add(self, time: float, value: float) -> None:
        """Accept one value; call only for frames that are certainly no event."""
        if time - self._last < self._every:
            return
        self._last = time
        self._values.append(value)
        self._fresh += 1
        # Recomputed often while few are known, later once every few values.
        if self._fresh >= min(8, 1 + len(self._values) // 10):
            self._fresh = 0
            values = np.fromiter(self._values, dtype=np.float64)
            self.value = float(np.quantile(values, self._quantile))
            # 1.4826 MAD estimates the standard deviation of a normal distribution.
            self.scatter = 1.4826 * float(np.median(np.abs(values - np.median(values))))

    def state(self) -> dict[str, Any]:
        """Everything that decides what comes next."""
        last = self._last if len(self._values) else None
        return {
            "values": list(self._values),
            "last": last,
            "fresh": self._fresh,
            "value": self.value,
            "scatter": self.scatter,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state`."""
        self._values.extend(float(value) for value in state["values"])
        self._last = -float("inf") if state["last"] is None else float(state["last"])
        self._fresh = int(state["fresh"])
        self.value, self.scatter = float(state["value"]), float(state["scatter"])

    def __len__(self) -> int:
        return len(self._values)


class Baseline:
    """The levels of one face. ``ready`` once about a second of it has been seen."""

    READY = 8
    BLINKS = 3

    def __init__(self) -> None:
        self.gap = {side: Level(0.6) for side in ("left", "right")}
        self.change = {side: Level(0.5) for side in ("left", "right")}
        self.brow = {side: Level(0.5) for side in ("left", "right")}
        self.cheek = {side: Level(0.5) for side in ("left", "right")}
        self.corner = {side: Level(0.5) for side in ("left", "right")}
        self.brow_moved = {side: Level(0.5) for side in ("left", "right")}
        self.nose_moved = {side: Level(0.5) for side in ("left", "right")}
        self.corner_moved = {side: Level(0.5) for side in ("left", "right")}
        self.brow_distance = Level(0.5)
        self.mouth_open = Level(0.5)
        self.yaw = Level(0.5)
        self.pitch = Level(0.5)
        self.lean = Level(0.5)
        self.pull = Level(0.5)
        # How unequal both eyes are in this person's last thirty blinks (``Evidence.skew``): a low lid, a lamp aside.
        self.blink_skew = Level(0.5, window_s=30.0, every_s=1.0)
        # How far the brows seem to sink in the same blinks, in inter-ocular distances (``Evidence.brow_lowering``).
        self.blink_lowering = Level(0.5, window_s=30.0, every_s=1.0)
        # How far the mouth goes to one side, and brows and nose upwards, in this person's own speech and mimicry.
        self.restless: dict[MobilePart, Level] = {part: Level(0.9, window_s=60.0) for part in get_args(MobilePart)}

    @property
    def usual_blink_skew(self) -> float | None:
        """How unequal both eyes are in blinks; None until some were seen."""
        return self.blink_skew.value if len(self.blink_skew) >= self.BLINKS else None

    @property
    def usual_blink_lowering(self) -> float | None:
        """How far the brows seem to sink in blinks; None until one was seen.

        One is enough: in one person they differ by .003, between persons by .007 (deviations in simulated scenes).
        """
        return self.blink_lowering.value if len(self.blink_lowering) else None

    @property
    def ready(self) -> bool:
        """Whether enough of this face has been seen to judge it."""
        return len(self.pull) >= self.READY
