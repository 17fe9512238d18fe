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
from spasmwatch.domain.detection.signals import FaceSignals
from spasmwatch.errors import SpasmWatchError, UsageError
from spasmwatch.ports import FrameSource
from spasmwatch_edge.identity import Description, FaceRecognizer, enrol
from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.person import Anybody
from spasmwatch_edge.placement import Placement, SideCheck, advice, allows
from spasmwatch_edge.vision import Vision

Say = Callable[[str], None]

CONSENT = """SpasmWatch will watch the face of the person at this camera and count facial spasms.
No picture is stored or sent; numbers about the face are. The person can pause it at any time, see everything that is
kept, and have all of it deleted. It is no medical device. Do you, the person to be watched, agree?"""
ADVICE_EVERY_S = 2.0
AIMED_S = 3.0
SIDE_WAIT_S = 30.0
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


def place(source: FrameSource, folder: Path, say: Say) -> Placement:
    """Advise until the camera stands well, then find out which side is left. Raises SpasmWatchError."""
    mesh = FaceMesh()
    vision = Vision(Anybody(mesh).find)
    frames = source.frames()
    face, fps = _aim(frames, vision, mesh, say)
    say(allows(face, fps))
    say("Now close your left eye and keep it closed for two seconds.")
    check, began = SideCheck(), None
    for time, frame in frames:
        began = time if began is None else began
        side = check.feed(vision.look(time, frame))
        if side is not None:
            placement = Placement(mirrored=side == "right", side_verified=True)
            placement.save(folder)
            say("This stream is mirrored; I turn it round." if placement.mirrored else "Left is left.")
            say("The camera is in place.")
            return placement
        if time - began > SIDE_WAIT_S:
            break
    raise SpasmWatchError("I could not see the left eye close: try again, nearer or in better light")


def _aim(
    frames: Iterator[tuple[float, NDArray[np.uint8]]], vision: Vision, mesh: FaceMesh, say: Say
) -> tuple[FaceSignals, float]:
    rate, told, good_since = FrameRate(), float("-inf"), None
    faces, counted = 1, float("-inf")
    for time, frame in frames:
        fps = rate.update(time)
        face = vision.look(time, frame).face
        if time - counted >= ADVICE_EVERY_S:
            faces, counted = len(mesh.find_all(frame)), time
        problems = advice(face, fps, faces)
        if problems:
            good_since = None
        elif face is not None and fps is not None:
            good_since = time if good_since is None else good_since
            if time - good_since >= AIMED_S:
                return face, fps
        if problems and time - told >= ADVICE_EVERY_S:
            told = time
            say(problems[0])
    raise SpasmWatchError("the camera ended before it stood well")


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
