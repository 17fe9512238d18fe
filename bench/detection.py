"""How well spasms are found: the simulator over many faces, distances, lights and frame rates, and recorded clips.

    python bench/detection.py                                  # a quick look
    python bench/detection.py --spasms 200 --healthy 100 --provoking 32 --resting 32 --variants 66 --jobs 2  # all
    python bench/detection.py --clips ../shared/clips --portraits ../shared/portraits

Faces are split into tuning and test faces; thresholds were chosen on the tuning faces alone. Simulated and recorded
results are reported apart; the worse of them is the headline. Signals are cached (``--cache``), so that a change of
the detector is measured in seconds; a change of the seeing code makes new ones (delete the cache after a change of
the simulator).
"""

import argparse
import functools
import hashlib
import json
import pickle
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from baselines import BASELINES, Landmarks
from closed_eyes import closed_eyes_table

ROOT = Path(__file__).resolve().parents[1]
# Recorded faces that thresholds were not chosen on.
TEST_RECORDINGS = ("grid_brbk7n", "grid_sbia1a")
SEEING = ("landmark_model.py", "witness.py", "displacement.py")


@dataclass(eq=False)
class Seen:
    """What came of one recording: truth, the signals, and raw landmarks for the baselines."""

    name: str
    truth: list[dict[str, Any]]
    confounders: list[dict[str, Any]]
    seconds: float
    signals: list[Any]
    landmarks: Landmarks
    split: str = ""
    factors: dict[str, str] = field(default_factory=dict)


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


def simulated(scenario: Any) -> Seen:
    """Render one scenario straight into the seeing code."""
    told = scenario.labels()
    signals, landmarks = see(scenario.frames())
    return Seen(
        scenario.name,
        told["events"],
        told["confounders"],
        scenario.seconds,
        signals,
        landmarks,
        scenario.split,
        scenario.factors,
    )


def see(frames: Iterator[tuple[float, Any]]) -> tuple[list[Any], Landmarks]:
    """Signals of every frame, and the few raw figures that the baselines need."""
    from spasmwatch_edge.landmark_model import FaceMesh
    from spasmwatch_edge.vision import Vision

    mesh, landmarks = FaceMesh(), Landmarks()

    def find(time: float, frame: Any) -> Any:
        face = mesh.process(frame)
        landmarks.add(face)
        return face

    vision = Vision(find, skip_still=False)
    return [vision.look(time, frame) for time, frame in frames], landmarks


def recorded(video: Path) -> Seen:
    """One labelled clip."""
    from spasmwatch_edge.sources.recording import Recording

    told = json.loads(video.with_suffix(".json").read_text())
    recording = Recording(video, start=0.0)
    signals, landmarks = see(recording.frames())
    recording.close()
    return Seen(video.stem, told["events"], told.get("confounders", []), told["seconds"], signals, landmarks)


def cached(key: str, folder: Path, make: Any) -> Seen:
    path = folder / f"{key}.pickle"
    if path.exists():
        with path.open("rb") as file:
            return pickle.load(file)  # noqa: S301 - our own cache
    folder.mkdir(parents=True, exist_ok=True)
    seen = make()
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        pickle.dump(seen, file)
    partial.replace(path)
    return seen


def code_hash() -> str:
    """Changes when what makes the signals changes."""
    digest = hashlib.sha256()
    files = [ROOT / "edge" / "spasmwatch_edge" / name for name in SEEING]
    files += [ROOT / "core/spasmwatch/domain/detection" / name for name in ("geometry.py",)]
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


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
    from spasmwatch_edge.pipeline import Pipeline

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
    from spasmwatch.domain.detection.detector import Detector

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
    for finding in wrong:
        near = [
            c["kind"] for c in seen.confounders if c["start"] - 0.3 <= finding.end and finding.start <= c["end"] + 0.3
        ]
        near += ["spasm" for e in seen.truth if e["start"] - 0.5 <= finding.end and finding.start <= e["end"] + 0.5]
        score.false_beside[f"{finding.kind}<{near[0] if near else 'nothing'}"] += 1
    return score


def key(scenario: Any) -> str:
    return f"{scenario.name}-{scenario.factors['face']}"


def _one(work: tuple[Any, Path]) -> Seen:
    scenario, folder = work
    return cached(key(scenario), folder, lambda: simulated(scenario))


@functools.cache
def portraits(folder: Path) -> tuple[list[Path | None], frozenset[Path | None]]:
    """The faces for the simulator (None: its own), and those of them with glasses of their own."""
    from spasmwatch_edge.simulator.scenarios import usable, wearing_glasses

    faces = usable([None, *sorted(p for p in folder.glob("*") if p.suffix in (".png", ".jpg"))])
    return faces, wearing_glasses(faces)


def scenes(folder: Path, spasms: int, healthy: int, first: int = 0) -> list[Any]:
    """Simulated scenes with spasms and healthy minutes; a part of the first 200 and 100 is dealt as evenly as all.

    ``first``: number of the first of each. Rules were made with those below 600 in view.
    """
    from spasmwatch_edge.simulator.scenarios import healthy_scenarios, spasm_scenarios

    faces, wearing = portraits(folder)
    if first:
        minutes = healthy_scenarios(faces, healthy, wearing=wearing, first=first)
        return spasm_scenarios(faces, first + spasms, wearing=wearing)[first:] + minutes
    minutes = healthy_scenarios(faces, 66, wearing=wearing)
    minutes += healthy_scenarios(faces, 34, wearing=wearing, first=66)
    return spasm_scenarios(faces, 200, wearing=wearing)[:spasms] + minutes[:healthy]


def seen_all(scenarios: Sequence[Any], folder: Path, arguments: argparse.Namespace) -> list[Seen]:
    """What is seen in the scenes; with ``--cached`` only in those that were rendered before."""
    work = [(s, folder) for s in scenarios if not arguments.cached or (folder / f"{key(s)}.pickle").exists()]
    with ProcessPoolExecutor(arguments.jobs) as pool:
        return list(pool.map(_one, work))


def report(title: str, all_seen: list[Seen], methods: list[str], name: str) -> dict[str, Score]:
    """Tables over the splits, and over every factor that varies."""
    groups = {f"{split} faces": [seen for seen in all_seen if seen.split == split] for split in ("tuning", "test")}
    results = table(title, groups | {f"all {name}": all_seen}, methods)
    for factor in ("variant", "spasm", "strength", "eye_distance", "fps", "light", "glasses", "manner", "face"):
        parts: dict[str, list[Seen]] = defaultdict(list)
        for seen in all_seen:
            if factor in seen.factors:
                parts[seen.factors[factor]].append(seen)
        if len(parts) > 1:
            table(f"by {factor.replace('_', ' ')}", dict(sorted(parts.items())), ["spasmwatch"])
    return results


def provoking(folder: Path, arguments: argparse.Namespace, methods: list[str]) -> None:
    """Reports beside what is easily taken for a spasm."""
    from spasmwatch_edge.simulator.scenarios import provoking_scenarios

    faces, wearing = portraits(arguments.portraits)
    scenarios = provoking_scenarios(faces, 32, wearing=wearing)[: arguments.provoking]
    false_reports("healthy, but provoking", "provoking", seen_all(scenarios, folder, arguments), methods)


def resting(folder: Path, arguments: argparse.Namespace, methods: list[str]) -> None:
    """Reports beside rest, and what eyes shut by rest and by spasms were taken for."""
    from spasmwatch_edge.simulator.scenarios import SPASMS, resting_scenarios

    faces, wearing = portraits(arguments.portraits)
    rests = resting_scenarios(faces, 32, wearing=wearing)[: arguments.resting]
    seen = seen_all(rests, folder, arguments)
    false_reports("resting with shut eyes", "resting", seen, methods)
    spasms = scenes(arguments.portraits, arguments.spasms, 0)
    spasms = [scenario for scenario in spasms if "blepharospasm" in SPASMS[scenario.factors["spasm"]]]
    seen += seen_all(spasms, folder, arguments)
    named = {scenario.name: scenario for scenario in rests + spasms}
    closed_eyes_table([(named[one.name], one.signals) for one in seen])


def false_reports(title: str, name: str, minutes: list[Seen], methods: list[str]) -> None:
    """The table of scenes without spasms, and what the reports in them stood beside."""
    groups = {f"{split} faces": [seen for seen in minutes if seen.split == split] for split in ("tuning", "test")}
    scores = table(f"{title} (every report is false)", groups | {name: minutes}, methods)
    print(f"false beside: {dict(scores[f'{name}/spasmwatch'].false_beside.most_common())}")


def table(title: str, groups: dict[str, list[Seen]], methods: list[str]) -> dict[str, Score]:
    print(f"\n{title}\n{HEADER}")
    result: dict[str, Score] = {}
    for name, members in groups.items():
        for method in methods:
            total = Score()
            for seen in members:
                total.add(score(seen, method))
            result[f"{name}/{method}"] = total
            print(total.row(f"{name}  {method}" if len(methods) > 1 else name))
    return result


@functools.cache
def score(seen: Seen, method: str) -> Score:
    """One recording by one method, worked out once for all tables."""
    found, observed_s = METHODS[method](seen)
    return judge(seen, found, observed_s, only_observed=method == "spasmwatch")


def ours(seen: Seen) -> tuple[list[Any], float]:
    found, observed_s, _ = detect(seen.signals)
    return found, observed_s


METHODS: dict[str, Any] = {"spasmwatch": ours} | BASELINES


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spasms", type=int, default=40, help="simulated scenes with spasms (30 s each)")
    parser.add_argument("--healthy", type=int, default=10, help="simulated healthy minutes")
    parser.add_argument("--first", type=int, default=0, help="number of the first of these; from 600 on they are new")
    parser.add_argument("--provoking", type=int, default=8, help="minutes of pulled faces, rubbed eyes (32 are all)")
    parser.add_argument("--resting", type=int, default=8, help="minutes of rest with shut eyes (32 are all)")
    parser.add_argument("--variants", type=int, default=12, help="variants of the recordings (66 are all)")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--clips", type=Path, default=ROOT.parent / "shared" / "clips")
    parser.add_argument("--portraits", type=Path, default=ROOT.parent / "shared" / "portraits")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "spasmwatch-bench")
    parser.add_argument("--only", choices=["clips", "variants", "simulated", "provoking", "resting"])
    parser.add_argument("--cached", action="store_true", help="only scenes and variants that are in the cache already")
    parser.add_argument("--baselines", action="store_true", help="also the three published rules")
    parser.add_argument("--verbose", action="store_true", help="confounders and patterns")
    arguments = parser.parse_args()

    folder = arguments.cache / code_hash()
    methods = list(METHODS) if arguments.baselines else ["spasmwatch"]
    results: dict[str, Score] = {}
    if arguments.only in (None, "clips") and arguments.clips.is_dir():
        clips = [
            cached(f"clip-{video.stem}", folder, lambda video=video: recorded(video))
            for video in sorted(arguments.clips.glob("*.mp4"))
        ]
        groups = {seen.name: [seen] for seen in clips} | {"all clips": clips}
        results |= table("recorded faces with injected spasms", groups, methods)
    if arguments.only in (None, "variants") and arguments.clips.is_dir():
        from spasmwatch_edge.simulator.clips import clip_scenarios

        scenarios = clip_scenarios(sorted(arguments.clips.glob("*.mp4")), TEST_RECORDINGS)
        # Dealt so that a part of them still has every recording and every variant.
        scenarios = [scenarios[(number * 17) % len(scenarios)] for number in range(len(scenarios))]
        variants = seen_all(scenarios[: arguments.variants], folder, arguments)
        results |= report(
            "the same recordings seen differently, with more spasms put on", variants, methods, "variants"
        )
    if arguments.only in (None, "simulated"):
        simulations = scenes(arguments.portraits, arguments.spasms, arguments.healthy, arguments.first)
        results |= report("simulated", seen_all(simulations, folder, arguments), methods, "simulated")
    if arguments.only in (None, "provoking"):
        provoking(folder, arguments, methods)
    if arguments.only in (None, "resting"):
        resting(folder, arguments, methods)
    if arguments.verbose:
        for name, score in results.items():
            if name.startswith("all"):
                print(f"\n{name}\n  false beside: {dict(score.false_beside.most_common())}")
                print(f"  missed: {dict(score.missed_patterns)}\n  hit: {dict(score.hit_patterns)}")
                print(f"  kinds: {dict(score.kinds)}")
    headline = [score for name, score in results.items() if name.endswith("/spasmwatch") and name.startswith("all")]
    if headline:
        worst = min(headline, key=lambda score: score.f1)
        print(f"\nheadline (the worse of recorded and simulated): F1 {worst.f1:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
