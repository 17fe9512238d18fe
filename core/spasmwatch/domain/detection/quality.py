"""Whether a spasm could be seen in a frame at all. What is not usable is "not observed", never "no spasm"."""

from spasmwatch.domain.detection.signals import FrameSignals
from spasmwatch.domain.records import Reason

# Limits measured by bench/detection.py; docs/detection.md shows the curves.
SMALLEST_EYE_DISTANCE = 20.0
LARGEST_YAW = 28.0
LARGEST_PITCH = 32.0
DARKEST = 8.0
LEAST_SHARPNESS = 0.02
SLOWEST_FPS = 9.0


class FrameRate:
    """Frames a second over about the last two seconds; unknown (None) at first."""

    def __init__(self) -> None:
        self._before: float | None = None
        self._step: float | None = None

    def state(self) -> tuple[float | None, float | None]:
        """Time of the last frame and mean step."""
        return self._before, self._step

    def restore(self, state: tuple[float | None, float | None]) -> None:
        """Go on from :meth:`state`."""
        self._before, self._step = state

    def update(self, time: float) -> float | None:
        """Take the time of a frame, return the rate."""
        if self._before is not None:
            step = max(1e-3, min(1.0, time - self._before))
            share = min(1.0, step / 2.0)
            self._step = step if self._step is None else self._step + share * (step - self._step)
        self._before = time
        return None if self._step is None else 1.0 / self._step


def unusable(frame: FrameSignals, fps: float | None) -> Reason | None:
    """Why nothing can be said from this frame, or None when a spasm could be seen in it."""
    if frame.paused:
        return "paused"
    face = frame.face
    if face is None:
        return "absent"
    limits: tuple[tuple[bool, Reason], ...] = (
        (face.eye_distance < SMALLEST_EYE_DISTANCE, "small"),
        (abs(face.yaw) > LARGEST_YAW or abs(face.pitch) > LARGEST_PITCH, "turned"),
        (face.light < DARKEST, "dark"),
        (face.sharpness < LEAST_SHARPNESS, "blurred"),
        (fps is not None and fps < SLOWEST_FPS, "slow"),
    )
    return next((reason for broken, reason in limits if broken), None)
