"""The Raspberry Pi's own camera through picamera2, which comes with the system's packages."""

import logging
from collections.abc import Iterator
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.errors import SettingsError, SourceError
from spasmwatch.ports import FrameSource
from spasmwatch_edge.sources.live import STALLED_S, Newest
from spasmwatch_edge.sources.two_sizes import two_sizes
from spasmwatch_edge.timeline import Timeline

log = logging.getLogger(__name__)

SMALL_WIDTH: Final = 640
"""Wide enough to find a face in from which the large picture gets 20 pixels between the eyes."""
LONGEST_EXPOSURE_US: Final = 20_000
"""A lid falls within a tenth of a second: longer exposures smear it. The sensor's gain makes up for the light."""
FLICKER_MANUAL: Final = 1
"""``libcamera.controls.AeFlickerModeEnum.Manual``: exposures are whole periods of the flicker."""


def available() -> bool:
    """Whether picamera2 is installed and sees a camera."""
    try:
        return bool(_picamera2().global_camera_info())
    except SettingsError as error:
        log.info("%s", error)
        return False


def _picamera2() -> Any:
    """The class of that name. Raises SettingsError where it is missing or does not load."""
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise SettingsError("camera.source: picamera2 is not installed: sudo apt install python3-picamera2") from error
    except ValueError as error:
        # Its JPEG library was built for another NumPy.
        raise SettingsError(f"camera.source: picamera2 does not load ({error}); see docs/troubleshooting.md") from error
    return Picamera2


class PiCamera:
    """Frames of the main stream, each with its small one, with the sensor's own time stamps.

    Raises SourceError, and SettingsError where picamera2 is not installed.
    """

    def __init__(
        self,
        *,
        width: int,
        height: int,
        fps: float,
        mains_hz: int = 50,
        duration_s: float | None = None,
        timeline: Timeline | None = None,
    ) -> None:
        picamera2 = _picamera2()
        self._duration, self._timeline = duration_s, timeline or Timeline()
        self._newest = Newest()
        self._camera: Any = None
        try:
            self._camera = picamera2(tuning=_quick_shutter(picamera2))
            self._camera.configure(_configuration(self._camera, width, height, fps, mains_hz))
            self._small = self._camera.camera_configuration()["lores"]
            self._camera.pre_callback = self._take
            self._camera.start()
        except (RuntimeError, IndexError, OSError, KeyError, TypeError, ValueError) as error:
            self.close()
            raise SourceError(f"the Pi camera cannot be started: {error}") from error

    @property
    def dropped(self) -> int:
        """Frames that nobody had time for."""
        return self._newest.dropped

    def _take(self, request: Any) -> None:
        moment = self._timeline.at(request.get_metadata()["SensorTimestamp"] / 1e9)
        # Rows are padded to the hardware's liking.
        small = _bgr(request.make_array("lores"), self._small["format"])[:, : self._small["size"][0]]
        self._newest.put(moment, two_sizes(_bgr(request.make_array("main"), "RGB888"), small))

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
        if self._camera is None:
            return
        for end in (self._camera.stop, self._camera.close):
            try:
                end()
            except Exception as error:  # whatever a hanging camera raises: the next one has to open
                log.warning("the Pi camera does not close: %s", error)


def _quick_shutter(camera: Any) -> dict[str, Any] | None:
    """The sensor's own tuning, but never a longer exposure; None (the tuning as it is) where it is of another make.

    The limit belongs into the exposure modes: as a frame duration it would also set the frame rate.
    """
    try:
        model = camera.global_camera_info()[0]["Model"]
        tuning: dict[str, Any] = camera.load_tuning_file(f"{model}.json")
        automatic = camera.find_tuning_algo(tuning, "rpi.agc")
        for channel in automatic.get("channels", [automatic]):
            for mode in channel["exposure_modes"].values():
                mode["shutter"] = [min(shutter, LONGEST_EXPOSURE_US) for shutter in mode["shutter"]]
    except (IndexError, KeyError, TypeError, AttributeError, RuntimeError, OSError) as error:
        log.warning("the exposure is not capped, the sensor's tuning is not understood: %s", error)
        return None
    return tuning


def _configuration(camera: Any, width: int, height: int, fps: float, mains_hz: int) -> Any:
    """Two streams at a fixed frame rate. The small one is YUV420: a Pi 4 can make nothing else."""
    small = min(SMALL_WIDTH, width)
    frame_us = round(1e6 / fps)
    controls: dict[str, Any] = {"FrameDurationLimits": (frame_us, frame_us)}
    known = getattr(camera, "camera_controls", {})
    if "AeFlickerMode" in known and "AeFlickerPeriod" in known:
        controls |= {"AeFlickerMode": FLICKER_MANUAL, "AeFlickerPeriod": round(1e6 / (2 * mains_hz))}
    return camera.create_video_configuration(
        main={"size": (width, height), "format": "RGB888"},  # BGR in memory
        lores={"size": (small & ~1, round(small * height / width) & ~1), "format": "YUV420"},
        controls=controls,
        buffer_count=4,
    )


def _bgr(array: NDArray[Any], form: str) -> NDArray[np.uint8]:
    """BGR (height, width, 3), also of planes and of an infrared camera's single channel."""
    if form.startswith("YUV420"):
        return np.asarray(cv2.cvtColor(array, cv2.COLOR_YUV2BGR_I420), dtype=np.uint8)
    if array.ndim == 2:
        return np.asarray(cv2.cvtColor(array, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
    return np.ascontiguousarray(array[:, :, :3], dtype=np.uint8)


_conforms: type[FrameSource] = PiCamera
