"""Labelled recordings of real faces, seen differently: mirrored, dark, small, with glasses, with more spasms put on.

A handful of recordings says little; the same faces in other conditions, with spasms of other kinds, sides and strengths
beside the ones that are there, say more. Every variant has the members of a Scenario.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spasmwatch.errors import SourceError
from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.simulator.camera import Exposure
from spasmwatch_edge.simulator.movements import Movement
from spasmwatch_edge.simulator.overlay import overlaid
from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.simulator.scenarios import Split
from spasmwatch_edge.simulator.schedule import Behaviour, apart, label, until
from spasmwatch_edge.sources.recording import Recording

OTHER_SIDE = {"left": "right", "right": "left", "both": "both"}


@dataclass(frozen=True, slots=True)
class Variant:
    """How a recording is changed. ``eye_distance`` (pixels) None keeps its size; ``added`` are movements a minute."""

    name: str
    added: dict[str, float]
    strength: tuple[float, float] = (0.6, 1.0)
    mirrored: bool = False
    eye_distance: float | None = None
    exposure: Exposure | None = None
    glasses: bool = False


VARIANTS = (
    Variant("mirrored", {}, mirrored=True),
    Variant("hemifacial", {"hemifacial": 8.0}, mirrored=True),
    Variant("weak", {"hemifacial": 8.0}, strength=(0.4, 0.6)),
    Variant("tics", {"tic": 8.0, "smile": 1.5}, exposure=Exposure(noise=0, jpeg=40)),
    Variant("blepharospasm", {"blepharospasm": 5.0, "blink": 5.0}, mirrored=True, exposure=Exposure(1.2, noise=2)),
    Variant("glasses", {"hemifacial": 5.0, "blepharospasm": 1.5, "tic": 2.0}, glasses=True),
    Variant("dark", {"hemifacial": 5.0, "blepharospasm": 1.5}, mirrored=True, exposure=Exposure(0.25, noise=5.0)),
    Variant("infrared", {"hemifacial": 4.0, "tic": 3.0}, exposure=Exposure(0.8, noise=5.0, infrared=True)),
    Variant("small", {"hemifacial": 5.0, "blepharospasm": 2.0}, eye_distance=25.0, exposure=Exposure(noise=3.0)),
    Variant("tiny", {"hemifacial": 5.0, "blepharospasm": 2.0}, eye_distance=15.0, exposure=Exposure(noise=2.0)),
    Variant(
        "lively", {"smile": 3.0, "brows": 2.0, "yawn": 0.8, "blink": 8.0, "light": 2.0}, exposure=Exposure(noise=1.5)
    ),
)


@dataclass(frozen=True, slots=True)
class ClipScenario:
    """One variant of one recording; ``factors`` names what it stands for in the tables."""

    name: str
    split: Split
    video: Path
    variant: Variant
    seed: int
    seconds: float
    eyes: float
    factors: dict[str, str]

    def frames(self) -> Iterator[tuple[float, Picture]]:
        """(seconds from the start, BGR frame). Raises SourceError, ModelError."""
        variant = self.variant
        recording = Recording(self.video, start=0.0)
        try:
            yield from overlaid(
                recording.frames(),
                self._schedule(),
                exposure=variant.exposure,
                seed=self.seed,
                glasses=variant.glasses,
                mirrored=variant.mirrored,
                scale=1.0 if variant.eye_distance is None else min(1.0, variant.eye_distance / self.eyes),
            )
        finally:
            recording.close()

    def labels(self) -> dict[str, Any]:
        """The recording's own labels, with sides swapped where it is mirrored, and what was added."""
        told = _told(self.video)
        for entry in [*told["events"], *told["confounders"]]:
            entry.setdefault("pattern", entry["kind"])
            if self.variant.mirrored:
                entry["side"] = OTHER_SIDE[entry["side"]]
        for movement in self._schedule():
            told["events" if movement.spasm else "confounders"].append(label(movement))
        for entries in (told["events"], told["confounders"]):
            entries.sort(key=lambda entry: entry["start"])
        return told | {"name": self.name}

    def _schedule(self) -> list[Movement]:
        told = _told(self.video)
        behaviour = Behaviour(rates=self.variant.added, strength=self.variant.strength)
        taken = [(entry["start"], entry["end"]) for entry in [*told["events"], *told["confounders"]]]
        return apart(until(self.seed, behaviour, self.seconds), taken)


def clip_scenarios(
    videos: Sequence[Path], test_faces: Sequence[str], mesh: FaceMesh | None = None
) -> list[ClipScenario]:
    """Every variant of every recording that has its labels beside it (NAME.mp4, NAME.json).

    Recordings whose ``base`` (in their labels) names one of ``test_faces`` are for the test, the others for tuning.
    Raises SourceError, ModelError.
    """
    mesh = mesh or FaceMesh()
    found = []
    for number, video in enumerate(videos):
        told, eyes = _told(video), _eye_distance(video, mesh)
        base = Path(str(told.get("base", video.name))).stem
        split: Split = "test" if any(face in base for face in test_faces) else "tuning"
        for order, variant in enumerate(VARIANTS):
            factors = {"face": base, "variant": variant.name, "glasses": "yes" if variant.glasses else "no"}
            name = f"{video.stem}-{variant.name}"
            seed = 5000 + 100 * number + order
            found.append(ClipScenario(name, split, video, variant, seed, told["seconds"], eyes, factors))
    return found


def _eye_distance(video: Path, mesh: FaceMesh) -> float:
    """Pixels between the eyes in the first frame that shows a face."""
    recording = Recording(video, start=0.0)
    mesh.follow(None)
    try:
        for _, frame in recording.frames():
            face = mesh.process(frame)
            if face is not None:
                return face.eye_distance
    finally:
        recording.close()
    raise SourceError(f"{video}: no face found")


def _told(video: Path) -> dict[str, Any]:
    try:
        told = json.loads(video.with_suffix(".json").read_text(encoding="utf-8"))
        return {"confounders": [], **told}
    except (OSError, ValueError) as error:
        raise SourceError(f"{video.with_suffix('.json')}: no readable labels beside the video") from error
