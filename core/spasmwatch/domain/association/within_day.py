"""Triggers that come and go within a day: each window against the rest of the same day."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.association.cells import DAY_S, Calendar, Cells, cells
from spasmwatch.domain.association.conditional import Fit, NoEstimate, fit
from spasmwatch.domain.association.findings import MIN_EXPOSURES, MIN_SPASMS, Finding
from spasmwatch.domain.association.history import Exposures, History
from spasmwatch.domain.association.observed import ObservedTime
from spasmwatch.domain.association.time_of_day import spline
from spasmwatch.domain.association.windows import BEFORE, WINDOWS, Window, primary_window

Floats = NDArray[np.float64]

SEEN_S: Final = 300.0
"""An exposure counts for a window of which at least five minutes were observed."""
KEPT_APART: Final = 0.01
"""A farther window joins the hours compared with, unless it differs from them at this level."""
RAISED: Final = 0.05
"""The hour before is raised at this level; then the order of things must be looked at."""
PERHAPS_RAISED: Final = 0.2
"""The hour before joins them too, unless it differs, or may well be raised: hours after it would then look calm."""
CLEARLY_MORE: Final = 0.05
CONTROL_FAILS: Final = 0.01
MAY_MATTER: Final = 0.2
"""Another trigger is held equal where it hints at this level at mattering (Mickey and Greenland 1989)."""
MIN_BESIDE: Final = 8
"""... and this many spasms fell into its window."""
INSEPARABLE: Final = 0.8
"""Two triggers that share this much of their windows cannot be told apart: neither is held equal for the other."""
MIN_WEEKS: Final = 3
"""From three weeks on the control keeps the day of the week too."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All there is about one trigger: cells, exposures seen in each window, and the smooth time of day.

    ``together`` are other triggers that come at the same times, so that the two cannot be told apart; the rest of
    those in ``cells.beside`` are held equal.
    """

    trigger: str
    kinds: tuple[str, ...]
    cells: Cells
    hours: Floats
    seen: tuple[int, ...]
    together: tuple[str, ...] = ()


def compare(history: History, calendar: Calendar, trigger: str, others: Sequence[str] = ()) -> list[Finding]:
    """One finding for each kind of spasm and window, not yet adjusted for the number of comparisons.

    The declared windows of the triggers named in ``others`` are held equal.
    """
    exposures = history.exposures[trigger]
    comparison = prepare(history, calendar, trigger, exposures, others)
    # The real exposures are held equal too: they may lie at the same clock times.
    control = prepare(history, calendar, trigger, _other_days(exposures, calendar), (*others, trigger))
    findings = []
    for kind in comparison.kinds:
        column = comparison.kinds.index(kind)
        for finding in _of_kind(comparison, column):
            findings.append(_controlled(finding, control, column) if finding.primary else finding)  # noqa: PERF401
    return findings


def hints(history: History, calendar: Calendar, trigger: str) -> bool:
    """Whether a trigger, looked at alone, may matter to any kind of spasm, and did not follow from spasms.

    What follows from spasms must not be held equal: it would take away a part of what the true trigger did.
    """
    comparison = prepare(history, calendar, trigger, history.exposures[trigger])
    return any(_hints(comparison, column) for column in range(len(comparison.kinds)))


def _hints(comparison: Comparison, column: int) -> bool:
    declared, before = _index(primary_window(comparison.trigger)), _index(BEFORE.name)
    if comparison.cells.spasms[:, column].sum() < MIN_SPASMS or not usable(comparison, column, declared):
        return False
    chosen = [declared, *([before] if usable(comparison, column, before) else [])]
    try:
        result = windows_fit(comparison, column, chosen)
    except NoEstimate:
        return False
    return result.two_sided_p(_unit(result, 0)) < MAY_MATTER and not _from_before(result, chosen)


def prepare(
    history: History, calendar: Calendar, trigger: str, exposures: Exposures, others: Sequence[str] = ()
) -> Comparison:
    """Cut the history for one trigger."""
    kinds = tuple(history.kinds)
    observed = history.observed_for(trigger)
    cut = cells(
        calendar,
        observed,
        tuple(history.of_kind(kind) for kind in kinds),
        exposures,
        WINDOWS,
        [_declared(other).spans(history.exposures[other].start, history.exposures[other].end) for other in others],
    )
    seen = tuple(_seen(observed, exposures, window) for window in WINDOWS)
    shared = _shared(cut.exposed[:, _index(primary_window(trigger))], cut.beside, cut.observed) >= INSEPARABLE
    together = tuple(other for other, alike in zip(others, shared, strict=True) if alike and other != trigger)
    cut = replace(cut, beside=_distinct(cut.beside[:, ~shared]))
    return Comparison(trigger, kinds, cut, spline(cut.hour, cut.observed), seen, together)


def _declared(trigger: str) -> Window:
    return WINDOWS[_index(primary_window(trigger))]


def _shared(exposed: NDArray[np.bool_], beside: NDArray[np.bool_], observed: Floats) -> Floats:
    """Observed time in the window and in each column beside it, as a share of that in either (others)."""
    both, either = observed @ (exposed[:, None] & beside), observed @ (exposed[:, None] | beside)
    return np.asarray(both / np.maximum(either, 1.0))


def _distinct(columns: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The columns without those that repeat an earlier one: triggers alike to the second are held equal as one."""
    first = [not any(np.array_equal(column, earlier) for earlier in columns.T[:place])
             for place, column in enumerate(columns.T)]  # fmt: skip
    return columns[:, np.array(first, dtype=bool)]


def _seen(observed: ObservedTime, exposures: Exposures, window: Window) -> int:
    first, last = window.spans(exposures.start, exposures.end)
    return int((observed.until(last) - observed.until(first) >= SEEN_S).sum())


def _of_kind(comparison: Comparison, column: int) -> list[Finding]:
    spasms = comparison.cells.spasms[:, column]
    total = int(spasms.sum())
    bare = [
        Finding(
            comparison.trigger,
            window.name,
            comparison.kinds[column],
            window.name == primary_window(comparison.trigger),
            seen,
            total,
            together=comparison.together,
        )
        for window, seen in zip(WINDOWS, comparison.seen, strict=True)
    ]
    if total < MIN_SPASMS:
        return bare
    estimable = [index for index in range(len(WINDOWS)) if usable(comparison, column, index)]
    apart = _kept_apart(comparison, column, estimable)
    return [
        _estimated(comparison, column, finding, estimable, apart) if index in estimable else finding
        for index, finding in enumerate(bare)
    ]


def windows_fit(comparison: Comparison, column: int, windows: Sequence[int], extra: Floats | None = None) -> Fit:
    """The conditional fit of spasms of one kind on some of the windows (the first columns), other triggers and hour.

    Hours in a window that has too little to be estimated are compared with nothing. ``extra`` (cells, m) are further
    columns after the windows. Raises NoEstimate.
    """
    cut = comparison.cells
    chosen = cut.exposed[:, list(windows)]
    left_out = [index for index in range(len(WINDOWS)) if not usable(comparison, column, index)]
    keep = ~cut.exposed[:, left_out].any(axis=1) | chosen.any(axis=1)
    # Where hardly a spasm fell into the window of another trigger, there is nothing to hold equal, and no bound.
    beside = cut.beside[:, cut.spasms[keep, column] @ cut.beside[keep] >= MIN_BESIDE]
    columns = [chosen.astype(float), *([] if extra is None else [extra]), beside.astype(float), comparison.hours]
    return fit(np.hstack(columns)[keep], cut.spasms[keep, column], cut.observed[keep], cut.day[keep])


def usable(comparison: Comparison, column: int, index: int) -> bool:
    """Whether a window has enough exposures, and any spasm: without one its ratio has no bound."""
    within = comparison.cells.exposed[:, index]
    return comparison.seen[index] >= MIN_EXPOSURES and bool(comparison.cells.spasms[within, column].any())


def _kept_apart(comparison: Comparison, column: int, estimable: Sequence[int]) -> set[int]:
    """Windows that differ from the hours outside all windows."""
    try:
        whole = windows_fit(comparison, column, estimable)
    except NoEstimate:
        return set()
    return {index for place, index in enumerate(estimable) if _differs(whole, place, WINDOWS[index])}


def _differs(whole: Fit, place: int, window: Window) -> bool:
    unit = _unit(whole, place)
    p = whole.two_sided_p(unit)
    if not window.is_before:
        return p < KEPT_APART
    return p < (PERHAPS_RAISED if whole.contrast(unit)[0] > 0 else RAISED)


def _estimated(
    comparison: Comparison, column: int, finding: Finding, estimable: Sequence[int], apart: set[int]
) -> Finding:
    index = _index(finding.window)
    nearer = {each for each in estimable if each < (1 if WINDOWS[index].is_before else index)}
    chosen = [index, *sorted((nearer | apart) - {index})]
    try:
        result = windows_fit(comparison, column, chosen)
    except NoEstimate:
        return finding
    unit = _unit(result, 0)
    value, (low, high) = result.contrast(unit)[0], result.interval(unit)
    p = result.two_sided_p(unit)
    reverse = value > 0 and p < RAISED if WINDOWS[index].is_before else _from_before(result, chosen)
    finding = replace(finding, ratio=math.exp(value), low=math.exp(low), high=math.exp(high), p=p, from_before=reverse)
    return _with_dose(comparison, column, finding, chosen) if finding.primary else finding


def _with_dose(comparison: Comparison, column: int, finding: Finding, chosen: Sequence[int]) -> Finding:
    """The ratio for one more cup or point within the window, where doses differ and are known."""
    cut = comparison.cells
    within = cut.exposed[:, chosen[0]] & np.isfinite(cut.dose)
    known = cut.dose[within]
    if known.size < MIN_EXPOSURES or np.ptp(known) == 0:
        return finding
    dose = np.where(within, cut.dose - np.average(known, weights=cut.observed[within]), 0.0)
    try:
        result = windows_fit(comparison, column, chosen, dose[:, None])
    except NoEstimate:
        return finding
    unit = _unit(result, len(chosen))
    low, high = result.interval(unit)
    return replace(
        finding,
        dose_ratio=math.exp(result.contrast(unit)[0]),
        dose_low=math.exp(low),
        dose_high=math.exp(high),
    )


def _from_before(result: Fit, chosen: Sequence[int]) -> bool:
    """Whether the hour before was raised already and the window (first column) is not clearly more."""
    before = _index(BEFORE.name)
    if before not in chosen:
        return False
    earlier = _unit(result, chosen.index(before))
    raised = result.contrast(earlier)[0] > 0 and result.two_sided_p(earlier) < RAISED
    step = _unit(result, 0) - earlier
    more = result.contrast(step)[0] > 0 and result.two_sided_p(step) / 2 < CLEARLY_MORE
    return raised and not more


def _index(name: str) -> int:
    return [window.name for window in WINDOWS].index(name)


def _unit(result: Fit, place: int) -> Floats:
    unit = np.zeros(result.coefficients.size)
    unit[place] = 1.0
    return unit


def _controlled(finding: Finding, control: Comparison, column: int) -> Finding:
    """The negative control: exposures that were none, at the same clock times of other days."""
    if finding.p is None or finding.ratio is None:
        return finding
    try:
        result = windows_fit(control, column, [_index(finding.window)])
    except NoEstimate:
        return finding
    unit = _unit(result, 0)
    same_way = result.contrast(unit)[0] * math.log(finding.ratio) > 0
    return replace(finding, by_clock=same_way and result.two_sided_p(unit) < CONTROL_FAILS)


def _other_days(exposures: Exposures, calendar: Calendar) -> Exposures:
    """Every exposure a week later at the same clock time, those of the last week in the first."""
    days = max(round((calendar.edges[-1] - calendar.edges[0]) / DAY_S), 1)
    shift = (7 if days >= MIN_WEEKS * 7 else 1) * DAY_S
    moved = calendar.edges[0] + (exposures.start - calendar.edges[0] + shift) % (days * DAY_S)
    order = np.argsort(moved, kind="stable")
    length = (exposures.end - exposures.start)[order]
    return Exposures(moved[order], moved[order] + length, exposures.dose[order])
