"""How well spasms are found: the simulator over many faces, distances, lights and frame rates, and recorded clips.

    python bench/detection.py                                  # a quick look
    python bench/detection.py --spasms 200 --healthy 100 --provoking 32 --resting 32 --variants 66 --jobs 2  # all
    python bench/detection.py --clips ../shared/clips --portraits ../shared/portraits

Faces are split into tuning and test faces; thresholds were chosen on the tuning faces alone. Simulated and recorded
results are reported apart; the worse of them is the headline. Signals are cached (``--cache``), so that a change of
the detector is measured in seconds; a change of the seeing code or of the landmark model makes new ones (delete the
cache after a change of the simulator). Every frame is looked at; ``--skipping`` sees the same scenes as shipped, too.
"""

import argparse
import functools
import hashlib
import json
import pickle
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from baselines import BASELINES, Landmarks
from closed_eyes import closed_eyes_table
from confounders import confounder_table
from scoring import HEADER, Score, Seen, detect, judge
from skipping import DECIDING, Frames, See, Shipped, skipping_table
from spasmwatch_edge.model_file import LANDMARKS

ROOT = Path(__file__).resolve().parents[1]
# Recorded faces that thresholds were not chosen on.
TEST_RECORDINGS = ("grid_brbk7n", "grid_sbia1a")
# What makes the signals out of pictures. The frames of the bench come in one size, so ``two_sizes.py`` changes nothing.
SEEING = (
    "edge/spasmwatch_edge/landmark_model.py",
    "edge/spasmwatch_edge/network.py",
    "edge/spasmwatch_edge/vision.py",
    "edge/spasmwatch_edge/witness.py",
    "edge/spasmwatch_edge/displacement.py",
    "core/spasmwatch/domain/detection/geometry.py",
    "core/spasmwatch/domain/detection/signals.py",
)


def simulated(scenario: Any, look: See) -> Seen:
    """Render one scenario straight into the seeing code."""
    told = scenario.labels()
    signals, landmarks = look(scenario.frames())
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


def see(frames: Frames) -> tuple[list[Any], Landmarks]:
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


def recorded(video: Path, look: See) -> Seen:
    """One labelled clip."""
    from spasmwatch_edge.sources.recording import Recording

    told = json.loads(video.with_suffix(".json").read_text())
    recording = Recording(video, start=0.0)
    signals, landmarks = look(recording.frames())
    recording.close()
    return Seen(video.stem, told["events"], told.get("confounders", []), told["seconds"], signals, landmarks)


def seen_once(name: str, folder: Path, make: Callable[[See], Seen], skipping: bool) -> Seen:
    """One scene, kept in ``folder``; with ``skipping`` also what is seen of it as shipped, in the same pass."""
    if not skipping:
        return cached(name, folder, lambda: make(see))
    shipped = Shipped()
    seen: Seen = cached(name, folder, lambda: make(lambda frames: see(shipped.beside(frames))))
    seen.skipped = cached(name, skipping_folder(folder), lambda: shipped.skipped(make))
    return seen


def skipping_folder(folder: Path) -> Path:
    """Where in ``folder`` is kept what was seen with still frames skipped."""
    return folder / f"skipping-{digest_of(DECIDING)}"


def cached(key: str, folder: Path, make: Callable[[], Any]) -> Any:
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
    """Changes when what makes the signals changes: code, or the landmark model's weights."""
    return digest_of(SEEING, LANDMARKS.sha256)


def digest_of(files: Sequence[str], more: str = "") -> str:
    """Short hash of source files and of ``more``."""
    digest = hashlib.sha256(more.encode())
    for file in files:
        digest.update((ROOT / file).read_bytes())
    return digest.hexdigest()[:10]


def key(scenario: Any) -> str:
    return f"{scenario.name}-{scenario.factors['face']}"


def _one(work: tuple[Any, Path, bool]) -> Seen:
    scenario, folder, skipping = work
    return seen_once(key(scenario), folder, functools.partial(simulated, scenario), skipping)


@functools.cache
def portraits(folder: Path) -> tuple[list[Path | None], frozenset[Path | None]]:
    """The faces for the simulator (None: its own), and those of them with glasses of their own."""
    from spasmwatch_edge.simulator.scenarios import usable, wearing_glasses

    faces = usable([None, *sorted(p for p in folder.glob("*") if p.suffix in (".png", ".jpg"))])
    return faces, wearing_glasses(faces)


def scenes(folder: Path, spasms: int, healthy: int, first: int = 0) -> list[Any]:
    """Simulated scenes with spasms and healthy minutes; a part of the first 200 and 100 is dealt as evenly as all.

    ``first``: number of the first of each; which scenes these are depends on how many are asked for, too (use another
    ``--cache`` for another number of them).
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
    folders = [folder, skipping_folder(folder)] if arguments.skipping else [folder]
    work = [
        (scenario, folder, arguments.skipping)
        for scenario in scenarios
        if not arguments.cached or all((one / f"{key(scenario)}.pickle").exists() for one in folders)
    ]
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
    confounder_table(all_seen, results[f"all {name}/spasmwatch"].false_beside)
    skipping_table(title, all_seen)
    return results


def clips(folder: Path, arguments: argparse.Namespace, methods: list[str]) -> dict[str, Score]:
    """The recordings as they are."""
    seen = [
        seen_once(f"clip-{video.stem}", folder, functools.partial(recorded, video), arguments.skipping)
        for video in sorted(arguments.clips.glob("*.mp4"))
    ]
    title = "recorded faces with injected spasms"
    results = table(title, {one.name: [one] for one in seen} | {"all clips": seen}, methods)
    skipping_table(title, seen)
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
    false_beside = scores[f"{name}/spasmwatch"].false_beside
    print(f"false beside: {dict(false_beside.most_common())}")
    confounder_table(minutes, false_beside)
    skipping_table(title, minutes)


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
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first of these; how many there are decides which they are"
    )
    parser.add_argument("--provoking", type=int, default=8, help="minutes of pulled faces, rubbed eyes (32 are all)")
    parser.add_argument("--resting", type=int, default=8, help="minutes of rest with shut eyes (32 are all)")
    parser.add_argument("--variants", type=int, default=12, help="variants of the recordings (66 are all)")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--clips", type=Path, default=ROOT.parent / "shared" / "clips")
    parser.add_argument("--portraits", type=Path, default=ROOT.parent / "shared" / "portraits")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "spasmwatch-bench")
    parser.add_argument("--only", choices=["clips", "variants", "simulated", "provoking", "resting"])
    parser.add_argument("--cached", action="store_true", help="only scenes and variants that are in the cache already")
    parser.add_argument("--skipping", action="store_true", help="also see every scene as shipped: still frames skipped")
    parser.add_argument("--baselines", action="store_true", help="also the three published rules")
    parser.add_argument("--verbose", action="store_true", help="confounders and patterns")
    arguments = parser.parse_args()

    folder = arguments.cache / code_hash()
    methods = list(METHODS) if arguments.baselines else ["spasmwatch"]
    results: dict[str, Score] = {}
    if arguments.only in (None, "clips") and arguments.clips.is_dir():
        results |= clips(folder, arguments, methods)
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
