"""What `spasmwatch check` looks at on a machine with a camera: models, clock, power, and with --camera the picture."""

import threading
from argparse import Namespace
from collections.abc import Iterator
from statistics import median

from spasmwatch.domain.detection.quality import DARKEST, LEAST_SHARPNESS, SLOWEST_FPS, SMALLEST_EYE_DISTANCE
from spasmwatch.domain.detection.signals import FaceSignals
from spasmwatch.settings import Settings
from spasmwatch.setup.check import Finding
from spasmwatch_edge import machine, model_file

LOOK_S = 5.0
GOOD_FPS = 20.0
"""Below it a twitch of a tenth of a second may fall between two pictures."""


def look(settings: Settings, arguments: Namespace) -> Iterator[Finding]:
    """Raises SpasmWatchError when something cannot be opened."""
    for model in (model_file.LANDMARKS, model_file.RECOGNITION):
        model_file.read_verified(model_file.model_path(model), model)
        yield Finding("model", fine=True, says=f"the {model.title} is there and the expected one")
    right = machine.clock_synchronised()
    yield Finding(
        "clock",
        right,
        "the kernel holds its clock for right" if right else "the clock is not synchronised: is the network up?",
    )
    if (hot := machine.temperature()) is not None:
        yield Finding(
            "temperature", hot < 80, f"{hot:.0f} °C" + ("" if hot < 80 else ": too hot, it slows down; cool it")
        )
    if (slow := machine.throttled()) is not None:
        yield Finding("power", not slow, "throttled: use the official power supply, and cool it" if slow else "enough")
    yield _enrolment(settings)
    if arguments.camera:
        yield from _camera(settings, arguments)


def _enrolment(settings: Settings) -> Finding:
    from spasmwatch_edge.identity import load_enrolment
    from spasmwatch_edge.wiring import enrolment_folder

    person = settings.home.person
    if settings.camera.demo:
        return Finding("enrolment", None, "the demo counts everybody")
    if load_enrolment(enrolment_folder(settings), person) is None:
        return Finding("enrolment", None, f"{person} is not enrolled here: spasmwatch edge enrol (where the camera is)")
    return Finding("enrolment", fine=True, says=f"{person} is enrolled")


def _camera(settings: Settings, arguments: Namespace) -> Iterator[Finding]:
    from spasmwatch_edge.guided import ask_consent
    from spasmwatch_edge.landmark_model import FaceMesh
    from spasmwatch_edge.person import Anybody
    from spasmwatch_edge.sources.opening import open_source
    from spasmwatch_edge.vision import Vision

    ask_consent(arguments.consent)
    vision = Vision(Anybody(FaceMesh()).find)
    source = open_source(settings.camera, threading.Event().wait)
    times: list[float] = []
    faces: list[FaceSignals] = []
    size = ""
    try:
        for time, frame in source.frames():
            size = f"{frame.shape[1]}×{frame.shape[0]}"
            times.append(time)
            face = vision.look(time, frame).face
            if face is not None:
                faces.append(face)
            if time - times[0] >= LOOK_S:
                break
    finally:
        source.close()
    yield from judge(times, faces, size)


def judge(times: list[float], faces: list[FaceSignals], size: str) -> Iterator[Finding]:
    """What some seconds of pictures of ``size`` at ``times`` (s) with these faces say about a camera."""
    if len(times) < 2 or times[-1] <= times[0]:
        yield Finding("camera", fine=False, says="it delivers no pictures")
        return
    fps = (len(times) - 1) / (times[-1] - times[0])
    advice = "" if fps >= GOOD_FPS else f"; {GOOD_FPS:.0f} are wanted: more light, a smaller picture, a faster Pi"
    yield Finding("camera", fps >= SLOWEST_FPS, f"{fps:.1f} pictures a second of {size}{advice}")
    if not faces:
        yield Finding("face", None, "nobody was in view; sit down before the camera and try again")
        return
    seen = len(faces) / len(times)
    yield Finding("face", seen > 0.5, f"in view in {seen:.0%} of the pictures")
    eyes = median(face.eye_distance for face in faces)
    near = eyes >= SMALLEST_EYE_DISTANCE
    yield Finding("distance", near, f"{eyes:.0f} pixels between the eyes" + ("" if near else ": too far, go nearer"))
    light = median(face.light for face in faces)
    yield Finding("light", light >= DARKEST, f"{light:.0f} of 255" + ("" if light >= DARKEST else ": too dark"))
    sharp = median(face.sharpness for face in faces) >= LEAST_SHARPNESS
    yield Finding("sharpness", sharp, "sharp enough" if sharp else "blurred: clean or focus the lens, add light")
