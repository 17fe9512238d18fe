"""Frame sources: times, ends, reconnecting, and that a slow reader sees the present."""

import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from spasmwatch.errors import SettingsError, SourceError
from spasmwatch.settings.camera import Camera
from spasmwatch_edge.sources import live
from spasmwatch_edge.sources.live import Live, Newest
from spasmwatch_edge.sources.opening import camera_name, is_recording, open_source
from spasmwatch_edge.sources.recording import Recording


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Two seconds at 10 frames a second."""
    path = tmp_path / "short.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (64, 48))
    for number in range(20):
        writer.write(np.full((48, 64, 3), 10 * number, np.uint8))
    writer.release()
    return path


def test_times_of_a_fast_recording_end_about_now(video: Path) -> None:
    times = [at for at, _ in Recording(video, speed="max").frames()]
    assert len(times) == 20
    assert np.diff(times) == pytest.approx(0.1, abs=1e-5)
    assert times[0] == pytest.approx(time.time() - 2.0, abs=5.0)


def test_a_recording_in_real_time_waits_for_each_frame(video: Path) -> None:
    waited: list[float] = []
    list(Recording(video, speed="real", wait=waited.append).frames())
    assert waited
    assert max(waited) == pytest.approx(1.9, abs=0.3)


def test_the_duration_ends_a_recording(video: Path) -> None:
    assert len(list(Recording(video, duration_s=1.0).frames())) == 10


def test_a_slow_reader_gets_the_newest_frame_only() -> None:
    newest = Newest()
    for number in range(5):
        newest.put(float(number), np.zeros((1, 1, 3), np.uint8))
    got = newest.get(1.0)
    assert got is not None
    assert got[0] == 4.0
    assert newest.dropped == 4


def test_a_stream_that_breaks_is_connected_again(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RETRY_S", (0.01,))
    source = Live(str(video))
    frames = source.frames()
    for _ in range(45):
        next(frames)
    source.close()
    assert "camera" not in {thread.name for thread in threading.enumerate()}


class Webcam:
    """A camera that cannot be opened and notes what is asked of it."""

    def __init__(self, number: int) -> None:
        self.number, self.asked = number, list[int]()
        Webcam.last = self

    last: "Webcam"

    def set(self, what: int, value: float) -> bool:
        self.asked.append(what)
        if what == cv2.CAP_PROP_FOURCC:
            assert int(value).to_bytes(4, "little") == b"MJPG"
        return True

    def isOpened(self) -> bool:  # noqa: N802
        return False

    def release(self) -> None:
        """Nothing is held."""


def test_a_usb_camera_is_asked_for_compressed_pictures_before_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Webcam)
    with pytest.raises(SourceError, match="camera 3: it cannot be opened"):
        open_source(Camera(source="usb:3"), time.sleep)
    assert Webcam.last.number == 3
    assert Webcam.last.asked[:3] == [cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT]


def test_an_address_that_does_not_answer_is_one_clear_line_without_the_password() -> None:
    with pytest.raises(SourceError, match="cannot be opened") as caught:
        Live("rtsp://user:secret@127.0.0.1:9/stream")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("usb:0", "usb:0"),
        ("auto", "auto"),
        ("/home/me@here/clip.mp4", "/home/me@here/clip.mp4"),
        ("rtsp://user:se@cret@cam:554/one", "rtsp://cam:554 ("),
        ("rtsp://[fe80::1]:554/one", "rtsp://[fe80::1]:554 ("),
        ("rtsp://cam/user=me_password=secret_channel=1", "rtsp://cam ("),
        ("rtsp://me:sec/ret@cam/one", "rtsp://… ("),
        ("http://cam/live?channel=2&user=me&password=se@cret", "http://cam ("),
    ],
)
def test_a_camera_is_named_without_account_and_password(source: str, name: str) -> None:
    named = camera_name(Camera(source=source))
    assert named.startswith(name)
    assert "cret" not in named.removeprefix(name)


def test_two_streams_of_one_recorder_are_two_cameras() -> None:
    one, two = (camera_name(Camera(source=f"rtsp://me:secret@recorder/channel{number}")) for number in (1, 2))
    assert one != two


def test_a_recording_that_is_not_there_says_so() -> None:
    with pytest.raises(SourceError, match="no such video"):
        open_source(Camera(source="nothing.mp4"), time.sleep)


def test_a_camera_without_a_number_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="usb:0"):
        open_source(Camera(source="usb:front"), time.sleep)


def test_a_file_ends_and_a_camera_does_not() -> None:
    assert is_recording(Camera(source="/tmp/x.mp4"))
    assert not any(is_recording(Camera(source=name)) for name in ("auto", "simulator", "usb:0", "rtsp://cam/1"))
