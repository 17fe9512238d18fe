"""Negative-binomial regression with a log link: counts of days, which vary more than Poisson."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from spasmwatch.domain.association.conditional import LARGEST_LOG_RATIO, Fit, NoEstimate, solve

Floats = NDArray[np.float64]

DISPERSIONS: Final = (-9.0, 3.0)
"""Searched range of the logarithm of the dispersion (variance = mean + dispersion × mean²)."""
PRECISION: Final = 1e-4
GOLDEN: Final = (5**0.5 - 1) / 2
MAX_STEPS: Final = 100


def fit(design: Floats, counts: Floats, observed: Floats) -> Fit:
    """Fit counts ~ negative binomial(observed × exp(intercept + design × coefficients)) by maximum likelihood.

    ``design`` is (n, p) without the intercept; ``observed`` are seconds. The covariance is the sandwich corrected for
    the leverage of each row (HC3, MacKinnon and White 1985). Raises NoEstimate.
    """
    rows, columns = design.shape
    whole = np.column_stack((np.ones(rows), design))
    offset = np.log(observed)

    coefficients = fixed_dispersion(whole, counts, offset, 1.0)

    def loss(log_dispersion: float) -> float:
        nonlocal coefficients  # those of the last dispersion are near those of this one
        dispersion = float(np.exp(log_dispersion))
        coefficients = fixed_dispersion(whole, counts, offset, dispersion, coefficients)
        return -_likelihood(np.exp(whole @ coefficients + offset), counts, dispersion)

    dispersion = float(np.exp(_lowest(loss, *DISPERSIONS)))
    coefficients = fixed_dispersion(whole, counts, offset, dispersion, coefficients)
    mean = np.exp(np.clip(whole @ coefficients + offset, -50, 50))
    weight = mean / (1 + dispersion * mean)
    information = np.linalg.inv(whole.T @ (whole * weight[:, None]))
    leverage = np.clip(weight * np.einsum("ij,jk,ik->i", whole, information, whole), 0, 0.99)
    scores = whole * ((counts - mean) / (1 + dispersion * mean) / (1 - leverage))[:, None]
    covariance = information @ (scores.T @ scores) @ information
    return Fit(coefficients[1:], covariance[1:, 1:], max(rows - columns, 2))


def _lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is lowest, to 1e-4, by golden sections (Kiefer 1953).

    scipy.optimize has it too, but takes longer to import than everything else here to run.
    """
    inner = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)]
    values = [function(each) for each in inner]
    while high - low > PRECISION:
        if values[0] < values[1]:
            high = inner[1]
            inner = [high - GOLDEN * (high - low), inner[0]]
            values = [function(inner[0]), values[0]]
        else:
            low = inner[0]
            inner = [inner[1], low + GOLDEN * (high - low)]
            values = [values[1], function(inner[1])]
    return (low + high) / 2


def fixed_dispersion(
    whole: Floats, counts: Floats, offset: Floats, dispersion: float, start: Floats | None = None
) -> Floats:
    """Coefficients at a known dispersion, sought from ``start`` on where it is given.

    ``whole`` has the intercept as its first column. Raises NoEstimate.
    """
    coefficients = np.zeros(whole.shape[1]) if start is None else start
    if start is None:
        coefficients[0] = np.log(max(counts.sum(), 0.5) / np.exp(offset).sum())
    for _ in range(MAX_STEPS):
        mean = np.exp(np.clip(whole @ coefficients + offset, -50, 50))
        score = whole.T @ ((counts - mean) / (1 + dispersion * mean))
        # The observed information: with the expected one the steps converge only linearly.
        curvature = mean * (1 + dispersion * counts) / (1 + dispersion * mean) ** 2
        step = np.clip(solve(whole.T @ (whole * curvature[:, None]), score), -2, 2)
        coefficients = coefficients + step
        if np.abs(coefficients[1:]).max(initial=0) > LARGEST_LOG_RATIO:
            raise NoEstimate("a coefficient has no bound")
        if np.abs(step).max() < 1e-10:
            return coefficients
    raise NoEstimate("the fit did not settle")


def _likelihood(mean: Floats, counts: Floats, dispersion: float) -> float:
    size = 1 / dispersion
    terms = (
        gammaln(counts + size)
        - gammaln(size)
        - gammaln(counts + 1)
        - size * np.log1p(dispersion * mean)
        + counts * (np.log(dispersion * mean) - np.log1p(dispersion * mean))
    )
    return float(terms.sum())
