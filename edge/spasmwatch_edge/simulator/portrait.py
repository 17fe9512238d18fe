"""The photograph that the simulator brings to life, and the landmarks on it."""

import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.errors import SourceError
from spasmwatch_edge.landmark_model import FaceMesh

logger = logging.getLogger(__name__)

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]

# Below this the eyes on a photograph are shut.
SHUT = 0.2
RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS = (33, 133), (362, 263)


@dataclass(frozen=True, slots=True)
class Portrait:
    """``picture`` is BGR (height, width, 3); ``landmarks`` (478, 3) are in its pixels, z smaller nearer the camera."""

    picture: Picture
    landmarks: Points

    @property
    def eyes(self) -> tuple[Points, Points]:
        """Centres (x, y) of the subject's right and left eye: the means of their corners."""
        right = self.landmarks[list(RIGHT_EYE_CORNERS), :2].mean(axis=0)
        left = self.landmarks[list(LEFT_EYE_CORNERS), :2].mean(axis=0)
        return right, left

    @property
    def unit(self) -> float:
        """The distance between the eyes in pixels."""
        right, left = self.eyes
        return float(np.hypot(*(left - right)))

    @property
    def openness(self) -> float:
        """Gap between the lids relative to the eye's width, the smaller of both eyes."""
        points = self.landmarks[:, :2]
        gaps = np.hypot(*(points[[159, 386]] - points[[145, 374]]).T)
        widths = np.hypot(*(points[[33, 263]] - points[[133, 362]]).T)
        return float((gaps / widths).min())


def load_portrait(photo: Path | None = None, mesh: FaceMesh | None = None) -> Portrait:
    """Read ``photo`` (None: the NASA portrait in scikit-image) and find its largest face.

    Raises SourceError when the file is no picture or shows no face, ModelError when the landmark model is missing.
    """
    picture = _read(photo) if photo is not None else _default_picture()
    faces = (mesh or FaceMesh()).find_all(picture)
    if not faces:
        raise SourceError(f"no face found in {photo or 'the portrait'}: give a frontal portrait of one person")
    portrait = Portrait(picture, faces[0].landmarks)
    if portrait.openness < SHUT:
        logger.warning("the eyes on %s look shut: closing them further will hardly be seen", photo or "the portrait")
    return portrait


def _read(photo: Path) -> Picture:
    try:
        content = np.frombuffer(photo.read_bytes(), dtype=np.uint8)
    except OSError as error:
        raise SourceError(f"photo {photo} cannot be read: {error.strerror}") from error
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if picture is None:
        raise SourceError(f"photo {photo} is no picture: give a JPEG or PNG file")
    return np.asarray(picture, dtype=np.uint8)


def _default_picture() -> Picture:
    # The file only: importing scikit-image would cost the camera process memory for nothing.
    package = importlib.util.find_spec("skimage")
    if package is None or not package.submodule_search_locations:
        raise SourceError("the simulator's portrait is missing: install spasmwatch[demo] or give --photo FILE")
    return _read(Path(package.submodule_search_locations[0]) / "data" / "astronaut.png")
