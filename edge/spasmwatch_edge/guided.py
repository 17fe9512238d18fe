"""The two guided tasks at the device: aiming the camera and enrolling the person. Nothing but numbers is kept."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.detection.quality import FrameRate
from spasmwatch.domain.detection.signals import FaceSignals, FrameSignals
from spasmwatch.errors import SpasmWatchError, UsageError
from spasmwatch.ports import FrameSource
from spasmwatch_edge.identity import Description, FaceRecognizer, enrol
from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.person import Anybody
from spasmwatch_edge.placement import Patience, Placement, Side, SideCheck, advice, allows
from spasmwatch_edge.vision import Vision

Say = Callable[[str], None]

CONSENT = """SpasmWatch will watch the face of the person at this camera and count facial spasms.
No picture is stored or sent; numbers about the face are. The person can pause it at any time, see everything that is
kept, and have all of it deleted. It is no medical device. Do you, the person to be watched, agree?"""
ADVICE_EVERY_S = 2.0
SIDE_WAIT_S = 30.0
EYES_OPEN_S = 1.5
"""Before each question neither eye may be shut for so long: who obeys late must not answer the next one."""
SIDE_ROUNDS = 3
LOOK_EVERY_S = 0.3
LOOKS = 24
TASK_S = 1.5
"""How long it takes to read a task and to do it."""
ENROL_AT_LEAST_PX = 30.0
TASKS = (
    "look straight at the camera",
    "turn your head a little to the left",
    "turn your head a little to the right",
    "look up a little, then down",
)


def ask_consent(given: bool) -> None:
    """Raises UsageError unless the person agrees, here or by ``given``."""
    if given:
        return
    if not sys.stdin.isatty():
        raise UsageError("the person's consent is needed: run this at a terminal, or add --consent when they agreed")
    print(CONSENT)
    if input("Type yes to agree: ").strip().lower() not in ("yes", "y"):
        raise UsageError("without the person's consent nothing is watched")


def speaker(aloud: bool) -> Say:
    """Prints each line, and speaks it where asked and possible."""
    voice = next((path for name in ("espeak-ng", "espeak", "spd-say") if (path := shutil.which(name))), None)
    if aloud and voice is None:
        raise SpasmWatchError("no voice on this machine: install espeak-ng, or leave out --speak")

    def say(line: str) -> None:
        print(line, flush=True)
        if aloud and voice:
            subprocess.run([voice, line], check=False, capture_output=True)

    return say


def place(source: FrameSource, camera: str, folder: Path, say: Say) -> Placement:
    """Advise until ``camera`` stands well, then find out which side is left. Raises SpasmWatchError."""
    mesh = FaceMesh()
    vision = Vision(Anybody(mesh).find)
    frames = source.frames()
    say(allows(*_aim(frames, vision, mesh, say)))
    mirrored = _is_mirrored((vision.look(time, frame) for time, frame in frames), say)
    placement = Placement(mirrored, side_verified=True, camera=camera)
    placement.save(folder)
    say("This stream is mirrored; I turn it round." if mirrored else "Left is left.")
    say("The camera is in place.")
    return placement


def _aim(
    frames: Iterator[tuple[float, NDArray[np.uint8]]], vision: Vision, mesh: FaceMesh, say: Say
) -> tuple[FaceSignals, float]:
    """The face and the pictures a second with which to go on."""
    rate, patience, told = FrameRate(), None, float("-inf")
    faces, found, counted = 1, 1, float("-inf")
    for time, frame in frames:
        patience = patience or Patience(time)
        fps = rate.update(time)
        face = vision.look(time, frame).face
        if time - counted >= ADVICE_EVERY_S:
            # Somebody in view stays for two looks; what is mistaken for a face, above all a small one, does not.
            before, found, counted = found, len(mesh.find_all(frame)), time
            faces = min(before, found)
        problems = advice(face, fps, faces)
        if patience.over(time, problems) and face is not None and fps is not None:
            return face, fps
        if fps is None:
            told = time
        elif problems and time - told >= ADVICE_EVERY_S:
            say(problems[0].says)
            # Frames that came while it was said aloud are lost, which is not the camera's fault.
            rate = FrameRate()
    raise SpasmWatchError("the camera ended before it stood well")


def _is_mirrored(looks: Iterator[FrameSignals], say: Say) -> bool:
    """Ask for both eyes, since a spasm may answer for one of them. Raises SpasmWatchError."""
    check = SideCheck()
    for _ in range(SIDE_ROUNDS):
        left = _answer(check, looks, say, "Now close your left eye and keep it closed for two seconds.")
        right = _answer(check, looks, say, "And now your right eye: close it and keep it closed for two seconds.")
        if left != right:
            return left == "right"
        say("Both times I saw the same eye close; it may have been a spasm. Let us do it again.")
    raise SpasmWatchError("I could not find out which side is left, so nothing was changed: try again later")


def _answer(check: SideCheck, looks: Iterator[FrameSignals], say: Say, question: str) -> Side:
    """The side of the stream on which an eye is closed after ``question``, asked once the eyes are open."""
    began, asked = None, False
    for look in looks:
        began = look.time if began is None else began
        side = check.feed(look)
        if asked and side is not None:
            return side
        if not asked and check.calm_s >= EYES_OPEN_S:
            say(question)
            check.begin()
            began, asked = None, True
        elif look.time - began > SIDE_WAIT_S:
            missing = "one eye alone close" if asked else "both eyes open"
            raise SpasmWatchError(f"I could not see {missing}, so nothing was changed: try nearer or in better light")
    raise SpasmWatchError("the camera ended before both eyes were seen, so nothing was changed")


def enrol_person(person: str, source: FrameSource, folder: Path, say: Say, stopping: threading.Event) -> Path:
    """Describe the face in several poses and keep the descriptions. Raises SpasmWatchError."""
    mesh, recognizer = FaceMesh(), FaceRecognizer()
    descriptions: list[Description] = []
    next_look, task, told = float("-inf"), -1, float("inf")
    for time, frame in source.frames():
        if stopping.is_set() or len(descriptions) >= LOOKS:
            break
        wanted = len(descriptions) * len(TASKS) // LOOKS
        if wanted != task:
            task, told, next_look = wanted, time, time + TASK_S
            say(f"Please {TASKS[task]}.")
        face = mesh.process(frame)
        if face is None or face.eye_distance < ENROL_AT_LEAST_PX:
            if time - told >= ADVICE_EVERY_S:
                told = time
                say("I see no face." if face is None else "Please come nearer to the camera.")
            continue
        if time < next_look:
            continue
        next_look = time + LOOK_EVERY_S
        descriptions.append(recognizer.describe(frame, face.landmarks))
    path = enrol(person, descriptions).save(folder)
    say(f"{person} is enrolled; only this face counts from now on.")
    return path
