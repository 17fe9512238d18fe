"""A movement in time: what moves, how far, from when to when.

A movement starts at its first and ends at its last motion, so labels are exact. Muscles contract faster than they
let go; envelopes are raised cosines with a rise, a hold and a fall.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from spasmwatch_edge.simulator.pose import Channel, Pose

Side = Literal["left", "right", "both"]
OneSide = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Part:
    """One contraction of one channel: from ``start``, ``rise`` + ``hold`` + ``fall`` seconds, up to ``amount``."""

    channel: Channel
    amount: float
    start: float
    rise: float
    hold: float
    fall: float

    @property
    def end(self) -> float:
        return self.start + self.rise + self.hold + self.fall

    def at(self, time: float) -> float:
        """The channel's value at ``time``."""
        since = time - self.start
        if since <= 0 or time >= self.end:
            return 0.0
        if since < self.rise:
            return self.amount * (0.5 - 0.5 * math.cos(math.pi * since / self.rise))
        since -= self.rise + self.hold
        return self.amount if since <= 0 else self.amount * (0.5 + 0.5 * math.cos(math.pi * since / self.fall))


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing the face does. ``spasm`` tells whether a detector must report it."""

    kind: str
    pattern: str
    side: Side
    strength: float
    bursts: int
    parts: tuple[Part, ...]
    spasm: bool

    @property
    def start(self) -> float:
        return min(part.start for part in self.parts)

    @property
    def end(self) -> float:
        return max(part.end for part in self.parts)

    def apply(self, pose: Pose, time: float) -> None:
        """Add this movement's contractions at ``time`` to ``pose``."""
        for part in self.parts:
            pose[part.channel] += part.at(time)


def paired(name: str, side: OneSide) -> Channel:
    """The channel of this name on one side."""
    return f"{name}_{side}"  # type: ignore[return-value]


def both(name: str, amount: float, start: float, rise: float, hold: float, fall: float) -> list[Part]:
    """The same contraction on both sides."""
    return [Part(paired(name, side), amount, start, rise, hold, fall) for side in ("right", "left")]


def posed(movements: Iterable[Movement], pose: Pose, time: float) -> Pose:
    """``pose`` with every movement's part at ``time`` added."""
    for movement in movements:
        movement.apply(pose, time)
    return pose
