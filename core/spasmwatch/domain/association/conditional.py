"""Conditional Poisson regression within days, with day-clustered intervals.

The self-controlled case series of Farrington (1995): each day is compared with itself, so that whatever is constant
within a day (sleep, weather, treatment) cancels. Spasms come in bouts; an interval that takes them as independent
covers the truth in about 70 % only, so intervals and p-values come from the day-clustered sandwich (Liang and Zeger
1986) in its jackknife form (CR3), with Student's t for the number of days that tell something.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_STEPS = 50
LARGEST_LOG_RATIO = 8.0
"""A coefficient beyond e⁸ has run away: the data do not bound it."""
ILL_CONDITIONED = 1e10
NEAR_ONE = 0.9


class NoEstimate(Exception):
    """The data do not determine the coefficients."""


@dataclass(frozen=True, slots=True)
class Fit:
    """``coefficients`` (p) are log rate ratios, ``covariance`` (p, p) is day-clustered, ``days`` tell something."""

    coefficients: Floats
    covariance: Floats
    days: int

    def contrast(self, weights: Floats) -> tuple[float, float]:
        """Value and standard error of a weighted sum of the coefficients."""
        return float(weights @ self.coefficients), float(np.sqrt(weights @ self.covariance @ weights))

    def two_sided_p(self, weights: Floats) -> float:
        """The p-value of the hypothesis that the contrast is zero."""
        value, error = self.contrast(weights)
        return float(2 * stdtr(max(self.days - 1, 1), -abs(value) / error))

    def interval(self, weights: Floats, level: float = 0.95) -> tuple[float, float]:
        """The confidence interval of the contrast, on the log scale."""
        value, error = self.contrast(weights)
        reach = float(stdtrit(max(self.days - 1, 1), 0.5 + level / 2)) * error
        return value - reach, value + reach


def fit(design: Floats, counts: Floats, observed: Floats, day: Ints) -> Fit:
    """Fit counts ~ Poisson(observed × exp(day effect + design × coefficients)), the day effects conditioned out.

    ``design`` is (n, p); ``counts``, ``observed`` (seconds, > 0) and ``day`` (any integers) are (n,).
    Raises NoEstimate when a coefficient cannot be determined.
    """
    design, counts, observed, day = _informative(design, counts, observed, day)
    days = int(day[-1]) + 1 if day.size else 0
    if days < 2:
        raise NoEstimate("fewer than two days in which exposure and spasms vary")
    likelihood = _Likelihood(design, counts, np.log(observed), day)
    coefficients = _newton(likelihood)
    scores, information = likelihood.by_day(coefficients)
    return Fit(coefficients, _jackknife_sandwich(scores, information), days)


class _Likelihood:
    """The conditional (multinomial within day) likelihood and its derivatives."""

    def __init__(self, design: Floats, counts: Floats, offset: Floats, day: Ints) -> None:
        self.design, self.counts, self.offset, self.day = design, counts, offset, day
        self.first = np.concatenate(([0], np.flatnonzero(np.diff(day)) + 1))
        self.totals = np.add.reduceat(counts, self.first)

    def value(self, coefficients: Floats) -> float:
        linear = self.design @ coefficients + self.offset
        peak = np.maximum.reduceat(linear, self.first)
        logs = peak + np.log(np.add.reduceat(np.exp(linear - peak[self.day]), self.first))
        return float(self.counts @ linear - self.totals @ logs)

    def summed(self, coefficients: Floats) -> tuple[Floats, Floats]:
        """Score (p) and information (p, p) of all days together."""
        mean, centred, expected = self._moments(coefficients)
        return self.counts @ self.design - self.totals @ mean, centred.T @ (centred * expected[:, None])

    def by_day(self, coefficients: Floats) -> tuple[Floats, Floats]:
        """Score (days, p) and information (days, p, p) of each day."""
        mean, centred, expected = self._moments(coefficients)
        scores = np.add.reduceat(self.design * self.counts[:, None], self.first) - self.totals[:, None] * mean
        products = centred[:, :, None] * (centred * expected[:, None])[:, None, :]
        return scores, np.add.reduceat(products, self.first)

    def _moments(self, coefficients: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean of the design in each day (days, p), the design without it (n, p) and expected counts (n)."""
        linear = self.design @ coefficients + self.offset
        weight = np.exp(linear - np.maximum.reduceat(linear, self.first)[self.day])
        share = weight / np.add.reduceat(weight, self.first)[self.day]
        mean = np.add.reduceat(self.design * share[:, None], self.first)
        return mean, self.design - mean[self.day], share * self.totals[self.day]


def _informative(design: Floats, counts: Floats, observed: Floats, day: Ints) -> tuple[Floats, Floats, Floats, Ints]:
    """Observed rows of days with spasms, sorted by day, days numbered from 0."""
    number = np.unique(day, return_inverse=True)[1]
    seen = observed > 0
    keep = seen & (np.bincount(number, counts * seen)[number] > 0)
    order = np.argsort(day[keep], kind="stable")
    numbered = np.unique(day[keep][order], return_inverse=True)[1]
    return design[keep][order], counts[keep][order].astype(float), observed[keep][order], numbered


def _newton(likelihood: _Likelihood) -> Floats:
    coefficients = np.zeros(likelihood.design.shape[1])
    value = likelihood.value(coefficients)
    for _ in range(MAX_STEPS):
        score, information = likelihood.summed(coefficients)
        step = solve(information, score)
        scale = 1.0
        while (new := likelihood.value(coefficients + scale * step)) < value - 1e-12 * abs(value) and scale > 1e-6:
            scale /= 2
        coefficients = coefficients + scale * step
        if np.abs(coefficients).max() > LARGEST_LOG_RATIO:
            raise NoEstimate("no spasm, or nothing but spasms, in one of the windows")
        value = new
        if np.abs(scale * step).max() < 1e-10:
            return coefficients
    raise NoEstimate("the fit did not settle")


def solve(matrix: Floats, vector: Floats) -> Floats:
    """The solution of a linear system. Raises NoEstimate where columns cannot be told apart."""
    if not np.isfinite(matrix).all() or _ill_conditioned(matrix):
        raise NoEstimate("a window or hour cannot be told from the others")
    return np.asarray(np.linalg.solve(matrix, vector), dtype=np.float64)


def _ill_conditioned(matrices: Floats) -> NDArray[np.bool_]:
    """Of symmetric matrices (…, p, p)."""
    values = np.linalg.eigvalsh(matrices)
    ill: NDArray[np.bool_] = values[..., 0] * ILL_CONDITIONED <= values[..., -1]
    return ill


def _jackknife_sandwich(scores: Floats, information: Floats) -> Floats:
    """Covariance from leaving out each day in turn (one-step jackknife, CR3)."""
    total = information.sum(axis=0)
    days = scores.shape[0]
    without = total[None] - information
    # A day that alone carries a coefficient cannot be left out; its plain score is then used. Such a day has a
    # leverage near one in one direction at least, so the others need no closer look.
    suspect = np.flatnonzero(np.einsum("ij,dji->d", np.linalg.inv(total), information) > NEAR_ONE)
    without[suspect[_ill_conditioned(without[suspect])]] = total
    moved = np.linalg.solve(without, scores[:, :, None])[:, :, 0]
    covariance: Floats = (days - 1) / days * moved.T @ moved
    return covariance
