"""Signals in, facts out: the one path of the live service, of ``analyze`` and of a replayed trace."""

from collections import deque
from dataclasses import dataclass, field, replace

from spasmwatch.domain.detection.bouts import BOUT_S
from spasmwatch.domain.detection.detector import LONGEST_EPISODE_S, Detector
from spasmwatch.domain.detection.exposure import Exposure, Minute
from spasmwatch.domain.detection.findings import MERGE_S, Finding
from spasmwatch.domain.detection.prior import Prior
from spasmwatch.domain.detection.signals import FrameSignals


@dataclass(slots=True)
class Facts:
    """What became known with a frame: ``started`` (onset of a spasm that goes on), spasms that ended, full minutes."""

    started: float | None = None
    findings: list[Finding] = field(default_factory=list)
    minutes: list[Minute] = field(default_factory=list)


class Pipeline:
    """Detector and exposure side by side; feed frames in order of time."""

    def __init__(self, prior: Prior | None = None) -> None:
        self.detector = Detector(prior)
        self._exposure = Exposure()
        self._told: float | None = None
        # Spans of talking, each from its first to its last frame, as far back as a finding may be told.
        self._talks: deque[tuple[float, float]] = deque()

    def feed(self, frame: FrameSignals) -> Facts:
        """One frame."""
        detector, face = self.detector, frame.face
        facts = Facts(findings=detector.update(frame))
        evidence = detector.evidence
        minute = self._exposure.add(
            frame.time,
            detector.reason,
            None if evidence is None else {side: 1.0 - shut for side, shut in evidence.closure.items()},
            None if face is None else face.light,
            None if face is None else face.mouth_open,
        )
        if minute:
            facts.minutes.append(minute)
        self._exposure.note(detector.closures)
        self._note_talking(frame.time)
        facts.findings = [self._with_context(finding) for finding in facts.findings]
        if facts.findings or detector.calm:
            self._told = None
        elif detector.going is not None and self._told is None:
            self._told = facts.started = detector.going
        return facts

    def _with_context(self, finding: Finding) -> Finding:
        talked = any(begun <= finding.end + MERGE_S and finding.start <= ended for begun, ended in self._talks)
        return replace(finding, context=("talking",)) if talked else finding

    def _note_talking(self, time: float) -> None:
        if self._exposure.talking:
            begun = self._talks.pop()[0] if self._talks and time - self._talks[-1][1] <= MERGE_S else time
            self._talks.append((begun, time))
        while self._talks and time - self._talks[0][1] > 2 * LONGEST_EPISODE_S + BOUT_S:
            self._talks.popleft()

    def finish(self, time: float | None = None) -> Facts:
        """The end of the frames, at ``time`` (None: at the last frame)."""
        facts = Facts(findings=[self._with_context(finding) for finding in self.detector.finish()])
        self._exposure.note(self.detector.closures)
        minute = self._exposure.finish(time)
        if minute:
            facts.minutes.append(minute)
        return facts
