"""Days of a day book as daily counts and observed hours, corrected for when and before which camera people sat."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from spasmwatch.domain.trend.comparison import Comparison, Floats, compare
from spasmwatch.domain.trend.daybook import Cell, Day

SHRINK_H = 2.0
"""Observed hours of the overall rate that are mixed into the rate of each part of the day."""
ANY_NODE = "*"
"""The camera of cells that come from roll-ups, which do not tell it."""


@dataclass(frozen=True, slots=True)
class Gates:
    """Least data for a judgement: observed minutes and days of the recent period, observed days of the usual one."""

    minutes: float
    days: int
    usual_days: int

    def lacking(self, recent: Sequence[Day], usual: Sequence[Day]) -> str | None:
        """What is missing, as one line; None when there is enough."""
        minutes = sum(day.observed_s for day in recent) / 60
        days = sum(day.observed_s > 0 for day in recent)
        usual_days = sum(day.observed_s > 0 for day in usual)
        if minutes < self.minutes:
            return f"{minutes:.0f} of {self.minutes:.0f} observed minutes"
        if days < self.days:
            return f"{days} of {self.days} observed days"
        return f"{usual_days} of {self.usual_days} days before" if usual_days < self.usual_days else None


class Periods:
    """Recent and usual days of one person, ready to be compared for any kind and side."""

    def __init__(self, recent: Sequence[Day], usual: Sequence[Day]) -> None:
        self.recent = [day for day in recent if day.observed_s > 0]
        self.usual = [day for day in usual if day.observed_s > 0]
        self._by_node = not any(place.endswith(f"/{ANY_NODE}") for day in self.usual for place in day.cells)
        weights, known = self._weights()
        self._hours = _hours(self.recent, weights, known, self._stratum)
        self._usual_hours = _hours(self.usual, weights, known, self._stratum)

    def compare(self, name: str | None = None) -> Comparison | None:
        """All spasms, or those of one ``<kind>_<side>``; None when a period has no observed time."""
        return compare(self.counts(self.recent, name), self._hours, self.counts(self.usual, name), self._usual_hours)

    def recent_hours(self) -> float:
        """Observed hours of the recent days, corrected for the time of day."""
        return float(self._hours.sum())

    def names(self) -> list[str]:
        """Every ``<kind>_<side>`` that was seen in either period."""
        cells = (cell for day in (*self.recent, *self.usual) for cell in day.cells.values())
        return sorted({name for cell in cells for name, count in cell.counts.items() if count > 0})

    def counts(self, days: Sequence[Day], name: str | None) -> Floats:
        """Daily counts."""
        return np.array([day.total if name is None else day.count(name) for day in days], dtype=float)

    def _stratum(self, place: str) -> str:
        return place if self._by_node else place.partition("/")[0]

    def _weights(self) -> tuple[dict[str, float], bool]:
        """How spasm-rich each part of the day and camera usually is, relative to the whole."""
        seconds: dict[str, float] = {}
        spasms: dict[str, int] = {}
        for day in self.usual:
            for place, cell in day.cells.items():
                stratum = self._stratum(place)
                seconds[stratum] = seconds.get(stratum, 0.0) + cell.observed_s
                spasms[stratum] = spasms.get(stratum, 0) + cell.total
        hours, total = sum(seconds.values()) / 3600, sum(spasms.values())
        if hours <= 0 or total <= 0:
            return {}, False
        rate = total / hours
        weights = {
            stratum: (spasms[stratum] + SHRINK_H * rate) / (span / 3600 + SHRINK_H) / rate
            for stratum, span in seconds.items()
        }
        return weights, True


def _hours(days: Sequence[Day], weights: dict[str, float], known: bool, stratum: Callable[[str], str]) -> Floats:
    """Observed hours a day, each weighted by how spasm-rich its part of the day usually is."""

    def weighted(place: str, cell: Cell) -> float:
        return cell.observed_s / 3600 * (weights.get(stratum(place), 1.0) if known else 1.0)

    return np.array([sum(weighted(place, cell) for place, cell in day.cells.items()) for day in days], dtype=float)


def detector_since(days: Sequence[tuple[date, Day]]) -> date | None:
    """First day of the detector that looked last; None when it never changed in these days."""
    named = [(name, day.detector) for name, day in days if day.detector is not None]
    if not named:
        return None
    latest = named[-1][1]
    changed = [index for index, (_, detector) in enumerate(named) if detector != latest]
    return named[changed[-1] + 1][0] if changed else None
