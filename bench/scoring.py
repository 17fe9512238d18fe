"""What counts as found, missed and falsely reported: a part of ``bench/detection.py``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from baselines import Landmarks
from spasmwatch.domain.detection.detector import Detector
from spasmwatch_edge.pipeline import Pipeline


@dataclass(eq=False)
class Seen:
    """What came of one recording: truth, the signals, and raw landmarks for the baselines.

    ``skipped`` is what came of it with still frames skipped, where that was asked for; it is kept apart.
    """

    name: str
    truth: list[dict[str, Any]]
    confounders: list[dict[str, Any]]
    seconds: float
    signals: list[Any]
    landmarks: Landmarks
    split: str = ""
    factors: dict[str, str] = field(default_factory=dict)
    skipped: Any = None


@dataclass
class Score:
    """Sums over recordings."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    side: int = 0
    kind: int = 0
    observed_s: float = 0.0
    seconds: float = 0.0
    onset: list[float] = field(default_factory=list)
    false_beside: Counter[str] = field(default_factory=Counter)
    missed_patterns: Counter[str] = field(default_factory=Counter)
    hit_patterns: Counter[str] = field(default_factory=Counter)
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: "Score") -> None:
        for name in ("hit", "false", "missed", "side", "kind", "observed_s", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.onset += other.onset
        for name in ("false_beside", "missed_patterns", "hit_patterns", "kinds"):
            getattr(self, name).update(getattr(other, name))

    @property
    def precision(self) -> float:
        return self.hit / max(1, self.hit + self.false)

    @property
    def recall(self) -> float:
        return self.hit / max(1, self.hit + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)

    def row(self, name: str) -> str:
        onset = 1000 * float(np.mean(self.onset)) if self.onset else 0.0
        an_hour = 3600 * self.false / max(1.0, self.observed_s)
        return (
            f"{name:34s} {self.hit + self.missed:5d} {self.f1:6.3f} {self.precision:6.3f} {self.recall:6.3f} "
            f"{self.side / max(1, self.hit):6.3f} {self.kind / max(1, self.hit):6.3f} {onset:6.0f} "
            f"{an_hour:8.2f} {100 * self.observed_s / max(1.0, self.seconds):7.1f}"
        )


COLUMNS = f"{'n':>5s} {'F1':>6s} {'prec':>6s} {'recall':>6s} {'side':>6s} {'kind':>6s} {'on/ms':>6s} "
COLUMNS += f"{'false/h':>8s} {'seen %':>7s}"
HEADER = " " * 35 + COLUMNS
NOTHING = "nothing"


def matched(truth: list[dict[str, Any]], found: list[Any]) -> list[tuple[int, int]]:
    """Pairs (event, finding), best overlap first, one to one: onsets within 0.3 s or overlap ≥ 0.3 of the union."""
    candidates = []
    for i, event in enumerate(truth):
        for j, finding in enumerate(found):
            shared = min(event["end"], finding.end) - max(event["start"], finding.start)
            union = max(event["end"], finding.end) - min(event["start"], finding.start)
            overlap = shared / union if shared > 0 else 0.0
            if abs(event["start"] - finding.start) <= 0.3 or overlap >= 0.3:
                candidates.append((-overlap, i, j))
    pairs: list[tuple[int, int]] = []
    for _, i, j in sorted(candidates):
        if all(i != a and j != b for a, b in pairs):
            pairs.append((i, j))
    return pairs


def detect(signals: Sequence[Any]) -> tuple[list[Any], float, list[Any]]:
    """Findings, observed seconds and all minutes, by the edge's own pipeline."""
    pipeline = Pipeline()
    findings, minutes = [], []
    for frame in signals:
        facts = pipeline.feed(frame)
        findings += facts.findings
        minutes += facts.minutes
    facts = pipeline.finish()
    findings += facts.findings
    minutes += facts.minutes
    return findings, sum(minute.observed_s for minute in minutes), minutes


def observable(events: list[dict[str, Any]], unseen: list[tuple[float, float]]) -> list[dict[str, Any]]:
    """Events that lie at least half in observed time: the others are missing from the denominator too."""
    kept = []
    for event in events:
        length = max(1e-6, event["end"] - event["start"])
        hidden = sum(max(0.0, min(event["end"], b) - max(event["start"], a)) for a, b in unseen)
        if hidden < 0.5 * length:
            kept.append(event)
    return kept


def unseen_spans(signals: Sequence[Any]) -> list[tuple[float, float]]:
    """Spans that the detector declared as not observed."""
    detector = Detector()
    spans: list[tuple[float, float]] = []
    before = None
    for frame in signals:
        detector.update(frame)
        if detector.reason is not None:
            if spans and before is not None and spans[-1][1] >= before - 1e-9:
                spans[-1] = (spans[-1][0], frame.time)
            else:
                spans.append((frame.time, frame.time))
        before = frame.time
    return spans


def judge(seen: Seen, found: list[Any], observed_s: float, only_observed: bool) -> Score:
    """Score one recording. ``only_observed``: events in time declared unobserved do not count as missed."""
    truth = observable(seen.truth, unseen_spans(seen.signals)) if only_observed else seen.truth
    pairs = matched(truth, found)
    score = Score(seconds=seen.seconds, observed_s=observed_s)
    score.hit = len(pairs)
    hit_findings = {j for _, j in pairs}
    ignored = {j for _, j in matched([e for e in seen.truth if e not in truth], found)} - hit_findings
    wrong = [f for j, f in enumerate(found) if j not in hit_findings | ignored]
    score.false = len(wrong)
    score.missed = len(truth) - len(pairs)
    score.side = sum(truth[i]["side"] == found[j].side for i, j in pairs)
    score.kind = sum(truth[i]["kind"] == found[j].kind for i, j in pairs)
    score.onset = [abs(truth[i]["start"] - found[j].start) for i, j in pairs]
    score.kinds = Counter((truth[i]["pattern"], found[j].kind) for i, j in pairs)
    score.hit_patterns = Counter(truth[i]["pattern"] for i, _ in pairs)
    score.missed_patterns = Counter(e["pattern"] for i, e in enumerate(truth) if all(i != a for a, _ in pairs))
    score.false_beside = Counter(f"{finding.kind}<{beside(seen, finding.start, finding.end)}" for finding in wrong)
    return score


def beside(seen: Seen, start: float, end: float) -> str:
    """What a false report of that time stands beside: the first of the confounders within 0.3 s, or a spasm."""
    for confounder in seen.confounders:
        if confounder["start"] - 0.3 <= end and start <= confounder["end"] + 0.3:
            return str(confounder["kind"])
    near = any(event["start"] - 0.5 <= end and start <= event["end"] + 0.5 for event in seen.truth)
    return "spasm" if near else NOTHING
