"""Takes out the sensor's noise: measured on the signals themselves, averaged over a few frames where it must be."""

from collections import deque
from dataclasses import fields, replace
from typing import Any, Final

import numpy as np

from spasmwatch.domain.detection.signals import EyeSignals, FaceSignals

# A one-frame twitch passes undamped at up to 25 frames a second; in noise a window of a short blink is averaged.
CLEAN_S: Final = 0.039
NOISY_S: Final = 0.09
VERY_NOISY_S: Final = 0.13
_EYE_FIELDS: Final = tuple(field.name for field in fields(EyeSignals))


class Noise:
    """Standard deviation of one signal from frame to frame, blind to slow movement and to single jumps."""

    def __init__(self, size: int = 75) -> None:
        self._steps: deque[float] = deque(maxlen=size)
        self._before: float | None = None
        self._fresh = 0
        self.sigma = 0.0

    def add(self, value: float) -> None:
        """Take the value of one frame."""
        if self._before is not None:
            self._steps.append(abs(value - self._before))
            self._fresh += 1
        self._before = value
        if self._fresh >= min(15, 1 + len(self._steps) // 4):
            self._fresh = 0
            # The median of absolute differences of two normal values is .6745 · √2 of their deviation.
            self.sigma = float(np.median(np.fromiter(self._steps, dtype=np.float64))) / 0.954

    def state(self) -> dict[str, Any]:
        """Everything that decides what comes next."""
        return {"steps": list(self._steps), "before": self._before, "fresh": self._fresh, "sigma": self.sigma}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state`."""
        self._steps.extend(float(step) for step in state["steps"])
        self._before = None if state["before"] is None else float(state["before"])
        self._fresh, self.sigma = int(state["fresh"]), float(state["sigma"])

    def pause(self) -> None:
        """The next frame does not follow the last one."""
        self._before = None


class Smoother:
    """The mean face of the last few hundredths of a second; ``frames`` is how many went into the last one."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, FaceSignals]] = deque()
        self.frames = 1

    def smooth(self, time: float, face: FaceSignals, window_s: float) -> FaceSignals:
        """``face`` with the means of both sides' signals."""
        self._recent.append((time, face))
        while time - self._recent[0][0] >= window_s:
            self._recent.popleft()
        self.frames = len(self._recent)
        if self.frames == 1:
            return face
        faces = [recent for _, recent in self._recent]
        return replace(face, left=_mean([f.left for f in faces]), right=_mean([f.right for f in faces]))

    @property
    def span_s(self) -> float:
        """Seconds between the first and the last frame of the last mean."""
        return self._recent[-1][0] - self._recent[0][0] if self._recent else 0.0

    @property
    def recent(self) -> list[tuple[float, FaceSignals]]:
        """The frames that the next mean may still hold."""
        return list(self._recent)

    @recent.setter
    def recent(self, frames: list[tuple[float, FaceSignals]]) -> None:
        self._recent = deque(frames)
        self.frames = max(1, len(frames))

    def clear(self) -> None:
        """The face is gone."""
        self._recent.clear()


def _mean(eyes: list[EyeSignals]) -> EyeSignals:
    return EyeSignals(**{name: sum(getattr(eye, name) for eye in eyes) / len(eyes) for name in _EYE_FIELDS})
