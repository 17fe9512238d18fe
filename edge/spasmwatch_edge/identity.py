"""Is this the person who is watched? Enrolment on the device, recognition by the model of OpenCV's FaceRecognizerSF.

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

from spasmwatch.errors import SpasmWatchError
from spasmwatch_edge.model_file import RECOGNITION, model_path, read_verified
from spasmwatch_edge.network import Network
from spasmwatch_edge.recognition_model import SIZE, small_model

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


# Where the model wants the eyes, the tip of the nose and the corners of the mouth, as in FaceRecognizerSF: x + iy.
PLACES = np.array([38.2946 + 51.6963j, 73.5318 + 51.5014j, 56.0252 + 71.7366j, 41.5493 + 92.3655j, 70.7299 + 92.2041j])


class FaceRecognizer:
    """Describes a face by 128 numbers. Not safe to share between threads."""

    def __init__(self, path: Path | None = None) -> None:
        """Load and check the model. Raises ModelError."""
        self._network = Network(small_model(read_verified(path or model_path(RECOGNITION), RECOGNITION)).packed())

    def describe(self, frame: Picture, landmarks: NDArray[np.float32]) -> Description:
        """Description (128,), of length 1, of the face with these landmarks (478, 3) in a BGR picture."""
        picture = cv2.cvtColor(upright(frame, landmarks), cv2.COLOR_BGR2RGB).astype(np.float32)
        (output,) = self._network.run((picture - 127.5) / 128.0).values()
        description = output.ravel()
        return np.asarray(description / max(1e-9, float(np.linalg.norm(description))), dtype=np.float32)


def upright(frame: Picture, landmarks: NDArray[np.float32]) -> Picture:
    """The face turned, moved and scaled so that its five points lie, by least squares, at ``PLACES``."""
    points = landmarks[:, :2].astype(np.float64)
    five = np.array(
        [points[[33, 133]].mean(axis=0), points[[263, 362]].mean(axis=0), points[4], points[61], points[291]]
    )
    found = five[:, 0] + 1j * five[:, 1]
    middle, apart = found.mean(), found - found.mean()
    turn = (apart.conj() @ PLACES) / (apart.conj() @ apart).real
    move = PLACES.mean() - turn * middle
    matrix = np.array([[turn.real, -turn.imag, move.real], [turn.imag, turn.real, move.imag]])
    return np.asarray(cv2.warpAffine(frame, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR), dtype=np.uint8)


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
