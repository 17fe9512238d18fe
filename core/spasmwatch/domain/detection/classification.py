"""Which pattern an episode shows: one-sided, both eyes, a brief jerk, or none."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from spasmwatch.domain.detection.closures import blepharospasm, mere_blink, smiles
from spasmwatch.domain.detection.evidence import LEAST_ASYMMETRY, SIDES, Evidence, above
from spasmwatch.domain.detection.findings import (
    HIDDEN_PULL,
    MERGE_S,
    Finding,
    closed_seconds,
    other_side,
    series,
    share,
    within,
)
from spasmwatch.domain.detection.segmentation import Burst
from spasmwatch.domain.detection.tics import (
    LONE_PEAK,
    LONGEST_JERK_S,
    Restless,
    is_jerk,
    is_lone_eye,
    jerks,
    mouth_leads,
    sinks_with_brow,
)
from spasmwatch.domain.records import Region, Side

# Movements spread, and bounce back: a burst so close to a spasm belongs to it.
BESIDE_S: Final = 0.4
# Weaker one-sided evidence than this is nothing to tell anybody.
LEAST_PEAK: Final = 1.2
# Below this, more is asked for (_is_enough). The lids must part suddenly: by so much of their greatest difference in
# this time (and that of averaging). A smirk, a pulled face or a lowered look narrows one eye more, but slowly.
CLEAR_PEAK: Final = 2.2
PARTING_S: Final = 0.15
PARTING_SHARE: Final = 0.6
# In a one-sided spasm the picture of its eye changes so many times as much as the other one. Where the landmarks lose
# a shut lid (in infrared) a blink looks one-sided to them, but both pictures change.
LOOK_RATIO: Final = 2.0
# That is so in at least this share of the stronger frames: noise does it now and then while both eyes look down.
ALONE_SHARE: Final = 0.2
# So long before a burst or series the eyes are taken as they were before it.
LEAD_S: Final = 0.2
# A mouth corner and a brow that take part in a spasm of their eye, in units. Found on all simulated scenes.
PARTAKING_PULL: Final = 0.4
PARTAKING_BROW: Final = 0.3
REGION_MOVED: Final = {"brow": 0.02, "cheek": 0.02, "corner": 0.03}


@dataclass(frozen=True, slots=True)
class Usual:
    """What is known of this person: ``sides`` that have shown one-sided spasms before; ``restless``, see tics;
    ``blink_skew``, how unequal both eyes are in blinks, positive when the left closes more (None: not yet known);
    ``blink_lowering``, how far the brows seem to sink in blinks, in inter-ocular distances (None: not yet known).
    """

    sides: Collection[Side]
    restless: Restless
    blink_skew: float | None
    blink_lowering: float | None


def classify(bursts: Sequence[Burst], frames: Sequence[Evidence], usual: Usual) -> list[Finding]:
    """Spasms in one episode, by start. ``frames`` covers all ``bursts``, which are in order of time."""
    bursts = _without_uneven_blinks(_seen_by_both_witnesses(bursts, frames), frames, usual)
    findings = _hemifacial(bursts, frames, usual)
    findings += blepharospasm(_apart(bursts, findings), frames, usual.blink_lowering)
    findings += jerks(_apart(bursts, findings), frames, usual.restless)
    return sorted(findings, key=lambda finding: finding.start)


def _seen_by_both_witnesses(bursts: Sequence[Burst], frames: Sequence[Evidence]) -> list[Burst]:
    """Leaves out series of one-sided evidence that do not show, or not alone, in the picture of that eye."""
    lost: list[Burst] = []
    for side in SIDES:
        for own in series([burst for burst in bursts if burst.channel == f"eye_{side}"], MERGE_S):
            alone = _alone(own, frames, side)
            if sum(alone) < max(1.0, ALONE_SHARE * len(alone)):
                lost += own
    return [burst for burst in bursts if burst not in lost]


def _alone(own: Sequence[Burst], frames: Sequence[Evidence], side: Side) -> list[bool]:
    """Of each of the stronger frames of a series, whether the picture of this eye changes alone.

    Beyond its least change around the series or, where the brow or the mouth takes part, around the burst: who looks
    aside as a series begins changes both pictures.
    """
    strong = max(burst.peak for burst in own) / 2
    whole, alone = _least_change(own[0].start, own[-1].end, frames), []
    for burst in own:
        here = _least_change(burst.start, burst.end, frames)
        for frame in within(frames, burst.start, burst.end):
            if frame.one_sided[side] >= strong:
                beside = _takes_part(frame, side) and _changes_alone(frame, side, here)
                alone.append(beside or _changes_alone(frame, side, whole))
    return alone


def _least_change(start: float, end: float, frames: Sequence[Evidence]) -> dict[str, float]:
    around = within(frames, start - LEAD_S, end)
    return {eye: min(frame.change[eye] for frame in around) for eye in SIDES}


def _takes_part(frame: Evidence, side: Side) -> bool:
    """Whether the mouth corner of ``side`` is pulled, or its brow raised above the other one."""
    raised = frame.brow[side] - frame.brow[other_side(side)]
    return (
        frame.agreed_towards(side) >= PARTAKING_PULL * frame.units.mouth or raised >= PARTAKING_BROW * frame.units.brow
    )


def _changes_alone(frame: Evidence, side: Side, least: Mapping[str, float]) -> bool:
    """Whether the picture of this eye changes and the other's does not, beyond what both were changed anyway.

    Both are while the person looks aside; changes add in squares.
    """
    change, other = (above(frame.change[eye], least[eye]) for eye in (side, other_side(side)))
    return change >= max(frame.units.change, LOOK_RATIO * other)


def _without_uneven_blinks(bursts: Sequence[Burst], frames: Sequence[Evidence], usual: Usual) -> list[Burst]:
    """Leaves out one-sided evidence that is no more than this person's usual difference between the eyes in a blink.

    A series of twitches stays whole when one of them is more.
    """
    skews = [(burst, fmean(f.skew for f in shut)) for burst in bursts if (shut := mere_blink(burst, frames))]
    explained: list[Burst] = []
    for side in SIDES:
        sign = 1.0 if side == "left" else -1.0
        limit = LEAST_ASYMMETRY + max(0.0, sign * (usual.blink_skew or 0.0))
        blinks = [blink for blink, skew in skews if sign * skew < limit]
        for own in series([burst for burst in bursts if burst.channel == f"eye_{side}"], MERGE_S):
            if usual.blink_skew is not None and all(_covered(burst, blinks) for burst in own):
                explained += own
    return [burst for burst in bursts if burst not in explained]


def _covered(burst: Burst, blinks: Iterable[Burst]) -> bool:
    """Whether at least half of a burst lies within one of the blinks."""
    return any(min(burst.end, b.end) - max(burst.start, b.start) >= burst.length / 2 for b in blinks)


def _apart(bursts: Iterable[Burst], findings: Sequence[Finding]) -> list[Burst]:
    """Bursts that do not belong to what was found already."""
    return [
        burst
        for burst in bursts
        if not any(f.start - BESIDE_S <= burst.end and burst.start <= f.end + BESIDE_S for f in findings)
    ]


def _hemifacial(bursts: Sequence[Burst], frames: Sequence[Evidence], usual: Usual) -> list[Finding]:
    """One-sided spasms of the eye: each series of bursts on the side that shows more of them."""
    found: list[Finding] = []
    sides = {side: [burst for burst in bursts if burst.channel == f"eye_{side}"] for side in SIDES}
    for side in SIDES:
        for own in series(sides[side], MERGE_S):
            start, end = own[0].start, own[-1].end
            against = [b for b in sides[other_side(side)] if start - MERGE_S < b.end and b.start < end + MERGE_S]
            shown = within(frames, start, end)
            brief = end - start <= LONGEST_JERK_S
            if not _is_enough(own, frames, side):
                continue
            if fmean(frame.towards(side) for frame in shown) < -HIDDEN_PULL / 2:
                continue
            if _weight(own) < 2 * _weight(against) or mouth_leads(shown, side):
                continue
            if brief and side not in usual.sides and is_lone_eye(own, shown, side):
                continue
            # is_jerk asks for the brow once more, and whether the lid came and went suddenly.
            if sinks_with_brow(own, shown, side) and is_jerk(own[0], frames, usual.restless):
                continue
            found.append(_one_sided(own, shown, side))
    return found


def _is_enough(own: Sequence[Burst], frames: Sequence[Evidence], side: Side) -> bool:
    """Whether the evidence is clear or, if weak, sudden, outside of a smile, and not one burst of the eye alone.

    Who smiles narrows both eyes, and hardly ever equally; one weak burst may be noise.
    """
    peak = max(burst.peak for burst in own)
    if peak >= CLEAR_PEAK:
        return True
    shown = within(frames, own[0].start, own[-1].end)
    noise = peak < LONE_PEAK and len(own) == 1 and not any(_takes_part(frame, side) for frame in shown)
    return peak >= LEAST_PEAK and not noise and not smiles(shown) and _part_suddenly(own, frames, side)


def _part_suddenly(own: Sequence[Burst], frames: Sequence[Evidence], side: Side) -> bool:
    """Whether the lids part suddenly on the way to the peak of one of the bursts.

    ``PARTING_SHARE`` of how far the lid of ``side`` is below the other one's at most is reached within ``PARTING_S``.
    That the other lid goes up counts, too.
    """
    partings = [_parting(within(frames, burst.start - LEAD_S, burst.peak_at), side) for burst in own]
    furthest = max(frame.further_shut(side) for frame in within(frames, own[0].start, own[-1].end))
    return max(partings) >= PARTING_SHARE * furthest > 0.0


def _parting(shown: Sequence[Evidence], side: Side) -> float:
    """The most by which the lids part within ``PARTING_S`` and the time of averaging."""
    first, done = 0, 0.0
    for last, frame in enumerate(shown):
        while frame.time - shown[first].time > PARTING_S + frame.averaged_s:
            first += 1
        done = max(
            done, frame.further_shut(side) - min(before.further_shut(side) for before in shown[first : last + 1])
        )
    return done


def _weight(bursts: Iterable[Burst]) -> float:
    return sum(burst.peak * burst.length for burst in bursts)


def _one_sided(own: Sequence[Burst], shown: Sequence[Evidence], side: Side) -> Finding:
    top = max(shown, key=lambda frame: frame.one_sided[side])
    regions: list[Region] = ["eye"]
    if abs(top.brow[side]) > REGION_MOVED["brow"]:
        regions.insert(0, "brow")
    if top.cheek[side] > REGION_MOVED["cheek"]:
        regions.append("cheek")
    if max(frame.towards(side) for frame in shown) > REGION_MOVED["corner"]:
        regions.append("mouth")
    return Finding(
        start=own[0].start,
        end=own[-1].end,
        kind="hemifacial",
        side=side,
        regions=tuple(regions),
        bursts=len(own),
        intensity=share(0.6 * top.closure[side] + 0.8 * top.change[side]),
        confidence=share(0.35 + 0.2 * max(burst.peak for burst in own)),
        closed_s=closed_seconds(shown, side),
    )
