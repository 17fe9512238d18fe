"""How long a spasm could have been seen (the denominator of every rate), and what else a minute showed."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from spasmwatch.domain.records import Reason

# A longer hole between two frames is a stalled source, not a slow one: no more than this is taken as seen.
LONGEST_STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class Closures:
    """What was found out about the closed eyes of an episode: blinks, and seconds by what they were."""

    blinks: int = 0
    spasm_s: float = 0.0
    rest_s: float = 0.0
    unclear_s: float = 0.0


@dataclass(slots=True)
class Minute:
    """Sums of one span of observation; fields as in the ``observation`` record, ``start`` in seconds by the frames."""

    start: float
    seconds: float = 0.0
    observed_s: float = 0.0
    face_s: float = 0.0
    unobserved: defaultdict[Reason, float] = field(default_factory=lambda: defaultdict(float))
    frames: int = 0
    blinks: int = 0
    spasm_closed_s: float = 0.0
    rest_closed_s: float = 0.0
    unclear_closed_s: float = 0.0
    talking_s: float = 0.0
    light: list[float] = field(default_factory=list)
    openness: dict[str, list[float]] = field(default_factory=lambda: {"left": [], "right": []})

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    def median_light(self) -> float | None:
        """Median brightness of the face 0–255, None when nobody was seen."""
        return float(np.median(self.light)) if self.light else None

    def median_openness(self, side: str) -> float | None:
        """Median openness of one eye relative to its usual one, None when nobody was seen."""
        return float(np.median(self.openness[side])) if self.openness[side] else None

    def add_closures(self, closures: Closures) -> None:
        """Add what an episode that ended now was found to be."""
        self.blinks += closures.blinks
        self.spasm_closed_s += closures.spasm_s
        self.rest_closed_s += closures.rest_s
        self.unclear_closed_s += closures.unclear_s


class Talking:
    """Whether the mouth moves as in speech: open–close movements at 1–8 Hz go on in the last second and a half."""

    SPAN_S = 1.5
    LEAST_TRAVEL = 0.25

    def __init__(self) -> None:
        self._recent: list[tuple[float, float]] = []

    def update(self, time: float, mouth_open: float) -> bool:
        """``mouth_open`` in inter-ocular distances."""
        self._recent = [(t, o) for t, o in self._recent if time - t <= self.SPAN_S] + [(time, mouth_open)]
        opening = [o for _, o in self._recent]
        turns = 0
        direction, turned_at = 0, opening[0]
        for value in opening:
            step = value - turned_at
            if abs(step) >= 0.03:
                sign = 1 if step > 0 else -1
                turns += sign != direction
                direction, turned_at = sign, value
            elif (step > 0) == (direction > 0):
                turned_at = value
        travel = sum(abs(b - a) for a, b in pairwise(opening))
        return turns >= 3 and travel >= self.LEAST_TRAVEL


class Exposure:
    """Sums frames into spans of ``span_s`` seconds, aligned to whole multiples of it."""

    def __init__(self, span_s: float = 60.0) -> None:
        self._span = span_s
        self._minute: Minute | None = None
        self._before: tuple[float, Reason | None, bool, bool] | None = None
        self._talking = Talking()
        self.talking = False

    def add(
        self,
        time: float,
        reason: Reason | None,
        openness: dict[str, float] | None,
        light: float | None,
        mouth_open: float | None,
    ) -> Minute | None:
        """Take one frame; returns the span that ended before it.

        ``reason`` says why nothing could be seen, None when a spasm could; ``openness`` per side 1 as usual.
        """
        finished = None
        if self._minute is not None and time >= self._end(self._minute.start):
            finished = self._cut(self._end(self._minute.start))
        if self._minute is None:
            self._minute = Minute(time)
        self._account(time)
        minute = self._minute
        minute.frames += 1
        self.talking = mouth_open is not None and self._talking.update(time, mouth_open)
        if light is not None:
            minute.light.append(light)
        if openness is not None and reason is None:
            for side, value in openness.items():
                minute.openness[side].append(value)
        self._before = (time, reason, light is not None, self.talking)
        return finished

    def note(self, closures: Closures) -> None:
        """What the closures of an ended episode were."""
        if self._minute is not None:
            self._minute.add_closures(closures)

    def finish(self, time: float | None = None) -> Minute | None:
        """The last, partial span, up to ``time`` or the last frame."""
        if self._minute is None or self._before is None:
            return None
        finished = self._cut(self._before[0] if time is None else time)
        self._minute = self._before = None
        return finished if finished.seconds > 0 else None

    def _end(self, start: float) -> float:
        return (start // self._span + 1) * self._span

    def _cut(self, end: float) -> Minute:
        assert self._minute is not None  # noqa: S101 - callers have checked
        self._account(end)
        finished, self._minute = self._minute, Minute(end)
        if self._before is not None:
            self._before = (end, *self._before[1:])
        return finished

    def _account(self, time: float) -> None:
        """Give the time since the last frame to what that frame showed."""
        if self._before is None or self._minute is None:
            return
        since, reason, face, talking = self._before
        step = max(0.0, time - since)
        seen = min(step, LONGEST_STEP_S)
        minute = self._minute
        minute.seconds += step
        if step > seen:
            minute.unobserved["slow"] += step - seen
        if reason is None:
            minute.observed_s += seen
        else:
            minute.unobserved[reason] += seen
        minute.face_s += seen if face else 0.0
        minute.talking_s += seen if talking else 0.0
