"""A network camera over a real connection: it stalls, goes away and comes back."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from spasmwatch.errors import SourceError
from spasmwatch_edge.sources import live
from spasmwatch_edge.sources.live import Live

FRAME = np.full((120, 160, 3), 90, np.uint8)


class NetworkCamera(ThreadingHTTPServer):
    """Motion JPEG over HTTP; it may stand still (``stalled``) or end all connections (:meth:`hang_up`)."""

    daemon_threads = True
    stalled = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Viewer)
        self.tick = threading.Event()
        self.calls = self.hung_up = 0

    def hang_up(self) -> None:
        self.hung_up += 1

    @property
    def address(self) -> str:
        return f"http://user:secret@127.0.0.1:{self.server_address[1]}/video"


class Viewer(BaseHTTPRequestHandler):
    """One connection to the camera."""

    server: NetworkCamera

    def do_GET(self) -> None:
        self.server.calls += 1
        call = self.server.hung_up
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        picture = cv2.imencode(".jpg", FRAME)[1].tobytes()
        head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
        try:
            while self.server.hung_up == call:
                if not self.server.stalled:
                    self.wfile.write(head + picture + b"\r\n")
                self.server.tick.wait(0.02)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def camera() -> Iterator[NetworkCamera]:
    with NetworkCamera() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.hang_up()
        server.shutdown()
        thread.join()


@pytest.fixture
def source(camera: NetworkCamera, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    monkeypatch.setattr(live, "RETRY_S", (0.01,))
    opened = Live(camera.address)
    yield opened
    opened.close()


def test_a_stream_that_stands_still_is_told_and_goes_on(
    camera: NetworkCamera, source: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert next(source.frames())[1].shape == (120, 160, 3)
    monkeypatch.setattr(live, "STALLED_S", 0.5)
    camera.stalled = True
    with pytest.raises(SourceError, match="no picture for") as caught:
        for _ in source.frames():
            pass
    assert "secret" not in str(caught.value)
    monkeypatch.setattr(live, "STALLED_S", 30.0)
    camera.stalled = False
    next(source.frames())


def test_a_camera_that_went_away_is_connected_again(camera: NetworkCamera, source: Live) -> None:
    frames = source.frames()
    next(frames)
    camera.hang_up()
    while camera.calls < 2:
        next(frames)
    next(frames)
