"""From the ``[camera]`` settings to a frame source."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from spasmwatch.errors import SettingsError, SourceError
from spasmwatch.ports import FrameSource
from spasmwatch.settings.camera import Camera
from spasmwatch_edge.timeline import Timeline

STREAMS = ("rtsp://", "rtsps://", "http://", "https://", "udp://", "tcp://")


def open_source(camera: Camera, wait: Callable[[float], object], timeline: Timeline | None = None) -> FrameSource:
    """The source that ``camera.source`` names; ``timeline`` dates the frames of a camera.

    Raises SourceError when it cannot be opened, SettingsError when it never will be.
    """
    name, timeline = camera.source, timeline or Timeline()
    if name == "auto":
        return _first_that_works(camera, timeline)
    if name == "simulator":
        return _simulator(camera, timeline)
    if name == "picamera2":
        return _pi_camera(camera, timeline)
    if name.startswith("usb:"):
        return _usb(camera, name.removeprefix("usb:"), timeline)
    if name.startswith(STREAMS):
        return _live(camera, name, timeline)
    from spasmwatch_edge.sources.recording import Recording

    return Recording(Path(name), speed=camera.speed, duration_s=camera.duration_s, wait=wait)


def camera_name(camera: Camera) -> str:
    """The source as the settings name it: another name, another camera. A stream's address may hold a password."""
    if not camera.source.startswith(STREAMS):
        return camera.source
    from spasmwatch_edge.sources.live import host_of

    return f"{host_of(camera.source)} ({hashlib.sha256(camera.source.encode()).hexdigest()[:8]})"


def is_recording(camera: Camera) -> bool:
    """Whether the source is a file, which ends, and not a camera, which may stall and come back."""
    name = camera.source
    return name not in ("auto", "simulator", "picamera2") and not name.startswith(("usb:", *STREAMS))


def _first_that_works(camera: Camera, timeline: Timeline) -> FrameSource:
    """The Pi's camera, else the first USB camera, else (in the demo) the simulator."""
    from spasmwatch_edge.sources import picamera

    if picamera.available():
        return _pi_camera(camera, timeline)
    if any(Path("/dev").glob("video[0-9]*")):
        try:
            return _usb(camera, "0", timeline)
        except SourceError:
            if not camera.demo:
                raise
    if camera.demo:
        return _simulator(camera, timeline)
    raise SourceError("no camera found: connect one, or set camera.source")


def _pi_camera(camera: Camera, timeline: Timeline) -> FrameSource:
    from spasmwatch_edge.sources.picamera import PiCamera

    return PiCamera(
        width=camera.width,
        height=camera.height,
        fps=camera.fps,
        mains_hz=camera.mains_hz,
        duration_s=camera.duration_s,
        timeline=timeline,
    )


def _usb(camera: Camera, number: str, timeline: Timeline) -> FrameSource:
    if not number.isdigit():
        raise SettingsError(f"camera.source usb:{number}: write usb: and the number of the camera, e.g. usb:0")
    return _live(camera, int(number), timeline)


def _live(camera: Camera, address: int | str, timeline: Timeline) -> FrameSource:
    from spasmwatch_edge.sources.live import Live

    return Live(
        address,
        width=camera.width,
        height=camera.height,
        fps=camera.fps,
        duration_s=camera.duration_s,
        clock=timeline.now,
    )


def _simulator(camera: Camera, timeline: Timeline) -> FrameSource:
    from spasmwatch_edge.simulator.source import SimulatedSource

    return SimulatedSource(seconds=camera.duration_s, clock=timeline.now)
