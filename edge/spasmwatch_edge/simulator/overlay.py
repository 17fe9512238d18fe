"""Spasms put onto the recording of a real face: real light, real talk, real blinks; what was added is labelled.

It shows how a detector does on one's own face and camera before any real spasm was seen.
"""

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np

from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.simulator.camera import Camera, Exposure
from spasmwatch_edge.simulator.glasses import Glasses
from spasmwatch_edge.simulator.movements import Movement, posed
from spasmwatch_edge.simulator.portrait import Picture, Points, Portrait
from spasmwatch_edge.simulator.pose import Pose, neutral
from spasmwatch_edge.simulator.puppet import Puppet
from spasmwatch_edge.simulator.schedule import Active
from spasmwatch_edge.simulator.stage import stage_on


class Overlay:
    """Moves the face that is seen in each frame; ``glasses_seed`` puts glasses on it."""

    def __init__(self, mesh: FaceMesh | None = None, glasses_seed: int | None = None) -> None:
        self._mesh = mesh or FaceMesh()
        self._glasses_seed = glasses_seed

    def draw(self, frame: Picture, pose: Pose) -> Picture:
        """The frame with ``pose`` added to what the face does anyway; unchanged where no face is found."""
        face = self._mesh.process(frame)
        return frame if face is None else self._moved(frame, face.landmarks, pose)

    def _moved(self, frame: Picture, landmarks: Points, pose: Pose) -> Picture:
        stage = stage_on(Portrait(frame, landmarks))
        glasses = None
        if self._glasses_seed is not None:
            # The same pair in every frame.
            glasses = Glasses(stage, np.random.default_rng(self._glasses_seed))
        moved = Puppet(stage, glasses).render(pose)
        if stage.zoom == 1:
            return moved
        # Only what moved is taken over: enlarging and reducing alone would soften the face from frame to frame.
        change = moved.astype(np.int16) - stage.compose(stage.studio)
        return np.clip(frame + change, 0, 255).astype(np.uint8)


def overlaid(
    frames: Iterable[tuple[float, Picture]],
    schedule: Sequence[Movement],
    *,
    exposure: Exposure | None = None,
    seed: int = 1,
    glasses: bool = False,
    mirrored: bool = False,
    scale: float = 1.0,
) -> Iterator[tuple[float, Picture]]:
    """``frames`` (seconds from the start, BGR) with the movements of ``schedule``, seen by another camera.

    ``exposure`` None leaves light and noise as they are; ``mirrored`` swaps left and right before anything is drawn;
    ``scale`` below 1 makes the whole picture smaller, as from farther away.
    """
    overlay, camera = Overlay(glasses_seed=seed if glasses else None), None
    going_on = Active(schedule)
    for at, frame in frames:
        going = going_on.at(at)
        picture = np.ascontiguousarray(frame[:, ::-1]) if mirrored else frame
        pose = posed(going, neutral(), at)
        if glasses or any(abs(amount) > 0.003 for amount in pose.values()):
            picture = overlay.draw(picture, pose)
        if scale != 1.0:
            smaller = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            picture = np.asarray(smaller, np.uint8)
        if exposure is not None:
            camera = camera or Camera(exposure, picture.shape[1], picture.shape[0], seed)
            picture = camera.expose(picture, pose["light"])
        yield at, picture
