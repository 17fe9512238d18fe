"""The Pi's camera, with picamera2 faked at its own interface: streams, times, exposure, infrared, stalls."""

import sys
import threading
import types
from types import MappingProxyType
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest

from spasmwatch.errors import SettingsError, SourceError
from spasmwatch.settings.camera import Camera
from spasmwatch_edge.placement import Mirrored
from spasmwatch_edge.sources import picamera
from spasmwatch_edge.sources.opening import open_source
from spasmwatch_edge.sources.picamera import PiCamera
from spasmwatch_edge.sources.two_sizes import small_of
from spasmwatch_edge.timeline import Timeline

MODES = {"normal": {"shutter": [100, 10_000, 66_666], "gain": [1.0, 4.0, 8.0]}}


class Request:
    """One frame of the camera: a picture that is dark on the left and bright on the right."""

    def __init__(self, camera: "FakePicamera2", timestamp: int) -> None:
        self._camera, self._timestamp = camera, timestamp

    def get_metadata(self) -> dict[str, int]:
        return {"SensorTimestamp": self._timestamp}

    def make_array(self, name: str) -> Any:
        width, height = self._camera.configured[name]["size"]
        picture = np.zeros((height, width, 3), np.uint8)
        picture[:, width // 2 :] = 200
        if name == "main":
            return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) if self._camera.monochrome else picture
        planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
        return np.pad(planes, ((0, 0), (0, self._camera.padding)))


class FakePicamera2:
    """What the program uses of picamera2.Picamera2."""

    tuning: ClassVar[dict[str, Any]]
    last: ClassVar["FakePicamera2"]
    refuses = False
    monochrome = False
    padding = 0
    camera_controls = MappingProxyType({"AeFlickerMode": (0, 1, 0), "AeFlickerPeriod": (100, 1_000_000, None)})

    def __init__(self, tuning: Any = None) -> None:
        FakePicamera2.last = self
        self.tuned, self.configured = tuning, dict[str, Any]()
        self.running = self.closed = False

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return [{"Model": "imx708", "Num": 0}]

    @classmethod
    def load_tuning_file(cls, name: str) -> dict[str, Any]:
        assert name == "imx708.json"
        return cls.tuning

    @staticmethod
    def find_tuning_algo(tuning: dict[str, Any], name: str) -> Any:
        return next(part[name] for part in tuning["algorithms"] if name in part)

    def create_video_configuration(self, **wanted: Any) -> dict[str, Any]:
        return wanted

    def camera_configuration(self) -> dict[str, Any]:
        return self.configured

    def configure(self, configuration: dict[str, Any]) -> None:
        if self.refuses:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self.configured = configuration

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False

    def close(self) -> None:
        self.closed = True

    def deliver(self, seconds: float) -> None:
        """A frame that the sensor took ``seconds`` after boot."""
        self.pre_callback(Request(self, round(seconds * 1e9)))

    def pre_callback(self, request: Request) -> None:
        """Replaced by the program."""


@pytest.fixture
def pi(monkeypatch: pytest.MonkeyPatch) -> type[FakePicamera2]:
    class Fake(FakePicamera2):
        tuning: ClassVar = {"algorithms": [{"rpi.agc": {"channels": [{"exposure_modes": dict(MODES)}]}}]}

    module = types.ModuleType("picamera2")
    module.Picamera2 = Fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    return Fake


def opened(**settings: Any) -> tuple[Any, FakePicamera2]:
    source = open_source(Camera(source="picamera2", **settings), threading.Event().wait, Timeline())
    return source, FakePicamera2.last


def test_both_streams_are_asked_for_at_a_fixed_frame_rate_without_flicker(pi: type[FakePicamera2]) -> None:
    source, camera = opened(width=2304, height=1296, fps=25, mains_hz=60)
    assert camera.configured["main"]["size"] == (2304, 1296)
    assert camera.configured["lores"] == {"size": (640, 360), "format": "YUV420"}
    controls = camera.configured["controls"]
    assert controls["FrameDurationLimits"] == (40_000, 40_000)
    assert controls["AeFlickerPeriod"] == 8333
    source.close()
    assert camera.closed


@pytest.mark.parametrize("channels", [True, False])
def test_no_exposure_is_longer_than_a_fiftieth_of_a_second(pi: type[FakePicamera2], channels: bool) -> None:
    automatic = {"exposure_modes": {name: dict(mode) for name, mode in MODES.items()}}
    pi.tuning = {"algorithms": [{"rpi.agc": {"channels": [automatic]} if channels else automatic}]}
    _, camera = opened()
    agc = camera.tuned["algorithms"][0]["rpi.agc"]
    modes = agc["channels"][0]["exposure_modes"] if channels else agc["exposure_modes"]
    assert modes["normal"]["shutter"] == [100, 10_000, 20_000]


def test_an_unknown_tuning_is_left_as_it_is(pi: type[FakePicamera2]) -> None:
    pi.tuning = {"algorithms": [{"rpi.agc": {}}]}
    _, camera = opened()
    assert camera.tuned is None
    assert camera.running


def test_frames_have_the_sensors_time_and_come_in_two_sizes(pi: type[FakePicamera2]) -> None:
    pi.padding = 24
    source, camera = opened()
    camera.deliver(100.0)
    frames = source.frames()
    first, picture = next(frames)
    camera.deliver(100.04)
    second, _ = next(frames)
    assert second - first == pytest.approx(0.04, abs=1e-6)
    assert picture.shape == (720, 1280, 3)
    assert small_of(picture).shape == (360, 640, 3)
    assert small_of(picture)[180, 600].tolist() == pytest.approx([200, 200, 200], abs=3)


def test_a_slow_reader_gets_the_newest_frame(pi: type[FakePicamera2]) -> None:
    source, camera = opened()
    for seconds in (1.0, 1.1, 1.2):
        camera.deliver(seconds)
    moments = [next(source.frames())[0]]
    camera.deliver(1.3)
    moments.append(next(source.frames())[0])
    assert np.diff(moments) == pytest.approx([0.1], abs=1e-6)
    assert source.dropped == 2


def test_an_infrared_camera_gives_grey_pictures_of_three_channels(pi: type[FakePicamera2]) -> None:
    pi.monochrome = True
    source, camera = opened()
    camera.deliver(1.0)
    _, picture = next(source.frames())
    assert picture.shape == (720, 1280, 3)
    assert picture[0, 1279].tolist() == [200, 200, 200]


def test_a_mirrored_camera_is_turned_round_in_both_sizes(pi: type[FakePicamera2]) -> None:
    source, camera = opened()
    camera.deliver(1.0)
    _, picture = next(Mirrored(source).frames())
    assert picture[0, 0].tolist() == [200, 200, 200]
    assert small_of(picture)[0, 0].tolist() == pytest.approx([200, 200, 200], abs=3)


def test_a_camera_that_delivers_nothing_is_told(pi: type[FakePicamera2], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picamera, "STALLED_S", 0.01)
    source, _ = opened()
    with pytest.raises(SourceError, match="no picture"):
        next(source.frames())


def test_a_camera_that_cannot_be_started_is_closed_again(pi: type[FakePicamera2]) -> None:
    pi.refuses = True
    with pytest.raises(SourceError, match="Device or resource busy"):
        opened()
    assert FakePicamera2.last.closed


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(SettingsError, match="apt install python3-picamera2"):
        PiCamera(width=640, height=480, fps=25)


def test_the_pi_camera_is_taken_first(pi: type[FakePicamera2]) -> None:
    source = open_source(Camera(source="auto"), threading.Event().wait)
    assert isinstance(source, PiCamera)
