"""Many different scenes for measuring a detector: faces × distance × light × noise × frame rate × behaviour.

Every factor is dealt out evenly over the scenarios of a set and shuffled by its seed, so that two hundred scenarios
hold every face at every distance in several lights. Faces are split: a detector is tuned on the one half and judged
on the other.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.random import Generator

from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.simulator.camera import Exposure
from spasmwatch_edge.simulator.movements import Movement
from spasmwatch_edge.simulator.portrait import SHUT, Picture, load_portrait
from spasmwatch_edge.simulator.pose import Channel
from spasmwatch_edge.simulator.rims import rims_on
from spasmwatch_edge.simulator.scene import Scene, rendered
from spasmwatch_edge.simulator.schedule import HEALTHY, HEALTHY_RATES, SPASMODIC, Behaviour, labels, until

Split = Literal["tuning", "test"]
Item = TypeVar("Item")

EYE_DISTANCES = (15.0, 25.0, 40.0, 60.0, 90.0)
FRAME_RATES = (25.0, 30.0, 15.0, 25.0, 60.0, 15.0)
LIGHTS: dict[str, Exposure] = {
    "day": Exposure(),
    "bright": Exposure(brightness=1.25, noise=1.5),
    "dim": Exposure(brightness=0.45, noise=5.0),
    "dark": Exposure(brightness=0.2, noise=6.0),
    "side": Exposure(side_light=0.8, noise=3.0),
    "infrared": Exposure(brightness=0.8, noise=6.0, infrared=True),
    "compressed": Exposure(jpeg=45, noise=3.0),
    "blurred": Exposure(blur=0.9, noise=4.0),
}
# What people do beside their spasms, from quiet to lively.
MANNERS: dict[str, dict[str, float]] = {
    "quiet": {"blink": 15.0, "glance": 8.0},
    "talking": HEALTHY_RATES | {"talk": 6.0},
    "lively": HEALTHY_RATES | {"smile": 3.0, "turn": 2.0, "brows": 1.5, "look_down": 1.5},
    "eating": HEALTHY_RATES | {"chew": 4.0},
    "ordinary": HEALTHY_RATES,
}
PROVOKING_RATES = {
    "blink": 14.0,
    "glance": 10.0,
    "grimace": 3.0,
    "smirk": 2.0,
    "rub": 1.2,
    "drink": 0.8,
    "yawn": 0.6,
    "sneeze": 0.5,
    "light": 1.5,
    "rest": 0.5,
    "turn": 1.0,
}
# Beside the eyes shut for rest, what shuts or lowers them otherwise.
RESTING_EYES_RATES = {
    "blink": 14.0,
    "glance": 8.0,
    "rest": 4.0,
    "look_down": 2.0,
    "yawn": 0.5,
    "talk": 1.0,
}
SPASMS: dict[str, dict[str, float]] = {
    "hemifacial": {"hemifacial": 10.0},
    "blepharospasm": {"blepharospasm": 6.0},
    "tic": {"tic": 9.0},
    "mixed": {"hemifacial": 5.0, "blepharospasm": 2.0, "tic": 3.0},
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scene to measure on, ``seconds`` long; ``factors`` names what it stands for in the tables."""

    name: str
    split: Split
    scene: Scene
    seconds: float
    factors: dict[str, str]

    def schedule(self) -> list[Movement]:
        """All that the person does, by start."""
        return until(self.scene.seed, self.scene.behaviour, self.seconds)

    def frames(self) -> Iterator[tuple[float, Picture]]:
        """(seconds from the start, BGR frame)."""
        return rendered(self.scene, self.schedule(), self.seconds)

    def labels(self) -> dict[str, Any]:
        """Events and confounders, in the form of a recording's labels."""
        size = (self.scene.width, self.scene.height)
        return labels(self.name, self.schedule(), self.scene.fps, self.seconds, size)


def usable(faces: Sequence[Path | None], mesh: FaceMesh | None = None) -> list[Path | None]:
    """The portraits on which the eyes are open: on shut ones nothing of a spasm would be seen."""
    mesh = mesh or FaceMesh()
    return [face for face in faces if load_portrait(face, mesh).openness >= SHUT]


def wearing_glasses(faces: Sequence[Path | None], mesh: FaceMesh | None = None) -> frozenset[Path | None]:
    """The portraits with glasses of their own: no second pair is drawn on them."""
    mesh = mesh or FaceMesh()
    return frozenset(face for face in faces if rims_on(load_portrait(face, mesh)) is not None)


def split_of(number: int) -> Split:
    """Every second face of a list is kept for the test."""
    return "test" if number % 2 else "tuning"


def spasm_scenarios(
    faces: Sequence[Path | None],
    count: int = 200,
    seconds: float = 30.0,
    wearing: Collection[Path | None] = (),
) -> list[Scenario]:
    """``count`` scenes with spasms of every kind; ``faces`` None is the NASA portrait.

    No glasses are drawn on those ``wearing`` some.
    """
    found = []
    kinds = _dealt_to_each(np.random.default_rng(13), tuple(SPASMS), len(faces), count)
    for number, scene, factors in _scenes(faces, count, wearing, seed=11):
        random = np.random.default_rng([number, 12])
        kind = kinds[number]
        manner = _pick(random, MANNERS)
        weak = random.random() < 0.3
        behaviour = replace(
            SPASMODIC,
            rates=MANNERS[manner] | SPASMS[kind],
            strength=(0.4, 0.65) if weak else (0.6, 1.0),
            sway=float(random.uniform(0.3, 1.5)),
        )
        factors |= {"spasm": kind, "manner": manner, "strength": "weak" if weak else "strong"}
        found.append(_scenario(f"spasm{number:03d}", number, len(faces), scene, behaviour, seconds, factors))
    return found


def healthy_scenarios(
    faces: Sequence[Path | None],
    count: int = 60,
    seconds: float = 60.0,
    wearing: Collection[Path | None] = (),
    first: int = 0,
) -> list[Scenario]:
    """``count`` scenes of ordinary behaviour only: whatever is reported here is a false alarm.

    ``first``: the first one's number, to add scenes to those of a smaller set without changing these.
    """
    found = []
    for number, scene, factors in _scenes(faces, count, wearing, seed=21, first=first):
        random = np.random.default_rng([number, 22])
        manner = _pick(random, MANNERS)
        behaviour = replace(HEALTHY, rates=MANNERS[manner], sway=float(random.uniform(0.3, 1.5)))
        factors |= {"spasm": "none", "manner": manner}
        found.append(_scenario(f"healthy{number:03d}", number, len(faces), scene, behaviour, seconds, factors))
    return found


def provoking_scenarios(
    faces: Sequence[Path | None],
    count: int = 30,
    seconds: float = 60.0,
    wearing: Collection[Path | None] = (),
) -> list[Scenario]:
    """``count`` healthy scenes full of what is easily taken for a spasm: pulled faces, rubbed or resting eyes."""
    return _of_one_manner("provoking", PROVOKING_RATES, 31, faces, count, seconds, wearing)


def resting_scenarios(
    faces: Sequence[Path | None],
    count: int = 30,
    seconds: float = 60.0,
    wearing: Collection[Path | None] = (),
) -> list[Scenario]:
    """``count`` scenes of people who often rest with shut eyes: neither a spasm, nor may a spasm pass for it."""
    return _of_one_manner("resting", RESTING_EYES_RATES, 41, faces, count, seconds, wearing)


def _of_one_manner(
    manner: str,
    rates: dict[str, float],
    seed: int,
    faces: Sequence[Path | None],
    count: int,
    seconds: float,
    wearing: Collection[Path | None],
) -> list[Scenario]:
    """Scenes without spasms in which all behave alike."""
    found = []
    for number, scene, factors in _scenes(faces, count, wearing, seed):
        sway = float(np.random.default_rng([number, seed + 1]).uniform(0.3, 1.5))
        behaviour = replace(HEALTHY, rates=rates, sway=sway)
        factors |= {"spasm": "none", "manner": manner}
        found.append(_scenario(f"{manner}{number:03d}", number, len(faces), scene, behaviour, seconds, factors))
    return found


def _scenario(
    name: str, number: int, faces: int, scene: Scene, behaviour: Behaviour, seconds: float, factors: dict[str, str]
) -> Scenario:
    return Scenario(name, split_of(number % faces), replace(scene, behaviour=behaviour), seconds, factors)


def _scenes(
    faces: Sequence[Path | None], count: int, wearing: Collection[Path | None], seed: int, first: int = 0
) -> Iterator[tuple[int, Scene, dict[str, str]]]:
    random = np.random.default_rng([seed, first] if first else seed)
    distances = _dealt(random, EYE_DISTANCES, count)
    rates = _dealt(random, FRAME_RATES, count)
    lights = _dealt(random, tuple(LIGHTS), count)
    for number, distance, light, fps in zip(range(first, first + count), distances, lights, rates, strict=True):
        face = faces[number % len(faces)]
        # A small frame around a small face saves most of the work; the network sees the same.
        width, height = (640, 480) if distance > 45 else (320, 240)
        glasses = random.random() < 0.25 and face not in wearing
        scene = Scene(
            photo=face,
            seed=1000 * seed + number,
            fps=fps,
            width=width,
            height=height,
            eye_distance=distance * float(random.uniform(0.95, 1.05)),
            centre=(float(random.uniform(0.42, 0.58)), float(random.uniform(0.38, 0.46))),
            exposure=LIGHTS[light],
            glasses=glasses,
            stance=_stance(random),
        )
        factors = {
            "face": face.stem if face else "astronaut",
            "eye_distance": f"{distance:g}",
            "light": light,
            "fps": f"{fps:g}",
            "glasses": "own" if face in wearing else "yes" if glasses else "no",
        }
        yield number, scene, factors


def _stance(random: Generator) -> dict[Channel, float]:
    """The camera seldom stands straight before the face, and lids differ from day to day and side to side."""
    lids = float(random.uniform(0.0, 0.15))
    return {
        "yaw": float(random.normal(0.0, 0.08)),
        "pitch": float(random.normal(0.0, 0.05)),
        "roll": float(random.normal(0.0, 0.06)),
        "lid_right": lids,
        "lid_left": lids + float(random.uniform(0.0, 0.06)),
    }


def _dealt(random: Generator, items: Sequence[Item], count: int) -> list[Item]:
    """``count`` items, each as often as the others, shuffled."""
    return [items[int(index)] for index in random.permutation(np.arange(count) % len(items))]


def _dealt_to_each(random: Generator, items: Sequence[Item], faces: int, count: int) -> list[Item]:
    """``count`` items for scenes in which ``faces`` take turns: every face gets each item as often as the others."""
    hands = [_dealt(random, items, math.ceil(count / faces)) for _ in range(faces)]
    return [hands[number % faces][number // faces] for number in range(count)]


def _pick(random: Generator, names: dict[str, dict[str, float]]) -> str:
    return list(names)[int(random.integers(len(names)))]
