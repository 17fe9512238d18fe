"""The Raspberry Pi's own camera through picamera2, which comes with the system's packages."""

import queue
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.errors import SourceError
from spasmwatch.ports import FrameSource
from spasmwatch_edge.sources.live import STALLED_S, Newest

# Mains light flickers at 100 or 120 Hz; an exposure of at most this many microseconds keeps the lids sharp.
LONGEST_EXPOSURE_US = 20_000


def available() -> bool:
    """Whether picamera2 is installed and sees a camera."""
    try:
        from picamera2 import Picamera2
    except ImportError:
        return False
    return bool(Picamera2.global_camera_info())


class PiCamera:
    """Frames of the main stream with the sensor's own time stamps. Raises SourceError."""

    def __init__(self, *, width: int, height: int, fps: float, duration_s: float | None = None) -> None:
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise SourceError("picamera2 is not installed: sudo apt install python3-picamera2") from error
        self._duration = duration_s
        self._newest = Newest()
        frame_us = round(1e6 / fps)
        try:
            self._camera: Any = Picamera2()
            configuration = self._camera.create_video_configuration(
                main={"size": (width, height), "format": "RGB888"},  # BGR in memory
                controls={"FrameDurationLimits": (frame_us, max(frame_us, LONGEST_EXPOSURE_US))},
                buffer_count=4,
            )
            self._camera.configure(configuration)
            self._camera.pre_callback = self._take
            self._camera.start()
        except (RuntimeError, IndexError, OSError) as error:
            raise SourceError(f"the Pi camera cannot be started: {error}") from error

    @property
    def dropped(self) -> int:
        """Frames that nobody had time for."""
        return self._newest.dropped

    def _take(self, request: Any) -> None:
        # The sensor's clock counts since boot; the difference to the wall clock is taken anew for each frame.
        since_boot = request.get_metadata()["SensorTimestamp"] / 1e9
        wall = time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot)
        self._newest.put(wall, _colour(request.make_array("main")))

    def frames(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        """(sensor time, BGR frame), newest only. Raises SourceError when nothing has come for ``STALLED_S``."""
        began: float | None = None
        while not self._newest.ended:
            item = self._newest.get(STALLED_S)
            if item is None:
                if self._newest.ended:
                    return
                raise SourceError(f"the Pi camera has delivered no picture for {STALLED_S:.0f} s")
            began = item[0] if began is None else began
            if self._duration is not None and item[0] - began >= self._duration:
                return
            yield item

    def close(self) -> None:
        """Release the camera."""
        self._newest.end()
        try:
            self._camera.stop()
            self._camera.close()
        except (RuntimeError, queue.Empty):
            pass


def _colour(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Infrared cameras may deliver one channel or four; the rest of the program wants three."""
    if array.ndim == 2:
        return np.asarray(cv2.cvtColor(array, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    return np.ascontiguousarray(array[:, :, :3], dtype=np.uint8)


_conforms: type[FrameSource] = PiCamera
