"""Trigger statistics on simulated homes with a known truth: power, coverage and false discoveries.

    python bench/association.py [--homes 300]

60 days, 4 hours observed a day, 3 spasms an hour in bouts, 60 exposures of each trigger. Every home is analysed whole,
with the adjustment over all its triggers, windows and kinds of spasm.
"""

import argparse
import math
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np

from spasmwatch.domain.association import Finding, associations
from support.homes import Cause, Home, simulate

ALONE = Home(causes={"caffeine": Cause(2.0, by_clock=True)})
FAMILY = Home(
    causes={
        "caffeine": Cause(2.0, by_clock=True),
        "screen": Cause(by_clock=True),
        "stress": Cause(by_day=True),
        "noise": Cause(by_clock=True, by_day=True),
        "activity": Cause(reverse=True),
    }
)
COMPANY = replace(
    FAMILY,
    causes=FAMILY.causes | {"stress": Cause(2.0, by_day=True), "bright_light": Cause(by_clock=True, beside="caffeine")},
)


def primary(findings: list[Finding], trigger: str, kind: str = "all") -> Finding:
    """The one finding a trigger's verdict rests on."""
    return next(each for each in findings if each.trigger == trigger and each.primary and each.kind == kind)


def run(home: Home, homes: int) -> list[list[Finding]]:
    """Every home analysed."""
    return [associations(simulate(home, seed).history()) for seed in range(homes)]


def share(results: list[list[Finding]], trigger: str, test: Callable[[Finding], bool]) -> float:
    """Share of homes whose primary finding passes."""
    return float(np.mean([test(primary(findings, trigger)) for findings in results]))


def truth(home: Home, trigger: str, results: list[list[Finding]]) -> str:
    """One row: power or false discoveries, coverage, median ratio and interval, verdicts."""
    cause = home.causes[trigger]
    found = share(results, trigger, lambda each: each.verdict in ("more", "fewer"))
    estimates = [each for each in (primary(findings, trigger) for findings in results) if each.ratio]
    covered = np.mean([each.low <= cause.ratio <= each.high for each in estimates]) if estimates else math.nan
    middle = [
        float(np.median([getattr(each, name) for each in estimates])) if estimates else math.nan
        for name in ("ratio", "low", "high")
    ]
    verdicts = {
        verdict: share(results, trigger, lambda each, wanted=verdict: each.verdict == wanted)
        for verdict in ("more", "fewer", "none", "reverse", "not_enough_data")
    }
    told = "  ".join(f"{name} {value:.2f}" for name, value in verdicts.items() if value)
    kind = "reverse" if cause.reverse else f"{cause.ratio:g}"
    covers = "   –  " if cause.reverse else f"{covered:6.3f}"
    row = f"{trigger:10s} {kind:>7s} {cause.count:5d} {found:6.3f} {covers}"
    return f"{row}  {middle[0]:.2f} ({middle[1]:.2f}–{middle[2]:.2f})  {told}"


def table(title: str, home: Home, homes: int) -> None:
    """Simulate, analyse, print."""
    begun = time.monotonic()
    results = run(home, homes)
    seconds = (time.monotonic() - begun) / homes
    print(f"\n{title}  ({homes} homes, {seconds * 1000:.0f} ms each)")
    print("trigger      truth  n    found  covers  median ratio      verdicts")
    for trigger in home.causes:
        print(truth(home, trigger, results), flush=True)
    false = [
        share(results, trigger, lambda each: each.verdict in ("more", "fewer"))
        for trigger, cause in home.causes.items()
        if cause.ratio == 1 and not cause.reverse
    ]
    if false:
        print(f"null triggers reported: {np.mean(false):.3f}")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=300)
    homes = parser.parse_args().homes
    warnings.simplefilter("error")
    table("One trigger, ratio 2", ALONE, homes)
    table("Five triggers: true, by clock, by day, by both, reverse", FAMILY, homes)
    table("Six triggers: two true, one null that comes beside a true one", COMPANY, homes)
    for layout in ("evening", "hours"):
        table(f"Five triggers, observed layout: {layout}", replace(FAMILY, layout=layout), homes)
    for time_of_day in ("evening", "morning", "flat"):
        table(f"Five triggers, time of day: {time_of_day}", replace(FAMILY, time_of_day=time_of_day), homes)
    table("Long bouts (4)", replace(FAMILY, bout=4.0), homes)
    table("No bouts", replace(FAMILY, bout=1.0001), homes)
    for ratio in (0.5, 1.5, 3.0):
        table(f"Ratio {ratio:g}", Home(causes={"caffeine": Cause(ratio, by_clock=True)}), homes)
    for count in (5, 15, 30, 120):
        table(f"{count} exposures", Home(causes={"caffeine": Cause(2.0, count, by_clock=True)}), homes)
    table("Lasting four hours", Home(causes={"caffeine": Cause(2.0, lasts_h=(0, 4), by_clock=True)}), homes)


if __name__ == "__main__":
    main()
