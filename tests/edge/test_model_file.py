"""Getting the model: the right bytes or none."""

import os
from pathlib import Path

import pytest

from spasmwatch.errors import ModelError
from spasmwatch_edge import model_file
from spasmwatch_edge.landmark_model import FaceMesh
from support.pipes import drained_pipe


def test_a_wrong_file_is_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.task"
    wrong.write_bytes(b"something else")
    target = tmp_path / "models" / "face_landmarker.task"
    with pytest.raises(ModelError, match="sha256"):
        model_file.fetch(str(wrong), target)
    assert not target.parent.exists()


def test_the_right_file_is_put_in_place_whole(tmp_path: Path) -> None:
    target = tmp_path / "models" / "face_landmarker.task"
    model_file.fetch(str(model_file.model_path()), target)
    assert [path.name for path in target.parent.iterdir()] == ["face_landmarker.task"]
    FaceMesh(target)


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="spasmwatch models fetch"):
        FaceMesh(tmp_path / "none.task")


def test_a_target_that_is_no_plain_file_is_written_into_and_stays(tmp_path: Path) -> None:
    right = model_file.model_path()
    with drained_pipe(tmp_path / "pipe") as written:
        model_file.fetch(str(right), tmp_path / "pipe")
    assert written == [right.read_bytes()]


def test_an_origin_that_may_never_end_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelError, match="no plain file"):
        model_file.fetch(str(tmp_path / "pipe"), tmp_path / "model.task")
