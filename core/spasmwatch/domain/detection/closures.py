"""Closures of both eyes: forceful ones are a both-eyes spasm, the others are blinks, rest or unclear."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from statistics import fmean
from typing import Final

from spasmwatch.domain.detection.evidence import SIDES, Evidence
from spasmwatch.domain.detection.exposure import Closures
from spasmwatch.domain.detection.findings import (
    HIDDEN_PULL,
    MERGE_S,
    Finding,
    closed_seconds,
    series,
    share,
    within,
)
from spasmwatch.domain.detection.segmentation import Burst
from spasmwatch.domain.detection.usual import Usual

# Both eyes shut forcefully for at least this long is a hold; shorter ones count as a cluster only.
HOLD_S: Final = 0.45
HOLD_FORCE: Final = 0.018
# For this share of its time a hold is about as deep as ever; else it is a blink of eyes that were narrowed.
HELD_SHARE: Final = 0.4
# Of one longer than any blink less force is enough if the nose is wrinkled, too, by so much: who closes the eyes gently
# lets the brows go, which may sink with that, but not the nose (in simulated rest and lowered looks -.014 to .003, in
# nine of ten holds .004 and more). That is the edge of both, without a margin: to be taken for a hold, a gentle closure
# must also lower the brows and come suddenly.
LONG_HOLD_S: Final = 1.0
LONG_HOLD_FORCE: Final = 0.010
LONG_HOLD_WRINKLE: Final = 0.003
# It is a hold without such force, too, when everything that squeezes the eyes shut moved as they shut, at least so far:
# the brows down (by landmarks and by pictures), cheeks and nose up. In 81 sudden gentle closures of simulated scenes
# whatever moved least did so by .0024 in one and .0016 in the next, in a recording's holds by .0045 and more. Eyes that
# are shut for longer than that must show it by force: rest may begin with a squeeze.
SQUEEZE: Final = 0.003
SQUEEZE_S: Final = 0.4
LONGEST_SQUEEZED_S: Final = 6.0
# A nose that sinks so far is hidden by a hand (in squeezes -.010 and more, beside a rubbing hand to -.03).
HIDDEN_NOSE: Final = -0.015
# A cluster: at least this many closures, each within ``CLUSTER_GAP_S`` of the next and of a force no less than the
# scatter of the brows in one person's blinks (.003). On average their force must be so large for three of them (blinks
# came to .0114, clusters to .0175 and more), and less, by the cube of their number, for more: ordinary blinks hardly
# ever follow one another so closely (of 246 such groups in simulated scenes 218 were pairs, 24 threes, 4 more). Four
# need .0061, five and more ``CLUSTER_FORCE``.
CLUSTER_CLOSURES: Final = 3
CLUSTER_GAP_S: Final = 0.6
CLUSTER_LEAST_FORCE: Final = 0.003
CLUSTER_FORCE_OF_THREE: Final = 0.0145
CLUSTER_FORCE: Final = 0.005
# The muscles that squeeze the eyes shut wrinkle the nose, too; that counts half, for it is the smaller movement and
# seen by one witness alone. With the mouth open so far it is a sneeze or a yawn that does it.
NOSE_SHARE: Final = 0.5
NOSE_MOUTH_OPEN: Final = 0.06
# To find a spasm, no more than this is made up for of what the brows seem to rise in blinks: a hand at the eyes hides
# them, too. To call shut eyes rest, all of it is: what is less certain stays unclear.
LARGEST_BLINK_RISE: Final = 0.010
# A squeeze lowers the brows from where they were in this time before, while the eyes were shut no further than so, if
# that was lower than their unrest explains.
FROWN_S: Final = 0.5
FROWN_CLOSURE: Final = 0.25
BROW_UNREST: Final = 0.005
# So soon after a spasm was told while it went on, what is left of it begins.
GOES_ON_S: Final = 0.5
YAWN_OPEN: Final = 0.16
# Both mouth corners so far out and up: a smile, in which the eyes narrow and the cheeks rise, too.
SMILE_CORNERS: Final = 0.06
SUDDEN_S: Final = 0.25
SUDDEN_SHARE: Final = 0.55
# Frames in which the eyes are shut this share of their greatest closure are the deeper part of it.
DEEP_SHARE: Final = 0.7
LONGEST_BLINK_S: Final = 0.7
# In a mere blink the mouth is pulled less than this, in units: it is in most one-sided spasms.
BLINK_PULL: Final = 0.8
# Resting people let their brows rise; with any lowering it may be a spasm.
REST_FORCE: Final = 0.0
# What moves towards the eyes in a squeeze: the brows down, by each witness, ...
_BROWS_DOWN: Final[tuple[Callable[[Evidence], float], ...]] = (
    attrgetter("brow_lowering"),
    lambda frame: -frame.moved_brow,
)
# ... cheeks and nose up.
_CHEEKS_AND_NOSE: Final[tuple[Callable[[Evidence], float], ...]] = (
    lambda frame: fmean(frame.cheek.values()),
    lambda frame: fmean(frame.nose_moved.values()),
)


def blepharospasm(bursts: Sequence[Burst], frames: Sequence[Evidence], usual: Usual) -> list[Finding]:
    """Forceful closures of both eyes: long ones, clusters of short ones, and what goes on after it was told."""
    rise = min(LARGEST_BLINK_RISE, _blink_rise(usual.blink_lowering))
    forces = _forces(bursts, frames, rise)
    seen = [burst for burst in forces if _wrinkle(most_shut(burst, frames)) > HIDDEN_NOSE]
    forceful = [burst for burst in seen if _goes_on(burst, usual) or _is_hold(burst, frames, forces[burst], rise)]
    # A blink beside a cluster does not belong to it, nor do eyes that are narrowed slowly, as in a pulled face.
    quick = [burst for burst in seen if is_brief_closure(burst) or _is_sudden(burst, frames)]
    strained = [burst for burst in quick if forces[burst] >= CLUSTER_LEAST_FORCE]
    for group in series(strained, CLUSTER_GAP_S):
        if is_cluster([forces[burst] for burst in group]):
            forceful += [burst for burst in group if burst not in forceful]
    forceful.sort(key=lambda burst: burst.start)
    return [_both_eyes(own, frames, max(0.0, *(forces[burst] for burst in own))) for own in series(forceful, MERGE_S)]


def _forces(bursts: Sequence[Burst], frames: Sequence[Evidence], rise: float) -> dict[Burst, float]:
    """How forcefully both eyes were shut in each closure among ``bursts``, in inter-ocular distances.

    ``rise``: see :func:`_force`. What the brows were lowered before is no part of it; closures in quick succession have
    one such time before.
    """
    forces: dict[Burst, float] = {}
    for group in series([burst for burst in bursts if burst.channel == "closure"], CLUSTER_GAP_S):
        before = _lowered_before(group[0], frames)
        forces |= {burst: _force(burst, frames, rise) - before for burst in group}
    return forces


def _lowered_before(closure: Burst, frames: Sequence[Evidence]) -> float:
    """How far the brows were lowered already, beyond unrest, while the eyes were open: a frown, another pose."""
    before = _open_before(closure, frames)
    return max(0.0, fmean(frame.brow_lowering for frame in before) - BROW_UNREST) if before else 0.0


def _open_before(closure: Burst, frames: Sequence[Evidence]) -> list[Evidence]:
    """Frames shortly before a closure, with open eyes."""
    return [
        frame
        for frame in frames
        if closure.start - FROWN_S <= frame.time <= closure.start and frame.both_closure < FROWN_CLOSURE
    ]


def _squeeze(closure: Burst, frames: Sequence[Evidence], rise: float) -> float:
    """How far brows, cheeks and nose moved towards the eyes as they shut: what moved least, in inter-ocular distances.

    ``rise``: see :func:`_force`. 0 where that cannot be told, and when the mouth opened with it, as in a sneeze.
    """
    before, shut = _open_before(closure, frames), most_shut(closure, frames)
    after = [frame for frame in shut if frame.time <= shut[0].time + SQUEEZE_S]
    if not before or _moved(attrgetter("mouth_open"), before, after) > NOSE_MOUTH_OPEN:
        return 0.0
    down = min(_moved(part, before, after) for part in _BROWS_DOWN) + rise
    return min(down, *(_moved(part, before, after) for part in _CHEEKS_AND_NOSE))


def _moved(part: Callable[[Evidence], float], before: Sequence[Evidence], after: Sequence[Evidence]) -> float:
    return fmean(map(part, after)) - fmean(map(part, before))


def _both_eyes(own: Sequence[Burst], frames: Sequence[Evidence], greatest: float) -> Finding:
    start, end = own[0].start, own[-1].end
    return Finding(
        start=start,
        end=end,
        kind="blepharospasm",
        side="both",
        regions=("brow", "eye"),
        bursts=len(own),
        intensity=share(0.6 * max(burst.peak for burst in own) + 8 * greatest),
        confidence=share(0.5 + 10 * greatest),
        closed_s=closed_seconds(within(frames, start, end), "both"),
    )


def _is_hold(closure: Burst, frames: Sequence[Evidence], its_force: float, rise: float) -> bool:
    """Whether a closure of both eyes is long, forceful and sudden; rest, yawns and pulled faces come slowly."""
    shut = most_shut(closure, frames)
    held = len(shut) >= HELD_SHARE * len(within(frames, closure.start, closure.end))
    long = closure.length >= LONG_HOLD_S
    wrinkled = long and _wrinkle(shut) >= LONG_HOLD_WRINKLE
    forceful = closure.length >= HOLD_S and its_force >= (LONG_HOLD_FORCE if wrinkled else HOLD_FORCE)
    squeezed = long and closure.length <= LONGEST_SQUEEZED_S and _squeeze(closure, frames, rise) >= SQUEEZE
    return (forceful or squeezed) and held and _is_sudden(closure, frames) and not _is_other(closure, frames)


def _goes_on(closure: Burst, usual: Usual) -> bool:
    """Whether a closure is what is left of a spasm that was told while it went on; it began suddenly, long ago."""
    return usual.held_until is not None and abs(closure.start - usual.held_until) <= GOES_ON_S


def is_cluster(forces: Sequence[float]) -> bool:
    """Whether closures of such ``forces`` in quick succession are more than a flurry of blinks."""
    if len(forces) < CLUSTER_CLOSURES:
        return False
    needed = CLUSTER_FORCE_OF_THREE * (CLUSTER_CLOSURES / len(forces)) ** 3
    return fmean(forces) >= max(CLUSTER_FORCE, needed)


def _force(closure: Burst, frames: Sequence[Evidence], rise: float) -> float:
    """How far the brows are below where they usually are, and the nose above, in inter-ocular distances.

    Means over the deeper part of the closure, of both sides: one rim may hide its brow. ``rise``: what is made up for
    of how far the brows seem to rise when this person only blinks.
    """
    shut = most_shut(closure, frames)
    return fmean(frame.brow_lowering for frame in shut) + rise + NOSE_SHARE * max(0.0, _wrinkle(shut))


def _blink_rise(blink_lowering: float | None) -> float:
    """How far the brows seem to rise in this person's blinks, in inter-ocular distances; 0 while that is not known.

    They do in many people (landmarks are drawn that way, and rims stay where they are), which would hide a squeeze.
    Where they sink, all closures may be forceful, so that is 0, too.
    """
    return max(0.0, -(blink_lowering or 0.0))


def _wrinkle(shut: Sequence[Evidence]) -> float:
    """How far the nose is raised; with an open mouth that says nothing."""
    if fmean(frame.mouth_open for frame in shut) > NOSE_MOUTH_OPEN:
        return 0.0
    return fmean(frame.nose_rise for frame in shut)


def _is_other(closure: Burst, frames: Sequence[Evidence]) -> bool:
    """Whether the mouth smiled or stood wide open meanwhile, as in a yawn, or was hidden on one side by a hand."""
    shown = within(frames, closure.start, closure.end)
    yawn = fmean(frame.mouth_open for frame in shown) > YAWN_OPEN
    return yawn or smiles(shown) or abs(fmean(frame.pull for frame in shown)) > HIDDEN_PULL


def smiles(frames: Sequence[Evidence]) -> bool:
    """Whether both mouth corners are far out and up in these frames."""
    return min(fmean(frame.corner[side] for frame in frames) for side in SIDES) > SMILE_CORNERS


def _is_sudden(closure: Burst, frames: Sequence[Evidence]) -> bool:
    """Whether most of the closure was done within ``SUDDEN_S``."""
    shown = within(frames, closure.start - SUDDEN_S, closure.peak_at)
    done = max(
        after.both_closure - before.both_closure
        for index, after in enumerate(shown)
        for before in shown[: index + 1]
        if after.time - before.time <= SUDDEN_S
    )
    return done >= SUDDEN_SHARE * closure.peak


def most_shut(closure: Burst, frames: Sequence[Evidence]) -> list[Evidence]:
    """The deeper part of a closure of both eyes."""
    shown = within(frames, closure.start, closure.end)
    deepest = max(frame.both_closure for frame in shown)
    return [frame for frame in shown if frame.both_closure >= DEEP_SHARE * deepest]


def is_brief_closure(burst: Burst) -> bool:
    """Whether a burst is both eyes shut no longer than in a blink."""
    return burst.channel == "closure" and burst.length < LONGEST_BLINK_S


def mere_blink(closure: Burst, frames: Sequence[Evidence]) -> list[Evidence]:
    """The deeper part of a blink in which nothing pulled at the mouth; empty for any other closure."""
    if not is_brief_closure(closure):
        return []
    shut = most_shut(closure, frames)
    pulled = max(abs(frame.pull) / frame.units.pull for frame in shut) > BLINK_PULL
    return [] if pulled else shut


def sort_closures(
    bursts: Sequence[Burst], findings: Sequence[Finding], frames: Sequence[Evidence], blink_lowering: float | None
) -> Closures:
    """What the closures of both eyes in one episode were: part of a spasm, blinks, rest or unclear.

    Long closures without any force are rest; with some, but less than a spasm's, unclear, and so are all as long as it
    is not known what the brows do in this person's blinks.
    """
    blinks, spasm, rest, unclear = 0, sum(finding.closed_s for finding in findings), 0.0, 0.0
    for burst, force in _forces(bursts, frames, _blink_rise(blink_lowering)).items():
        if any(f.kind == "blepharospasm" and f.start <= burst.start <= f.end for f in findings):
            continue
        if is_brief_closure(burst):
            blinks += 1
        elif blink_lowering is not None and force < REST_FORCE:
            rest += burst.length
        else:
            unclear += burst.length
    return Closures(blinks, round(spasm, 3), round(rest, 3), round(unclear, 3))
