"""From 478 landmarks to the geometry of a face: turned upright and forward, in units of the inter-ocular distance.

Axes of the aligned face: x towards the subject's left (the right of an unmirrored picture), y down, z away from the
camera. The origin lies between the eyes.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Points that expression hardly moves (eye corners, bridge and wings of the nose, forehead, temples), and where they lie
# in a mean face: measured by us over 13 faces, rounded, made symmetric. Eye corners come first: they set the unit.
STABLE = [33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 98, 327, 10, 151, 9, 8, 127, 356, 234, 454]
MEAN_FACE: Points = np.array(
    [
        [-0.72, -0.02, 0.04], [-0.28, 0.02, -0.04], [0.28, 0.02, -0.04], [0.72, -0.02, 0.04], [0.0, -0.05, -0.33],
        [0.0, 0.08, -0.40], [0.0, 0.20, -0.47], [0.0, 0.31, -0.56], [0.0, 0.42, -0.64], [0.0, 0.56, -0.68],
        [-0.27, 0.74, -0.24], [0.27, 0.74, -0.24], [0.0, -0.91, -0.30], [0.0, -0.64, -0.34], [0.0, -0.33, -0.38],
        [0.0, -0.18, -0.35], [-1.14, 0.05, 0.87], [1.14, 0.05, 0.87], [-1.14, 0.30, 0.95], [1.14, 0.30, 0.95],
    ]
)  # fmt: skip
_MEAN = MEAN_FACE.mean(axis=0)
_CENTRED = MEAN_FACE - _MEAN

# Mesh points of the subject's right and left side.
UPPER_LID = {"right": [158, 159, 160], "left": [385, 386, 387]}
LOWER_LID = {"right": [144, 145, 153], "left": [373, 374, 380]}
BROW = {"right": [66, 105, 107, 63, 52, 65], "left": [296, 334, 336, 293, 282, 295]}
CHEEK = {"right": [50, 101, 205, 36], "left": [280, 330, 425, 266]}
NOSE_WING = {"right": [64, 98, 129], "left": [294, 327, 358]}
INNER_BROWS = (55, 285)
MOUTH_CORNER = {"right": 61, "left": 291}
INNER_LIPS = (13, 14)
SIGN = {"right": -1.0, "left": 1.0}


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a face lies in the picture: aligned = (point − ``centre``) @ ``rotation`` · ``scale`` + mean of the template.

    ``yaw``, ``pitch``, ``roll`` in degrees: positive when the subject turns to their left, looks down, tilts to
    their left shoulder. ``scale`` is inter-ocular distances per pixel.
    """

    centre: Points
    rotation: Points
    scale: float
    yaw: float
    pitch: float
    roll: float

    def apply(self, points: NDArray[np.floating]) -> Points:
        """(n, 3) pixels to (n, 3) aligned units."""
        return np.asarray((points - self.centre) @ self.rotation * self.scale + _MEAN)

    def back(self, points: Points) -> Points:
        """(n, 3) aligned units to (n, 3) pixels."""
        return np.asarray(((points - _MEAN) / self.scale) @ self.rotation.T + self.centre)


def align(landmarks: NDArray[np.floating]) -> Alignment:
    """The best rotation and scale onto the mean face (Kabsch 1976, Umeyama 1991). ``landmarks``: (478, 3) pixels."""
    stable = landmarks[STABLE].astype(np.float64)
    centre = stable.mean(axis=0)
    spread = stable - centre
    u, singular, vt = np.linalg.svd(spread.T @ _CENTRED)
    flip = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * flip) @ vt
    scale = float((singular * flip).sum() / max(1e-12, float((spread * spread).sum())))
    # Columns of ``rotation`` are the face's own axes in picture coordinates.
    across, _, into = rotation.T
    yaw = math.degrees(math.atan2(-float(across[2]), math.hypot(float(across[0]), float(across[1]))))
    pitch = math.degrees(math.atan2(-float(into[1]), math.hypot(float(into[0]), float(into[2]))))
    roll = math.degrees(math.atan2(float(across[1]), float(across[0])))
    return Alignment(centre, rotation, scale, yaw, pitch, roll)


@dataclass(frozen=True, slots=True)
class SideGeometry:
    """One side of an aligned face, in inter-ocular distances.

    ``gap`` between the lids, measured upright (0 is shut); heights of ``brow``, ``cheek`` and ``nose`` wing;
    ``mouth_out`` and ``mouth_up``: the mouth corner's place outwards from the midline and upwards.
    """

    gap: float
    brow: float
    cheek: float
    nose: float
    mouth_out: float
    mouth_up: float


def side_geometry(aligned: Points, side: str) -> SideGeometry:
    """``aligned``: (478, 3); ``side`` ``left`` or ``right`` of the subject."""
    corner = aligned[MOUTH_CORNER[side]]
    return SideGeometry(
        gap=float((aligned[LOWER_LID[side], 1] - aligned[UPPER_LID[side], 1]).mean()),
        brow=-float(aligned[BROW[side], 1].mean()),
        cheek=-float(aligned[CHEEK[side], 1].mean()),
        nose=-float(aligned[NOSE_WING[side], 1].mean()),
        mouth_out=SIGN[side] * float(corner[0]),
        mouth_up=-float(corner[1]),
    )


def mouth_opening(aligned: Points) -> float:
    """Distance between the inner lips, in inter-ocular distances."""
    upper, lower = INNER_LIPS
    return float(np.linalg.norm(aligned[upper] - aligned[lower]))


def brow_distance(aligned: Points) -> float:
    """Distance between the inner ends of the brows, in inter-ocular distances: a frown draws them together."""
    right, left = INNER_BROWS
    return float(np.linalg.norm(aligned[right] - aligned[left]))
