"""What one frame says against what is usual: closure of each eye, pull of the mouth, brows, one-sidedness."""

from dataclasses import dataclass

from spasmwatch.domain.detection.baseline import Baseline
from spasmwatch.domain.detection.signals import EyeSignals, FaceSignals

SIDES = ("left", "right")

# One unit of each kind of one-sided evidence. Found on the tuning faces of bench/detection.py.
LID_UNIT = 0.10
CHANGE_UNIT = 0.09
PULL_UNIT = 0.05
# A blink is never quite equal on both sides: what the sides share must not be much more than the difference.
LEAST_LID_ASYMMETRY = 0.12
LEAST_CHANGE_ASYMMETRY = 0.35


@dataclass(frozen=True, slots=True)
class Evidence:
    """One judged frame.

    ``closure`` per side: 0 open as usual, 1 shut. ``change`` per side: the second witness above its noise.
    ``one_sided`` per side: score, 1 and more is a one-sided spasm of the eye. ``pull``: mouth pulled to the left (+)
    or right (−), in inter-ocular distances. ``brow``: height of both brows above usual; ``squeeze``: brows lowered
    and cheeks raised.
    """

    time: float
    closure: dict[str, float]
    change: dict[str, float]
    one_sided: dict[str, float]
    pull: float
    brow: dict[str, float]
    cheek: dict[str, float]
    corner: dict[str, float]
    mouth_open: float

    @property
    def both_closure(self) -> float:
        """Closure of the more open eye."""
        return min(self.closure.values())

    @property
    def squeeze(self) -> float:
        """Lowering of both brows, in inter-ocular distances (the brow that sank less)."""
        return -max(self.brow.values())


def judge(time: float, face: FaceSignals, baseline: Baseline) -> Evidence:
    """Evidence of one usable frame against the baseline."""
    closure = {side: _closure(face.side(side).gap, baseline.gap[side].value) for side in SIDES}
    tilt = baseline.tilt.value / 2
    lids = {"left": closure["left"] - tilt, "right": closure["right"] + tilt}
    change = {side: _above(face.side(side).change, baseline.change[side].value) for side in SIDES}
    pull = raw_pull(face) - baseline.pull.value
    return Evidence(
        time=time,
        closure=closure,
        change=change,
        one_sided={side: _one_sided(side, lids, change, pull) for side in SIDES},
        pull=pull,
        brow={side: face.side(side).brow - baseline.brow[side].value for side in SIDES},
        cheek={side: face.side(side).cheek - baseline.cheek[side].value for side in SIDES},
        corner={side: corner(face.side(side)) - baseline.corner[side].value for side in SIDES},
        mouth_open=face.mouth_open,
    )


def corner(eye: EyeSignals) -> float:
    """Place of a mouth corner outwards and upwards: both grow when it is pulled."""
    return eye.mouth_out + eye.mouth_up


def raw_pull(face: FaceSignals) -> float:
    """Left mouth corner's place minus the right one's."""
    return corner(face.left) - corner(face.right)


def _closure(gap: float, usual: float) -> float:
    return max(-0.5, min(1.2, 1.0 - gap / max(1e-3, usual)))


def _above(change: float, usual: float) -> float:
    """What is left of the change when its usual (noise) part, which adds in squares, is taken out."""
    return float(max(0.0, change**2 - usual**2) ** 0.5)


def _one_sided(side: str, closure: dict[str, float], change: dict[str, float], pull: float) -> float:
    other = "right" if side == "left" else "left"
    here, there = max(0.0, closure[side]), max(0.0, closure[other])
    lid = here - there
    look = change[side] - change[other]
    if lid < LEAST_LID_ASYMMETRY * (here + there + 0.05):
        return 0.0
    if look < LEAST_CHANGE_ASYMMETRY * (change[side] + change[other] + 0.02):
        return 0.0
    towards = pull if side == "left" else -pull
    eye = (min(4.0, lid / LID_UNIT) + min(4.0, look / CHANGE_UNIT)) / 2
    return eye + 0.5 * max(-1.0, min(2.0, towards / PULL_UNIT))
