"""A simulated recording: a video and its labels, both whole or neither there."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2

from spasmwatch.adapters.output_file import writing
from spasmwatch.errors import SourceError
from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.sources.recording import quiet_opencv


def record(
    frames: Iterator[tuple[float, Picture]], told: dict[str, Any], out: Path, label_file: Path
) -> dict[str, Any]:
    """Write the frames as MP4 to ``out`` and their labels ``told`` as JSON to ``label_file``; returns the labels.

    Raises SpasmWatchError when a file cannot be written; then neither is left behind half-written.
    """
    for target in (out, label_file):
        if not target.parent.is_dir():
            raise SourceError(f"cannot write {target}: there is no folder {target.parent}")
    with writing(out) as video, tempfile.TemporaryDirectory(prefix="spasmwatch-simulate-") as folder:
        # OpenCV writes to names only, and an MP4 only where it can seek.
        made = Path(folder) / "video.mp4"
        count = _write_video(made, frames, told["fps"])
        told = told | {"seconds": round(count / told["fps"], 3)}
        with made.open("rb") as content:
            shutil.copyfileobj(content, video)
        video.flush()
        with writing(label_file) as labels:
            labels.write(f"{json.dumps(told, indent=1)}\n".encode())
    return told


def _write_video(video: Path, frames: Iterator[tuple[float, Picture]], fps: float) -> int:
    quiet_opencv()
    writer: cv2.VideoWriter | None = None
    count = 0
    try:
        for _, frame in frames:
            if writer is None:
                height, width = frame.shape[:2]
                writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"mp4v"), fps, (width, height))
                if not writer.isOpened():
                    raise SourceError(f"cannot write {width} × {height} video at {fps:g} fps: choose other figures")
            writer.write(frame)
            count += 1
    finally:
        if writer is not None:
            writer.release()
    _check(video, count)
    return count


def _check(video: Path, frames: int) -> None:
    """OpenCV's writer keeps silent about a full disk, so the finished file is opened once."""
    capture = cv2.VideoCapture(str(video))
    written = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    capture.release()
    if written != frames:
        raise SourceError(f"only {written} of {frames} frames could be written: is the disk full?")
