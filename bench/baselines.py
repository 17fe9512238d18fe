"""The three rules to beat: fixed eye-aspect-ratio, mean landmark motion, relative left-right eye difference."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

FIXED_RATIO = 0.20
MOTION_PX = 2.1
DIFFERENCE_WINDOW_S = 3.0
DIFFERENCE_DEVIATIONS = 0.5
DIFFERENCE_FRAMES = 4
MERGE_S = 1.0


@dataclass
class Landmarks:
    """Per frame: eye aspect ratio of both eyes (NaN without a face) and mean landmark motion in pixels."""

    ratios: list[tuple[float, float]] = field(default_factory=list)
    motion: list[float] = field(default_factory=list)
    before: Any = None

    def add(self, face: Any) -> None:
        if face is None:
            self.ratios.append((np.nan, np.nan))
            self.motion.append(0.0)
            self.before = None
            return
        points = face.landmarks[:, :2].astype(np.float64)
        self.ratios.append((_ratio(points, LEFT), _ratio(points, RIGHT)))
        moved = 0.0 if self.before is None else float(np.linalg.norm(points - self.before, axis=1).mean())
        self.motion.append(moved)
        self.before = points


LEFT = (263, 387, 385, 362, 380, 373)
RIGHT = (33, 160, 158, 133, 153, 144)


def _ratio(points: Any, eye: tuple[int, ...]) -> float:
    """Eye aspect ratio (Soukupová and Čech 2016)."""
    p = points[list(eye)]
    return float((np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])) / (2 * np.linalg.norm(p[0] - p[3])))


def _spans(times: Any, hot: Any, least: int) -> list[tuple[float, float]]:
    """Runs of at least ``least`` hot frames, merged when less than ``MERGE_S`` apart."""
    spans: list[tuple[float, float]] = []
    start = None
    for index, value in enumerate([*hot, False]):
        if value and start is None:
            start = index
        elif not value and start is not None:
            if index - start >= least:
                a, b = times[start], times[min(index, len(times) - 1)]
                if spans and a - spans[-1][1] < MERGE_S:
                    spans[-1] = (spans[-1][0], b)
                else:
                    spans.append((a, b))
            start = None
    return spans


def _finding(start: float, end: float, kind: str, side: str) -> Any:
    return SimpleNamespace(start=start, end=end, kind=kind, side=side)


def _times(seen: Any) -> Any:
    return np.array([frame.time for frame in seen.signals])


def fixed_ratio(seen: Any) -> tuple[list[Any], float]:
    """An eye below a fixed aspect ratio is in spasm; both below is blepharospasm when longer than half a second."""
    times, ratios = _times(seen), np.nan_to_num(np.array(seen.landmarks.ratios), nan=1.0)
    shut = ratios < FIXED_RATIO
    found = []
    for start, end in _spans(times, shut.any(axis=1), 2):
        inside = (times >= start) & (times <= end)
        left, right = shut[inside, 0].mean(), shut[inside, 1].mean()
        if min(left, right) > 0.5 * max(left, right):
            if end - start > 0.5:
                found.append(_finding(start, end, "blepharospasm", "both"))
        else:
            found.append(_finding(start, end, "hemifacial", "left" if left > right else "right"))
    return found, seen.seconds


def landmark_motion(seen: Any) -> tuple[list[Any], float]:
    """Landmarks that move more than 2.1 pixels a frame on average are a tic."""
    hot = np.array(seen.landmarks.motion) > MOTION_PX
    return [_finding(a, b, "tic", "both") for a, b in _spans(_times(seen), hot, 2)], seen.seconds


def relative_difference(seen: Any) -> tuple[list[Any], float]:
    """Left-right difference of the eyes against its smoothed course (Savitzky–Golay over 3 s), 0.5 SD, ≥ 4 frames."""
    from scipy.signal import savgol_filter

    times, ratios = _times(seen), np.array(seen.landmarks.ratios)
    if len(times) < 30 or np.isnan(ratios).all():
        return [], seen.seconds
    ratios = np.where(np.isnan(ratios), np.nanmedian(ratios), ratios)
    difference = (ratios[:, 0] - ratios[:, 1]) / np.maximum(1e-3, ratios.sum(axis=1))
    window = max(5, round(DIFFERENCE_WINDOW_S / np.median(np.diff(times)))) | 1
    rest = difference - savgol_filter(difference, min(window, len(difference) - 1 | 1), 2)
    limit = DIFFERENCE_DEVIATIONS * difference.std()
    found = []
    for side, hot in (("left", rest < -limit), ("right", rest > limit)):
        found += [_finding(a, b, "hemifacial", side) for a, b in _spans(times, hot, DIFFERENCE_FRAMES)]
    return found, seen.seconds


BASELINES: dict[str, Callable[[Any], tuple[list[Any], float]]] = {
    "fixed eye-aspect-ratio": fixed_ratio,
    "landmark motion > 2.1 px": landmark_motion,
    "left-right difference": relative_difference,
}
