"""A whole simulated scene: who, how far away, in which light, doing what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from spasmwatch_edge.simulator.camera import Camera, Exposure
from spasmwatch_edge.simulator.glasses import Glasses
from spasmwatch_edge.simulator.movements import Movement, posed
from spasmwatch_edge.simulator.portrait import Picture, load_portrait
from spasmwatch_edge.simulator.pose import Channel, neutral
from spasmwatch_edge.simulator.puppet import Puppet, Worn
from spasmwatch_edge.simulator.rims import lay_out_wearing
from spasmwatch_edge.simulator.schedule import SPASMODIC, Active, Behaviour
from spasmwatch_edge.simulator.unrest import Unrest


@dataclass(frozen=True, slots=True)
class Scene:
    """``photo`` None is the NASA portrait; ``eye_distance`` is in pixels; ``centre`` is the midpoint of the eyes as
    fractions of width and height; ``stance`` is how the person holds head and lids all the time (a camera that looks
    from the side, tired eyes); ``glasses`` draws a pair on who wears none; everything random comes from ``seed``.
    """

    photo: Path | None = None
    seed: int = 1
    fps: float = 25.0
    width: int = 640
    height: int = 480
    eye_distance: float = 60.0
    centre: tuple[float, float] = (0.5, 0.42)
    behaviour: Behaviour = SPASMODIC
    exposure: Exposure = field(default_factory=Exposure)
    glasses: bool = False
    stance: Mapping[Channel, float] = field(default_factory=dict)


class Studio:
    """Renders one scene."""

    def __init__(self, scene: Scene) -> None:
        portrait = load_portrait(scene.photo)
        self._scene = scene
        stage, own = lay_out_wearing(portrait, scene.width, scene.height, scene.eye_distance, scene.centre)
        glasses: Worn | None = own
        if scene.glasses and own is None:
            glasses = Glasses(stage, np.random.default_rng([scene.seed, 4]))
        self._puppet = Puppet(stage, glasses)
        self._camera = Camera(scene.exposure, scene.width, scene.height, scene.seed)
        self._unrest = Unrest(scene.seed, scene.behaviour.sway)

    def frame(self, active: Iterable[Movement], time: float) -> Picture:
        """The picture at ``time`` (seconds from the start) while the ``active`` movements go on."""
        pose = posed(active, self._unrest.pose(neutral() | dict(self._scene.stance), time), time)
        return self._camera.expose(self._puppet.render(pose), pose["light"])


def rendered(scene: Scene, schedule: Iterable[Movement], seconds: float) -> Iterator[tuple[float, Picture]]:
    """(seconds from the start, BGR frame) of a whole recording."""
    studio, going_on = Studio(scene), Active(schedule)
    for number in range(round(seconds * scene.fps)):
        at = number / scene.fps
        yield at, studio.frame(going_on.at(at), at)
