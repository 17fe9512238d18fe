"""Signals of a made-up face for the detector: what happens is a few lines, the rest is a person at rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.detection.findings import Finding
from spasmwatch.domain.detection.signals import EyeSignals, FaceSignals, FrameSignals

OPEN = EyeSignals(gap=0.2, change=0.08, brow=0.35, cheek=-0.6, nose=-0.7, mouth_out=0.4, mouth_up=-1.1)
FACE = FaceSignals(
    left=OPEN,
    right=OPEN,
    mouth_open=0.02,
    brow_distance=0.3,
    yaw=0.0,
    pitch=0.0,
    roll=0.0,
    x=320.0,
    y=200.0,
    eye_distance=60.0,
    light=120.0,
    sharpness=0.3,
)

Amount = Callable[[float], float]


@dataclass(frozen=True)
class Act:
    """One movement; amounts are per side, in the signals' units.

    ``slips``: the landmarks only seem to move, the third witness sees nothing of it.
    """

    start: float
    end: float
    close_left: float = 0.0
    close_right: float = 0.0
    mouth_left: float = 0.0
    mouth_right: float = 0.0
    brows: float = 0.0
    nose: float = 0.0
    cheeks: float = 0.0
    mouth_open: float = 0.0
    slow: bool = False
    slips: bool = False

    def strength(self, time: float) -> float:
        """A quick rise and fall, or (``slow``) half of the time rising and half falling."""
        if not self.start <= time <= self.end:
            return 0.0
        length = self.end - self.start
        ramp = length / 2 if self.slow else min(0.08, length / 2)
        return float(np.clip(min(time - self.start, self.end - time) / ramp, 0.0, 1.0))


def signals(acts: Sequence[Act], seconds: float = 20.0, fps: float = 25.0, noise: float = 0.002) -> list[FrameSignals]:
    """Frames of a face that does ``acts``, with a little noise."""
    random = np.random.default_rng(1)
    frames = []
    for number in range(round(seconds * fps)):
        time = number / fps
        left, right = FACE.left, FACE.right
        brows = brows_moved = nose_moved = cheeks = mouth_open = 0.0
        for act in acts:
            s = act.strength(time)
            # The landmark network drags the other eye along; the second witness does not.
            left = _moved(left, s * max(act.close_left, 0.3 * act.close_right), s * act.close_left)
            right = _moved(right, s * max(act.close_right, 0.3 * act.close_left), s * act.close_right)
            left, right = _pulled(left, s * act.mouth_left, act.slips), _pulled(right, s * act.mouth_right, act.slips)
            brows += s * act.brows
            brows_moved += 0.0 if act.slips else s * act.brows
            # The landmarks do not follow a wrinkled nose.
            nose_moved += s * act.nose
            cheeks += s * act.cheeks
            mouth_open += s * act.mouth_open
        sides = [
            replace(
                eye,
                gap=eye.gap + noise * random.standard_normal(),
                brow=eye.brow + brows + noise * random.standard_normal(),
                cheek=eye.cheek + cheeks,
                mouth_up=eye.mouth_up + noise * random.standard_normal(),
                change=abs(eye.change + 0.01 * random.standard_normal()),
                brow_moved=eye.brow_moved + brows_moved + noise * random.standard_normal(),
                nose_moved=eye.nose_moved + nose_moved + noise * random.standard_normal(),
            )
            for eye in (left, right)
        ]
        face = replace(FACE, left=sides[0], right=sides[1], mouth_open=FACE.mouth_open + mouth_open)
        frames.append(FrameSignals(time, face))
    return frames


def _moved(eye: EyeSignals, lid: float, look: float) -> EyeSignals:
    return replace(eye, gap=eye.gap * (1 - lid), change=max(eye.change, 0.7 * look))


def _pulled(eye: EyeSignals, pull: float, slips: bool) -> EyeSignals:
    eye = replace(eye, mouth_out=eye.mouth_out + pull / 2, mouth_up=eye.mouth_up + pull / 2)
    if slips:
        return eye
    return replace(eye, mouth_moved_out=eye.mouth_moved_out + pull / 2, mouth_moved_up=eye.mouth_moved_up + pull / 2)


def detect(frames: Sequence[FrameSignals]) -> list[Finding]:
    """Everything the detector finds in one pass."""
    detector = Detector()
    found = [finding for frame in frames for finding in detector.update(frame)]
    return found + detector.finish()
