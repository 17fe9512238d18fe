"""How clearly this face is seen: the noise of its signals, what it does to a unit of evidence, when it is too much."""

import math
from typing import Final

from spasmwatch.domain.detection.baseline import Baseline
from spasmwatch.domain.detection.evidence import (
    BROW_UNIT,
    CHANGE_UNIT,
    LID_UNIT,
    MOUTH_UNIT,
    NOISES_A_UNIT,
    NOSE_UNIT,
    PULL_UNIT,
    Units,
    corner_moved,
    raw_pull,
)
from spasmwatch.domain.detection.signals import FaceSignals
from spasmwatch.domain.detection.smoothing import CLEAN_S, NOISY_S, VERY_NOISY_S, Noise, Smoother
from spasmwatch.domain.records import Reason

# Above these the frames are averaged over a longer time.
NOISY_LID: Final = 0.03
NOISY_PULL: Final = 0.012
VERY_NOISY: Final = 2.5
# A unit that has grown so many times hides ordinary spasms: the time is not observed.
POOR: Final = 1.8
# Which of the possible causes of a poor signal is named.
DIM: Final = 70.0
DISTANT: Final = 24.0


NOISES: Final = ("lid", "change", "pull", "pull_moved", "brow", "brow_moved", "nose_moved")


class Clarity:
    """Fed with every usable frame."""

    def __init__(self) -> None:
        self.noises = {name: Noise() for name in NOISES}
        self.smoother = Smoother()

    def add(self, face: FaceSignals, baseline: Baseline) -> None:
        """Measure the noise."""
        usual = max(1e-3, (baseline.gap["left"].value + baseline.gap["right"].value) / 2 or face.left.gap)
        self.noises["lid"].add((face.left.gap - face.right.gap) / usual)
        self.noises["change"].add(face.left.change - face.right.change)
        self.noises["pull"].add(raw_pull(face))
        self.noises["pull_moved"].add(corner_moved(face.left) - corner_moved(face.right))
        self.noises["brow"].add((face.left.brow + face.right.brow) / 2)
        self.noises["brow_moved"].add((face.left.brow_moved + face.right.brow_moved) / 2)
        self.noises["nose_moved"].add((face.left.nose_moved + face.right.nose_moved) / 2)

    def smoothed(self, time: float, face: FaceSignals) -> FaceSignals:
        """The face, averaged over more frames the noisier it is."""
        noise = max(self.noises["lid"].sigma / NOISY_LID, self.noises["pull"].sigma / NOISY_PULL)
        window = CLEAN_S if noise < 1 else NOISY_S if noise < VERY_NOISY else VERY_NOISY_S
        return self.smoother.smooth(time, face, window)

    def interrupt(self) -> None:
        """Frames are missing."""
        self.smoother.clear()
        for noise in self.noises.values():
            noise.pause()

    @property
    def units(self) -> Units:
        """One unit of each evidence under the noise that is left after averaging."""
        left = NOISES_A_UNIT / self.smoother.frames**0.5
        return Units(
            lid=max(LID_UNIT, left * self.noises["lid"].sigma),
            change=max(CHANGE_UNIT, left * self.noises["change"].sigma),
            pull=max(PULL_UNIT, left * self.noises["pull"].sigma),
            mouth=max(MOUTH_UNIT, left * self._agreed("pull", "pull_moved")),
            brow=max(BROW_UNIT, left * self._agreed("brow", "brow_moved")),
            nose=max(NOSE_UNIT, left * self.noises["nose_moved"].sigma),
        )

    def _agreed(self, one: str, other: str) -> float:
        """Deviation of what two witnesses agree on (their geometric mean): the geometric mean of their own ones."""
        return math.sqrt(self.noises[one].sigma * self.noises[other].sigma)

    @property
    def too_poor(self) -> bool:
        """Whether an ordinary spasm would drown in the noise."""
        units = self.units
        return units.lid > POOR * LID_UNIT or units.pull > POOR * PULL_UNIT

    def reason(self, face: FaceSignals) -> Reason:
        """The likeliest cause of poor signals."""
        if face.light < DIM:
            return "dark"
        return "small" if face.eye_distance < DISTANT else "blurred"
