"""What the detector sees of one frame: numbers only, no picture. This is also what a trace keeps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EyeSignals:
    """One side of the face. Lengths in inter-ocular distances, after taking out head pose.

    ``gap`` between the lids by the landmarks, which know the other eye and lean towards it. ``change`` is the second
    witness, which does not: how much this eye's own picture differs from itself when open, 0 same – 1 unrelated.
    ``…_moved`` is the third witness, which does not ask the landmarks of these parts: how far the brow and the wing of
    the nose are above, the mouth corner outside and above the place where they usually are; 0 where it cannot be told.
    """

    gap: float
    change: float
    brow: float
    cheek: float
    nose: float
    mouth_out: float
    mouth_up: float
    brow_moved: float = 0.0
    nose_moved: float = 0.0
    mouth_moved_out: float = 0.0
    mouth_moved_up: float = 0.0


@dataclass(frozen=True, slots=True)
class FaceSignals:
    """A face in one frame.

    ``yaw``, ``pitch``, ``roll`` in degrees; ``eye_distance`` in pixels; ``light`` is the mean brightness of the face
    0–255; ``sharpness`` the fine detail around the eyes (deviation of the Laplacian over that of the grey values).
    ``x``, ``y`` is the point between the eyes in pixels.
    """

    left: EyeSignals
    right: EyeSignals
    mouth_open: float
    brow_distance: float
    yaw: float
    pitch: float
    roll: float
    x: float
    y: float
    eye_distance: float
    light: float
    sharpness: float

    def side(self, name: str) -> EyeSignals:
        """``left`` or ``right`` of the subject."""
        return self.left if name == "left" else self.right


@dataclass(frozen=True, slots=True)
class FrameSignals:
    """One frame: ``time`` in seconds by the sensor's clock; ``face`` None when the watched person is not seen.

    ``paused`` frames carry no face and count as paused. ``repeated``: nothing has moved, so ``face`` is the last one.
    """

    time: float
    face: FaceSignals | None
    paused: bool = False
    repeated: bool = False
