"""Time of day as a smooth covariate: without it coffee would be blamed for what mornings do."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

KNOTS: Final = 5
KNOTS_LONG: Final = 7
LONG_S: Final = 400 * 3600.0
"""From 400 observed hours on, what five knots miss of steps within the day would begin to look like a trigger."""


def spline(hour: Floats, weight: Floats) -> Floats:
    """Natural cubic spline of ``hour`` (n,) as up to four (or six) uncorrelated columns of unit spread.

    The five (or seven) knots lie at quantiles of the observed time (``weight``, seconds), so a home that watches only
    evenings spends them there (Harrell, Regression Modeling Strategies, section 2.4.5). No columns where all is one
    hour.
    """
    order = np.argsort(hour)
    level = np.cumsum(weight[order]) / weight.sum()
    knots = KNOTS if weight.sum() < LONG_S else KNOTS_LONG
    wanted = np.linspace(0.05, 0.95, knots)
    places = np.unique(hour[order][np.clip(np.searchsorted(level, wanted), 0, hour.size - 1)])
    columns = [hour]
    if places.size > 2:
        last, before_last = places[-1], places[-2]

        def bend(knot: float) -> Floats:
            rise = np.clip(hour - knot, 0, None) ** 3 - np.clip(hour - last, 0, None) ** 3
            return np.asarray(rise / (last - knot))

        columns += [bend(knot) - bend(before_last) for knot in places[:-2]]
    return _uncorrelated(np.stack(columns, axis=1), weight / weight.sum())


def _uncorrelated(columns: Floats, weight: Floats) -> Floats:
    centred = columns - weight @ columns
    variance, turn = np.linalg.eigh(centred.T @ (centred * weight[:, None]))
    spread = np.sqrt(np.clip(variance, 0, None))
    keep = spread > 1e-6 * max(float(spread[-1]), 1e-3)
    scaled: Floats = (centred @ turn[:, keep]) / spread[keep]
    return scaled
