"""Who counts: how much of the enrolled person's time is lost, and how much of a stranger's is counted.

    python bench/identity.py --portraits ../shared/portraits --clips ../shared/clips

Every face is enrolled once, the way ``spasmwatch edge enrol`` does it: a person in good light, 60 pixels between the
eyes, who turns and nods (portraits), or the first seconds of a recording. Then every face sits before the
camera in every condition, alone, for each of the enrolled: the code of the camera program says whether it counts.
A recording's remaining seconds are shown as they are and changed. Time is taken in which a face is followed that is
large, bright, sharp and straight enough to be measured; the first second, in which nobody is known yet, is lost time.
"""

import argparse
import contextlib
import itertools
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

cv2.setNumThreads(1)
FPS = 10.0
ENROLMENT_S = 14.0


@dataclass
class Shown:
    """What the camera program sees of one face in one condition; faces are described when somebody asks, once."""

    person: str
    condition: str
    frames: list[Any]
    faces: list[Any]
    usable: list[bool]
    descriptions: dict[int, Any] = field(default_factory=dict)


class Replayed:
    """The landmark model and the recognizer of a :class:`Shown`; a frame is the number of the frame."""

    def __init__(self, shown: Shown, recognizer: Any) -> None:
        self._shown, self._recognizer = shown, recognizer
        self._number = 0
        self.found_anew = False

    def process(self, number: int) -> Any:
        face, before = self._shown.faces[number], self._shown.faces[number - 1] if number else None
        self._number, self.found_anew = number, face is not None and before is None
        return face

    def find_all(self, number: int) -> list[Any]:
        return [face for face in [self._shown.faces[number]] if face is not None]

    def describe(self, number: int, landmarks: Any) -> Any:
        known = self._shown.descriptions
        if number not in known:
            known[number] = self._recognizer.describe(self._shown.frames[number], landmarks)
        return known[number]


def conditions() -> dict[str, dict[str, Any]]:
    """Keyword arguments of a simulated scene, by name."""
    from spasmwatch_edge.simulator.camera import Exposure

    return {
        "usual": {},
        "40 pixels": {"eye_distance": 40.0},
        "25 pixels": {"eye_distance": 25.0},
        "21 pixels": {"eye_distance": 21.0},
        "light x.35": {"exposure": Exposure(0.35, noise=4.0)},
        "light x.15": {"exposure": Exposure(0.15, noise=5.0)},
        "lamp at the side": {"exposure": Exposure(0.9, side_light=0.8)},
        "infrared": {"exposure": Exposure(0.8, noise=5.0, infrared=True)},
        "glasses": {"glasses": True},
        "glasses, 25 pixels": {"glasses": True, "eye_distance": 25.0},
        "from the side": {"stance": {"yaw": 0.3}},
        "mirrored": {},
    }


def scene(photo: Path | None, seed: int, seconds: float, **changes: Any) -> Iterator[tuple[float, Any]]:
    from spasmwatch_edge.simulator.scene import Scene, rendered
    from spasmwatch_edge.simulator.schedule import SPASMODIC, until

    behaviour = changes.pop("behaviour", SPASMODIC)
    made = Scene(photo=photo, seed=seed, fps=FPS, behaviour=behaviour, **changes)
    return rendered(made, until(seed, behaviour, seconds), seconds)


class Sitting:
    """A frame source for the enrolment."""

    def __init__(self, frames: Iterator[tuple[float, Any]]) -> None:
        self._frames = frames

    def frames(self) -> Iterator[tuple[float, Any]]:
        yield from self._frames

    def close(self) -> None:
        pass


def enrolled(name: str, frames: Iterator[tuple[float, Any]]) -> Any:
    from spasmwatch_edge.guided import enrol_person
    from spasmwatch_edge.identity import load_enrolment

    with tempfile.TemporaryDirectory() as folder:
        enrol_person(name, Sitting(frames), Path(folder), lambda _: None, threading.Event())
        return load_enrolment(Path(folder), name)


def show(person: str, condition: str, frames: Iterator[tuple[float, Any]]) -> Shown:
    from spasmwatch.domain.detection.quality import unusable
    from spasmwatch.domain.detection.signals import FrameSignals
    from spasmwatch_edge.landmark_model import FaceMesh
    from spasmwatch_edge.vision import Vision

    mesh = FaceMesh()
    shown = Shown(person, condition, [], [], [])

    def find(_: float, frame: Any) -> Any:
        shown.frames.append(frame)
        shown.faces.append(mesh.process(frame))
        return shown.faces[-1]

    vision = Vision(find, skip_still=False)
    for time, frame in frames:
        signals: FrameSignals = vision.look(time, frame)
        shown.usable.append(unusable(signals, None) is None)
    return shown


def counted(shown: Shown, enrolment: Any, recognizer: Any) -> tuple[int, int]:
    """Usable frames, and those of them that counted as the enrolled person's."""
    from spasmwatch_edge.person import OnlyThePerson

    replayed = Replayed(shown, recognizer)
    only = OnlyThePerson(replayed, replayed, enrolment)  # type: ignore[arg-type]
    found = [only.find(number / FPS, number) is not None for number in range(len(shown.frames))]  # type: ignore[arg-type]
    return sum(shown.usable), sum(here and use for here, use in zip(found, shown.usable, strict=True))


def recordings(folder: Path) -> dict[str, list[Path]]:
    """Labelled clips by the person in them."""
    import json

    found: dict[str, list[Path]] = defaultdict(list)
    for video in sorted(folder.glob("*.mp4")):
        told = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
        found[Path(told["base"]).stem].append(video)
    return found


def watched(video: Path, start: float, end: float, **changes: Any) -> Iterator[tuple[float, Any]]:
    """Part of a recording at about FPS, changed as :func:`overlaid` can."""
    from spasmwatch_edge.simulator.overlay import overlaid
    from spasmwatch_edge.sources.recording import Recording

    recording = Recording(video, start=0.0)
    every = max(1, round(recording.fps / FPS))
    with contextlib.closing(recording):
        part = itertools.takewhile(lambda pair: pair[0] < end, recording.frames())
        chosen = (pair for number, pair in enumerate(part) if pair[0] >= start and number % every == 0)
        yield from overlaid(chosen, [], **changes) if changes else chosen


def clip_conditions() -> dict[str, dict[str, Any]]:
    from spasmwatch_edge.simulator.camera import Exposure

    return {
        "recorded": {},
        "recorded, mirrored": {"mirrored": True},
        "recorded, 25 pixels": {"scale": 0.42},
        "recorded, dark": {"exposure": Exposure(0.25, noise=5.0)},
        "recorded, infrared": {"exposure": Exposure(0.8, noise=5.0, infrared=True)},
        "recorded, glasses": {"glasses": True},
    }


def flipped(frames: Iterator[tuple[float, Any]]) -> Iterator[tuple[float, Any]]:
    for at, frame in frames:
        yield at, np.ascontiguousarray(frame[:, ::-1])


def sittings(
    faces: dict[str, Path | None], clips: dict[str, list[Path]], seconds: float
) -> Iterator[tuple[str, str, Callable[[], Iterator[tuple[float, Any]]]]]:
    """(person, condition, frames) of everything that is shown."""
    for order, (condition, changes) in enumerate(conditions().items()):
        for number, (person, photo) in enumerate(faces.items()):

            def simulated(
                photo: Path | None = photo,
                seed: int = 700 + 50 * number + order,
                changes: dict[str, Any] = changes,
                mirrored: bool = condition == "mirrored",
            ) -> Iterator[tuple[float, Any]]:
                frames = scene(photo, seed, seconds, **changes)
                return flipped(frames) if mirrored else frames

            yield person, condition, simulated
    for condition, changes in clip_conditions().items():
        for person, videos in clips.items():
            for order, video in enumerate(videos):

                def recorded(
                    video: Path = video, start: float = 0.0 if order else ENROLMENT_S, changes: dict[str, Any] = changes
                ) -> Iterator[tuple[float, Any]]:
                    return watched(video, start, start + seconds, **changes)

                yield person, condition, recorded


def enrolments(faces: dict[str, Path | None], clips: dict[str, list[Path]]) -> dict[str, Any]:
    from spasmwatch_edge.simulator.schedule import Behaviour

    moving = Behaviour(rates={"turn": 10.0, "look_down": 5.0, "blink": 12.0, "talk": 2.0})
    found = {}
    for number, (person, photo) in enumerate(faces.items()):
        frames = (
            watched(clips[person][0], 0.0, ENROLMENT_S)
            if person in clips
            else scene(photo, 600 + number, ENROLMENT_S, behaviour=moving)
        )
        found[person] = enrolled(person, frames)
    return found


class Table:
    """Sums of frames by condition: the enrolled person's own, and strangers'."""

    def __init__(self) -> None:
        self._own: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._strange: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._worst: dict[str, tuple[float, str]] = {}

    def add(self, person: str, enrolled: str, condition: str, usable: int, counts: int) -> None:
        if person != enrolled:
            self._strange[condition].append((usable, counts))
            if counts:
                print(f"a stranger counted: {person} as {enrolled}, {condition}: {counts} of {usable}", file=sys.stderr)
            return
        self._own[condition].append((usable, counts))
        lost = 1.0 - counts / usable if usable else 0.0
        self._worst[condition] = max(self._worst.get(condition, (0.0, "")), (lost, person))

    def show(self) -> None:
        print(f"{'condition':22s} {'own, usable':>12s} {'lost':>7s} {'strangers':>12s} {'counted':>8s}  worst face")
        for condition in self._own:
            loss, name = self._worst[condition]
            print(self._row(condition, self._own[condition], self._strange[condition]), f" {name} {loss:.0%}")
        together = [[pair for pairs in kind.values() for pair in pairs] for kind in (self._own, self._strange)]
        print(self._row("all", *together))

    @staticmethod
    def _row(condition: str, own: list[tuple[int, int]], strange: list[tuple[int, int]]) -> str:
        (mine, kept), (others, counts) = np.sum(own, axis=0), np.sum(strange or [(0, 0)], axis=0)
        lost, counted_share = 1.0 - kept / max(1, mine), counts / max(1, others)
        return f"{condition:22s} {mine / FPS:10.0f} s {lost:7.1%} {others / FPS:10.0f} s {counted_share:8.2%}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--portraits", type=Path, metavar="FOLDER")
    parser.add_argument("--clips", type=Path, metavar="FOLDER")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each face in each condition")
    arguments = parser.parse_args()
    from spasmwatch_edge.identity import FaceRecognizer

    portraits = sorted(arguments.portraits.glob("*.*g")) if arguments.portraits else []
    faces: dict[str, Path | None] = {"nasa": None} | {path.stem: path for path in portraits}
    clips = recordings(arguments.clips) if arguments.clips else {}
    clips = {person: videos for person, videos in clips.items() if person in faces}
    recognizer, known = FaceRecognizer(), enrolments(faces, clips)
    table = Table()
    for person, condition, frames in sittings(faces, clips, arguments.seconds):
        shown = show(person, condition, frames())
        for name, enrolment in known.items():
            usable, counts = counted(shown, enrolment, recognizer)
            table.add(person, name, condition, usable, counts)
        print(f"{condition}: {person} seen", file=sys.stderr)
    print(f"{len(faces)} faces, every one enrolled and shown to every enrolment\n")
    table.show()
    return 0


if __name__ == "__main__":
    sys.exit(main())
