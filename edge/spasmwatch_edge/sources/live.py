"""USB cameras and network streams through OpenCV: newest frame only, reconnecting, never silently stalled."""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.errors import SourceError
from spasmwatch.ports import FrameSource
from spasmwatch_edge.sources.recording import ONE_THREAD, quiet_opencv

log = logging.getLogger(__name__)

Frame = NDArray[np.uint8]
STALLED_S = 8.0
"""Without a frame for so long the source counts as stalled (a fault is due within 10 s)."""
RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0)


_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[\da-fA-F:]+\](:\d+)?")


def host_of(address: str) -> str:
    """Scheme and host of a stream's address: accounts and passwords stand anywhere else in it, path included."""
    scheme, _, rest = address.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2]
    return f"{scheme}://{host if _HOST.fullmatch(host) else '…'}"


class Newest:
    """A queue of one that drops the older frame: a slow reader sees the present, not the past."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: tuple[float, Frame] | None = None
        self._ended = False
        self.dropped = 0

    def put(self, time: float, frame: Frame) -> None:
        """Offer a frame; an unread one is dropped."""
        with self._changed:
            self.dropped += self._item is not None
            self._item = (time, frame)
            self._changed.notify()

    def get(self, timeout: float) -> tuple[float, Frame] | None:
        """The newest frame, or None after ``timeout`` seconds without one or at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._ended, timeout)
            item, self._item = self._item, None
            return item

    def end(self) -> None:
        """No more frames will come."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    @property
    def ended(self) -> bool:
        """Whether the source has ended."""
        return self._ended


class Live:
    """A camera number or a stream address. Reconnects with growing waits; a stall raises SourceError.

    After a SourceError ``frames`` may be called again: the reader goes on trying in the background.
    """

    def __init__(
        self,
        address: int | str,
        *,
        width: int = 1280,
        height: int = 720,
        fps: float = 30.0,
        duration_s: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._address, self._size, self._fps = address, (width, height), fps
        self._duration, self._clock = duration_s, clock
        self._newest = Newest()
        self._stopping = threading.Event()
        self._problem = "it has not been opened yet"
        first = self._open()
        if first is None:
            raise SourceError(f"{self._name}: {self._problem}")
        self._reader = threading.Thread(target=self._read, args=(first,), name="camera", daemon=True)
        self._reader.start()

    @property
    def _name(self) -> str:
        """The source without account and password."""
        if isinstance(self._address, int):
            return f"camera {self._address}"
        return host_of(self._address)

    @property
    def dropped(self) -> int:
        """Frames that nobody had time for."""
        return self._newest.dropped

    def frames(self) -> Iterator[tuple[float, Frame]]:
        """(time of arrival, BGR frame), newest only. Raises SourceError when nothing has come for ``STALLED_S``."""
        began: float | None = None
        while not self._stopping.is_set():
            item = self._newest.get(STALLED_S)
            if item is None:
                if self._stopping.is_set() or self._newest.ended:
                    return
                raise SourceError(f"{self._name}: no picture for {STALLED_S:.0f} s ({self._problem})")
            began = item[0] if began is None else began
            if self._duration is not None and item[0] - began >= self._duration:
                return
            yield item

    def close(self) -> None:
        """Stop reading and release the device."""
        self._stopping.set()
        self._newest.end()
        self._reader.join(5)

    def _read(self, capture: cv2.VideoCapture | None) -> None:
        failures = 0
        while not self._stopping.is_set():
            if capture is None:
                self._stopping.wait(RETRY_S[min(failures, len(RETRY_S) - 1)])
                failures += 1
                capture = self._open()
                continue
            read, frame = capture.read()
            if read and frame is not None:
                failures = 0
                self._problem = "the stream stands still"
                self._newest.put(self._clock(), np.asarray(frame, dtype=np.uint8))
                continue
            self._problem = "the connection was lost"
            log.warning("%s: lost, connecting again", self._name)
            capture.release()
            capture = None
        if capture is not None:
            capture.release()

    def _open(self) -> cv2.VideoCapture | None:
        quiet_opencv()
        if isinstance(self._address, int):
            capture = cv2.VideoCapture(self._address)
            # Uncompressed, a USB 2 camera has room for five to ten such pictures a second. The format comes first:
            # which sizes and rates there are depends on it.
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
            capture.set(cv2.CAP_PROP_FPS, self._fps)
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        else:
            # RTSP over TCP: lost packets would be grey smears, which look like movement.
            os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp|stimeout;5000000")
            timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 5000]
            capture = cv2.VideoCapture(self._address, cv2.CAP_FFMPEG, [*timeouts, *ONE_THREAD])
        if capture.isOpened():
            return capture
        capture.release()
        self._problem = "it cannot be opened"
        return None


_conforms: type[FrameSource] = Live
