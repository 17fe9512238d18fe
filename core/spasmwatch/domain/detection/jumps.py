"""How far a part of the face goes from where it just was, and back, wherever it usually is."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from statistics import fmean
from typing import Final

from spasmwatch.domain.detection.evidence import Evidence
from spasmwatch.domain.detection.findings import other_side, within
from spasmwatch.domain.detection.segmentation import Burst
from spasmwatch.domain.records import Side

BEFORE_S: Final = 0.3
TOP_S: Final = 0.034
# Short: the next beat of a clonic series comes in .2 s.
AFTER_S: Final = 0.1

Part = Callable[[Evidence], float]


def jump(part: Part, burst: Burst, frames: Sequence[Evidence]) -> float:
    """How far ``part`` is at the peak of a burst from where it was before and is after it: the lesser of both."""
    return min(_from_before(part, burst, frames), _until_after(part, burst, frames))


def corner_rise(side: Side, burst: Burst, frames: Sequence[Evidence]) -> float:
    """How far a mouth corner is from where it was before, by the witness that says less, in inter-ocular distances.

    Less what the other corner does in the same direction: smiles and most of speech move both.
    """
    return min(_alone(_from_before, corner, side, burst, frames) for corner in _CORNERS)


def corner_jump(side: Side, burst: Burst, frames: Sequence[Evidence]) -> float:
    """The same from before and after, the lesser of both."""
    after = min(_alone(_until_after, corner, side, burst, frames) for corner in _CORNERS)
    return min(corner_rise(side, burst, frames), after)


_CORNERS: Final = (attrgetter("corner"), attrgetter("corner_moved"))


def _alone(
    way: Callable[[Part, Burst, Sequence[Evidence]], float],
    corner: Callable[[Evidence], dict[str, float]],
    side: Side,
    burst: Burst,
    frames: Sequence[Evidence],
) -> float:
    own = way(lambda frame: corner(frame)[side], burst, frames)
    return own - max(0.0, way(lambda frame: corner(frame)[other_side(side)], burst, frames))


def _from_before(part: Part, burst: Burst, frames: Sequence[Evidence]) -> float:
    return _height(part, burst, frames) - fmean(map(part, within(frames, burst.start - BEFORE_S, burst.start)))


def _until_after(part: Part, burst: Burst, frames: Sequence[Evidence]) -> float:
    return _height(part, burst, frames) - fmean(map(part, within(frames, burst.end, burst.end + AFTER_S)))


def _height(part: Part, burst: Burst, frames: Sequence[Evidence]) -> float:
    return fmean(map(part, within(frames, burst.peak_at - TOP_S, burst.peak_at + TOP_S)))
