"""What skipping still frames costs in findings, and saves in looks: a part of ``bench/detection.py``."""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from baselines import Landmarks
from scoring import HEADER, Score, Seen, detect, judge, matched

Frames = Iterator[tuple[float, Any]]
See = Callable[[Frames], tuple[list[Any], Landmarks]]
# What decides which frames are skipped, beside all that makes signals.
DECIDING = ("edge/spasmwatch_edge/stillness.py",)


@dataclass
class Skipped:
    """What came of a recording with still frames skipped; ``looks`` is how many frames were not."""

    signals: list[Any]
    looks: int


class Shipped:
    """The seeing code as shipped, with a landmark model of its own, beside the one that looks at every frame."""

    def __init__(self) -> None:
        self._signals: list[Any] = []

    @functools.cached_property
    def _vision(self) -> Any:
        from spasmwatch_edge.landmark_model import FaceMesh
        from spasmwatch_edge.person import Anybody
        from spasmwatch_edge.vision import Vision

        return Vision(Anybody(FaceMesh()).find)

    def beside(self, frames: Frames) -> Frames:
        """The same frames, each after a look at it."""
        for time, frame in frames:
            self._signals.append(self._vision.look(time, frame))
            yield time, frame

    def skipped(self, make: Callable[[See], Seen]) -> Skipped:
        """What was seen; where nobody else had to see the scene, it is made for this one alone."""
        if not self._signals:
            make(self._alone)
        return Skipped(self._signals, self._vision.looks)

    def _alone(self, frames: Frames) -> tuple[list[Any], Landmarks]:
        for _ in self.beside(frames):
            pass
        return self._signals, Landmarks()


def skipping_table(title: str, scenes: Sequence[Seen]) -> None:
    """Print the scores of the scenes seen both ways, with every frame looked at and as shipped, if there are any."""
    scenes = [seen for seen in scenes if seen.skipped]
    if not scenes:
        return
    every, shipped, lost, won, frames, looks = Score(), Score(), 0, 0, 0, 0
    for seen in scenes:
        one, hits = _scored(seen)
        other, hits_of_other = _scored(replace(seen, signals=seen.skipped.signals))
        every.add(one)
        shipped.add(other)
        lost += len(hits - hits_of_other)
        won += len(hits_of_other - hits)
        frames += len(seen.signals)
        looks += seen.skipped.looks
    print(f"\n{title}: skipping still frames\n{HEADER}   false")
    for name, score in (("every frame looked at", every), ("as shipped", shipped)):
        print(f"{score.row(name)} {score.false:7d}")
    print(f"events found only with every frame: {lost}, only as shipped: {won}")
    print(f"looked at {100 * looks / max(1, frames):.1f} % of {frames} frames")


def _scored(seen: Seen) -> tuple[Score, set[int]]:
    """The score, and the numbers of the events that were found."""
    found, observed_s, _ = detect(seen.signals)
    return judge(seen, found, observed_s, only_observed=True), {event for event, _ in matched(seen.truth, found)}
