"""How clearly this face is seen: the noise of its signals, what it does to a unit of evidence, when it is too much."""

from typing import Final

from spasmwatch.domain.detection.baseline import Baseline
from spasmwatch.domain.detection.evidence import CHANGE_UNIT, LID_UNIT, NOISES_A_UNIT, PULL_UNIT, Units, raw_pull
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


class Clarity:
    """Fed with every usable frame."""

    def __init__(self) -> None:
        self.noises = {"lid": Noise(), "change": Noise(), "pull": Noise()}
        self.smoother = Smoother()

    def add(self, face: FaceSignals, baseline: Baseline) -> None:
        """Measure the noise."""
        usual = max(1e-3, (baseline.gap["left"].value + baseline.gap["right"].value) / 2 or face.left.gap)
        self.noises["lid"].add((face.left.gap - face.right.gap) / usual)
        self.noises["change"].add(face.left.change - face.right.change)
        self.noises["pull"].add(raw_pull(face))

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
        )

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
