"""What the camera program costs: milliseconds a frame against the landmark network alone, at rest and moving.

    python bench/edge.py
    python bench/edge.py --enrolled    # also with recognition of the enrolled person, as at home

One thread, 640 × 480, decoding excluded: the frames lie in memory. "Network alone" is the landmark network with its
input preparation, measured on the same frames in the same run. Median, 95th percentile, mean and ratio are of the
time that passes; the processor's own time, which other programs disturb less, stands beside them with its own ratio.
The ratio of the mean to the network alone may be 1.6 moving and .35 at rest. A face that was just found is described
five times in its first second, so recognition wants ``--seconds 60`` or more; memory then includes it and its loading.
"""

import argparse
import contextlib
import ctypes
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

cv2.setNumThreads(1)

FPS = 25.0

Frames = list[tuple[float, Any]]


def frames_of(behaviour: Any, seconds: float, seed: int) -> Frames:
    from spasmwatch_edge.simulator.scene import Scene, rendered
    from spasmwatch_edge.simulator.schedule import until

    scene = Scene(seed=seed, fps=FPS, behaviour=behaviour)
    return list(rendered(scene, until(seed, behaviour, seconds), seconds))


class Spent:
    """Milliseconds a frame: the time that passed, and what the processor spent on it."""

    def __init__(self) -> None:
        self.passed: list[float] = []
        self.processor: list[float] = []

    @contextlib.contextmanager
    def frame(self) -> Iterator[None]:
        """Measure what is done with one frame."""
        began, processor = time.perf_counter(), time.process_time()
        yield
        self.processor.append(1000 * (time.process_time() - processor))
        self.passed.append(1000 * (time.perf_counter() - began))

    @property
    def means(self) -> tuple[float, float]:
        """Of the time that passed, and of the processor's."""
        return float(np.mean(self.passed)), float(np.mean(self.processor))

    def row(self, name: str, alone: "Spent") -> str:
        (mean, processor), (mean_alone, processor_alone) = self.means, alone.means
        return (
            f"{name:38s} {np.median(self.passed):7.2f} {np.percentile(self.passed, 95):7.2f} {mean:7.2f} "
            f"{mean / mean_alone:6.2f} {processor:7.2f} {processor / processor_alone:6.2f} "
            f"{processor * FPS * 60 / 1000:9.1f}"
        )


def network_alone(frames: Frames) -> Spent:
    """The landmark network on a tracked face."""
    from spasmwatch_edge.landmark_model import FaceMesh, cut

    mesh, spent = FaceMesh(), Spent()
    face = next(face for _, frame in frames if (face := mesh.process(frame)))
    for _, frame in frames:
        with spent.frame():
            crop = cut(frame, face.region, 256)
            mesh._mesh.run(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB).astype(np.float32) / 255.0)
    return spent


def whole_edge(frames: Frames, find: Any, *, skip_still: bool) -> tuple[Spent, str]:
    """Seeing and detecting, and the shares of frames that needed the network and that showed the watched person."""
    from spasmwatch_edge.pipeline import Pipeline
    from spasmwatch_edge.vision import Vision

    vision, pipeline, spent, counted = Vision(find, skip_still=skip_still), Pipeline(), Spent(), 0
    for at, frame in frames:
        with spent.frame():
            signals = vision.look(at, frame)
            pipeline.feed(signals)
        counted += signals.face is not None
    return spent, f"   network on {vision.looks / vision.frames:.0%}, person in {counted / vision.frames:.0%}"


def anybody() -> Any:
    """Finds whoever is there."""
    from spasmwatch_edge.landmark_model import FaceMesh
    from spasmwatch_edge.person import Anybody

    return Anybody(FaceMesh()).find


def only_the_person(frames: Frames) -> Any:
    """Finds the person in ``frames`` alone, who is enrolled from some of them. Raises ModelError."""
    from spasmwatch_edge.guided import LOOKS
    from spasmwatch_edge.identity import FaceRecognizer, enrol
    from spasmwatch_edge.landmark_model import FaceMesh
    from spasmwatch_edge.person import OnlyThePerson

    mesh, recognizer = FaceMesh(), FaceRecognizer()
    looks = [(frame, mesh.process(frame)) for _, frame in frames[:: max(1, len(frames) // LOOKS)]]
    enrolment = enrol("somebody", [recognizer.describe(frame, face.landmarks) for frame, face in looks if face])
    return OnlyThePerson(FaceMesh(), recognizer, enrolment).find


def memory_mb() -> float:
    """Resident memory now; the allocator gives back first what is free."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def rows(name: str, frames: Frames, enrolled: bool) -> Iterator[str]:
    """The table's rows for one behaviour."""
    alone = network_alone(frames)
    yield alone.row(f"{name}: landmark network alone", alone)
    every, _ = whole_edge(frames, anybody(), skip_still=False)
    yield every.row(f"{name}: edge, every frame", alone)
    skipped, shares = whole_edge(frames, anybody(), skip_still=True)
    yield skipped.row(f"{name}: edge, skipping still frames", alone) + shares
    if enrolled:
        recognized, shares = whole_edge(frames, only_the_person(frames), skip_still=True)
        yield recognized.row(f"{name}: the same, person enrolled", alone) + shares


def recognition_there() -> bool:
    """Whether the recognition model is on this machine; says so if not."""
    from spasmwatch_edge.model_file import RECOGNITION, model_path

    there = model_path(RECOGNITION).is_file()
    if not there:
        print("recognition is left out: its model is not here (`spasmwatch models fetch --all`)")
    return there


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--enrolled", action="store_true", help="also recognizing the enrolled person")
    arguments = parser.parse_args()
    from spasmwatch_edge.simulator.schedule import RESTING, SPASMODIC

    enrolled = arguments.enrolled and recognition_there()
    columns = f"{'median':>7s} {'p95':>7s} {'mean':>7s} {'ratio':>6s} {'CPU':>7s} {'ratio':>6s} {'CPU s/min':>9s}"
    print(f"{'milliseconds a frame':38s} {columns}")
    for name, behaviour in (("moving", SPASMODIC), ("at rest", RESTING)):
        frames = frames_of(behaviour, arguments.seconds, arguments.seed)
        for row in rows(name, frames, enrolled):
            print(row, flush=True)
        del frames
    print(f"\nresident after the run, without the frames: {memory_mb():.0f} MB")
    print(f"peak with all frames in memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
