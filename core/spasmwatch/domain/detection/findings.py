"""A finding, and small helpers to describe one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from spasmwatch.domain.detection.evidence import Evidence
from spasmwatch.domain.detection.segmentation import Burst
from spasmwatch.domain.records import Context, Region, Side, SpasmKind

Sign = tuple[SpasmKind, Side, Region]
"""What comes again in one person's spasms: their kind, side and the part of the face that leads."""

SHUT: Final = 0.5
# Bursts less than this apart are one spasm (the record contract).
MERGE_S: Final = 1.0
# A mouth pulled to one side further than this, in inter-ocular distances, while both eyes are shut: a hand hides it.
HIDDEN_PULL: Final = 0.08


@dataclass(frozen=True, slots=True)
class Finding:
    """One spasm: times in seconds by the frames' clock, the other fields as in the ``spasm`` record.

    A ``clear`` one begins or keeps up a bout of its ``sign``, a ``weak`` one counts in such a bout only: see bouts.
    ``movement`` of a tic: how far each part of the face had gone at its peak, in units of evidence; see the prior.
    """

    start: float
    end: float
    kind: SpasmKind
    side: Side
    regions: tuple[Region, ...]
    bursts: int
    intensity: float
    confidence: float
    closed_s: float
    context: tuple[Context, ...] = ()
    clear: bool = True
    weak: bool = False
    movement: tuple[float, ...] = ()

    @property
    def sign(self) -> Sign:
        """What may come again."""
        return self.kind, self.side, self.regions[0] if self.kind == "tic" else "eye"


def series(bursts: Iterable[Burst], gap_s: float) -> list[list[Burst]]:
    """Bursts in order of time, in groups whose members follow each other within ``gap_s``."""
    groups: list[list[Burst]] = []
    for burst in bursts:
        if groups and burst.start - groups[-1][-1].end < gap_s:
            groups[-1].append(burst)
        else:
            groups.append([burst])
    return groups


def within(frames: Sequence[Evidence], start: float, end: float) -> list[Evidence]:
    """Frames of a span, at least the nearest one."""
    return [frame for frame in frames if start <= frame.time <= end] or [
        min(frames, key=lambda frame: abs(frame.time - (start + end) / 2))
    ]


def closed_seconds(frames: Sequence[Evidence], side: Side) -> float:
    """Seconds in which the eye of ``side`` (both: both eyes) was shut."""
    total = 0.0
    for before, after in pairwise(frames):
        closure = after.both_closure if side == "both" else after.closure[side]
        if closure >= SHUT:
            total += min(0.5, after.time - before.time)
    return round(total, 3)


def other_side(side: str) -> Side:
    """``right`` for ``left`` and the other way round."""
    return "right" if side == "left" else "left"


def share(value: float) -> float:
    """``value`` within 0–1, rounded for a record."""
    return round(max(0.0, min(1.0, value)), 3)
