"""Whether a spasm could be seen in a frame at all. What is not usable is "not observed", never "no spasm"."""

from spasmwatch.domain.detection.signals import FaceSignals
from spasmwatch.domain.records import Reason

# Limits measured by bench/detection.py; docs/detection.md shows the curves.
SMALLEST_EYE_DISTANCE = 14.0
LARGEST_YAW = 28.0
LARGEST_PITCH = 32.0
DARKEST = 18.0
LEAST_SHARPNESS = 0.02
SLOWEST_FPS = 9.0


def unusable(face: FaceSignals) -> Reason | None:
    """Why nothing can be said from this face, or None when it is usable."""
    if face.eye_distance < SMALLEST_EYE_DISTANCE:
        return "small"
    if abs(face.yaw) > LARGEST_YAW or abs(face.pitch) > LARGEST_PITCH:
        return "turned"
    if face.light < DARKEST:
        return "dark"
    if face.sharpness < LEAST_SHARPNESS:
        return "blurred"
    return None
