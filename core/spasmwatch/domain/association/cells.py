"""Observed time and spasms of one trigger, summed over all moments that the model cannot tell apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.association.history import Exposures
from spasmwatch.domain.association.observed import ObservedTime
from spasmwatch.domain.association.windows import Window, inside

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GRID_S: Final = 900.0
"""Every time zone in use is a multiple of a quarter of an hour from UTC, so local days begin on this grid."""
DAY_S: Final = 86400.0
EPOCH_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC).toordinal()


def _offsets(edges: Floats, zone: ZoneInfo) -> Floats:
    """Seconds the local clock is ahead of UTC in each quarter; asked once a day where it does not change."""

    def ahead(moment: float) -> float:
        offset = datetime.fromtimestamp(moment, UTC).astimezone(zone).utcoffset()
        return offset.total_seconds() if offset else 0.0

    a_day = round(DAY_S / GRID_S)
    offsets = np.zeros(edges.size - 1)
    for first in range(0, offsets.size, a_day):
        last = min(first + a_day, offsets.size)
        before, after = ahead(edges[first]), ahead(edges[last])
        offsets[first:last] = before if before == after else [ahead(moment) for moment in edges[first:last]]
    return offsets


@dataclass(frozen=True, slots=True)
class Calendar:
    """Local day (ordinal) and time of day (hours) of each quarter of an hour between ``edges`` (one more of these)."""

    edges: Floats
    day: Ints
    hour: Floats

    @classmethod
    def of(cls, start: float, end: float, zone: ZoneInfo) -> Self:
        """The quarters that cover [start, end), both in seconds since the epoch."""
        edges = np.arange(np.floor(start / GRID_S), np.ceil(end / GRID_S) + 1) * GRID_S
        local = edges[:-1] + _offsets(edges, zone)
        return cls(edges, (local // DAY_S).astype(np.int64) + EPOCH_DAY, local % DAY_S / 3600)

    def place(self, moments: Floats) -> Ints:
        """Index of the quarter of an hour in which each moment lies."""
        return np.clip(np.searchsorted(self.edges, moments, side="right") - 1, 0, self.day.size - 1).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums over n cells.

    Local ``day`` (ordinal), ``hour`` of the day, ``exposed`` (n, windows): whether the cell lies in each window,
    ``beside`` (n, others): whether it lies in the spans of each other trigger, ``dose`` of the last exposure before it
    (NaN where unknown), ``observed`` seconds and ``spasms`` (n, kinds).
    """

    day: Ints
    hour: Floats
    exposed: NDArray[np.bool_]
    beside: NDArray[np.bool_]
    dose: Floats
    observed: Floats
    spasms: Floats


def cells(
    calendar: Calendar,
    observed: ObservedTime,
    spasms: tuple[Floats, ...],
    exposures: Exposures,
    windows: tuple[Window, ...],
    beside: Sequence[tuple[Floats, Floats]] = (),
) -> Cells:
    """Cut observed time at every quarter and every edge of a window, then sum what is alike.

    ``spasms`` holds the moments of each kind in seconds since the epoch; ``windows`` go from near to far; ``beside``
    are first and last moments of the spans of other triggers. Only cells with observed time are returned.
    """
    spans = [window.spans(exposures.start, exposures.end) for window in windows]
    cuts = np.unique(np.concatenate((calendar.edges, *(edge for span in (*spans, *beside) for edge in span))))
    cuts = cuts[(cuts >= calendar.edges[0]) & (cuts <= calendar.edges[-1])]
    seconds = np.diff(observed.until(cuts))
    counts = np.stack([np.histogram(moments, cuts)[0] for moments in spasms], axis=1).astype(float)
    seen = seconds > 0
    middle = ((cuts[:-1] + cuts[1:]) / 2)[seen]
    place = calendar.place(middle)
    exposed = _nearest([inside(middle, *span) for span in spans], windows)
    within = np.stack([np.zeros(middle.size, dtype=bool), *(inside(middle, *span) for span in beside)], axis=1)[:, 1:]
    hour, dose = np.floor(calendar.hour[place]), _last_dose(middle, exposures)
    first, group = _alike(calendar.day[place], hour, dose, *exposed.T, *within.T)
    return Cells(
        day=calendar.day[place][first],
        hour=hour[first] + 0.5,
        exposed=exposed[first],
        beside=within[first],
        dose=dose[first],
        observed=np.bincount(group, seconds[seen], first.size).astype(float),
        spasms=np.stack([np.bincount(group, column[seen], first.size) for column in counts.T], axis=1),
    )


def _alike(*columns: NDArray[Any]) -> tuple[Ints, Ints]:
    """Of rows that agree in all columns the first one's place, and the number of each row's group, days in order."""
    group = np.zeros(columns[0].size, dtype=np.int64)
    for column in columns:
        values = np.unique(column, return_inverse=True)[1]
        # Numbered anew after each column, so that the product cannot overflow.
        group = np.unique(group * (int(values.max(initial=0)) + 1) + values, return_inverse=True)[1]
    return np.unique(group, return_index=True)[1], group


def _nearest(within: list[NDArray[np.bool_]], windows: tuple[Window, ...]) -> NDArray[np.bool_]:
    """After a second exposure the nearer window holds; a window before one stands beside those after another."""
    taken = np.zeros_like(within[0])
    columns = []
    for window, inside_it in zip(windows, within, strict=True):
        columns.append(inside_it if window.is_before else inside_it & ~taken)
        if not window.is_before:
            taken |= inside_it
    return np.stack(columns, axis=1)


def _last_dose(moments: Floats, exposures: Exposures) -> Floats:
    """Dose of the last exposure begun before each moment, NaN where nobody said or there was none."""
    last = np.searchsorted(exposures.start, moments, side="right") - 1
    return np.asarray(np.append(exposures.dose, np.nan)[last])
