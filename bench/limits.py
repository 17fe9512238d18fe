"""Where seeing ends: the same scenes at every distance and in every light, with *all* events counted.

    python bench/limits.py --sizes --jobs 2     # by distance between the eyes
    python bench/limits.py --lights --jobs 2    # by level of light
    python bench/limits.py --jobs 2             # both

Only the size or the light differs between the rows of a table. Unlike in ``bench/detection.py`` an event in time that
is not observed counts as missed, so that the limits show; "seen %" tells how much time the detector did not claim.
Small faces stand in daylight; in little light the eyes are 40 pixels apart.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from detection import ROOT, cached, code_hash, key, scenes, see, simulated
from scoring import HEADER, Score, Seen, detect, judge
from spasmwatch_edge.simulator.camera import Exposure

SIZES = (15.0, 18.0, 21.0, 25.0, 30.0, 40.0)
USUAL_SIZE = 40.0
# The sensor's noise grows as the light fails: from "very dark" to the "dim" of the simulated scenes.
LIGHTS = {
    "brightness .05, noise 7": Exposure(brightness=0.05, noise=7.0),
    "brightness .10, noise 6.5": Exposure(brightness=0.10, noise=6.5),
    "brightness .15, noise 6": Exposure(brightness=0.15, noise=6.0),
    "brightness .20, noise 6 (dark)": Exposure(brightness=0.20, noise=6.0),
    "brightness .30, noise 5.5": Exposure(brightness=0.30, noise=5.5),
    "brightness .45, noise 5 (dim)": Exposure(brightness=0.45, noise=5.0),
}
FPS, WIDTH, HEIGHT = 25.0, 320, 240

Levels = dict[str, list[Any]]


def at(scenario: Any, level: str, eye_distance: float, exposure: Exposure) -> Any:
    """The scene in other conditions; who it is, and what happens when, stays the same."""
    scene = replace(scenario.scene, eye_distance=eye_distance, exposure=exposure, fps=FPS, width=WIDTH, height=HEIGHT)
    return replace(scenario, name=f"{scenario.name} {level}", scene=scene)


def by_size(scenarios: list[Any]) -> Levels:
    levels = {f"{size:g} px": size for size in SIZES}
    return {name: [at(one, name, size, Exposure()) for one in scenarios] for name, size in levels.items()}


def by_light(scenarios: list[Any]) -> Levels:
    return {name: [at(one, name, USUAL_SIZE, light) for one in scenarios] for name, light in LIGHTS.items()}


def score(work: tuple[Any, Path]) -> Score:
    """All events of one scene count, observed or not."""
    scenario, folder = work
    seen: Seen = cached(f"limit-{key(scenario)}", folder, lambda: simulated(scenario, see))
    found, observed_s, _ = detect(seen.signals)
    return judge(seen, found, observed_s, only_observed=False)


def rows(levels: Levels, folder: Path, jobs: int) -> Iterator[str]:
    """One row a level, as soon as it is known."""
    with ProcessPoolExecutor(jobs) as pool:
        for name, scenarios in levels.items():
            total = Score()
            for one in pool.map(score, [(scenario, folder) for scenario in scenarios]):
                total.add(one)
            yield total.row(name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", action="store_true", help="by distance between the eyes")
    parser.add_argument("--lights", action="store_true", help="by level of light")
    parser.add_argument("--scenes", type=int, default=8, help="at each level (30 s each)")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--portraits", type=Path, default=ROOT.parent / "shared" / "portraits")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "spasmwatch-bench")
    arguments = parser.parse_args()

    both = arguments.sizes == arguments.lights
    scenarios = scenes(arguments.portraits, arguments.scenes, 0)
    parts = {"by distance between the eyes": by_size} if arguments.sizes or both else {}
    parts |= {"by level of light": by_light} if arguments.lights or both else {}
    for title, levels in parts.items():
        print(f"\n{title}, all events count\n{HEADER}")
        for row in rows(levels(scenarios), arguments.cache / code_hash(), arguments.jobs):
            print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
