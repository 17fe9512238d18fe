"""The plots of docs/detection.md, from the cached signals of ``bench/detection.py`` (run that first).

python bench/detection_plots.py --cache ~/.cache/spasmwatch-bench --out docs/pictures
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

sys.path.insert(0, str(Path(__file__).resolve().parent))

from baselines import BASELINES
from detection import cached, code_hash, ours
from scoring import Score, judge
from spasmwatch.domain.detection.detector import Detector

mpl.rcParams.update(
    {"svg.hashsalt": "spasmwatch", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
)
LEFT, RIGHT = "#0b6fa4", "#c1502e"


def evidence(seen: Any) -> list[Any]:
    detector, found = Detector(), []
    for frame in seen.signals:
        detector.update(frame)
        if detector.evidence is not None:
            found.append(detector.evidence)
    return found


def witnesses(seen: Any, out: Path, span: tuple[float, float]) -> None:
    """What the landmarks say and what the second witness says, side by side, over some seconds."""
    frames = [e for e in evidence(seen) if span[0] <= e.time <= span[1]]
    times = [e.time for e in frames]
    figure, axes = plt.subplots(3, 1, figsize=(8, 5.2), sharex=True)
    rows = (
        ("closure of the lids\n(landmarks)", lambda e, s: e.closure[s]),
        ("change of the eye\n(second witness)", lambda e, s: e.change[s]),
        ("one-sided score", lambda e, s: e.one_sided[s]),
    )
    for axis, (name, of) in zip(axes, rows, strict=True):
        axis.plot(times, [of(e, "left") for e in frames], color=LEFT, label="left")
        axis.plot(times, [of(e, "right") for e in frames], color=RIGHT, label="right", linestyle="--")
        axis.set_ylabel(name)
        for event in seen.truth:
            axis.axvspan(event["start"], event["end"], color="0.85", zorder=0)
        for event in seen.confounders:
            if event["kind"] == "blink":
                axis.axvspan(event["start"], event["end"], color="#d9ead3", zorder=0)
    axes[2].axhline(1.0, color="0.4", linewidth=0.8)
    axes[0].legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False)
    axes[0].set_xlim(*span)
    axes[2].set_xlabel("seconds (grey: spasm, green: blink)")
    figure.tight_layout()
    figure.savefig(out / "detection-witnesses.svg", metadata={"Date": None})
    plt.close(figure)


def scores(all_seen: Sequence[Any], of: Any, run: Any, only_observed: bool) -> dict[str, Score]:
    totals: dict[str, Score] = defaultdict(Score)
    for seen in all_seen:
        found, observed_s = run(seen)
        totals[of(seen)].add(judge(seen, found, observed_s, only_observed=only_observed))
    return totals


def compared(groups: dict[str, list[Any]], out: Path) -> None:
    """F1 of the detector and of the three rules to beat, recorded and simulated apart."""
    methods = {"spasmwatch": ours, **BASELINES}
    figure, axis = plt.subplots(figsize=(8, 2.8))
    width = 0.8 / len(groups)
    for number, (name, members) in enumerate(groups.items()):
        values = [
            scores(members, lambda _: "all", run, method == "spasmwatch")["all"].f1 for method, run in methods.items()
        ]
        places = [index + (number - (len(groups) - 1) / 2) * width for index in range(len(methods))]
        bars = axis.bar(places, values, width * 0.9, label=name, color=[LEFT, RIGHT, "0.55"][number])
        axis.bar_label(bars, [f"{value:.2f}" for value in values], fontsize=8)
    axis.set_xticks(range(len(methods)), list(methods))
    axis.set_ylabel("F1")
    axis.set_ylim(0, 1.15)
    axis.legend(frameon=False, ncols=3, loc="upper right")
    figure.tight_layout()
    figure.savefig(out / "detection-compared.svg", metadata={"Date": None})
    plt.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "spasmwatch-bench")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "docs" / "pictures")
    parser.add_argument("--example", default="spasm181-grid_brbk7n", help="cached scenario of the first plot")
    parser.add_argument("--span", type=float, nargs=2, default=(0.0, 12.0), metavar=("FROM", "TO"))
    arguments = parser.parse_args()
    folder = arguments.cache / code_hash()

    def load(pattern: str) -> list[Any]:
        return [cached(path.stem, folder, lambda: None) for path in sorted(folder.glob(f"{pattern}.pickle"))]

    arguments.out.mkdir(parents=True, exist_ok=True)
    witnesses(load(arguments.example)[0], arguments.out, tuple(arguments.span))
    compared({"recordings seen differently": load("d0*"), "simulated": load("spasm[01]??-*")}, arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
