"""False reports an hour of each thing that people do beside their spasms: a part of ``bench/detection.py``."""

from collections import Counter
from collections.abc import Sequence

from scoring import NOTHING, Seen, beside, unseen_spans


def exposure(seen: Seen) -> tuple[Counter[str], Counter[str]]:
    """Seconds of one scene, and those of them that were observed, by what a report at that moment would stand beside.

    Every moment has one such name, as every false report has: the rows add up to the whole.
    """
    seconds, observed = Counter[str](), Counter[str]()
    step, unseen = seen.seconds / max(1, len(seen.signals)), unseen_spans(seen.signals)
    for frame in seen.signals:
        name = beside(seen, frame.time, frame.time)
        seconds[name] += step  # type: ignore[assignment]
        if not any(start <= frame.time <= end for start, end in unseen):
            observed[name] += step  # type: ignore[assignment]
    return seconds, observed


def confounder_table(scenes: Sequence[Seen], false_beside: Counter[str]) -> None:
    """Print the rates over ``scenes``; ``false_beside`` is that of their score."""
    seconds, observed, false = Counter[str](), Counter[str](), Counter[str]()
    for seen in scenes:
        for total, own in zip((seconds, observed), exposure(seen), strict=True):
            total.update(own)
    for name, count in false_beside.items():
        false[name.partition("<")[2]] += count
    print(f"\n{'false reports beside':34s} {'s':>8s} {'seen s':>8s} {'false':>6s} {'false/h':>8s}")
    for name in sorted(seconds | false, key=lambda name: (name == NOTHING, name)):
        rate = f"{3600 * false[name] / observed[name]:8.2f}" if observed[name] else f"{'-':>8s}"
        print(f"{name:34s} {seconds[name]:8.1f} {observed[name]:8.1f} {false[name]:6d} {rate}")
