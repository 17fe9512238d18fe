"""From a frame to the numbers that the detector sees: landmarks, head pose, the second witness, quality."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.detection.geometry import Alignment, align, brow_distance, mouth_opening, side_geometry
from spasmwatch.domain.detection.signals import EyeSignals, FaceSignals, FrameSignals
from spasmwatch_edge.landmark_model import Face
from spasmwatch_edge.witness import EyeWitness, eye_windows, sharpness

# Within this turn of the head both eyes are seen well enough to learn what they look like.
FRONTAL_YAW, FRONTAL_PITCH = 22.0, 25.0

FindFace = Callable[[float, NDArray[np.uint8]], Face | None]


class Vision:
    """Sees one face. ``find`` yields the watched person's face for a time and a frame, see ``person.py``."""

    def __init__(self, find: FindFace) -> None:
        self._find = find
        self._witness = EyeWitness()

    def look(self, time: float, frame: NDArray[np.uint8]) -> FrameSignals:
        """``time`` in seconds by the sensor's clock; ``frame`` BGR."""
        face = self._find(time, frame)
        if face is None:
            return FrameSignals(time, None)
        alignment = align(face.landmarks)
        aligned = alignment.apply(face.landmarks)
        windows = eye_windows(frame, alignment)
        sides = {side: side_geometry(aligned, side) for side in ("left", "right")}
        gaps = {side: geometry.gap for side, geometry in sides.items()}
        frontal = abs(alignment.yaw) < FRONTAL_YAW and abs(alignment.pitch) < FRONTAL_PITCH
        changes = self._witness.look(time, windows, gaps, frontal)
        eyes = {
            side: EyeSignals(
                gap=geometry.gap,
                change=changes[side],
                brow=geometry.brow,
                cheek=geometry.cheek,
                nose=geometry.nose,
                mouth_out=geometry.mouth_out,
                mouth_up=geometry.mouth_up,
            )
            for side, geometry in sides.items()
        }
        middle = alignment.back(np.zeros((1, 3)))[0]
        signals = FaceSignals(
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
        return FrameSignals(time, signals)


def face_light(frame: NDArray[np.uint8], alignment: Alignment) -> float:
    """Mean brightness 0–255 of the face from the brows to the mouth, from a few hundred pixels."""
    corners = alignment.back(np.array([[-0.8, -0.3, 0.0], [0.8, -0.3, 0.0], [-0.8, 1.0, 0.0]]))[:, :2]
    target = np.array([[0, 0], [16, 0], [0, 13]], dtype=np.float32)
    matrix = cv2.getAffineTransform(corners.astype(np.float32), target)
    small = cv2.warpAffine(frame, matrix, (16, 13), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return float(small.mean())
