"""Observed time and spasms of one trigger, summed over all moments that the model cannot tell apart."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self
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


NOT_SAID: Final = -1e9


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
    ``dose`` of the last exposure before it (NaN where unknown), ``observed`` seconds and ``spasms`` (n, kinds).
    """

    day: Ints
    hour: Floats
    exposed: NDArray[np.bool_]
    dose: Floats
    observed: Floats
    spasms: Floats


def cells(
    calendar: Calendar,
    observed: ObservedTime,
    spasms: tuple[Floats, ...],
    exposures: Exposures,
    windows: tuple[Window, ...],
) -> Cells:
    """Cut observed time at every quarter and every edge of a window, then sum what is alike.

    ``spasms`` holds the moments of each kind in seconds since the epoch; ``windows`` go from near to far. Only cells
    with observed time are returned.
    """
    spans = [window.spans(exposures.start, exposures.end) for window in windows]
    cuts = np.unique(np.concatenate((calendar.edges, *(edge for span in spans for edge in span))))
    cuts = cuts[(cuts >= calendar.edges[0]) & (cuts <= calendar.edges[-1])]
    seconds = np.diff(observed.until(cuts))
    counts = np.stack([np.histogram(moments, cuts)[0] for moments in spasms], axis=1).astype(float)
    seen = seconds > 0
    middle = ((cuts[:-1] + cuts[1:]) / 2)[seen]
    place = calendar.place(middle)
    exposed = _nearest([inside(middle, *span) for span in spans], windows)
    hour = np.floor(calendar.hour[place])
    key = np.column_stack((calendar.day[place], hour, _last_dose(middle, exposures), exposed))
    alike, group = np.unique(key, axis=0, return_inverse=True)
    group = group.reshape(-1)
    return Cells(
        day=alike[:, 0].astype(np.int64),
        hour=alike[:, 1] + 0.5,
        exposed=alike[:, 3:] > 0,
        dose=np.where(alike[:, 2] == NOT_SAID, np.nan, alike[:, 2]),
        observed=np.bincount(group, seconds[seen], alike.shape[0]).astype(float),
        spasms=np.stack(
            [np.bincount(group, counts[seen, kind], alike.shape[0]) for kind in range(counts.shape[1])], axis=1
        ),
    )


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
    """Dose of the last exposure begun before each moment; NOT_SAID, since NaN is never alike."""
    last = np.searchsorted(exposures.start, moments, side="right") - 1
    doses = np.append(np.nan_to_num(exposures.dose, nan=NOT_SAID), NOT_SAID)
    return np.asarray(doses[last])
