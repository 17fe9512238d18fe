"""A finding, and small helpers to describe one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from spasmwatch.domain.detection.baseline import MobilePart
from spasmwatch.domain.detection.evidence import Evidence
from spasmwatch.domain.detection.segmentation import Burst, ChannelName
from spasmwatch.domain.records import Context, Region, Side, SpasmKind

Sign = tuple[SpasmKind, Side, Region]
"""What comes again in one person's spasms: their kind, side and the part of the face that leads."""

SHUT: Final = 0.5
# Bursts less than this apart are one spasm (the record contract).
MERGE_S: Final = 1.0
# Of a sign that this person has shown clearly before, so much less is enough.
KNOWN_SHARE: Final = 0.8
# A mouth pulled to one side further than this, in inter-ocular distances, while both eyes are shut: a hand hides it.
HIDDEN_PULL: Final = 0.08


@dataclass(frozen=True, slots=True)
class Finding:
    """One spasm: times in seconds by the frames' clock, the other fields as in the ``spasm`` record.

    One that is not ``clear`` counts only in a person who shows the same ``sign`` clearly, too: see recurrence.
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

    @property
    def sign(self) -> Sign:
        """What may come again."""
        return self.kind, self.side, self.regions[0] if self.kind == "tic" else "eye"


Restless = Mapping[MobilePart, float]
"""How far each part goes in nine of ten frames of this person."""

# Of each part that a channel follows: the kind of spasm that it leads, and in which region.
_LEADS: Final[Mapping[str, tuple[SpasmKind, Region]]] = {
    "eye": ("hemifacial", "eye"),
    "closure": ("blepharospasm", "eye"),
    "mouth": ("tic", "mouth"),
    "brow": ("tic", "brow"),
    "nose": ("tic", "cheek"),
}


@dataclass(frozen=True, slots=True)
class Usual:
    """What is known of this person: ``signs`` of the spasms found so far; ``restless``; ``blink_skew``, how unequal
    both eyes are in blinks, positive when the left closes more (None: not yet known); ``blink_lowering``, how far the
    brows seem to sink in blinks, in inter-ocular distances (None: not yet known).
    """

    signs: Collection[Sign]
    restless: Restless
    blink_skew: float | None
    blink_lowering: float | None

    def knows(self, channel: ChannelName) -> bool:
        """Whether this channel has shown a spasm that it leads."""
        part, _, side = channel.partition("_")
        kind, region = _LEADS[part]
        return (kind, side or "both", region) in self.signs

    def needed(self, channel: ChannelName) -> float:
        """The share of what is asked for otherwise that is enough."""
        return KNOWN_SHARE if self.knows(channel) else 1.0


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
