"""The portrait as a puppet: a pose goes in, a picture comes out."""

from typing import Protocol

from spasmwatch_edge.simulator.head import Head
from spasmwatch_edge.simulator.lids import Lids
from spasmwatch_edge.simulator.mouth import Mouth
from spasmwatch_edge.simulator.muscles import Grid, Muscles
from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.simulator.pose import Pose
from spasmwatch_edge.simulator.props import Props
from spasmwatch_edge.simulator.stage import Stage


class Worn(Protocol):
    """Glasses: they go with the head, not with the skin."""

    def put_on(self, picture: Picture) -> None:
        """Draw them into ``picture`` (in place)."""


class Puppet:
    """Moves one portrait. ``stage`` says where it stands in the frame, ``glasses`` what it wears."""

    def __init__(self, stage: Stage, glasses: Worn | None = None) -> None:
        grid = Grid(stage)
        self._stage, self._glasses = stage, glasses
        self._right, self._left = Lids(stage, "right"), Lids(stage, "left")
        self._mouth = Mouth(stage)
        self._muscles = Muscles(stage, grid)
        self._head = Head(stage, grid)
        self._props = Props(stage)

    def render(self, pose: Pose) -> Picture:
        """The frame (height, width, 3) BGR in this pose."""
        picture = self._stage.studio.copy()
        gaze = (pose["gaze_x"], pose["gaze_y"])
        self._right.move(picture, min(1.0, pose["lid_right"]), min(1.0, pose["squeeze_right"]), gaze)
        self._left.move(picture, min(1.0, pose["lid_left"]), min(1.0, pose["squeeze_left"]), gaze)
        self._mouth.move(picture, pose["jaw"])
        picture = self._muscles.move(picture, pose)
        if self._glasses is not None:
            self._glasses.put_on(picture)
        picture = self._head.move(picture, pose)
        if max(pose["hand_right"], pose["hand_left"], pose["cup"]) > 0:
            self._props.draw(picture, pose)
        return self._stage.compose(picture)
