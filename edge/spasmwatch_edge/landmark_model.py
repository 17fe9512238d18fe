"""Google's face landmark model, run directly on LiteRT: a face in a picture becomes 478 points.

The network sees a turned square cut from the picture (the region). While a face is tracked, the region follows
the last landmarks; the face detector runs only when there is none. Nothing is smoothed over time: a one-frame
flutter of an eyelid has to come through (filters stand in the detection domain, where they are known).
"""

import io
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.errors import ModelError
from spasmwatch_edge.model_file import model_path, read_verified
from spasmwatch_edge.network import Network
from spasmwatch_edge.sources.two_sizes import small_of

DETECTOR_SIZE = 128
MESH_SIZE = 256
# A region is 1.5 times the longer side of the face's box, as the model was trained.
REGION_SCALE = 1.5
# Outer corners of the subject's right and left eye in the mesh: their line gives the roll.
RIGHT_OUTER_CORNER, LEFT_OUTER_CORNER = 33, 263
DETECTION_THRESHOLD = 0.5
OVERLAP_THRESHOLD = 0.3
PRESENCE_THRESHOLD = 0.5
# How many parts of a large picture are searched for a small face in one call while nobody is tracked.
PARTS_PER_CALL = 2

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Region:
    """A turned square in the picture: centre and side in pixels, ``angle`` in radians (clockwise on the screen)."""

    x: float
    y: float
    side: float
    angle: float


@dataclass(frozen=True, slots=True)
class Face:
    """``landmarks`` (478, 3) float32: x and y in pixels, z in the same unit (smaller is nearer the camera).

    ``score`` 0–1 is the network's belief that the region holds a face. ``region`` is where it looked.
    """

    landmarks: NDArray[np.float32]
    score: float
    region: Region

    @property
    def eye_distance(self) -> float:
        """Pixels between the centres of the eyes (mean of each eye's two corners)."""
        right = self.landmarks[[33, 133], :2].mean(axis=0)
        left = self.landmarks[[263, 362], :2].mean(axis=0)
        return float(np.hypot(*(left - right)))


class FaceMesh:
    """Finds and follows one face. Not safe to share between threads.

    ``found_anew``: the last :meth:`process` did not follow a face but found one; it may be another person's.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Load and check the model (``path`` None: the default place). Raises ModelError."""
        detector, mesh = _networks(path or model_path())
        self._detector = Network(detector)
        self._mesh = Network(mesh)
        self._anchors = _anchors()
        self._region: Region | None = None
        self._part = 0
        self.found_anew = False

    def process(self, frame: Picture) -> Face | None:
        """The tracked face in a BGR picture (height, width, 3), or None when there is none.

        Without a tracked face, the whole picture and some of its parts are searched; small faces in a
        large picture are therefore found within a few calls, not always in the first.
        """
        self.found_anew = False
        if self._region is not None:
            face = self.landmarks(frame, self._region)
            if face is not None:
                self._region = region_around(face.landmarks)
                return face
            self._region = None
        for region in self._search(frame):
            face = self.landmarks(frame, region)
            if face is not None:
                # A second look from the landmarks' own region: the first came from a coarse box.
                face = self.landmarks(frame, region_around(face.landmarks)) or face
                self._region = region_around(face.landmarks)
                self.found_anew = True
                return face
        return None

    def follow(self, face: Face | None) -> None:
        """Track this face from now on; None forgets the tracked one."""
        self._region = region_around(face.landmarks) if face else None

    def find_all(self, frame: Picture) -> list[Face]:
        """Every face in the picture, largest first; searches all parts, so it is slow (for enrolment and stills)."""
        boxes = [box for part in _parts(frame.shape[0], frame.shape[1]) for box in self._detect(frame, part)]
        faces: list[Face] = []
        for region in _suppress(boxes):
            face = self.landmarks(frame, region)
            if face is None:
                continue
            face = self.landmarks(frame, region_around(face.landmarks)) or face
            if all(_distance(face.region, other.region) > 0.5 * other.region.side for other in faces):
                faces.append(face)
        return sorted(faces, key=lambda face: -face.region.side)

    def landmarks(self, frame: Picture, region: Region) -> Face | None:
        """Run the landmark network on one region; None when it sees no face there."""
        points, flag = self._mesh_raw(frame, region)
        score = 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, flag))))
        if score < PRESENCE_THRESHOLD:
            return None
        scale = region.side / MESH_SIZE
        centred = (points - np.array([MESH_SIZE / 2, MESH_SIZE / 2, 0.0], dtype=np.float32)) * np.float32(scale)
        cos, sin = math.cos(region.angle), math.sin(region.angle)
        turned = np.empty_like(centred)
        turned[:, 0] = centred[:, 0] * cos - centred[:, 1] * sin + region.x
        turned[:, 1] = centred[:, 0] * sin + centred[:, 1] * cos + region.y
        turned[:, 2] = centred[:, 2]
        if not np.isfinite(turned).all():
            return None
        return Face(turned, score, region)

    def _mesh_raw(self, frame: Picture, region: Region) -> tuple[NDArray[np.float32], float]:
        crop = cut(frame, region, MESH_SIZE)
        outputs = self._mesh.run(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB).astype(np.float32) / 255.0)
        return outputs["Identity"].reshape(478, 3), float(outputs["Identity_1"].ravel()[0])

    def _search(self, frame: Picture) -> Iterator[Region]:
        """Candidate regions: from the whole picture first, then from the next few parts."""
        parts = _parts(frame.shape[0], frame.shape[1])
        boxes = _suppress(self._detect(frame, parts[0]))
        yield from boxes
        if boxes or len(parts) == 1:
            return
        for _ in range(PARTS_PER_CALL):
            self._part = self._part % (len(parts) - 1) + 1
            yield from _suppress(self._detect(frame, parts[self._part]))

    def _detect(self, frame: Picture, part: Region) -> list[tuple[float, Region]]:
        """(score, region) of every face that the detector sees in one upright square part of the picture.

        It looks at the camera's small picture where there is one: that was made smaller without jags.
        """
        picture = small_of(frame)
        scale = picture.shape[1] / frame.shape[1]
        crop = cut(picture, Region(scale * part.x, scale * part.y, scale * part.side, 0.0), DETECTOR_SIZE)
        outputs = self._detector.run(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB).astype(np.float32) / 127.5 - 1.0)
        logits = np.clip(outputs["classificators"].reshape(-1), -50, 50)
        scores = 1.0 / (1.0 + np.exp(-logits))
        found = []
        for index in np.flatnonzero(scores >= DETECTION_THRESHOLD):
            values = outputs["regressors"][0, index] / DETECTOR_SIZE
            centre = values[:2] + self._anchors[index]
            right_eye, left_eye = values[4:6], values[6:8]
            angle = math.atan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])
            corner = np.array([part.x, part.y]) - part.side / 2
            x, y = corner + centre * part.side
            side = REGION_SCALE * float(max(values[2], values[3])) * part.side
            found.append((float(scores[index]), Region(float(x), float(y), side, angle)))
        return found


def region_around(landmarks: NDArray[np.float32]) -> Region:
    """The region in which to look for this face in the next picture."""
    eye_line = landmarks[LEFT_OUTER_CORNER, :2] - landmarks[RIGHT_OUTER_CORNER, :2]
    angle = math.atan2(float(eye_line[1]), float(eye_line[0]))
    cos, sin = math.cos(angle), math.sin(angle)
    across = landmarks[:, 0] * cos + landmarks[:, 1] * sin
    down = landmarks[:, 1] * cos - landmarks[:, 0] * sin
    middle_x, middle_y = (across.min() + across.max()) / 2, (down.min() + down.max()) / 2
    side = REGION_SCALE * float(max(np.ptp(across), np.ptp(down)))
    return Region(float(middle_x * cos - middle_y * sin), float(middle_x * sin + middle_y * cos), side, angle)


def cut(frame: Picture, region: Region, size: int) -> Picture:
    """The region as an upright picture of ``size`` × ``size`` pixels; outside of the frame is black."""
    scale = region.side / size
    cos, sin = math.cos(region.angle) * scale, math.sin(region.angle) * scale
    half = (size - 1) / 2
    # From crop to frame: pixel centres lie at whole numbers in OpenCV.
    matrix = np.array(
        [
            [cos, -sin, region.x - 0.5 - cos * half + sin * half],
            [sin, cos, region.y - 0.5 - sin * half - cos * half],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(frame, matrix, (size, size), flags=flags), dtype=np.uint8)


def _networks(path: Path) -> tuple[bytes, bytes]:
    """The detector and the mesh network out of the task file, whose hash is checked first."""
    try:
        with zipfile.ZipFile(io.BytesIO(read_verified(path))) as archive:
            return archive.read("face_detector.tflite"), archive.read("face_landmarks_detector.tflite")
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"landmark model {path}: not a face landmarker task file ({error})") from error


def _anchors() -> NDArray[np.float32]:
    """Centres of the 896 anchors of the short-range detector (896, 2), in parts of the picture's side."""
    centres = []
    for cells, each in ((16, 2), (8, 6)):
        for row in range(cells):
            for column in range(cells):
                centres += [((column + 0.5) / cells, (row + 0.5) / cells)] * each
    return np.array(centres, dtype=np.float32)


def _parts(height: int, width: int) -> list[Region]:
    """Upright squares that cover the picture: the whole of it, then overlapping halves and quarters.

    The detector sees 128 pixels and wants a face of at least some 20 of them: in a 640 pixel picture the
    whole shows faces from 100 pixels, quarters show them from 25.
    """
    longest = max(height, width)
    parts = [Region(width / 2, height / 2, float(longest), 0.0)]
    for share in (2, 4):
        side = longest / share
        if side < DETECTOR_SIZE:
            break
        rows, columns = max(1, math.ceil((height / side - 1) * 2) + 1), math.ceil((width / side - 1) * 2) + 1
        for row in range(rows):
            for column in range(columns):
                x = side / 2 + (width - side) * column / max(1, columns - 1)
                y = side / 2 + (height - side) * row / max(1, rows - 1) if rows > 1 else height / 2
                parts.append(Region(x, y, side, 0.0))
    return parts


def _suppress(boxes: list[tuple[float, Region]]) -> list[Region]:
    """Best first, without those that overlap a better one."""
    kept: list[Region] = []
    for _, region in sorted(boxes, key=lambda item: -item[0]):
        if all(_overlap(region, other) < OVERLAP_THRESHOLD for other in kept):
            kept.append(region)
    return kept


def _overlap(a: Region, b: Region) -> float:
    across = min(a.x + a.side / 2, b.x + b.side / 2) - max(a.x - a.side / 2, b.x - b.side / 2)
    down = min(a.y + a.side / 2, b.y + b.side / 2) - max(a.y - a.side / 2, b.y - b.side / 2)
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / (a.side**2 + b.side**2 - across * down)


def _distance(a: Region, b: Region) -> float:
    return math.hypot(a.x - b.x, a.y - b.y)
