"""``spasmwatch analyze`` as a user meets it, with the real model on simulated and recorded faces."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spasmwatch", "analyze", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=250)


@pytest.mark.parametrize("content", [None, b"", b"this is no video" * 50], ids=["missing", "empty", "corrupt"])
def test_a_bad_video_is_one_clear_line(tmp_path: Path, content: bytes | None) -> None:
    video = tmp_path / "video.mp4"
    if content is not None:
        video.write_bytes(content)
    done = analyze(video)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("spasmwatch: ")
    assert "video.mp4" in line


def test_a_video_without_a_face_is_one_clear_line(tmp_path: Path) -> None:
    video = tmp_path / "wall.mp4"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (160, 120))
    for _ in range(10):
        writer.write(np.full((120, 160, 3), 90, np.uint8))
    writer.release()
    done = analyze(video, "--quiet", "--observations", tmp_path / "o.jsonl")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"spasmwatch: {video}: no face was found in it"]
    assert not (tmp_path / "o.jsonl").exists()


def test_a_recorded_face_gives_spasms_and_observed_time(shared_folder: Path, tmp_path: Path) -> None:
    clip = shared_folder / "clips" / "d01_hfs_left.mp4"
    cut = tmp_path / "cut.mp4"
    recording = cv2.VideoCapture(str(clip))
    writer = cv2.VideoWriter(str(cut), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (648, 518))
    for _ in range(375):
        writer.write(recording.read()[1])
    writer.release()
    done = analyze(cut, "--observations", tmp_path / "o.jsonl")
    assert done.returncode == 0
    spasms = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(s["kind"], s["side"]) for s in spasms] == [("hemifacial", "left")] * 2
    assert "%" in done.stderr
    (observation,) = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert observation["observed_s"] > 13
    assert observation["observed_s"] + sum(observation["unobserved"].values()) == pytest.approx(observation["seconds"])
