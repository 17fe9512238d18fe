"""Botulinum cycles: when the effect of an injection set in, how strong it was and when it wore off.

Each cycle is three levels of the rate in a row (before, during, after the effect), with the two days of change chosen
by profile likelihood; over-dispersion widens the intervals. It describes what was and names no date to come.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.treatments.days import DailyCounts, ratio_of

Floats = NDArray[np.float64]

BASELINE_D: Final = 28
LONGEST_D: Final = 182
ONSET_D: Final = range(1, 22)
SHORTEST_EFFECT_D: Final = 14
MIN_DAYS: Final = 4
"""Observed days on each level."""
MIN_FOLLOWED_D: Final = 21
CHANGE_FOUND: Final = 9.0
"""Gain in twice the log likelihood over the dispersion from which a change is believed: 3.84 raised for the search."""
WITHIN: Final = 7.35
"""Days this close to the best make the interval: 95 % for a point of change, −2 ln(1 − √0.95) (Siegmund 1988)."""
SOFT_D: Final = (2, 7)
"""Onset and wearing off are gradual: no interval reaches less than this to either side (an engineering choice)."""
MIN_SPASMS: Final = 20

State = Literal["lasted", "still_there", "no_clear_effect", "not_enough_data"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cycle:
    """One injection. ``onset`` and ``lasted`` are days since it, ``plateau`` the rate ratio during to before.

    ``lasted`` is given only where the rate rose again; ``still_there`` means that it had not after ``followed_d`` days.
    """

    day: int
    followed_d: int
    state: State
    onset: Estimate | None = None
    plateau: Estimate | None = None
    lasted: Estimate | None = None


def cycles(counts: DailyCounts, injections: Sequence[int]) -> list[Cycle]:
    """The cycle of each injection (ordinal days, rising), up to the next one or the end of the counts."""
    days = sorted(set(injections))
    if not days or counts.day.size == 0:
        return [Cycle(day, 0, "not_enough_data") for day in days]
    ends = [*days[1:], int(counts.day[-1]) + 1]
    starts = [day - BASELINE_D for day in days]
    for index in range(1, len(days)):
        # The effect of the injection before may still hold further back than half way.
        starts[index] = max(starts[index], (days[index - 1] + days[index]) // 2)
    return [
        _cycle(counts.between(start, min(end, day + LONGEST_D)), day, min(end, day + LONGEST_D) - day)
        for start, day, end in zip(starts, days, ends, strict=True)
    ]


def _cycle(counts: DailyCounts, day: int, followed: int) -> Cycle:
    baseline = counts.between(int(counts.day[0]) if counts.day.size else day, day)
    if followed < MIN_FOLLOWED_D or baseline.day.size < MIN_DAYS or counts.spasms.sum() < MIN_SPASMS:
        return Cycle(day, max(followed, 0), "not_enough_data")
    two = _profile(counts, day, followed, [followed])
    whole = _terms(float(counts.spasms.sum()), float(counts.observed.sum()))
    if not two:
        return Cycle(day, followed, "not_enough_data")
    onset, _ = max(two, key=two.__getitem__)
    dispersion = _dispersion(counts, day, onset, followed)
    three = _profile(counts, day, followed, range(MIN_FOLLOWED_D, followed))
    best_three = max(three, key=three.__getitem__, default=None)
    if best_three is not None and 2 * (three[best_three] - two[onset, followed]) > CHANGE_FOUND * _dispersion(
        counts, day, *best_three
    ):
        return _worn_off(counts, day, followed, three, best_three, whole)
    if 2 * (two[onset, followed] - whole) <= CHANGE_FOUND * dispersion or not _fell(counts, day, onset, followed):
        return Cycle(day, followed, "no_clear_effect")
    return Cycle(day, followed, "still_there", _interval(two, 0, dispersion), _plateau(counts, day, onset, followed))


def _worn_off(
    counts: DailyCounts,
    day: int,
    followed: int,
    profile: dict[tuple[int, int], float],
    best: tuple[int, int],
    whole: float,
) -> Cycle:
    onset, end = best
    dispersion = _dispersion(counts, day, onset, end)
    rose = counts.between(day + end, day + followed).rate > counts.between(day + onset, day + end).rate
    if not (_fell(counts, day, onset, end) and rose) or 2 * (profile[best] - whole) <= CHANGE_FOUND * dispersion:
        return Cycle(day, followed, "no_clear_effect")
    return Cycle(
        day,
        followed,
        "lasted",
        _interval(profile, 0, dispersion),
        _plateau(counts, day, onset, end),
        _interval(profile, 1, dispersion),
    )


def _profile(counts: DailyCounts, day: int, followed: int, ends: Sequence[int] | range) -> dict[tuple[int, int], float]:
    """Log likelihood of three levels (two where the end is the last day) for each pair of days of change."""
    since = counts.day - day
    # Sums over the days before each place: a level is the difference of two.
    spasms, observed = ([0.0, *np.cumsum(each).tolist()] for each in (counts.spasms, counts.observed))
    found = {}
    for onset in ONSET_D:
        for end in ends:
            if end - onset < SHORTEST_EFFECT_D:
                continue
            edges = [0, *np.searchsorted(since, [onset, end]).tolist(), since.size]
            levels = list(pairwise(edges[:3] if end >= followed else edges))
            if all(last - first >= MIN_DAYS for first, last in levels):
                found[onset, end] = sum(
                    _terms(spasms[last] - spasms[first], observed[last] - observed[first]) for first, last in levels
                )
    return found


def _terms(events: float, seconds: float) -> float:
    return events * math.log(events / seconds) if events else 0.0


def _dispersion(counts: DailyCounts, day: int, onset: int, end: int) -> float:
    parts = [
        counts.between(-(10**6), day + onset),
        counts.between(day + onset, day + end),
        counts.between(day + end, 10**7),
    ]
    weighted = [(part.dispersion(), part.day.size - 1) for part in parts if part.day.size > 1]
    return sum(value * weight for value, weight in weighted) / sum(weight for _, weight in weighted)


def _fell(counts: DailyCounts, day: int, onset: int, end: int) -> bool:
    return counts.between(day + onset, day + end).rate < counts.between(-(10**6), day + onset).rate


def _plateau(counts: DailyCounts, day: int, onset: int, end: int) -> Estimate | None:
    estimate = ratio_of(counts.between(day + onset, day + end), counts.between(-(10**6), day + onset))
    return Estimate(*estimate) if estimate else None


def _interval(profile: dict[tuple[int, int], float], place: int, dispersion: float) -> Estimate:
    """The best day of change and all days whose likelihood is close to it."""
    best = max(profile, key=profile.__getitem__)
    near = [pair[place] for pair, value in profile.items() if 2 * (profile[best] - value) <= WITHIN * dispersion]
    middle, soft = best[place], SOFT_D[place]
    return Estimate(float(middle), float(max(min(*near, middle - soft), 0)), float(max(*near, middle + soft)))
