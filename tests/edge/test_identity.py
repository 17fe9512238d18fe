"""Only the enrolled person counts: recognition, its file, and the gate over time."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from spasmwatch.errors import ModelError, SpasmWatchError
from spasmwatch_edge.identity import (
    SAME_PERSON,
    SAMPLES,
    Enrolment,
    FaceRecognizer,
    IdentityGate,
    enrol,
    load_enrolment,
)
from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.model_file import RECOGNITION
from support.require import require_model


def direction(index: int) -> NDArray[np.float32]:
    vector = np.zeros(128, dtype=np.float32)
    vector[index] = 1.0
    return vector


@pytest.fixture
def gate() -> IdentityGate:
    return IdentityGate(Enrolment("patient", direction(0)[np.newaxis]))


def look(gate: IdentityGate, description: NDArray[np.float32], times: int, start: float = 0.0) -> None:
    for number in range(times):
        gate.look(start + number, description)


def test_nothing_counts_before_enough_looks(gate: IdentityGate) -> None:
    look(gate, direction(0), 1)
    assert not gate.is_the_person


def test_the_enrolled_person_is_let_in_and_a_stranger_is_not(gate: IdentityGate) -> None:
    look(gate, direction(0), SAMPLES)
    assert gate.is_the_person
    gate.new_track()
    look(gate, direction(1), SAMPLES)
    assert not gate.is_the_person


def test_somebody_else_in_the_same_seat_stops_the_counting_at_once(gate: IdentityGate) -> None:
    look(gate, direction(0), SAMPLES)
    gate.look(10.0, direction(1))
    assert not gate.is_the_person


def test_looks_become_rare_once_it_is_decided(gate: IdentityGate) -> None:
    look(gate, direction(0), SAMPLES)
    assert not gate.wants_look(SAMPLES + 1.0)
    assert gate.wants_look(SAMPLES + 10.0)


def test_an_enrolment_is_kept_for_this_user_alone(tmp_path: Path) -> None:
    path = Enrolment("patient", direction(0)[np.newaxis]).save(tmp_path / "enrolment")
    assert path.stat().st_mode & 0o777 == 0o600
    loaded = load_enrolment(tmp_path / "enrolment", "patient")
    assert loaded is not None
    assert loaded.similarity(direction(0)) == pytest.approx(1.0)
    assert load_enrolment(tmp_path / "enrolment", "somebody") is None


@pytest.mark.parametrize("content", [b"", b"junk", os.urandom(300)])
def test_a_damaged_enrolment_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "patient.npy").write_bytes(content)
    with pytest.raises(SpasmWatchError, match="damaged"):
        load_enrolment(tmp_path, "patient")


def test_two_people_cannot_be_enrolled_as_one() -> None:
    with pytest.raises(SpasmWatchError, match="more than one person"):
        enrol("patient", [direction(0)] * 8 + [direction(1)] * 4)


def test_too_few_views_are_refused() -> None:
    with pytest.raises(SpasmWatchError, match="usable views"):
        enrol("patient", [direction(0)])


def test_a_missing_recognition_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="models fetch"):
        FaceRecognizer(tmp_path / "absent.onnx")


def test_real_faces_are_told_apart_also_when_small(shared_folder: Path) -> None:
    require_model(RECOGNITION)
    recognizer, mesh = FaceRecognizer(), FaceMesh()
    descriptions: dict[str, list[NDArray[np.float32]]] = {}
    for path in sorted((shared_folder / "portraits").glob("*.*g")):
        picture = cv2.imread(str(path))
        assert picture is not None
        for eye_distance in (60, 30):
            scale = eye_distance / mesh.find_all(np.asarray(picture, dtype=np.uint8))[0].eye_distance
            small = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
            faces = mesh.find_all(small)
            if faces:
                descriptions.setdefault(path.stem, []).append(recognizer.describe(small, faces[0].landmarks))
    for name, (large, *rest) in descriptions.items():
        enrolled = Enrolment(name, large[np.newaxis])
        assert all(enrolled.similarity(again) >= SAME_PERSON for again in rest), name
        for other, (stranger, *_) in descriptions.items():
            assert other == name or enrolled.similarity(stranger) < SAME_PERSON, (name, other)


def test_a_face_is_described_as_by_opencv(shared_folder: Path) -> None:
    opencv = cv2.FaceRecognizerSF.create(str(require_model(RECOGNITION)), "")
    recognizer, mesh = FaceRecognizer(), FaceMesh()
    paths = sorted((shared_folder / "portraits").glob("*.*g"))
    assert paths
    for path in paths:
        picture = np.asarray(cv2.imread(str(path)), dtype=np.uint8)
        landmarks = mesh.find_all(picture)[0].landmarks
        points = landmarks[:, :2]
        eyes = [points[[33, 133]].mean(axis=0), points[[263, 362]].mean(axis=0)]
        box = np.array([[0, 0, 1, 1, *np.concatenate([*eyes, *points[[4, 61, 291]]]), 1]], dtype=np.float32)
        expected = opencv.feature(opencv.alignCrop(picture, box)).ravel()
        likeness = recognizer.describe(picture, landmarks) @ expected / np.linalg.norm(expected)
        assert likeness > 0.998, path.stem
