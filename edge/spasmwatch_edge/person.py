"""Finds the watched person's face: only the enrolled one counts, everybody else is as good as not there."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spasmwatch_edge.identity import SAME_PERSON, Description, Enrolment, IdentityGate
from spasmwatch_edge.landmark_model import Face, FaceMesh

# With a stranger before the camera, the rest of the picture is searched this often.
SEARCH_EVERY_S = 2.0


class Describes(Protocol):
    """Describes a face by numbers; see :class:`spasmwatch_edge.identity.FaceRecognizer`."""

    def describe(self, frame: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> Description:
        """Description (128,) of the face with these landmarks."""


class Anybody:
    """The demo's: whoever is there counts."""

    def __init__(self, mesh: FaceMesh) -> None:
        self._mesh = mesh

    def find(self, time: float, frame: NDArray[np.uint8]) -> Face | None:
        """The tracked face."""
        del time
        return self._mesh.process(frame)


class OnlyThePerson:
    """Follows the enrolled person; yields nothing for others and while it is not yet sure."""

    def __init__(self, mesh: FaceMesh, recognizer: Describes, enrolment: Enrolment) -> None:
        self._mesh, self._recognizer, self._enrolment = mesh, recognizer, enrolment
        self._gate = IdentityGate(enrolment)
        self._next_search = float("-inf")

    def find(self, time: float, frame: NDArray[np.uint8]) -> Face | None:
        """The person's face, None when it is not in ``frame`` or not yet recognized."""
        face = self._mesh.process(frame)
        if face is None or self._mesh.found_anew:
            self._gate.new_track()
        if face is None:
            return None
        if self._gate.wants_look(time):
            self._gate.look(time, self._recognizer.describe(frame, face.landmarks))
        if self._gate.is_the_person:
            return face
        if time >= self._next_search:
            self._next_search = time + SEARCH_EVERY_S
            self._search(frame, face)
        return None

    def _search(self, frame: NDArray[np.uint8], tracked: Face) -> None:
        """Turn to the person when somebody else is being followed."""
        for face in self._mesh.find_all(frame):
            apart = np.hypot(face.region.x - tracked.region.x, face.region.y - tracked.region.y)
            if apart < 0.5 * tracked.region.side:
                continue
            if self._enrolment.similarity(self._recognizer.describe(frame, face.landmarks)) >= SAME_PERSON:
                self._mesh.follow(face)
                self._gate.new_track()
                return
