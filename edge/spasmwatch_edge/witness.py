"""The second witness: how different each eye looks from itself when open, without asking the other eye.

The landmark network couples the eyes: closing one drags the other's landmarks along. So each eye's picture, cut at
a place that follows the head and not the lids, is compared with this eye's own open picture. Only the two resulting
numbers leave this file.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.detection.geometry import Alignment

# Eye window in inter-ocular distances, and in pixels before and after averaging down.
# Narrow: cheek and brow move with mouth and speech.
WINDOW_WIDTH, WINDOW_HEIGHT = 0.6, 0.36
FINE = (40, 24)
COARSE = (20, 12)
CENTRE_BELOW_EYE_LINE = -0.03
# How fast the open picture follows slow changes of light and pose, in seconds; the first frames count fully.
LEARNING_S = 6.0
# Learn only from frames in which both eyes are about as open as usual.
OPEN_SHARE = 0.92
LEVEL_S = 10.0
# Eyes that stand so many times further open than in their picture, for so long, were shut there: it is learned anew.
WIDER, WIDER_S = 1.5, 0.3
# When an eye that counts as open has looked wrong this long, its picture is learned anew (glasses put on, new light).
RELEARN_S = 20.0
RELEARN_CHANGE = 0.6

Grey = NDArray[np.float32]


@dataclass(slots=True)
class _Eye:
    """What is known of one eye: its open picture (unit variance), the gap it shows, and the usual gap."""

    open_picture: Grey | None = None
    shown_gap: float = math.inf
    gap: float = 0.0
    strange_s: float = 0.0


class EyeWitness:
    """Keeps each eye's open picture and tells the change of the present one against it."""

    def __init__(self) -> None:
        self._eyes = {"right": _Eye(), "left": _Eye()}
        self._time: float | None = None
        self._age = self._wider_s = 0.0

    def look(
        self, time: float, windows: dict[str, NDArray[np.uint8]], gaps: dict[str, float], frontal: bool
    ) -> dict[str, float]:
        """Change of each eye 0–1. ``windows``: see :func:`eye_windows`; ``gaps``: lid gaps by the landmarks."""
        step = 0.0 if self._time is None else min(1.0, max(0.0, time - self._time))
        self._time = time
        self._age += step
        pictures = {side: _standardised(window) for side, window in windows.items()}
        changes = {side: _change(pictures[side], eye.open_picture) for side, eye in self._eyes.items()}
        self._learn(step, pictures, gaps, changes, frontal)
        return changes

    def _learn(
        self, step: float, pictures: dict[str, Grey], gaps: dict[str, float], changes: dict[str, float], frontal: bool
    ) -> None:
        wider = all(gaps[side] > WIDER * eye.shown_gap for side, eye in self._eyes.items())
        self._wider_s = self._wider_s + step if wider else 0.0
        if self._wider_s >= WIDER_S:
            self._eyes, self._age, self._wider_s = {"right": _Eye(), "left": _Eye()}, step, 0.0
        for side, eye in self._eyes.items():
            # The usual gap rises fast and falls slowly, so that it means "open" and not "average".
            rate = 1 - math.exp(-step / (LEVEL_S / 10 if gaps[side] > eye.gap else LEVEL_S))
            eye.gap = gaps[side] if eye.open_picture is None else eye.gap + rate * (gaps[side] - eye.gap)
        if not (frontal and all(gaps[side] >= OPEN_SHARE * eye.gap for side, eye in self._eyes.items())):
            return
        for side, eye in self._eyes.items():
            if eye.open_picture is None:
                eye.open_picture, eye.shown_gap = pictures[side].copy(), gaps[side]
                continue
            eye.strange_s = eye.strange_s + step if changes[side] > RELEARN_CHANGE else 0.0
            if eye.strange_s > RELEARN_S:
                eye.open_picture, eye.shown_gap, eye.strange_s = pictures[side].copy(), gaps[side], 0.0
                continue
            share = 1 - math.exp(-step / max(step, min(LEARNING_S, self._age)))
            eye.open_picture += np.float32(share) * (pictures[side] - eye.open_picture)
            eye.shown_gap += share * (gaps[side] - eye.shown_gap)


def eye_windows(frame: NDArray[np.uint8], alignment: Alignment) -> dict[str, NDArray[np.uint8]]:
    """The two eye windows, ``FINE`` pixels each, grey, cut where the rigid face says that the eyes are."""
    windows = {}
    for side, sign in (("right", -1.0), ("left", 1.0)):
        x, y = sign * 0.5, CENTRE_BELOW_EYE_LINE
        half_width, half_height = WINDOW_WIDTH / 2, WINDOW_HEIGHT / 2
        corners = np.array(
            [[x - half_width, y - half_height], [x + half_width, y - half_height], [x - half_width, y + half_height]]
        )
        in_frame = alignment.back(np.column_stack([corners, np.zeros(3)]))[:, :2].astype(np.float32)
        width, height = FINE
        target = np.array([[0, 0], [width, 0], [0, height]], dtype=np.float32) - np.float32(0.5)
        matrix = cv2.getAffineTransform(in_frame - np.float32(0.5), target)
        colour = cv2.warpAffine(frame, matrix, FINE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        windows[side] = np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    return windows


def sharpness(windows: dict[str, NDArray[np.uint8]]) -> float:
    """Fine detail: deviation of the Laplacian over the deviation of the grey values, the sharper eye."""
    return max(float(cv2.Laplacian(w, cv2.CV_32F).std() / max(1.0, float(w.std()))) for w in windows.values())


def _standardised(window: NDArray[np.uint8]) -> Grey:
    small = cv2.resize(window, COARSE, interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= small.mean()
    return np.asarray(small / max(1.0, float(small.std())), dtype=np.float32)


def _change(picture: Grey, reference: Grey | None) -> float:
    """√(1 − correlation): linear in a small displacement of the lid, where the correlation itself is quadratic."""
    if reference is None:
        return 0.0
    norm = float(np.linalg.norm(picture)) * float(np.linalg.norm(reference))
    correlation = float((picture * reference).sum()) / max(1e-6, norm)
    return math.sqrt(max(0.0, min(1.0, 1.0 - correlation)))
