"""What one frame says against what is usual: closure of each eye, pull of the mouth, brows, one-sidedness."""

import math
from dataclasses import dataclass, fields, replace
from typing import Final, Self

from spasmwatch.domain.detection.baseline import Baseline
from spasmwatch.domain.detection.segmentation import ChannelName
from spasmwatch.domain.detection.signals import EyeSignals, FaceSignals

SIDES: Final = ("left", "right")

# One unit of each kind of evidence in a clear picture, and in multiples of its noise in a poor one. The last three are
# those of tics, in inter-ocular distances, on which two witnesses agree or (the nose) of displacement alone.
# Found on the tuning faces of bench/detection.py.
LID_UNIT: Final = 0.10
CHANGE_UNIT: Final = 0.15
PULL_UNIT: Final = 0.05
MOUTH_UNIT: Final = 0.04
BROW_UNIT: Final = 0.026
NOSE_UNIT: Final = 0.015
NOISES_A_UNIT: Final = 4.0
MOUTH_SUPPORT: Final = 0.25
# A blink is never quite equal on both sides: difference over sum, of lids and looks together, must exceed this.
LEAST_ASYMMETRY: Final = 0.45
LEAST_EACH: Final = 0.10
LEAST_LID: Final = 0.45
# When both eyes close with both brows, or with the mouth wide open (a yawn), a difference between them is part of that.
SQUEEZED: Final = 0.018
WIDE_OPEN: Final = 0.25
STRAINED_CLOSURE: Final = 0.18
STRAINED_ASYMMETRY: Final = 0.9
# Likewise when the other eye is a quarter shut, too, by landmarks and by its own picture, and the mouth is not pulled
# so far (in units): nobody's eyes look quite alike when shut, least of all from aside or behind rims.
BOTH_SHUT: Final = 0.25
MOUTH_PULLED: Final = 0.5

# Degrees away from the usual direction that cost nothing, and further ones that double a unit.
FREE_TURN: Final = 8.0
HALF_CLEAR_TURN: Final = 12.0


@dataclass(frozen=True, slots=True)
class Units:
    """One unit of evidence under the present noise."""

    lid: float = LID_UNIT
    change: float = CHANGE_UNIT
    pull: float = PULL_UNIT
    # Of jerks of the mouth, the brows and the nose.
    mouth: float = MOUTH_UNIT
    brow: float = BROW_UNIT
    nose: float = NOSE_UNIT

    def scaled(self, factor: float) -> Self:
        """Units ``factor`` times as large."""
        return replace(self, **{field.name: factor * getattr(self, field.name) for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Evidence:
    """One judged frame.

    ``closure`` per side: 0 open as usual, 1 shut. ``change`` per side: the second witness above its noise.
    ``skew``: difference over sum of both eyes, lids and looks together, -2 to 2, positive when the left closes more.
    ``one_sided`` per side: score, 1 and more is a one-sided spasm of the eye. ``pull``: mouth pulled to the left (+)
    or right (−). ``brow``, ``cheek`` per side: height above usual; ``corner`` per side: place of the mouth
    corner out and up, against usual. ``frown``: how much nearer the brows are to each other; ``mouth_open``: how
    much further than usual. Lengths in inter-ocular distances; ``yaw`` and ``pitch`` of the head in degrees.
    """

    time: float
    closure: dict[str, float]
    change: dict[str, float]
    skew: float
    one_sided: dict[str, float]
    pull: float
    brow: dict[str, float]
    cheek: dict[str, float]
    corner: dict[str, float]
    frown: float
    mouth_open: float
    units: Units
    brow_moved: dict[str, float]
    nose_moved: dict[str, float]
    corner_moved: dict[str, float]
    averaged_s: float
    yaw: float
    pitch: float

    @property
    def agreed_brow(self) -> float:
        """Rise of both brows on which landmarks and displacement agree; glasses may hide one from the latter."""
        return agreed(self.brow_raise, self.moved_brow)

    @property
    def moved_brow(self) -> float:
        """Mean rise of the brows by their displacement alone, in inter-ocular distances."""
        return sum(self.brow_moved.values()) / 2

    @property
    def nose_rise(self) -> float:
        """Rise of both wings of the nose by their displacement; the landmarks do not follow it."""
        return min(self.nose_moved.values())

    @property
    def agreed_pull(self) -> float:
        """Pull of the mouth to the left (+) or right (−) on which landmarks and displacement agree."""
        return agreed(self.pull, self.moved_pull)

    @property
    def moved_pull(self) -> float:
        """Pull of the mouth to the left (+) or right (−) by displacement alone, in inter-ocular distances."""
        return self.corner_moved["left"] - self.corner_moved["right"]

    @property
    def both_closure(self) -> float:
        """Closure of the more open eye."""
        return min(self.closure.values())

    @property
    def least_brow_lowering(self) -> float:
        """Lowering of the brow that sank less, in inter-ocular distances."""
        return -max(self.brow.values())

    @property
    def brow_lowering(self) -> float:
        """Mean lowering of the brows, in inter-ocular distances."""
        return -sum(self.brow.values()) / 2

    @property
    def brow_raise(self) -> float:
        """Rise of both brows (the one that rose less)."""
        return min(self.brow.values())

    @property
    def movement(self) -> tuple[float, ...]:
        """How far corners of the mouth, brows, nose and lids have gone, right and left, each in its own unit."""
        parts = (
            (self.corner_moved, self.units.mouth),
            (self.brow_moved, self.units.brow),
            (self.nose_moved, self.units.nose),
            (self.closure, self.units.lid),
        )
        return tuple(round(gone[side] / unit, 2) for gone, unit in parts for side in ("right", "left"))

    def scores(self) -> dict[ChannelName, float]:
        """The score that each channel follows, in units of evidence; that of closures as it is."""
        return {
            "eye_left": self.one_sided["left"],
            "eye_right": self.one_sided["right"],
            "mouth_left": self.agreed_towards("left") / self.units.mouth,
            "mouth_right": self.agreed_towards("right") / self.units.mouth,
            "closure": self.both_closure,
            "brow": self.agreed_brow / self.units.brow,
            "nose": self.nose_rise / self.units.nose,
        }

    def skew_towards(self, side: str) -> float:
        """How much more the eye of ``side`` closes."""
        return self.skew if side == "left" else -self.skew

    def towards(self, side: str) -> float:
        """Pull of the mouth towards ``side``."""
        return self.pull if side == "left" else -self.pull

    def agreed_towards(self, side: str) -> float:
        """Pull of the mouth towards ``side`` on which landmarks and displacement agree."""
        return self.agreed_pull if side == "left" else -self.agreed_pull

    def further_shut(self, side: str) -> float:
        """How much further the eye of ``side`` is shut than the other one, as a share of its opening."""
        difference = self.closure["left"] - self.closure["right"]
        return difference if side == "left" else -difference


def judge(time: float, face: FaceSignals, baseline: Baseline, units: Units, averaged_s: float = 0.0) -> Evidence:
    """Evidence of one usable frame against the baseline."""
    closure = {side: _closure(face.side(side).gap, baseline.gap[side].value) for side in SIDES}
    change = {side: above(face.side(side).change, baseline.change[side].value) for side in SIDES}
    lean = baseline.lean.value / 2
    lids = {"left": max(0.0, closure["left"] - lean), "right": max(0.0, closure["right"] + lean)}
    lid_share = (lids["left"] - lids["right"]) / (lids["left"] + lids["right"] + 0.5 * units.lid)
    look_share = (change["left"] - change["right"]) / (change["left"] + change["right"] + 0.15 * units.change)
    evidence = Evidence(
        time=time,
        closure=closure,
        change=change,
        skew=lid_share + look_share,
        one_sided={},
        pull=raw_pull(face) - baseline.pull.value,
        brow={side: face.side(side).brow - baseline.brow[side].value for side in SIDES},
        cheek={side: face.side(side).cheek - baseline.cheek[side].value for side in SIDES},
        corner={side: corner(face.side(side)) - baseline.corner[side].value for side in SIDES},
        frown=baseline.brow_distance.value - face.brow_distance,
        mouth_open=face.mouth_open - baseline.mouth_open.value,
        units=units,
        brow_moved={side: face.side(side).brow_moved - baseline.brow_moved[side].value for side in SIDES},
        nose_moved={side: face.side(side).nose_moved - baseline.nose_moved[side].value for side in SIDES},
        corner_moved={side: corner_moved(face.side(side)) - baseline.corner_moved[side].value for side in SIDES},
        averaged_s=averaged_s,
        yaw=face.yaw,
        pitch=face.pitch,
    )
    for side, sign in (("left", 1.0), ("right", -1.0)):
        lid, look = sign * (lids["left"] - lids["right"]), sign * (change["left"] - change["right"])
        clear = lid >= LEAST_LID * units.lid and min(sign * lid_share, sign * look_share) >= LEAST_EACH
        usual = max(0.0, sign * (baseline.usual_blink_skew or 0.0))
        evidence.one_sided[side] = _one_sided(side, lid, look, evidence, usual) if clear else 0.0
    return evidence


def turned(face: FaceSignals, baseline: Baseline) -> float:
    """How much larger a unit is while the head is turned away from where it usually looks: 1 and more.

    What the alignment cannot take out of a turn looks like one-sidedness; a person who always sits aslant is not meant.
    """
    away = math.hypot(face.yaw - baseline.yaw.value, 0.5 * (face.pitch - baseline.pitch.value))
    return 1.0 + max(0.0, away - FREE_TURN) / HALF_CLEAR_TURN


def corner(eye: EyeSignals) -> float:
    """Place of a mouth corner outwards and upwards: both grow when it is pulled."""
    return eye.mouth_out + eye.mouth_up


def corner_moved(eye: EyeSignals) -> float:
    """The same by the third witness, against where it usually is."""
    return eye.mouth_moved_out + eye.mouth_moved_up


def agreed(one: float, other: float) -> float:
    """Geometric mean of what two witnesses say, 0 where they disagree about the direction."""
    return math.copysign(math.sqrt(one * other), one) if one * other > 0 else 0.0


def raw_pull(face: FaceSignals) -> float:
    """Left mouth corner's place minus the right one's."""
    return corner(face.left) - corner(face.right)


def _closure(gap: float, usual: float) -> float:
    return max(-0.5, min(1.2, 1.0 - gap / max(1e-3, usual)))


def above(change: float, usual: float) -> float:
    """What is left of the change when its usual (noise) part, which adds in squares, is taken out."""
    return float(max(0.0, change**2 - usual**2) ** 0.5)


def _one_sided(side: str, lid: float, look: float, evidence: Evidence, usual: float) -> float:
    """``lid`` and ``look``: by how much this eye closes, and changes, more than the other. ``usual``: in blinks."""
    units = evidence.units
    if evidence.skew_towards(side) < _needed_asymmetry(side, evidence, usual):
        return 0.0
    eye = (min(4.0, lid / units.lid) + min(4.0, look / units.change)) / 2
    # The mouth supports what the eye shows; alone it is no spasm of the eye.
    return eye * (1.0 + MOUTH_SUPPORT * max(-1.0, min(2.0, evidence.towards(side) / units.pull)))


def _needed_asymmetry(side: str, evidence: Evidence, usual: float) -> float:
    """How much more the eye of ``side`` must close (``Evidence.skew``), given what is ``usual`` in blinks."""
    if evidence.both_closure <= STRAINED_CLOSURE:
        return LEAST_ASYMMETRY
    strained = evidence.least_brow_lowering > SQUEEZED or evidence.mouth_open > WIDE_OPEN
    least = STRAINED_ASYMMETRY if strained or _both_shut(side, evidence) else 0.0
    return max(least, LEAST_ASYMMETRY + usual)


def _both_shut(side: str, evidence: Evidence) -> bool:
    """Whether both witnesses see both eyes a quarter shut or more, and the mouth is not pulled towards ``side``."""
    shut = evidence.both_closure > BOTH_SHUT and min(evidence.change.values()) >= evidence.units.change
    return shut and evidence.towards(side) < MOUTH_PULLED * evidence.units.pull
