"""Is this the person who is watched? Enrolment on the device, recognition by OpenCV's FaceRecognizerSF.

Only descriptions of the enrolled person are kept (128 numbers a view, in a file of mode 600); a stranger's description
is compared and forgotten at once.
"""

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.errors import ModelError, SpasmWatchError
from spasmwatch_edge.model_file import RECOGNITION, model_path, read_verified
from spasmwatch_edge.sources.recording import quiet_opencv

SAME_PERSON = 0.5
"""Smallest cosine of two descriptions of one person.

OpenCV recommends .363. Measured on ../shared (5 enrolled views, 12 faces, 15–60 px between the eyes, light ×1 and
×.35): the same person .62 and above in 99 %, another one .35 at most; relatives look alike, hence well above .363.
"""
ENROLMENT_VIEWS = 12
SAMPLES = 5
"""Descriptions of one track over which the decision is taken."""
FIRST_LOOKS_S = 0.2
LATER_LOOKS_S = 5.0
"""How often a track is looked at, before and after it is decided who it is (one look costs some 20 ms)."""

Picture = NDArray[np.uint8]
Description = NDArray[np.float32]


class FaceRecognizer:
    """Describes a face by 128 numbers. Not safe to share between threads."""

    def __init__(self, path: Path | None = None) -> None:
        """Load and check the model. Raises ModelError."""
        path = path or model_path(RECOGNITION)
        read_verified(path, RECOGNITION)
        quiet_opencv()
        try:
            self._recognizer = cv2.FaceRecognizerSF.create(str(path), "")
        except cv2.error as error:
            raise ModelError(f"recognition model {path} cannot be loaded: {error.msg}") from error

    def describe(self, frame: Picture, landmarks: NDArray[np.float32]) -> Description:
        """Description (128,), of length 1, of the face with these landmarks (478, 3) in a BGR picture."""
        points = landmarks[:, :2]
        five = [points[[33, 133]].mean(axis=0), points[[263, 362]].mean(axis=0), points[4], points[61], points[291]]
        low, high = points.min(axis=0), points.max(axis=0)
        box = np.array([[*low, *(high - low), *np.concatenate(five), 1.0]], dtype=np.float32)
        description = np.asarray(self._recognizer.feature(self._recognizer.alignCrop(frame, box)), np.float32).ravel()
        return np.asarray(description / max(1e-9, float(np.linalg.norm(description))), dtype=np.float32)


@dataclass(frozen=True)
class Enrolment:
    """What is known of the person's face: ``views`` (n, 128), one description a row."""

    person: str
    views: NDArray[np.float32]

    def similarity(self, description: Description) -> float:
        """Cosine −1…1 with the most similar view."""
        return float((self.views @ description).max())

    def save(self, folder: Path) -> Path:
        """Keep it in ``folder`` for this user alone. Raises SpasmWatchError."""
        path = enrolment_path(folder, self.person)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = path.with_suffix(".partial")
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                np.save(file, self.views)
            partial.replace(path)
        except OSError as error:
            raise SpasmWatchError(f"cannot keep the enrolment in {folder}: {error.strerror}") from error
        return path


def enrolment_path(folder: Path, person: str) -> Path:
    """Where a person's enrolment lies."""
    return folder / f"{person}.npy"


def load_enrolment(folder: Path, person: str) -> Enrolment | None:
    """The enrolment of a person, None when there is none. Raises SpasmWatchError when its file is damaged."""
    path = enrolment_path(folder, person)
    if not path.exists():
        return None
    try:
        views = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SpasmWatchError(f"enrolment {path} is damaged: {error}; enrol again") from error
    if views.ndim != 2 or views.shape[1] != 128 or not len(views) or not np.isfinite(views).all():
        raise SpasmWatchError(f"enrolment {path} is damaged; enrol again")
    return Enrolment(person, views.astype(np.float32))


def enrol(person: str, descriptions: list[Description]) -> Enrolment:
    """Enrolment from descriptions of one person in several poses: the most different ones are kept.

    Raises SpasmWatchError when there are too few, or when they show more than one person.
    """
    if len(descriptions) < SAMPLES:
        raise SpasmWatchError(
            f"only {len(descriptions)} usable views of the face; sit nearer, in more light, and try again"
        )
    stacked = np.stack(descriptions)
    middle = np.median(stacked, axis=0)
    likeness = stacked @ (middle / np.linalg.norm(middle))
    if (likeness < SAME_PERSON).mean() > 0.1:
        raise SpasmWatchError("more than one person was seen; enrol with nobody else in the picture")
    stacked = stacked[likeness >= SAME_PERSON]
    kept = [int(np.argmax(likeness[likeness >= SAME_PERSON]))]
    while len(kept) < min(ENROLMENT_VIEWS, len(stacked)):
        nearest = (stacked @ stacked[kept].T).max(axis=1)
        kept.append(int(np.argmin(nearest)))
    return Enrolment(person, stacked[kept])


class IdentityGate:
    """Decides for the tracked face whether it is the person: by the median of several looks, taken again now and then.

    Until it is decided, and for a stranger, nothing counts.
    """

    def __init__(self, enrolment: Enrolment) -> None:
        self._enrolment = enrolment
        self._similarities: deque[float] = deque(maxlen=SAMPLES)
        self._next_look = float("-inf")

    def new_track(self) -> None:
        """The face was lost: whoever comes next has to be looked at anew."""
        self._similarities.clear()
        self._next_look = float("-inf")

    def wants_look(self, time: float) -> bool:
        """Whether a description is wanted at ``time`` (seconds)."""
        return time >= self._next_look

    def look(self, time: float, description: Description) -> None:
        """Take one description into account."""
        similarity = self._enrolment.similarity(description)
        if similarity < SAME_PERSON and self.is_the_person:
            # Somebody may have taken the seat without the track being lost: decide anew, from here on.
            self._similarities.clear()
        self._similarities.append(similarity)
        self._next_look = time + (FIRST_LOOKS_S if len(self._similarities) < SAMPLES else LATER_LOOKS_S)

    @property
    def is_the_person(self) -> bool:
        """True once most of the looks say so."""
        enough = len(self._similarities) >= (SAMPLES + 1) // 2
        return enough and float(np.median(self._similarities)) >= SAME_PERSON
