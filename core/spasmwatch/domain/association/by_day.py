"""Triggers that hold for a whole day (sleep, fatigue): days against each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.association.cells import Calendar
from spasmwatch.domain.association.conditional import NoEstimate
from spasmwatch.domain.association.findings import MIN_SPASMS, Finding
from spasmwatch.domain.association.history import Exposures, History
from spasmwatch.domain.association.negative_binomial import fit
from spasmwatch.domain.association.windows import DAY_LEVEL, NEXT_DAY, SAME_DAY, primary_window

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_DAYS: Final = 14
MIN_OBSERVED_S: Final = 1200.0
"""A day enters with twenty observed minutes."""
WEEKDAYS_FROM: Final = 56
"""From eight weeks on every day of the week has its own level, before that the weekend."""
PHASES_D: Final = (0, 14, 56, 98)
"""Days since the last injection at which a treatment phase begins: onset, plateau, wearing off, worn off."""


@dataclass(frozen=True, slots=True)
class Days:
    """Observed seconds and spasms (days, kinds) of each local day (ordinal) with enough observed time."""

    day: Ints
    observed: Floats
    spasms: Floats
    kinds: tuple[str, ...]


def days_of(history: History, calendar: Calendar) -> Days:
    """The history summed by local day."""
    kinds = tuple(history.kinds)
    seconds = np.diff(history.observed.until(calendar.edges))
    days, group = np.unique(calendar.day, return_inverse=True)
    observed = np.bincount(group, seconds, days.size)
    counts = np.stack(
        [np.bincount(group, np.histogram(history.of_kind(kind), calendar.edges)[0], days.size) for kind in kinds],
        axis=1,
    )
    enough = observed >= MIN_OBSERVED_S
    return Days(days[enough], observed[enough].astype(float), counts[enough].astype(float), kinds)


def compare(history: History, calendar: Calendar, trigger: str) -> list[Finding]:
    """One finding for each kind of spasm on the same and the next day, not yet adjusted."""
    days = days_of(history, calendar)
    doses = _doses(history.exposures[trigger], history.zone)
    covariates = _covariates(days, _local_days(history.injections, history.zone))
    return [
        _finding(trigger, window, days, column, _at(doses, days.day - lag), covariates)
        for column in range(len(days.kinds))
        for lag, window in enumerate((SAME_DAY, NEXT_DAY))
    ]


def _finding(trigger: str, window: str, days: Days, column: int, dose: Floats, covariates: Floats) -> Finding:
    known = np.isfinite(dose)
    spasms = days.spasms[known, column]
    step = DAY_LEVEL[trigger]
    finding = Finding(
        trigger,
        window,
        days.kinds[column],
        window == primary_window(trigger),
        int(known.sum()),
        int(spasms.sum()),
        step=step,
    )
    design = _varying(np.column_stack((dose[known] / step, covariates[known])))
    finding = replace(finding, least=MIN_DAYS + (1 + covariates.shape[1] if design is None else design.shape[1]))
    if design is None or finding.exposures < finding.least or spasms.sum() < MIN_SPASMS:
        return finding
    try:
        result = fit(design, spasms, days.observed[known])
    except NoEstimate:
        return finding
    unit = np.zeros(result.coefficients.size)
    unit[0] = 1.0
    low, high = result.interval(unit)
    value = result.contrast(unit)[0]
    return replace(finding, ratio=math.exp(value), low=math.exp(low), high=math.exp(high), p=result.two_sided_p(unit))


def _local_days(moments: Floats, zone: ZoneInfo) -> Ints:
    """Local days (ordinals), also of moments before and after the observed time."""
    return np.array([datetime.fromtimestamp(float(each), zone).toordinal() for each in moments], dtype=np.int64)


def _doses(exposures: Exposures, zone: ZoneInfo) -> dict[int, float]:
    """Mean dose of each local day; a night's sleep belongs to the day on which it ends."""
    said: dict[int, list[float]] = {}
    for day, dose in zip(_local_days(exposures.end, zone), exposures.dose, strict=True):
        if np.isfinite(dose):
            said.setdefault(int(day), []).append(float(dose))
    return {day: sum(doses) / len(doses) for day, doses in said.items()}


def _at(doses: dict[int, float], days: Ints) -> Floats:
    return np.array([doses.get(int(day), math.nan) for day in days], dtype=float)


def _covariates(days: Days, injections: Ints) -> Floats:
    """Linear trend, day of the week or weekend, and treatment phase, one column each."""
    if days.day.size == 0:
        return np.zeros((0, 0))
    trend = (days.day - days.day.mean()) / max(float(np.ptp(days.day)), 1.0)
    # Ordinal 1 (1 January of year 1) is a Monday.
    weekday = (days.day + 6) % 7
    week = [weekday == each for each in range(1, 7)] if days.day.size >= WEEKDAYS_FROM else [weekday >= 5]
    return np.column_stack([trend, *week, *_phases(days.day, injections)]).astype(float)


def _phases(days: Ints, injections: Ints) -> Sequence[NDArray[np.bool_]]:
    if injections.size == 0:
        return []
    last = np.searchsorted(np.sort(injections), days, side="right") - 1
    since = np.where(last >= 0, days - np.sort(injections)[np.clip(last, 0, None)], -1)
    ends = (*PHASES_D[1:], 10**6)
    return [(since >= begin) & (since < end) for begin, end in zip(PHASES_D, ends, strict=True)]


def _varying(design: Floats) -> Floats | None:
    """The design without columns that repeat others; None where the first, the dose, does not vary on its own."""
    kept: list[int] = []
    for column in range(design.shape[1]):
        with_it = np.column_stack([np.ones(design.shape[0]), design[:, [*kept, column]]])
        if np.linalg.matrix_rank(with_it) == with_it.shape[1]:
            kept.append(column)
        elif column == 0:
            return None
    return design[:, kept]
