"""The detector: FrameSignals in, spasms out; causal, one pass, the same code live, on a file and on a trace."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Final

from spasmwatch.domain.detection.baseline import Baseline
from spasmwatch.domain.detection.bouts import Bouts
from spasmwatch.domain.detection.clarity import DIM, Clarity
from spasmwatch.domain.detection.classification import CLEAR_PEAK, classify
from spasmwatch.domain.detection.closures import GOES_ON_S, mere_blink, sort_closures
from spasmwatch.domain.detection.evidence import SIDES, Evidence, corner, corner_moved, judge, raw_pull, turned
from spasmwatch.domain.detection.exposure import Closures
from spasmwatch.domain.detection.findings import MERGE_S, Finding
from spasmwatch.domain.detection.memory import (
    State,
    baseline_state,
    face_state,
    noise_state,
    restore_baseline,
    restore_face,
)
from spasmwatch.domain.detection.prior import Prior, open_gap, restore_prior
from spasmwatch.domain.detection.quality import FrameRate, unusable
from spasmwatch.domain.detection.segmentation import Burst, Channel, Thresholds
from spasmwatch.domain.detection.signals import FaceSignals, FrameSignals
from spasmwatch.domain.detection.tics import EYES_OPEN
from spasmwatch.domain.detection.usual import Usual, sign_of
from spasmwatch.domain.records import Reason

NAME: Final = "lids-and-looks"
VERSION: Final = "1.7"

EYE = Thresholds(enter=1.0, leave=0.45, foot=0.3, sure=2.0, leave_share=0.3)
MOUTH = Thresholds(enter=1.0, leave=0.5, foot=0.3, sure=2.0)
BROW = Thresholds(enter=1.0, leave=0.5, foot=0.3, sure=2.0)
# At 15 frames a second a wrinkle of the nose may have but one strong frame.
NOSE = Thresholds(enter=1.0, leave=0.5, foot=0.3, sure=1.3)
CLOSURE = Thresholds(enter=0.35, leave=0.16, foot=0.10, sure=0.6, leave_share=0.4, least_frames=1)
# Eyes shut further than this never become the usual.
NEVER_USUAL: Final = 0.22
# Eyes more unequal than this are no blink of anybody.
LARGEST_BLINK_SKEW: Final = 0.8
# Both eyes' own pictures so unlike open ones (in units of change) mean that the eyes may be shut.
LIDS_LOST_CHANGE: Final = 1.6
LIDS: Final = ("eye_left", "eye_right", "closure")
LONGEST_EPISODE_S: Final = 120.0
# A face that was gone this long is learned anew.
FORGET_S: Final = 20.0
# The baseline takes no values while something may be an event; after so long it is learned anew. For so long, too, eyes
# that seem to be shut when they are first seen are not learned.
LONGEST_FREEZE_S: Final = 90.0
# Eyes that stand so many times as far open as usual, for so long, had been shut while they were taken for open.
OPENED: Final = 1.5
OPENED_S: Final = 1.0


class Detector:
    """Feed frames in order of time with :meth:`update`; call :meth:`finish` at the end of a recording.

    ``reason`` says why nothing could be seen in the last frame (None: a spasm could), ``evidence`` what it showed,
    ``closures`` what the closed eyes of the episode that the last call ended turned out to be. ``prior``: what is known
    of this person already; it goes on being learned.
    """

    def __init__(self, prior: Prior | None = None) -> None:
        self.prior = prior or Prior()
        self.baseline = Baseline()
        self._channels = [
            Channel("eye_left", EYE),
            Channel("eye_right", EYE),
            Channel("mouth_left", MOUTH),
            Channel("mouth_right", MOUTH),
            Channel("closure", CLOSURE),
            Channel("brow", BROW),
            Channel("nose", NOSE),
        ]
        self._bursts: list[Burst] = []
        self._frames: deque[Evidence] = deque()
        self._bouts = Bouts()
        self._seen_at: float | None = None
        self._odd_since: float | None = None
        self._new_since: float | None = None
        self._open_frames = 0
        self._opened_since: float | None = None
        self._held_until: float | None = None
        self._rate = FrameRate()
        self._clarity = Clarity()
        self.reason: Reason | None = "absent"
        self.evidence: Evidence | None = None
        self.closures = Closures()

    @property
    def going(self) -> float | None:
        """Onset of a one-sided burst that is certain enough to be told before it ends: clear, or in a bout."""
        starts = [
            channel.start
            for channel in self._channels[:2]
            if channel.start is not None
            and channel.confirmed
            and (channel.peak >= CLEAR_PEAK or sign_of(channel.name) in self._bouts.going_on(channel.start))
        ]
        return min(starts, default=None)

    @property
    def calm(self) -> bool:
        """Whether nothing is going on: only then is :meth:`state` complete."""
        return not self._bursts and not any(channel.active for channel in self._channels)

    def state(self) -> State:
        """What it remembers while calm, as plain numbers."""
        smoother = self._clarity.smoother
        return {
            "baseline": baseline_state(self.baseline),
            "noise": noise_state(self._clarity.noises),
            "recent": [(time, face_state(face)) for time, face in smoother.recent],
            "valleys": {channel.name: channel.valley for channel in self._channels},
            "rate": self._rate.state(),
            "bouts": self._bouts.state(),
            "prior": self.prior.state(),
            "seen_at": self._seen_at,
            "odd_since": self._odd_since,
            "new_since": self._new_since,
            "open_frames": self._open_frames,
            "opened_since": self._opened_since,
            "held_until": self._held_until,
        }

    def restore(self, state: State) -> None:
        """Go on from :meth:`state`. Raises KeyError, TypeError and ValueError on a damaged one."""
        self.baseline = restore_baseline(state["baseline"])
        for name, noise in self._clarity.noises.items():
            noise.restore(state["noise"][name])
        self._clarity.smoother.recent = [(float(time), restore_face(face)) for time, face in state["recent"]]
        for channel in self._channels:
            valley = state["valleys"][channel.name]
            channel.valley = None if valley is None else (float(valley[0]), float(valley[1]))
        self._rate.restore(tuple(state["rate"]))
        # Traces of version 1.4 and before do not hold bouts, those of 1.6 and before no prior: they begin without.
        if "bouts" in state:
            self._bouts.restore(state["bouts"])
        if "prior" in state:
            self.prior = restore_prior(state["prior"])
        self._seen_at, self._odd_since = state["seen_at"], state["odd_since"]
        self._new_since, self._open_frames = state.get("new_since"), state.get("open_frames", 0)
        self._opened_since, self._held_until = state.get("opened_since"), state.get("held_until")

    def update(self, frame: FrameSignals) -> list[Finding]:
        """The spasms that are known to be over with this frame."""
        face = frame.face
        self.evidence, self.closures = None, Closures()
        self.reason = unusable(frame, self._rate.update(frame.time))
        if face is None or self.reason is not None:
            return self._blind(frame.time)
        if self._is_new(frame.time, face):
            return self._begin_anew(frame.time)
        self._seen_at = frame.time
        if not frame.repeated:
            self._clarity.add(face, self.baseline)
        if not self.baseline.ready:
            return self._get_to_know(frame.time, face)
        smooth = self._clarity.smoothed(frame.time, face)
        if self._clarity.too_poor:
            self.reason = self._clarity.reason(face)
            return self._end_bursts(frame.time)
        face = smooth
        away = turned(face, self.baseline)
        units = self._clarity.units.scaled(away)
        self.evidence = evidence = judge(frame.time, face, self.baseline, units, self._clarity.smoother.span_s)
        self._frames.append(evidence)
        self._follow(evidence)
        # What the alignment leaves of a turned head is no mimicry.
        if max(evidence.one_sided.values()) < EYE.leave and away <= 1.0:
            self._learn_restlessness(evidence)
        lost = face.light < DIM and self._lids_lost(evidence)
        if lost:
            self.reason = "dark"
        if self._may_learn(evidence, lost):
            self._learn(frame.time, face)
            # Eyes that never blink may be shut ones, as in a nap.
            if len(self.baseline.blink_skew):
                self.prior.learn_open(frame.time, face)
        return self._close_episode(frame.time)

    def finish(self) -> list[Finding]:
        """End of the recording: what is going on ends here."""
        return self._blind(float("inf"))

    def _follow(self, evidence: Evidence) -> None:
        """Give every channel its score."""
        scores = evidence.scores()
        for channel in self._channels:
            ended = channel.update(evidence.time, scores[channel.name])
            if ended:
                self._bursts.append(ended)
                self._learn_blink(ended)

    def _blind(self, time: float) -> list[Finding]:
        """A frame in which no spasm could be seen: going bursts end where they were last seen."""
        self._clarity.interrupt()
        self._opened_since = None
        return self._end_bursts(time)

    def _end_bursts(self, time: float) -> list[Finding]:
        for channel in self._channels:
            ended = channel.stop()
            if ended:
                self._bursts.append(ended)
        return self._close_episode(time)

    def _close_episode(self, now: float) -> list[Finding]:
        going = [channel.start for channel in self._channels if channel.start is not None]
        first = min([*going, *(burst.start for burst in self._bursts)], default=now)
        if going and now - first > LONGEST_EPISODE_S:
            findings = self._end_bursts(now)
            held = any(each.kind == "blepharospasm" and now - each.end <= GOES_ON_S for each in findings)
            self._held_until = now if held else None
            return findings
        if going or not self._bursts:
            if not going:
                self._trim(now)
            return []
        if now - max(burst.end for burst in self._bursts) <= MERGE_S and now - first <= LONGEST_EPISODE_S:
            return []
        bursts, frames = sorted(self._bursts, key=lambda burst: burst.start), list(self._frames)
        restless = {part: level.value for part, level in self.baseline.restless.items()}
        skew, lowering = self.baseline.usual_blink_skew, self.baseline.usual_blink_lowering
        usual = Usual(self._bouts.going_on(bursts[-1].end), restless, skew, lowering, self._held_until)
        findings = self._more_certain(self._bouts.counting(classify(bursts, frames, usual), now))
        # What is told late was in an earlier minute, and is counted in none.
        here = [finding for finding in findings if finding.end >= bursts[0].start]
        self.closures = sort_closures(bursts, here, frames, lowering)
        self._bursts.clear()
        self._trim(now)
        return findings

    def _more_certain(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings, with tics that move as this person's tics did before."""
        return [
            replace(each, confidence=self.prior.more_certain(each)) if each.kind == "tic" else each for each in findings
        ]

    def _trim(self, now: float) -> None:
        """Keep only what a burst that begins now may reach back to."""
        while self._frames and now - self._frames[0].time > 2 * MERGE_S:
            self._frames.popleft()

    def _lids_lost(self, evidence: Evidence) -> bool:
        """Whether the eyes may be shut by their own pictures while the landmarks, as in the dark, see them open."""
        followed = any(channel.active for channel in self._channels if channel.name in LIDS)
        change = min(evidence.change.values()) / evidence.units.change
        return change >= LIDS_LOST_CHANGE and evidence.both_closure < CLOSURE.enter and not followed

    def _is_new(self, time: float, face: FaceSignals) -> bool:
        """Whether what is usual has to be learned anew."""
        gone = self._seen_at is not None and time - self._seen_at > FORGET_S
        return gone or self._were_shut(time, face)

    def _begin_anew(self, time: float) -> list[Finding]:
        """What goes on ends, by what was usual; from the next frame on that is learned anew."""
        self.reason, self._seen_at = "absent", time
        found = self._blind(time)
        self.baseline, self._clarity = Baseline(), Clarity()
        self._new_since, self._open_frames = None, 0
        return found

    def _get_to_know(self, time: float, face: FaceSignals) -> list[Finding]:
        """Learn a new face from frames in which its eyes do not seem shut, while these are the most."""
        self.reason = "absent"
        self._new_since = time if self._new_since is None else self._new_since
        shut = self.prior.looks_shut(face) and time - self._new_since <= LONGEST_FREEZE_S
        self._open_frames = max(0, self._open_frames + (-1 if shut else 1))
        if not shut:
            self._learn(time, face)
        elif not self._open_frames:
            # Noise may open shut eyes for a few frames: these are no second of a face.
            self.baseline = Baseline()
        return self._end_bursts(time)

    def _were_shut(self, time: float, face: FaceSignals) -> bool:
        """Whether the eyes have opened so far, and for so long, that what was taken for open eyes were shut ones."""
        usual = (self.baseline.gap["left"].value + self.baseline.gap["right"].value) / 2
        if not self.baseline.ready or open_gap(face) < OPENED * usual:
            self._opened_since = None
        elif self._opened_since is None:
            self._opened_since = time
        return self._opened_since is not None and time - self._opened_since >= OPENED_S

    def _may_learn(self, evidence: Evidence, lost: bool) -> bool:
        """Whether this frame is certainly no event. What stays odd for long is a new usual, but shut eyes never are."""
        calm = (
            not lost
            and evidence.both_closure < 0.2
            and max(evidence.one_sided.values()) < 0.5
            and abs(evidence.pull) < 0.84 * evidence.units.pull
        )
        if calm or evidence.both_closure > NEVER_USUAL:
            self._odd_since = None
        elif self._odd_since is None:
            self._odd_since = evidence.time
        elif evidence.time - self._odd_since > LONGEST_FREEZE_S:
            self.baseline, self._odd_since = Baseline(), None
        return calm

    def _learn_blink(self, burst: Burst) -> None:
        """How unequal both eyes are in a blink, and what the brows seem to do.

        A short squeeze is learned, too. The brows sink in it, so at worst less of their rise in blinks is made up for.
        """
        shut = mere_blink(burst, self._frames)
        if shut and abs(skew := fmean(frame.skew for frame in shut)) < LARGEST_BLINK_SKEW:
            self.baseline.blink_skew.add(burst.end, skew)
            self.baseline.blink_lowering.add(burst.end, fmean(frame.brow_lowering for frame in shut))

    def _learn_restlessness(self, evidence: Evidence) -> None:
        """How far mouth, brows and nose go of their own; brows and nose only while the eyes are open."""
        self.baseline.restless["mouth"].add(evidence.time, abs(evidence.agreed_pull))
        if evidence.both_closure < EYES_OPEN:
            self.baseline.restless["brow"].add(evidence.time, max(0.0, evidence.agreed_brow))
            self.baseline.restless["nose"].add(evidence.time, max(0.0, evidence.nose_rise))

    def _learn(self, time: float, face: FaceSignals) -> None:
        for side in SIDES:
            eye = face.side(side)
            self.baseline.gap[side].add(time, eye.gap)
            self.baseline.change[side].add(time, eye.change)
            self.baseline.brow[side].add(time, eye.brow)
            self.baseline.cheek[side].add(time, eye.cheek)
            self.baseline.corner[side].add(time, corner(eye))
            self.baseline.brow_moved[side].add(time, eye.brow_moved)
            self.baseline.nose_moved[side].add(time, eye.nose_moved)
            self.baseline.corner_moved[side].add(time, corner_moved(eye))
        self.baseline.pull.add(time, raw_pull(face))
        left = 1 - face.left.gap / max(1e-3, self.baseline.gap["left"].value)
        right = 1 - face.right.gap / max(1e-3, self.baseline.gap["right"].value)
        self.baseline.lean.add(time, left - right)
        self.baseline.brow_distance.add(time, face.brow_distance)
        self.baseline.mouth_open.add(time, face.mouth_open)
        self.baseline.yaw.add(time, face.yaw)
        self.baseline.pitch.add(time, face.pitch)
