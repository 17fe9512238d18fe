"""From a frame to the numbers that the detector sees: landmarks, head pose, the other witnesses, quality."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.detection.geometry import Alignment, align, brow_distance, mouth_opening, side_geometry
from spasmwatch.domain.detection.signals import EyeSignals, FaceSignals, FrameSignals
from spasmwatch_edge.displacement import DisplacementWitness
from spasmwatch_edge.landmark_model import Face
from spasmwatch_edge.stillness import Stillness
from spasmwatch_edge.witness import EyeWitness, eye_windows, sharpness

# Within this turn of the head both eyes are seen well enough to learn what they look like.
FRONTAL_YAW, FRONTAL_PITCH = 22.0, 25.0

FindFace = Callable[[float, NDArray[np.uint8]], Face | None]


class Vision:
    """Sees one face; ``looks`` of ``frames`` needed the landmark network.

    ``find`` yields the watched person's face for a time and a frame, see ``person.py``.
    """

    def __init__(self, find: FindFace, *, skip_still: bool = True) -> None:
        """``skip_still`` False looks at every frame anew, for measuring what skipping costs."""
        self._find = find
        self._witness = EyeWitness()
        self._displacement = DisplacementWitness()
        self._stillness = Stillness()
        self._skip_still = skip_still
        self._last: FaceSignals | None = None
        self.frames = self.looks = 0

    def look(self, time: float, frame: NDArray[np.uint8]) -> FrameSignals:
        """``time`` in seconds by the sensor's clock; ``frame`` BGR."""
        self.frames += 1
        if self._last is not None and self._skip_still and self._stillness.still(time, frame):
            return FrameSignals(time, self._last, repeated=True)
        self.looks += 1
        face = self._find(time, frame)
        if face is None:
            self._last = None
            self._stillness.forget()
            return FrameSignals(time, None)
        self._last = self._signals(time, frame, face)
        return FrameSignals(time, self._last)

    def _signals(self, time: float, frame: NDArray[np.uint8], face: Face) -> FaceSignals:
        alignment = align(face.landmarks)
        self._stillness.remember(time, frame, alignment)
        aligned = alignment.apply(face.landmarks)
        windows = eye_windows(frame, alignment)
        sides = {side: side_geometry(aligned, side) for side in ("left", "right")}
        gaps = {side: geometry.gap for side, geometry in sides.items()}
        frontal = abs(alignment.yaw) < FRONTAL_YAW and abs(alignment.pitch) < FRONTAL_PITCH
        changes = self._witness.look(time, windows, gaps, frontal)
        moved = self._displacement.look(time, frame, alignment, aligned, frontal)
        eyes = {
            side: EyeSignals(
                gap=geometry.gap,
                change=changes[side],
                brow=geometry.brow,
                cheek=geometry.cheek,
                nose=geometry.nose,
                mouth_out=geometry.mouth_out,
                mouth_up=geometry.mouth_up,
                brow_moved=moved[side].brow,
                nose_moved=moved[side].nose,
                mouth_moved_out=moved[side].mouth_out,
                mouth_moved_up=moved[side].mouth_up,
            )
            for side, geometry in sides.items()
        }
        middle = alignment.back(np.zeros((1, 3)))[0]
        return FaceSignals(
            left=eyes["left"],
            right=eyes["right"],
            mouth_open=mouth_opening(aligned),
            brow_distance=brow_distance(aligned),
            yaw=alignment.yaw,
            pitch=alignment.pitch,
            roll=alignment.roll,
            x=float(middle[0]),
            y=float(middle[1]),
            eye_distance=face.eye_distance,
            light=face_light(frame, alignment),
            sharpness=sharpness(windows),
        )


def face_light(frame: NDArray[np.uint8], alignment: Alignment) -> float:
    """Mean brightness 0–255 of the face from the brows to the mouth, from a few hundred pixels."""
    corners = alignment.back(np.array([[-0.8, -0.3, 0.0], [0.8, -0.3, 0.0], [-0.8, 1.0, 0.0]]))[:, :2]
    target = np.array([[0, 0], [16, 0], [0, 13]], dtype=np.float32)
    matrix = cv2.getAffineTransform(corners.astype(np.float32), target)
    small = cv2.warpAffine(frame, matrix, (16, 13), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return float(small.mean())
