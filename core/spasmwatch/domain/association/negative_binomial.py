"""Negative-binomial regression with a log link: counts of days, which vary more than Poisson."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from spasmwatch.domain.association.conditional import LARGEST_LOG_RATIO, Fit, NoEstimate, solve

Floats = NDArray[np.float64]

DISPERSIONS: Final = (-9.0, 3.0)
"""Searched range of the logarithm of the dispersion (variance = mean + dispersion × mean²)."""
MAX_STEPS: Final = 100


def fit(design: Floats, counts: Floats, observed: Floats) -> Fit:
    """Fit counts ~ negative binomial(observed × exp(intercept + design × coefficients)) by maximum likelihood.

    ``design`` is (n, p) without the intercept; ``observed`` are seconds. The covariance is the sandwich corrected for
    the leverage of each row (HC3, MacKinnon and White 1985). Raises NoEstimate.
    """
    rows, columns = design.shape
    whole = np.column_stack((np.ones(rows), design))
    offset = np.log(observed)

    def loss(log_dispersion: float) -> float:
        return -_likelihood(whole, counts, offset, float(np.exp(log_dispersion)))

    # Imported here: it takes longer than all the rest, and only days of sleep and fatigue need it.
    from scipy.optimize import minimize_scalar

    dispersion = float(np.exp(minimize_scalar(loss, bounds=DISPERSIONS, method="bounded").x))
    coefficients = fixed_dispersion(whole, counts, offset, dispersion)
    mean = np.exp(np.clip(whole @ coefficients + offset, -50, 50))
    weight = mean / (1 + dispersion * mean)
    information = np.linalg.inv(whole.T @ (whole * weight[:, None]))
    leverage = np.clip(weight * np.einsum("ij,jk,ik->i", whole, information, whole), 0, 0.99)
    scores = whole * ((counts - mean) / (1 + dispersion * mean) / (1 - leverage))[:, None]
    covariance = information @ (scores.T @ scores) @ information
    return Fit(coefficients[1:], covariance[1:, 1:], max(rows - columns, 2))


def fixed_dispersion(whole: Floats, counts: Floats, offset: Floats, dispersion: float) -> Floats:
    """Coefficients at a known dispersion; ``whole`` has the intercept as its first column. Raises NoEstimate."""
    coefficients = np.zeros(whole.shape[1])
    coefficients[0] = np.log(max(counts.sum(), 0.5) / np.exp(offset).sum())
    for _ in range(MAX_STEPS):
        mean = np.exp(np.clip(whole @ coefficients + offset, -50, 50))
        weight = mean / (1 + dispersion * mean)
        score = whole.T @ ((counts - mean) / (1 + dispersion * mean))
        step = np.clip(solve(whole.T @ (whole * weight[:, None]), score), -2, 2)
        coefficients = coefficients + step
        if np.abs(coefficients[1:]).max(initial=0) > LARGEST_LOG_RATIO:
            raise NoEstimate("a coefficient has no bound")
        if np.abs(step).max() < 1e-10:
            return coefficients
    raise NoEstimate("the fit did not settle")


def _likelihood(whole: Floats, counts: Floats, offset: Floats, dispersion: float) -> float:
    coefficients = fixed_dispersion(whole, counts, offset, dispersion)
    mean = np.exp(np.clip(whole @ coefficients + offset, -50, 50))
    size = 1 / dispersion
    terms = (
        gammaln(counts + size)
        - gammaln(size)
        - gammaln(counts + 1)
        - size * np.log1p(dispersion * mean)
        + counts * (np.log(dispersion * mean) - np.log1p(dispersion * mean))
    )
    return float(terms.sum())
