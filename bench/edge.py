"""What the camera program costs: milliseconds a frame against the landmark network alone, at rest and moving.

    python bench/edge.py

One thread, 640 × 480, decoding excluded: the frames lie in memory. "Network alone" is the landmark network with its
input preparation, measured on the same frames in the same run.
"""

import argparse
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

cv2.setNumThreads(1)

FPS = 25.0


def frames_of(behaviour: Any, seconds: float, seed: int) -> list[tuple[float, Any]]:
    from spasmwatch_edge.simulator.scene import Scene, rendered
    from spasmwatch_edge.simulator.schedule import until

    scene = Scene(seed=seed, fps=FPS, behaviour=behaviour)
    return list(rendered(scene, until(seed, behaviour, seconds), seconds))


def network_alone(frames: list[tuple[float, Any]]) -> list[float]:
    """Milliseconds a frame of the landmark network on a tracked face."""
    from spasmwatch_edge.landmark_model import FaceMesh, cut

    mesh = FaceMesh()
    face = next(face for _, frame in frames if (face := mesh.process(frame)))
    spent = []
    for _, frame in frames:
        began = time.perf_counter()
        crop = cut(frame, face.region, 256)
        mesh._mesh.run(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB).astype(np.float32) / 255.0)
        spent.append(1000 * (time.perf_counter() - began))
    return spent


def whole_edge(frames: list[tuple[float, Any]], *, skip_still: bool) -> tuple[list[float], float]:
    """Milliseconds a frame of seeing and detecting, and the share of frames that needed the network."""
    from spasmwatch_edge.landmark_model import FaceMesh
    from spasmwatch_edge.person import Anybody
    from spasmwatch_edge.pipeline import Pipeline
    from spasmwatch_edge.vision import Vision

    vision, pipeline = Vision(Anybody(FaceMesh()).find, skip_still=skip_still), Pipeline()
    spent = []
    for at, frame in frames:
        began = time.perf_counter()
        pipeline.feed(vision.look(at, frame))
        spent.append(1000 * (time.perf_counter() - began))
    return spent, vision.looks / vision.frames


def memory_mb() -> float:
    """Resident memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def row(name: str, spent: list[float], alone: float) -> str:
    mean = float(np.mean(spent))
    return (
        f"{name:34s} {np.median(spent):7.2f} {np.percentile(spent, 95):7.2f} {mean:7.2f} {mean / alone:6.2f} "
        f"{mean * FPS * 60 / 1000:9.1f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=3)
    arguments = parser.parse_args()
    from spasmwatch_edge.simulator.schedule import RESTING, SPASMODIC

    columns = f"{'median':>7s} {'p95':>7s} {'mean':>7s} {'ratio':>6s} {'CPU s/min':>9s}"
    print(f"{'milliseconds a frame':34s} {columns}")
    for name, behaviour in (("moving", SPASMODIC), ("at rest", RESTING)):
        frames = frames_of(behaviour, arguments.seconds, arguments.seed)
        alone = network_alone(frames)
        mean = float(np.mean(alone))
        print(row(f"{name}: landmark network alone", alone, mean))
        every, _ = whole_edge(frames, skip_still=False)
        print(row(f"{name}: edge, every frame", every, mean))
        skipped, share = whole_edge(frames, skip_still=True)
        print(row(f"{name}: edge, skipping still frames", skipped, mean) + f"   network on {100 * share:.0f} %")
        del frames
    print(f"\nresident after the run, without the frames: {memory_mb():.0f} MB")
    print(f"peak with all frames in memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
