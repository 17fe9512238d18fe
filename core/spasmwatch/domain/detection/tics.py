"""Brief sudden jerks: of a mouth corner, one eye alone, both brows, the nose."""

import math
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from statistics import fmean
from typing import Final

from spasmwatch.domain.detection.baseline import MobilePart
from spasmwatch.domain.detection.evidence import Evidence
from spasmwatch.domain.detection.findings import (
    Finding,
    closed_seconds,
    other_side,
    series,
    share,
    within,
)
from spasmwatch.domain.detection.segmentation import Burst
from spasmwatch.domain.detection.usual import Restless, Usual, sign_of
from spasmwatch.domain.records import Side

# A jerk is brief and sudden; a longer or slower one-sided pull of the mouth is a half smile or speech.
LONGEST_JERK_S: Final = 0.45
# Weaker evidence than this is nothing to tell anybody: in noise, speech just reaches one unit now and then. (In a bout
# one unit is enough, from which on there is a burst.)
LEAST_JERK: Final = 1.2
# Seconds from 20 to 80 % of the peak in a clear picture of many frames. A smooth contraction takes .41 of its rise for
# that; brows and nose go up with speech, too, in .2 s and more, and tics in .1 s and less. In simulated scenes and
# variants of recordings .09 finds neither more tics of the nose nor more false ones; .1 finds a false one of the mouth.
# Of 40 tics of the brows none took more than .67 of what .08 allows, raised in speech they once took all of it.
SLOWEST_RISE_S: Final = {"mouth": 0.075, "eye": 0.1, "brow": 0.065, "nose": 0.08}
# Both witnesses of the brows see them rise about as fast (at most 2.1 times in 47 simulated tics; 3.3 and more where
# displacement jumped from the rim to the brow).
UNEQUAL_RISES: Final = 2.6
RISE_FROM: Final = 0.2
RISE_TO: Final = 0.8
# At its end a jerk is below this share of its peak (a channel's burst ends at .42 of the least peak and below).
LET_GO: Final = 0.5
# How far before the onset the foot of the rise is looked for.
FOOT_S: Final = 0.3
# Averaging adds as 20 to 80 % of a ramp as long as itself, in squares; frames apart add up to half of their distance.
AVERAGING_SHARE: Final = 0.6
FRAME_SHARE: Final = 0.5
JERKS_APART_S: Final = 1.0
# A jerk so soon after or before a longer movement of about its size, in the same part, is a part of that.
DIP_S: Final = 0.15
DIP_SHARE: Final = 0.5
# It goes so many times as far as this person's mouth, brows and nose do in speech and mimicry (nine of ten frames of a
# minute). The nose: found on the tuning faces. The mouth: 2.6 finds five simulated jerks more than 2.8, 2.4 two more
# than that, 2.0 none more; at 2.4 a variant of a recording has a false one, at 2.2 chewing, too. The brows: 2.0
# finds 43 movements in simulated tics, 1.4 two more, 1.0 three; none lets in a false one.
BEYOND_RESTLESS: Final[Mapping[MobilePart, float]] = {"mouth": 2.6, "brow": 1.4, "nose": 2.0}
# A mouth corner that goes so far from where it just was stands out of any speech and chewing: these come to .052 in
# simulated scenes and variants of recordings.
FAR_RISE: Final = 0.062
# The other mouth corner stays where it is, just before and after the peak, too: in a smile in noise one seems to be
# ahead of the other for a frame. (In 85 simulated tics the other one came to .37 of the first, in noise to .71.) Below
# 15 frames a second, and of a corner that goes as far as ``FAR_RISE``, the peak alone is looked at.
OTHER_CORNER: Final = 0.6
BESIDE_PEAK_S: Final = 0.07
# A mouth corner that moves so much more than the lid (in units of evidence) leads: the lid was only dragged along.
MOUTH_LEADS: Final = 2.0
# A jerk of this peak is clear: it begins a bout. (At 1.6 a tic of 1.58 began none, and two after it were missed by 2 to
# 3 %; weaker ones are told as they are, but begin none.)
CLEAR_JERK: Final = 1.4
# An eye that closes this far without any pull of the mouth (in units) or rise of its brow is alone. Below so large a
# peak that is weak: a blink as somebody begins to smile came to 1.3.
LONE_CLOSURE: Final = 0.4
LONE_PEAK: Final = 1.4
LONE_PULL: Final = 0.5
LONE_BROW: Final = 0.018
# With the lid of a tic its brow goes down, by so much, and the mouth stays (in units of what two witnesses agree on);
# in hemifacial spasm the brow rises in most people, and the mouth is pulled.
SINKING_BROW: Final = 0.009
SINKING_PULL: Final = 0.75
# Brows and nose are judged only while the eyes are open: both move in a blink.
EYES_OPEN: Final = 0.25
# Nor while the head moves so far, in degrees, from the foot of the rise to the end: what the alignment leaves of that
# is no mimicry (at most 2.9 in 123 simulated tics of brows and nose, 6 and more in what was falsely reported).
HEAD_MOVES: Final = 4.0
# When both mouth corners leave their place so far at once, the landmarks slipped, as in sudden light.
SLIPPED: Final = 0.15
# The later the stronger a claim: a mouth corner that jerks takes the cheek, and with it the eye and nose, along.
_ORDER: Final = ("eye_right", "eye_left", "nose", "brow", "mouth_right", "mouth_left")
_SURE: Final = {"mouth": 4.0, "eye": 5.0, "brow": 4.0, "nose": 4.0}
# What each of two witnesses says alone of a part, in inter-ocular distances.
_WITNESSES: Final[Mapping[str, tuple[Callable[[Evidence], float], ...]]] = {
    "mouth": (attrgetter("pull"), attrgetter("moved_pull")),
    "brow": (attrgetter("brow_raise"), attrgetter("moved_brow")),
}


def jerks(bursts: Sequence[Burst], frames: Sequence[Evidence], usual: Usual) -> list[Finding]:
    """Tics among ``bursts``, which are in order of time; what jerks together is one."""
    found = [burst for burst in bursts if is_jerk(burst, frames, usual)]
    slow = [burst for burst in bursts if burst.length > LONGEST_JERK_S]
    found = [burst for burst in found if not any(_goes_on(other, burst) for other in slow)]
    return [_tic(group, frames) for group in series(found, JERKS_APART_S)]


def _goes_on(slow: Burst, burst: Burst) -> bool:
    """Whether a burst is a part of a slow movement that dipped for a moment, as a half smile or a sneeze may."""
    apart = max(burst.start - slow.end, slow.start - burst.end)
    return burst.channel == slow.channel and apart <= DIP_S and slow.peak >= DIP_SHARE * burst.peak


def mouth_leads(frames: Sequence[Evidence], side: Side) -> bool:
    """Whether the mouth corner moves much more than the lid of its side."""
    lid = _top_third([frame.further_shut(side) / frame.units.lid for frame in frames])
    pull = _top_third([frame.towards(side) / frame.units.pull for frame in frames])
    return pull > MOUTH_LEADS * max(0.0, lid)


def _top_third(values: list[float]) -> float:
    """Mean of the highest third: what a movement reached, without its ramps and without a single noisy frame."""
    return fmean(sorted(values)[-max(1, len(values) // 3) :])


def is_lone_eye(own: Sequence[Burst], frames: Sequence[Evidence], side: Side) -> bool:
    """Whether one eye closes once and far, and nothing else of its half of the face takes part."""
    return (
        len(own) == 1
        and max(frame.closure[side] for frame in frames) >= LONE_CLOSURE
        and max(frame.towards(side) / frame.units.pull for frame in frames) < LONE_PULL
        and max(frame.brow[side] - frame.brow[other_side(side)] for frame in frames) < LONE_BROW
    )


def sinks_with_brow(own: Sequence[Burst], frames: Sequence[Evidence], side: Side) -> bool:
    """Whether one eye closes once, its brow sinks with it and the mouth stays where it is."""
    most = sorted(frames, key=lambda frame: frame.one_sided[side])[-max(1, len(frames) // 3) :]
    lowering = -fmean(frame.brow[side] for frame in most)
    pull = fmean(frame.agreed_towards(side) / frame.units.mouth for frame in most)
    return len(own) == 1 and lowering >= SINKING_BROW and pull < SINKING_PULL


def _tic(group: Sequence[Burst], frames: Sequence[Evidence]) -> Finding:
    channel = max((burst.channel for burst in group), key=_ORDER.index)
    own = [burst for burst in group if burst.channel == channel]
    start, end = own[0].start, own[-1].end
    part, (_, side, region) = own[0].part, sign_of(channel)
    strongest = max(own, key=lambda burst: burst.peak)
    sure = strongest.peak / _SURE[part]
    return Finding(
        start=start,
        end=end,
        kind="tic",
        side=side,
        regions=(region,),
        bursts=len(own),
        intensity=share(0.8 * sure),
        confidence=share(0.3 + 0.5 * sure),
        closed_s=closed_seconds(within(frames, start, end), side) if part == "eye" else 0.0,
        clear=strongest.peak >= CLEAR_JERK,
        weak=part == "eye" and strongest.peak < LONE_PEAK,
        movement=_top(strongest, frames).movement,
    )


def is_jerk(burst: Burst, frames: Sequence[Evidence], usual: Usual) -> bool:
    """Whether a burst is sudden and brief, and not part of a smile, speech or a blink."""
    part, (_, side, region) = burst.part, sign_of(burst.channel)
    if part == "closure":
        return False
    needed = usual.needed(("tic", side, region))
    if burst.peak < needed * LEAST_JERK or burst.length > LONGEST_JERK_S:
        return False
    if not _is_sudden(burst, frames, needed) or not _lets_go(burst, frames):
        return False
    if part == "mouth":
        return _is_mouth_jerk(burst, frames, side, needed * usual.restless["mouth"])
    if part == "eye":
        shown = within(frames, burst.start, burst.end)
        return is_lone_eye([burst], shown, side) or sinks_with_brow([burst], shown, side)
    return _is_flash(burst, frames, "brow" if part == "brow" else "nose", needed, usual.restless)


def _is_mouth_jerk(burst: Burst, frames: Sequence[Evidence], side: Side, restless: float) -> bool:
    """Whether one mouth corner goes far, and the other stays about where it is."""
    top = _top(burst, frames)
    pull = abs(top.agreed_pull)
    own = top.corner_moved[side]
    beside = within(frames, top.time - BESIDE_PEAK_S, top.time + BESIDE_PEAK_S)
    other = max(abs(frame.corner_moved[other_side(side)]) for frame in beside)
    stands_out = pull >= BEYOND_RESTLESS["mouth"] * restless
    alone = own >= 0.5 * pull and other <= OTHER_CORNER * own
    return (stands_out and alone) or _rise_alone(burst, frames, side) >= FAR_RISE


def _rise_alone(burst: Burst, frames: Sequence[Evidence], side: Side) -> float:
    """How much further one mouth corner than the other went from where it just was, by the witness that says less.

    0 where the other one went along or the opposite way, as when a jaw slides aside.
    """
    before, top = within(frames, burst.start - FOOT_S, burst.start), _top(burst, frames)
    said = []
    for corner in (attrgetter("corner"), attrgetter("corner_moved")):
        own, other = (
            corner(top)[end] - fmean(corner(frame)[end] for frame in before) for end in (side, other_side(side))
        )
        said.append(own - max(0.0, other) if abs(other) <= OTHER_CORNER * own else 0.0)
    return min(said)


def _is_flash(burst: Burst, frames: Sequence[Evidence], part: MobilePart, needed: float, restless: Restless) -> bool:
    """Whether brows or nose go far up, with open eyes, while mouth and head stay about where they are."""
    top = _top(burst, frames)
    slipped = min(abs(place) for place in top.corner.values()) > SLIPPED
    rise = top.agreed_brow if part == "brow" else top.nose_rise
    stands_out = rise >= needed * BEYOND_RESTLESS[part] * restless[part]
    return stands_out and not slipped and top.both_closure < EYES_OPEN and not _head_moves(burst, frames)


def _head_moves(burst: Burst, frames: Sequence[Evidence]) -> bool:
    shown = within(frames, burst.start - FOOT_S, burst.end)
    turns = ([frame.yaw for frame in shown], [frame.pitch for frame in shown])
    return max(max(turn) - min(turn) for turn in turns) > HEAD_MOVES


def _slowest_rise(burst: Burst, frames: Sequence[Evidence]) -> float:
    """The longest :func:`_rise` that a jerk may show, given how many frames there are and were averaged."""
    limit = SLOWEST_RISE_S[burst.part]
    averaged = AVERAGING_SHARE * _top(burst, frames).averaged_s
    return math.hypot(limit, averaged) + FRAME_SHARE * burst.length / max(2, burst.frames)


def _top(burst: Burst, frames: Sequence[Evidence]) -> Evidence:
    return min(frames, key=lambda frame: abs(frame.time - burst.peak_at))


def _is_sudden(burst: Burst, frames: Sequence[Evidence], needed: float) -> bool:
    """Whether the score rises fast, and so does what each witness says alone.

    Where brows rise slowly behind rims, displacement jumps from the rim to the brow, and the score with it.
    """
    limit = _slowest_rise(burst, frames) / needed
    shown = within(frames, burst.start - FOOT_S, burst.peak_at)
    if _rise(burst, shown, [frame.scores()[burst.channel] for frame in shown]) > limit:
        return False
    rises = [_rise(burst, shown, [witness(frame) for frame in shown]) for witness in _WITNESSES.get(burst.part, ())]
    if burst.part == "brow" and max(rises) > UNEQUAL_RISES * min(rises):
        return False
    return all(rise <= limit for rise in rises)


def _rise(burst: Burst, shown: Sequence[Evidence], values: Sequence[float]) -> float:
    """Seconds that ``values`` took from 20 to 80 % of the last one, between frames by straight lines.

    The last one is that of the frame in which the burst's score peaked, which need not be their own peak; what goes the
    same way counts as positive, whichever side that is.
    """
    values = [math.copysign(value, value * values[-1]) for value in values]
    low, high = RISE_FROM * values[-1], RISE_TO * values[-1]
    top = next(i for i, value in enumerate(values) if value >= high and shown[i].time >= burst.start)
    foot = next((i for i in range(top, -1, -1) if values[i] <= low), None)
    since = shown[0].time if foot is None else _crossing(shown, values, foot, low)
    return (shown[0].time if top == 0 else _crossing(shown, values, top - 1, high)) - since


def _lets_go(burst: Burst, frames: Sequence[Evidence]) -> bool:
    """Whether it was seen to end; one that a turned head hides may have gone on."""
    last = within(frames, burst.end, burst.end)[0]
    return last.scores()[burst.channel] < LET_GO * burst.peak


def _crossing(frames: Sequence[Evidence], values: Sequence[float], index: int, level: float) -> float:
    """When the values went through ``level`` between a frame and the next one."""
    step = values[index + 1] - values[index]
    part = max(0.0, min(1.0, (level - values[index]) / step)) if step else 1.0
    return frames[index].time + part * (frames[index + 1].time - frames[index].time)
