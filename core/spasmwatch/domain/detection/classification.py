"""Which pattern an episode shows: one-sided, both eyes, a brief jerk, or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from spasmwatch.domain.detection.evidence import SIDES, Evidence
from spasmwatch.domain.detection.exposure import Closures
from spasmwatch.domain.detection.segmentation import Burst, ChannelName
from spasmwatch.domain.records import Context, Region, Side, SpasmKind

# Both eyes shut at least this long, with lowered brows, is a hold; shorter ones count as a cluster only.
HOLD_S = 0.45
HOLD_SQUEEZE = 0.015
# A cluster: this many forceful closures, each within ``CLUSTER_GAP_S`` of the next.
CLUSTER_CLOSURES = 3
CLUSTER_GAP_S = 0.6
CLUSTER_SQUEEZE = 0.010
# A tic is brief; a longer one-sided pull of the mouth is a half smile or speech.
TIC_LONGEST_S = 0.5
TIC_SLOWEST_RISE_S = 0.18
TIC_OTHER_CORNER = 0.6
# A mouth corner that moves so much more than the lid (in units of evidence) leads: the lid was only dragged along.
MOUTH_LEADS = 2.0
REGION_MOVED = {"brow": 0.02, "cheek": 0.02, "corner": 0.03}
BESIDE_S = 0.4
SHUT = 0.5
LONGEST_BLINK_S = 0.7
REST_SQUEEZE = 0.005


@dataclass(frozen=True, slots=True)
class Finding:
    """One spasm: times in seconds by the frames' clock, the other fields as in the ``spasm`` record."""

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


def classify(bursts: Sequence[Burst], frames: Sequence[Evidence]) -> list[Finding]:
    """Spasms in one episode. ``frames`` covers all ``bursts``. One-sided eye patterns go before the others."""
    findings = _hemifacial(bursts, frames)
    for pattern in (_blepharospasm, _tics):
        rest = [burst for burst in bursts if not any(_beside(burst, finding) for finding in findings)]
        findings += pattern(rest, frames)
    return sorted(findings, key=lambda finding: finding.start)


def _beside(burst: Burst, finding: Finding) -> bool:
    """Whether a burst belongs to what was found already: movements spread, and bounce back."""
    return finding.start - BESIDE_S <= burst.end and burst.start <= finding.end + BESIDE_S


def _within(frames: Sequence[Evidence], start: float, end: float) -> list[Evidence]:
    return [frame for frame in frames if start <= frame.time <= end] or [
        min(frames, key=lambda frame: abs(frame.time - (start + end) / 2))
    ]


def _hemifacial(bursts: Sequence[Burst], frames: Sequence[Evidence]) -> list[Finding]:
    weight = {side: sum(b.peak * b.length for b in bursts if b.channel == f"eye_{side}") for side in SIDES}
    side: Side = "left" if weight["left"] >= weight["right"] else "right"
    if weight[side] <= 0 or weight[side] < 2 * min(weight.values()):
        return []
    own = [burst for burst in bursts if burst.channel == f"eye_{side}"]
    start, end = own[0].start, own[-1].end
    shown = _within(frames, start, end)
    if end - start <= TIC_LONGEST_S and _mouth_leads(shown, side):
        return []
    peak = max(burst.peak for burst in own)
    top = max(shown, key=lambda frame: frame.one_sided[side])
    regions: list[Region] = ["eye"]
    if abs(top.brow[side]) > REGION_MOVED["brow"]:
        regions.insert(0, "brow")
    if top.cheek[side] > REGION_MOVED["cheek"]:
        regions.append("cheek")
    if top.corner[side] > REGION_MOVED["corner"]:
        regions.append("mouth")
    return [
        Finding(
            start=start,
            end=end,
            kind="hemifacial",
            side=side,
            regions=tuple(regions),
            bursts=len(own),
            intensity=_share(0.6 * top.closure[side] + 0.8 * top.change[side]),
            confidence=_share(0.35 + 0.2 * peak),
            closed_s=closed_seconds(shown, side),
        )
    ]


def _mouth_leads(frames: Sequence[Evidence], side: Side) -> bool:
    lid = max((frame.closure[side] - frame.closure[_other(side)]) / frame.units.lid for frame in frames)
    pull = max(frame.towards(side) / frame.units.pull for frame in frames)
    return pull > MOUTH_LEADS * max(0.0, lid)


def _blepharospasm(bursts: Sequence[Burst], frames: Sequence[Evidence]) -> list[Finding]:
    closures = [burst for burst in bursts if burst.channel == "closure"]
    forceful = [burst for burst in closures if is_hold(burst, frames)]
    for group in _clusters(closures):
        squeezes = [_squeeze(burst, frames) for burst in group]
        if len(group) >= CLUSTER_CLOSURES and fmean(squeezes) >= CLUSTER_SQUEEZE:
            forceful += [burst for burst in group if burst not in forceful]
    if not forceful:
        return []
    forceful.sort(key=lambda burst: burst.start)
    start, end = forceful[0].start, forceful[-1].end
    shown = _within(frames, start, end)
    squeeze = max(_squeeze(burst, frames) for burst in forceful)
    depth = max(burst.peak for burst in forceful)
    return [
        Finding(
            start=start,
            end=end,
            kind="blepharospasm",
            side="both",
            regions=("brow", "eye"),
            bursts=len(forceful),
            intensity=_share(0.6 * depth + 8 * max(0.0, squeeze)),
            confidence=_share(0.5 + 10 * squeeze),
            closed_s=closed_seconds(shown, None),
        )
    ]


def _clusters(closures: Sequence[Burst]) -> list[list[Burst]]:
    groups: list[list[Burst]] = []
    for burst in closures:
        if groups and burst.start - groups[-1][-1].end <= CLUSTER_GAP_S:
            groups[-1].append(burst)
        else:
            groups.append([burst])
    return groups


def is_hold(closure: Burst, frames: Sequence[Evidence]) -> bool:
    """Whether a closure of both eyes is long and forceful."""
    return closure.length >= HOLD_S and _squeeze(closure, frames) >= HOLD_SQUEEZE


def _squeeze(closure: Burst, frames: Sequence[Evidence]) -> float:
    """Lowering of the brows while both eyes were most shut: the mean over the deeper half of the closure."""
    shown = _within(frames, closure.start, closure.end)
    deepest = max(frame.both_closure for frame in shown)
    return fmean(frame.squeeze for frame in shown if frame.both_closure >= 0.7 * deepest)


def _tics(bursts: Sequence[Burst], frames: Sequence[Evidence]) -> list[Finding]:
    """Brief jerks outside the other patterns: a mouth corner, one eye alone, both brows, the nose."""
    jerks = [burst for burst in bursts if _is_jerk(burst, frames)]
    if not jerks:
        return []
    first = max(jerks, key=lambda burst: _TIC_ORDER.index(burst.channel))
    own = [burst for burst in jerks if burst.channel == first.channel]
    start, end = own[0].start, own[-1].end
    region, _, name = first.channel.partition("_")
    side: Side = "left" if name == "left" else "right" if name == "right" else "both"
    peak = max(burst.peak for burst in own)
    sure = {"mouth": peak / 4, "eye": peak / 5, "brow": peak / 0.1, "nose": peak / 0.12}[region]
    shown: dict[str, Region] = {"mouth": "mouth", "eye": "eye", "brow": "brow", "nose": "cheek"}
    return [
        Finding(
            start=start,
            end=end,
            kind="tic",
            side=side,
            regions=(shown[region],),
            bursts=len(own),
            intensity=_share(0.8 * sure),
            confidence=_share(0.3 + 0.5 * sure),
            closed_s=closed_seconds(_within(frames, start, end), side) if region == "eye" else 0.0,
        )
    ]


# The later the stronger a claim: a mouth corner that jerks takes the cheek, and with it the eye and nose, along.
_TIC_ORDER = ("closure", "eye_right", "eye_left", "nose", "brow", "mouth_right", "mouth_left")


def _is_jerk(burst: Burst, frames: Sequence[Evidence]) -> bool:
    """Whether a burst is sudden and brief, and not part of a smile, speech or a blink."""
    if burst.length > TIC_LONGEST_S or burst.channel == "closure":
        return False
    top = _at(frames, burst.peak_at)
    region, _, side = burst.channel.partition("_")
    if _rise(burst, frames) > TIC_SLOWEST_RISE_S:
        return False
    if region == "mouth":
        own, other = top.corner[side], top.corner[_other(side)]
        return own >= 0.5 * top.towards(side) and abs(other) <= TIC_OTHER_CORNER * own
    if region == "eye":
        return True
    return top.both_closure < 0.25


def _rise(burst: Burst, frames: Sequence[Evidence]) -> float:
    """Seconds from the onset of a burst to 70 % of its peak."""
    shown = _within(frames, burst.start, burst.peak_at)
    values = [_strength(frame, burst.channel) for frame in shown]
    limit = 0.7 * max(values)
    return next(frame.time for frame, value in zip(shown, values, strict=True) if value >= limit) - burst.start


def _strength(frame: Evidence, channel: ChannelName) -> float:
    """The score of a channel in one frame."""
    return frame.scores()[channel]


def _at(frames: Sequence[Evidence], time: float) -> Evidence:
    return min(frames, key=lambda frame: abs(frame.time - time))


def _other(side: str) -> str:
    return "right" if side == "left" else "left"


def sort_closures(bursts: Sequence[Burst], findings: Sequence[Finding], frames: Sequence[Evidence]) -> Closures:
    """What the closures of both eyes in one episode were: part of a spasm, blinks, rest or unclear.

    Long closures without any lowering of the brows are rest; with some, but less than a spasm's, unclear.
    """
    blinks, spasm, rest, unclear = 0, sum(finding.closed_s for finding in findings), 0.0, 0.0
    for burst in bursts:
        inside = any(f.kind == "blepharospasm" and f.start <= burst.start <= f.end for f in findings)
        if burst.channel != "closure" or inside:
            continue
        if burst.length < LONGEST_BLINK_S:
            blinks += 1
        elif _squeeze(burst, frames) < REST_SQUEEZE:
            rest += burst.length
        else:
            unclear += burst.length
    return Closures(blinks, round(spasm, 3), round(rest, 3), round(unclear, 3))


def closed_seconds(frames: Sequence[Evidence], side: Side | None) -> float:
    """Seconds in which the eye of ``side`` (None: both) was shut."""
    total = 0.0
    for before, after in pairwise(frames):
        closure = after.both_closure if side is None or side == "both" else after.closure[side]
        if closure >= SHUT:
            total += min(0.5, after.time - before.time)
    return round(total, 3)


def _share(value: float) -> float:
    return round(max(0.0, min(1.0, value)), 3)
