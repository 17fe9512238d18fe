"""Two periods compared: counts are negative binomial around rate × observed time.

A day's count has variance μ + φ·μ² (NB2; φ is the squared coefficient of variation of the daily rate). φ is estimated
by moments within the two periods and drawn towards a prior, since few days tell little about it. The logarithm of the
rate ratio is compared with its standard error under equal rates (a Wald test on the log scale, with the variance taken
at the pooled rate); simulations of its false alarms and its power stand in ``docs/alerts.md``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

PRIOR_DISPERSION = 0.2
"""φ before anything is known: a day-to-day CV of .45."""
PRIOR_DAYS = 15.0
LEAST_DISPERSION = 0.02
_HALF = 0.5  # added to both counts, so that none is zero

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rates per observed hour, their ratio with its 95 % interval, and one-sided p-values.

    ``recent_h`` and ``usual_h`` are observed hours, ``dispersion`` is φ.
    """

    rate: float
    usual: float
    ratio: float
    low: float
    high: float
    p_more: float
    p_fewer: float
    recent_h: float
    usual_h: float
    dispersion: float
    recent_count: int

    def evidence(self) -> dict[str, float | str | None]:
        """As it goes into an alert record."""
        names = {"rate": self.rate, "baseline": self.usual, "ratio": self.ratio, "low": self.low, "high": self.high}
        hours = {"coverage_h": self.recent_h, "baseline_h": self.usual_h}
        return {name: round(value, 4) for name, value in {**names, "p": self.p_more, **hours}.items()}

    def words(self) -> str:
        """The numbers of a reason line."""
        return (
            f"{self.rate:.1f} an observed hour against {self.usual:.1f}: {self.ratio:.1f} times"
            f" (95 % {self.low:.1f}–{self.high:.1f}; {self.recent_h:.0f} h observed)"
        )


def compare(counts: ArrayLike, hours: ArrayLike, usual_counts: ArrayLike, usual_hours: ArrayLike) -> Comparison | None:
    """Daily counts (n,) and observed hours (n,) of the recent days against those of the usual ones (m,).

    Hours may be corrected for the time of day. None when a period has no observed time.
    """
    count, hour = np.asarray(counts, dtype=float), np.asarray(hours, dtype=float)
    usual_count, usual_hour = np.asarray(usual_counts, dtype=float), np.asarray(usual_hours, dtype=float)
    total_h, total_usual_h = float(hour.sum()), float(usual_hour.sum())
    if total_h <= 0 or total_usual_h <= 0:
        return None
    rate = (float(count.sum()) + _HALF) / total_h
    usual = (float(usual_count.sum()) + _HALF) / total_usual_h
    phi = dispersion(np.concatenate([count, usual_count]), np.concatenate([rate * hour, usual * usual_hour]))
    pooled = (rate * total_h + usual * total_usual_h) / (total_h + total_usual_h)
    error = math.sqrt(_relative(pooled * hour, phi) + _relative(pooled * usual_hour, phi))
    spread = math.sqrt(_relative(rate * hour, phi) + _relative(usual * usual_hour, phi))
    change = math.log(rate / usual)
    return Comparison(
        rate=rate,
        usual=usual,
        ratio=rate / usual,
        low=math.exp(change - 1.96 * spread),
        high=math.exp(change + 1.96 * spread),
        p_more=upper_tail(change / error),
        p_fewer=upper_tail(-change / error),
        recent_h=total_h,
        usual_h=total_usual_h,
        dispersion=phi,
        recent_count=int(count.sum()),
    )


def dispersion(counts: Floats, means: Floats) -> float:
    """φ by moments from daily counts and their means (n,), drawn towards the prior."""
    seen = means > 0
    number = int(seen.sum())
    squares = float((means[seen] ** 2).sum())
    if number < 3 or squares <= 0:
        return PRIOR_DISPERSION
    excess = float((((counts - means) ** 2 - means)[seen]).sum()) * number / (number - 2)
    prior = PRIOR_DAYS * squares / number
    return max(LEAST_DISPERSION, (max(0.0, excess) + PRIOR_DISPERSION * prior) / (squares + prior))


def _relative(means: Floats, phi: float) -> float:
    """Variance of a sum of counts, relative to its mean squared: the variance of its logarithm."""
    return float((means + phi * means**2).sum() / means.sum() ** 2)


def upper_tail(z: float) -> float:
    """P(Z ≥ z) of a standard normal Z."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def binomial_tail(count: int, number: int, share: float) -> float:
    """P(N ≥ count) of a binomial N out of ``number`` with probability ``share``."""
    if count <= 0:
        return 1.0
    logs = [
        math.lgamma(number + 1) - math.lgamma(k + 1) - math.lgamma(number - k + 1)
        + k * math.log(share) + (number - k) * math.log1p(-share)
        for k in range(count, number + 1)
    ]  # fmt: skip
    return min(1.0, sum(math.exp(value) for value in logs))


def holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Which hypotheses are rejected at family-wise level ``alpha`` (Holm 1979)."""
    rejected = [False] * len(p_values)
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        if p_values[place] > alpha / (len(p_values) - rank):
            break
        rejected[place] = True
    return rejected


def cusum_step(count: int, mean: float, phi: float, ratio: float = 2.0) -> float:
    """Log-likelihood ratio of one day's count for a rate ``ratio`` times as high (NB2, dispersion φ)."""
    size = 1 / phi
    return count * math.log(ratio) + (count + size) * math.log((size + mean) / (size + ratio * mean))
