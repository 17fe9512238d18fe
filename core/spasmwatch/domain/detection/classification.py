"""Which pattern an episode shows: one-sided, both eyes, a brief jerk, or none."""

from collections.abc import Iterable, Mapping, Sequence
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
    LONGEST_JERK_S,
    is_jerk,
    is_lone_eye,
    jerks,
    mouth_leads,
    sinks_with_brow,
)
from spasmwatch.domain.detection.usual import Usual, sign_of
from spasmwatch.domain.records import Region, Side

# Movements spread, and bounce back: a burst so close to a spasm belongs to it.
BESIDE_S: Final = 0.4
# Below this, the lids must part suddenly: by so much of their greatest difference in this time (and that of averaging).
# A smirk, a pulled face or a lowered look narrows one eye more, but slowly.
SLOW_PEAK: Final = 2.2
PARTING_S: Final = 0.15
PARTING_SHARE: Final = 0.6
# A series is clear by one sure burst of this peak, or by sure peaks that add up to so much, if the picture of the eye
# changes alone in this share of the stronger frames. In 216 healthy minutes of simulated scenes nothing came to that
# (the most was one peak of 1.7).
CLEAR_PEAK: Final = 2.0
CLEAR_SUM: Final = 4.0
CLEAR_SHARE: Final = 0.3
# In a one-sided spasm the picture of its eye changes so many times as much as the other one. Where the landmarks lose
# a shut lid (in infrared) a blink looks one-sided to them, but both pictures change.
LOOK_RATIO: Final = 2.0
# That is so in at least this share of the stronger frames: noise does it now and then while both eyes look down.
ALONE_SHARE: Final = 0.2
# Of what is clear, but of no pattern.
UNDECIDED_CONFIDENCE: Final = 0.4
# So long before a burst or series the eyes are taken as they were before it.
LEAD_S: Final = 0.2
# A mouth corner and a brow that take part in a spasm of their eye, in units. Found on all simulated scenes.
PARTAKING_PULL: Final = 0.4
PARTAKING_BROW: Final = 0.3
REGION_MOVED: Final = {"brow": 0.02, "cheek": 0.02, "corner": 0.03}


def classify(bursts: Sequence[Burst], frames: Sequence[Evidence], usual: Usual) -> list[Finding]:
    """Spasms in one episode, by start. ``frames`` covers all ``bursts``, which are in order of time."""
    bursts = [burst for burst in bursts if burst.sure or sign_of(burst.channel) in usual.bouts]
    bursts = _without_uneven_blinks(_seen_by_both_witnesses(bursts, frames, usual), frames, usual)
    one_sided = _hemifacial(bursts, frames, usual)
    findings = [finding for finding in one_sided if finding.clear or finding.sign in usual.bouts]
    findings += blepharospasm(_apart(bursts, findings), frames, usual)
    findings += jerks(_apart(bursts, findings), frames, usual)
    findings += [finding for finding in one_sided if not _beside(finding, findings)]
    findings += [finding for finding in _undecided(bursts, frames) if not _beside(finding, findings)]
    return sorted(findings, key=lambda finding: finding.start)


def _seen_by_both_witnesses(bursts: Sequence[Burst], frames: Sequence[Evidence], usual: Usual) -> list[Burst]:
    """Leaves out series of one-sided evidence that do not show, or not alone, in the picture of that eye."""
    lost: list[Burst] = []
    for side in SIDES:
        for own in series([burst for burst in bursts if burst.channel == f"eye_{side}"], MERGE_S):
            alone = _alone(own, frames, side, usual.needed(sign_of(own[0].channel)))
            if sum(alone) < max(1.0, ALONE_SHARE * len(alone)):
                lost += own
    return [burst for burst in bursts if burst not in lost]


def _alone(own: Sequence[Burst], frames: Sequence[Evidence], side: Side, needed: float) -> list[bool]:
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
                beside = _takes_part(frame, side) and _changes_alone(frame, side, here, needed)
                alone.append(beside or _changes_alone(frame, side, whole, needed))
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


def _changes_alone(frame: Evidence, side: Side, least: Mapping[str, float], needed: float) -> bool:
    """Whether the picture of this eye changes and the other's does not, beyond what both were changed anyway.

    Both are while the person looks aside; changes add in squares.
    """
    change, other = (above(frame.change[eye], least[eye]) for eye in (side, other_side(side)))
    return change >= needed * max(frame.units.change, LOOK_RATIO * other)


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
    return [burst for burst in bursts if not _beside(burst, findings)]


def _beside(one: Burst | Finding, findings: Iterable[Finding]) -> bool:
    return any(each.start - BESIDE_S <= one.end and one.start <= each.end + BESIDE_S for each in findings)


def _hemifacial(bursts: Sequence[Burst], frames: Sequence[Evidence], usual: Usual) -> list[Finding]:
    """One-sided spasms of the eye: each series of bursts on the side that shows more of them."""
    sides = {side: [burst for burst in bursts if burst.channel == f"eye_{side}"] for side in SIDES}
    found: list[Finding] = []
    for side in SIDES:
        for own in series(sides[side], MERGE_S):
            start, end = own[0].start - MERGE_S, own[-1].end + MERGE_S
            against = [burst for burst in sides[other_side(side)] if start < burst.end and burst.start < end]
            if _weight(own) >= 2 * _weight(against) and _is_one_sided(own, frames, side, usual):
                found.append(_one_sided(own, frames, side))
    return found


def _undecided(bursts: Sequence[Burst], frames: Sequence[Evidence]) -> list[Finding]:
    """Series in which each eye by turns shows clear one-sided evidence: a spasm, but of none of the known patterns."""
    both = series([burst for burst in bursts if burst.part == "eye"], MERGE_S)
    return [_of_no_pattern(own, frames) for own in both if all(_shows(own, frames, side) for side in SIDES)]


def _shows(bursts: Sequence[Burst], frames: Sequence[Evidence], side: Side) -> bool:
    """Whether those of ``bursts`` that are of the eye of ``side`` are clear by themselves."""
    own = [burst for burst in bursts if burst.channel == f"eye_{side}"]
    return bool(own) and _is_clear(own, frames, side)


def _strength(frame: Evidence, side: Side) -> float:
    """How strong a spasm of one eye is in a frame: by its lid and by its picture."""
    return 0.6 * frame.closure[side] + 0.8 * frame.change[side]


def _of_no_pattern(own: Sequence[Burst], frames: Sequence[Evidence]) -> Finding:
    start, end = own[0].start, max(burst.end for burst in own)
    shown = within(frames, start, end)
    return Finding(
        start=start,
        end=end,
        kind="unclassified",
        side="both",
        regions=("eye",),
        bursts=len(own),
        intensity=share(max(_strength(frame, side) for frame in shown for side in SIDES)),
        confidence=UNDECIDED_CONFIDENCE,
        closed_s=closed_seconds(shown, "both"),
    )


def _is_one_sided(own: Sequence[Burst], frames: Sequence[Evidence], side: Side, usual: Usual) -> bool:
    """Whether a series of bursts is a spasm of one half of the face, and no jerk of the mouth or the eye alone."""
    shown = within(frames, own[0].start, own[-1].end)
    brief = own[-1].end - own[0].start <= LONGEST_JERK_S
    hidden = fmean(frame.towards(side) for frame in shown) < -HIDDEN_PULL / 2
    if hidden or not _is_enough(own, frames, side) or mouth_leads(shown, side):
        return False
    if brief and sign_of(own[0].channel) not in usual.bouts and is_lone_eye(own, shown, side):
        return False
    # is_jerk asks for the brow once more, and whether the lid came and went suddenly.
    return not (sinks_with_brow(own, shown, side) and is_jerk(own[0], frames, usual))


def _is_clear(own: Sequence[Burst], frames: Sequence[Evidence], side: Side) -> bool:
    """Whether a series by itself tells that this person has spasms on its side."""
    peaks, alone = [burst.peak for burst in own if burst.sure], _alone(own, frames, side, 1.0)
    strong = max(peaks, default=0.0) >= CLEAR_PEAK or sum(peaks) >= CLEAR_SUM
    return strong and sum(alone) >= CLEAR_SHARE * len(alone)


def _is_enough(own: Sequence[Burst], frames: Sequence[Evidence], side: Side) -> bool:
    """Whether the evidence is strong or else sudden and outside of a smile, which narrows no two eyes equally."""
    if max(burst.peak for burst in own) >= SLOW_PEAK:
        return True
    return not smiles(within(frames, own[0].start, own[-1].end)) and _part_suddenly(own, frames, side)


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


def _one_sided(own: Sequence[Burst], frames: Sequence[Evidence], side: Side) -> Finding:
    shown, clear = within(frames, own[0].start, own[-1].end), _is_clear(own, frames, side)
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
        intensity=share(_strength(top, side)),
        confidence=share(0.35 + 0.2 * max(burst.peak for burst in own)),
        closed_s=closed_seconds(shown, side),
        clear=clear,
        weak=not clear,
    )
