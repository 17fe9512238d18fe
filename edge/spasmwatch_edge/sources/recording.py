"""A recording as the camera: in real time, or as fast as it can be read."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.errors import SourceError
from spasmwatch.ports import FrameSource

USUAL_FPS = 25.0
ONE_THREAD = [cv2.CAP_PROP_N_THREADS, 1]
"""For decoding: every further thread holds some frames of its own, which costs memory and, live, time."""


class Recording:
    """A video file. Times are ``start`` plus the frame's place in the video.

    ``start`` None means now, or with speed ``max`` now minus the video's length. Raises SourceError when the file is
    missing, empty or no video; a file that breaks off ends there.
    """

    def __init__(
        self,
        path: Path,
        *,
        speed: Literal["real", "max"] = "max",
        start: float | None = None,
        duration_s: float | None = None,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._path, self._speed, self._duration, self._wait = path, speed, duration_s, wait
        self._capture = _open(path)
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.fps = fps if 1.0 <= fps <= 240.0 else USUAL_FPS
        self.frames_expected = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self.size = (
            int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        length = self.frames_expected / self.fps
        if duration_s is not None:
            length = min(length, duration_s)
        if start is None:
            start = time.time() - (length if speed == "max" else 0.0)
        self.start = start

    def frames(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """(time, BGR frame) until the end of the video or of the duration."""
        began = time.monotonic()
        number = 0
        while self._duration is None or number / self.fps < self._duration:
            read, frame = self._capture.read()
            if not read or frame is None:
                break
            if self._speed == "real":
                ahead = number / self.fps - (time.monotonic() - began)
                if ahead > 0:
                    self._wait(ahead)
            yield self.start + number / self.fps, np.asarray(frame, dtype=np.uint8)
            number += 1
        if number == 0:
            raise SourceError(f"{self._path}: no frame can be read; is it a complete video?")

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


def quiet_opencv() -> None:
    """One line of ours says what is wrong with a video; OpenCV and FFmpeg need not add theirs."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def _open(path: Path) -> cv2.VideoCapture:
    try:
        if not path.is_file():
            raise SourceError(f"{path}: no such video")
        if path.stat().st_size == 0:
            raise SourceError(f"{path}: the file is empty")
        with path.open("rb"):
            pass
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    quiet_opencv()
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, ONE_THREAD)
    if not capture.isOpened():
        raise SourceError(f"{path}: not a video that can be read (damaged, or an unknown format)")
    return capture


_conforms: type[FrameSource] = Recording
