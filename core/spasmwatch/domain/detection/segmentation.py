"""From a score over time to bursts: thresholds with hysteresis, onset at the foot of the rise, least length."""

from dataclasses import dataclass
from typing import Literal

ChannelName = Literal["eye_left", "eye_right", "mouth_left", "mouth_right", "closure", "brow", "nose"]


@dataclass(frozen=True, slots=True)
class Burst:
    """One rise and fall of one channel; times in seconds, ``peak`` (reached at ``peak_at``) in the channel's unit.

    ``sure``: long or strong enough to be more than noise by itself.
    """

    channel: ChannelName
    start: float
    end: float
    peak: float
    peak_at: float
    frames: int
    sure: bool = True

    @property
    def part(self) -> str:
        """What its channel follows, of either side: eye, mouth, closure, brow or nose."""
        return self.channel.partition("_")[0]

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A burst begins at ``enter``, counts from where the score left ``foot`` and ends below ``leave``.

    It also ends below ``leave_share`` of its peak; the next one then needs a new rise by half of ``enter``. A burst
    is sure with ``least_frames`` frames, or one that reaches ``sure``.
    """

    enter: float
    leave: float
    foot: float
    sure: float
    leave_share: float = 0.0
    least_frames: int = 2


class Channel:
    """Follows one score."""

    def __init__(self, name: ChannelName, thresholds: Thresholds) -> None:
        self.name: ChannelName = name
        self._limits = thresholds
        # The lowest score since the last burst or the last quiet moment, and when it was.
        self._valley: tuple[float, float] | None = None
        self._start: float | None = None
        self._last = 0.0
        self._peak = 0.0
        self._peak_at = 0.0
        self._frames = 0

    @property
    def valley(self) -> tuple[float, float] | None:
        """(score, time) from which the next burst would be measured."""
        return self._valley

    @valley.setter
    def valley(self, valley: tuple[float, float] | None) -> None:
        self._valley = valley

    @property
    def active(self) -> bool:
        """Whether a burst is going on."""
        return self._start is not None

    @property
    def start(self) -> float | None:
        """Onset of the burst that is going on."""
        return self._start

    @property
    def peak(self) -> float:
        """The highest score of the burst that is going on."""
        return self._peak

    @property
    def confirmed(self) -> bool:
        """Whether the burst that is going on is sure already."""
        return self.active and (self._frames >= self._limits.least_frames or self._peak >= self._limits.sure)

    def update(self, time: float, score: float) -> Burst | None:
        """Take the score of one frame; returns the burst that ended with it."""
        if self._start is None:
            self._wait(time, score)
            return None
        if score < max(self._limits.leave, self._limits.leave_share * self._peak):
            return self._finish(time, score)
        if score > self._peak:
            self._peak, self._peak_at = score, time
        self._frames += 1
        self._last = time
        return None

    def stop(self) -> Burst | None:
        """End at the last frame seen: the face is gone."""
        ended = None if self._start is None else self._finish(self._last, 0.0)
        self._valley = None
        return ended

    def _wait(self, time: float, score: float) -> None:
        limits = self._limits
        depth, onset = self._valley or (0.0, time)
        if score >= limits.enter and score - depth >= limits.enter / 2:
            self._start = onset
            self._peak, self._peak_at, self._frames, self._last = score, time, 1, time
        elif score < limits.foot or self._valley is None or score <= depth:
            self._valley = (score, time)

    def _finish(self, end: float, score: float) -> Burst:
        assert self._start is not None  # noqa: S101 - both callers have checked
        burst = Burst(self.name, self._start, end, self._peak, self._peak_at, self._frames, self.confirmed)
        self._start = None
        self._valley = (score, end)
        return burst
