"""Only the enrolled person is measured, whoever else is in view."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from spasmwatch_edge.identity import FaceRecognizer, enrol
from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.person import OnlyThePerson

PATIENT, STRANGER = "dynaface_img4-1024-frontal.jpg", "business-person.png"


@pytest.fixture(scope="module")
def faces(shared_folder: Path) -> dict[str, np.ndarray]:
    found = {}
    for name in (PATIENT, STRANGER):
        picture = cv2.imread(str(shared_folder / "portraits" / name))
        found[name] = cv2.resize(picture[: picture.shape[1]], (360, 360), interpolation=cv2.INTER_AREA)
    return found


@pytest.fixture(scope="module")
def only(faces: dict[str, np.ndarray]) -> OnlyThePerson:
    mesh, recognizer = FaceMesh(), FaceRecognizer()
    face = mesh.find_all(faces[PATIENT])[0]
    random = np.random.default_rng(1)
    views = []
    for _ in range(6):
        noisy = np.clip(faces[PATIENT] + random.normal(0, 4, faces[PATIENT].shape), 0, 255).astype(np.uint8)
        views.append(recognizer.describe(noisy, face.landmarks))
    mesh.follow(None)
    return OnlyThePerson(mesh, recognizer, enrol("patient", views))


def seen(only: OnlyThePerson, frame: np.ndarray, start: float, seconds: float) -> list[float]:
    """x of the face in each of the frames in which the person is reported."""
    found = [only.find(start + n / 10, frame) for n in range(round(seconds * 10))]
    return [float(face.landmarks[:, 0].mean()) for face in found if face is not None]


def test_the_person_counts_and_a_stranger_does_not(only: OnlyThePerson, faces: dict[str, np.ndarray]) -> None:
    empty = np.full((360, 360, 3), 80, np.uint8)
    assert len(seen(only, faces[PATIENT], 0.0, 3.0)) >= 20
    assert seen(only, empty, 5.0, 0.5) == []
    assert seen(only, faces[STRANGER], 10.0, 3.0) == []


def test_beside_a_stranger_the_person_is_found(only: OnlyThePerson, faces: dict[str, np.ndarray]) -> None:
    both = np.hstack([cv2.resize(faces[STRANGER], (400, 400)), cv2.resize(faces[PATIENT], (400, 400))])
    places = seen(only, both, 30.0, 5.0)
    assert len(places) >= 15
    assert min(places) > 400
