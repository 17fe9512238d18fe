import argparse
import json

import cv2
import pytest

from spasmwatch.errors import SourceError, SpasmWatchError, UsageError
from spasmwatch_edge.simulator.command import simulate
from support.pipes import drained_pipe


def run(*arguments):
    parser = argparse.ArgumentParser()
    handler = simulate(parser)
    return handler(parser.parse_args([str(argument) for argument in arguments]))


SMALL = ("--seconds", 12, "--fps", 10, "--width", 320, "--height", 240, "--eye-distance", 30)


def test_it_writes_a_video_and_its_labels(mesh, tmp_path, capsys):
    video, labels = tmp_path / "clip.mp4", tmp_path / "clip.json"
    run("--out", video, "--labels", labels, *SMALL, "--kind", "hemifacial", "--rate", 12, "--side", "right")
    told = json.loads(labels.read_text())
    assert told["name"] == "clip"
    assert told["size"] == [320, 240]
    assert told["events"]
    assert {(event["kind"], event["side"]) for event in told["events"]} == {("hemifacial", "right")}
    assert json.loads(capsys.readouterr().out)["events"] == len(told["events"])
    capture = cv2.VideoCapture(str(video))
    count = 0
    while capture.read()[0]:
        count += 1
    assert count == 120
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.json", "clip.mp4"]


def test_targets_that_are_no_plain_files_are_written_into_and_stay(mesh, tmp_path):
    with drained_pipe(tmp_path / "video") as video, drained_pipe(tmp_path / "labels") as labels:
        run("--out", tmp_path / "video", "--labels", tmp_path / "labels", *SMALL[2:], "--seconds", 1)
    assert video[0][4:8] == b"ftyp"
    assert json.loads(labels[0])["seconds"] == 1.0


def test_a_healthy_recording_has_no_event(mesh, tmp_path):
    labels = tmp_path / "clip.json"
    run("--out", tmp_path / "clip.mp4", "--labels", labels, *SMALL, "--healthy")
    assert json.loads(labels.read_text())["events"] == []


def test_a_photo_without_a_face_is_refused_and_nothing_is_left(mesh, tmp_path):
    photo = tmp_path / "wall.png"
    cv2.imwrite(str(photo), cv2.resize(cv2.UMat(2, 2, cv2.CV_8UC3, (90, 90, 90)).get(), (200, 200)))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(SourceError, match="no face found"):
        run("--out", out / "a.mp4", "--labels", out / "a.json", "--photo", photo, *SMALL)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "cannot be read"), (b"", "is no picture"), (b"hello", "is no picture")]
)
def test_a_photo_that_is_missing_or_broken_is_named(mesh, tmp_path, content, complaint):
    photo = tmp_path / "photo.jpg"
    if content is not None:
        photo.write_bytes(content)
    with pytest.raises(SourceError, match=complaint):
        run("--out", tmp_path / "a.mp4", "--labels", tmp_path / "a.json", "--photo", photo)


def test_labels_that_cannot_be_written_leave_no_video_either(mesh, tmp_path):
    (tmp_path / "labels").mkdir()
    with pytest.raises(SpasmWatchError, match=r"cannot write .*labels: "):
        run("--out", tmp_path / "a.mp4", "--labels", tmp_path / "labels", *SMALL[2:], "--seconds", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["labels"]


def test_a_folder_that_is_missing_is_named(mesh, tmp_path):
    with pytest.raises(SourceError, match="there is no folder"):
        run("--out", tmp_path / "nowhere" / "a.mp4", "--labels", tmp_path / "a.json", *SMALL)


@pytest.mark.parametrize(
    "wrong",
    [("--seconds", 0), ("--fps", 0), ("--eye-distance", 3), ("--strength", 0.9, 0.4), ("--width", 10), ("--seed", -1)],
)
def test_figures_that_make_no_video_are_refused(tmp_path, wrong):
    with pytest.raises(UsageError, match=wrong[0]):
        run("--out", tmp_path / "a.mp4", "--labels", tmp_path / "a.json", *wrong)
