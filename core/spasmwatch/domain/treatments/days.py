"""Spasms and observed time of each local day: what treatments are judged on."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class DailyCounts:
    """Local ``day`` (ordinals, rising), ``spasms`` and ``observed`` seconds of the days with observed time."""

    day: Ints
    spasms: Floats
    observed: Floats

    def between(self, first: int, last: int) -> "DailyCounts":
        """Days with first ≤ day < last."""
        chosen = (self.day >= first) & (self.day < last)
        return DailyCounts(self.day[chosen], self.spasms[chosen], self.observed[chosen])

    @property
    def rate(self) -> float:
        """Spasms per observed hour; 0 where nothing was observed."""
        seconds = float(self.observed.sum())
        return float(self.spasms.sum()) * 3600 / seconds if seconds else 0.0

    def dispersion(self) -> float:
        """How much more than Poisson the days vary around their common rate: at least 1 (Pearson's χ² per day)."""
        if self.day.size < 3 or self.spasms.sum() == 0:
            return 1.0
        expected = self.observed * self.spasms.sum() / self.observed.sum()
        return max(1.0, float(((self.spasms - expected) ** 2 / expected).sum() / (self.day.size - 1)))


def ratio_of(after: DailyCounts, before: DailyCounts) -> tuple[float, float, float] | None:
    """Ratio of the rates with its 95 % interval (quasi-Poisson); None where either has no spasm at all."""
    events = float(after.spasms.sum()), float(before.spasms.sum())
    if min(events) == 0 or min(after.observed.sum(), before.observed.sum()) <= 0:
        return None
    dispersion = max(after.dispersion(), before.dispersion())
    error = math.sqrt(dispersion * (1 / events[0] + 1 / events[1]))
    ratio = after.rate / before.rate
    return ratio, ratio * math.exp(-Z * error), ratio * math.exp(Z * error)
