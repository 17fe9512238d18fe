"""A simulated recording: a video and its labels, both whole or neither there."""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2

from spasmwatch.errors import SourceError
from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.sources.recording import quiet_opencv


def record(
    frames: Iterator[tuple[float, Picture]], told: dict[str, Any], out: Path, label_file: Path
) -> dict[str, Any]:
    """Write the frames as MP4 to ``out`` and their labels ``told`` as JSON to ``label_file``; returns the labels.

    Raises SourceError when a file cannot be written; then neither is left behind half-written.
    """
    for target in (out, label_file):
        if not target.parent.is_dir():
            raise SourceError(f"cannot write {target}: there is no folder {target.parent}")
        if target.is_dir():
            raise SourceError(f"cannot write {target}: it is a folder")
    try:
        # Beside the target, so that the last step is one rename.
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".simulate-") as folder:
            video = Path(folder) / "video.mp4"
            count = _write_video(video, frames, told["fps"])
            told = told | {"seconds": round(count / told["fps"], 3)}
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
