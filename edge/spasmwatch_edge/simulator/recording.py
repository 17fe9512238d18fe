"""A simulated recording: a video and its labels, both whole or neither there."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import cv2

from spasmwatch.errors import SourceError
from spasmwatch_edge.simulator.movements import Movement
from spasmwatch_edge.simulator.scene import Scene, Studio, active
from spasmwatch_edge.simulator.schedule import labels, until
from spasmwatch_edge.sources.recording import quiet_opencv


def record(scene: Scene, seconds: float, out: Path, label_file: Path) -> dict[str, Any]:
    """Write ``seconds`` of the scene as MP4 to ``out`` and its labels as JSON to ``label_file``; returns the labels.

    Raises SourceError when a file cannot be written; then neither is left behind half-written.
    """
    studio = Studio(scene)
    schedule = until(scene.seed, scene.behaviour, seconds)
    told = labels(out.stem, schedule, scene.fps, seconds, (scene.width, scene.height))
    for target in (out, label_file):
        if not target.parent.is_dir():
            raise SourceError(f"cannot write {target}: there is no folder {target.parent}")
        if target.is_dir():
            raise SourceError(f"cannot write {target}: it is a folder")
    try:
        # Beside the target, so that the last step is one rename.
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".simulate-") as folder:
            video = Path(folder) / "video.mp4"
            _write_video(video, studio, scene, schedule, seconds)
            text = label_file.with_name(f".{label_file.name}.{os.getpid()}")
            try:
                text.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
                video.replace(out)
                text.replace(label_file)
            finally:
                text.unlink(missing_ok=True)
    except OSError as error:
        raise SourceError(f"cannot write {error.filename or out}: {error.strerror}") from error
    return told


def _write_video(video: Path, studio: Studio, scene: Scene, schedule: list[Movement], seconds: float) -> None:
    quiet_opencv()
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"mp4v"), scene.fps, (scene.width, scene.height))
    if not writer.isOpened():
        raise SourceError(f"cannot write {scene.width} × {scene.height} video at {scene.fps} fps: choose other figures")
    try:
        count = round(seconds * scene.fps)
        times = (number / scene.fps for number in range(count))
        for at, going in active(schedule, times):
            writer.write(studio.frame(going, at))
    finally:
        writer.release()
    _check(video, count)


def _check(video: Path, frames: int) -> None:
    """OpenCV's writer keeps silent about a full disk, so the finished file is opened once."""
    capture = cv2.VideoCapture(str(video))
    written = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    capture.release()
    if written != frames:
        raise SourceError(f"only {written} of {frames} frames could be written: is the disk full?")
