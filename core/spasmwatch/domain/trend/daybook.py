"""Counts and observed time of one person by home day, part of the day and camera; grown record by record.

Everything a trend is judged on. Its size is bounded: days older than KEPT_DAYS are dropped.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from spasmwatch.domain.records import Observation, Spasm

KEPT_DAYS = 400
"""Long enough to compare equal weeks of two treatment cycles."""
PART_HOURS = 6
"""Parts of the day: night, morning, afternoon, evening; spasms and sitting before the camera both follow them."""
OVERLAP = timedelta(minutes=30)
"""How far back a second camera's view of the same minute or spasm is recognised."""


@dataclass(slots=True)
class Cell:
    """One part of one day before one camera. ``counts`` maps ``<kind>_<side>``, ``regions`` a region to spasms."""

    observed_s: float = 0.0
    closed_s: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    regions: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Spasms of all kinds and sides."""
        return sum(self.counts.values())


@dataclass(slots=True)
class Day:
    """One home day: cells by ``<part>/<node>``, very long spasms, and the detectors that looked, comma-joined."""

    cells: dict[str, Cell] = field(default_factory=dict)
    long: int = 0
    detector: str | None = None

    @property
    def observed_s(self) -> float:
        """Observed time over all parts and cameras, in seconds."""
        return sum(cell.observed_s for cell in self.cells.values())

    @property
    def total(self) -> int:
        """Spasms of all kinds and sides."""
        return sum(cell.total for cell in self.cells.values())

    @property
    def closed_s(self) -> float:
        """Seconds with an eye shut by a spasm."""
        return sum(cell.closed_s for cell in self.cells.values())

    def see(self, detector: str) -> None:
        """Note a detector; two cameras may have two."""
        if self.detector is None:
            self.detector = detector
        elif detector != self.detector and detector not in self.detector.split(", "):
            self.detector = ", ".join(sorted([*self.detector.split(", "), detector]))

    def count(self, cell_name: str) -> int:
        """Spasms of one ``<kind>_<side>``."""
        return sum(cell.counts.get(cell_name, 0) for cell in self.cells.values())


class Minute(NamedTuple):
    """What the rules look at in an observation, worked out once for all of them.

    ``day`` and ``hour`` are those of the start, in the zone of the home that judges it; ``detector`` is its name and
    version. A plain tuple: half a million a year go from the process that reads them to the one that judges.
    """

    id: str
    node: str
    person: str
    start: datetime
    end: datetime
    day: date
    hour: int
    seconds: float
    observed_s: float
    face_s: float
    paused_s: float
    spasm_closed_s: float
    detector: str | None
    clock_ok: bool

    @classmethod
    def of(cls, observation: Observation, zone: tzinfo) -> "Minute":
        """In the home's time zone."""
        detector = observation.detector
        # Times of one and the same zone are compared in a tenth of the time.
        start, local = observation.start.astimezone(UTC), observation.start.astimezone(zone)
        return cls(
            observation.id,
            observation.node,
            observation.person,
            start,
            start + timedelta(seconds=observation.seconds),
            local.date(),
            local.hour,
            observation.seconds,
            observation.observed_s,
            observation.face_s,
            observation.unobserved.get("paused", 0.0),
            observation.spasm_closed_s,
            None if detector is None else f"{detector.name} {detector.version}",
            observation.clock_ok,
        )

    @property
    def known_at(self) -> datetime:
        """When it became known."""
        return self.end


class DayBook:
    """Days of one person. ``touched`` names those changed since it was last emptied, for saving."""

    def __init__(self, zone: tzinfo, long_s: float = 60.0, days: dict[date, Day] | None = None) -> None:
        self.zone, self._long_s = zone, long_s
        self.days: dict[date, Day] = {} if days is None else days
        self.touched: set[date] = set()
        # (minute, node, seconds) and (start, end, kind, side, node) of the last half hour, to merge two cameras.
        self._minutes: deque[tuple[datetime, str, float]] = deque()
        self._spasms: deque[tuple[datetime, datetime, str, str]] = deque()

    def local_day(self, time: datetime) -> date:
        """The home day of an instant."""
        return time.astimezone(self.zone).date()

    def covers(self, time: datetime) -> bool:
        """Whether anything was recorded on that home day."""
        return self.local_day(time) in self.days

    def observe(self, minute: Minute) -> None:
        """Add a minute; time that another camera has already covered adds nothing."""
        day, cell = self._cell(minute.day, minute.hour, minute.node)
        if minute.detector is not None:
            day.see(minute.detector)
        if minute.observed_s > 0:
            cell.closed_s += minute.spasm_closed_s
            cell.observed_s += self._not_yet_seen(minute)

    def add(self, spasm: Spasm) -> bool:
        """Count a spasm; False when another camera has counted the same one."""
        if self._seen_by_another(spasm):
            return False
        self.change(spasm, 1)
        return True

    def change(self, spasm: Spasm, by: int) -> None:
        """Count a spasm (``by`` 1) or take it back (-1), e.g. because a person called it a false alarm."""
        local = spasm.start.astimezone(self.zone)
        day, cell = self._cell(local.date(), local.hour, spasm.node)
        name = f"{spasm.kind}_{spasm.side}"
        cell.counts[name] = max(0, cell.counts.get(name, 0) + by)
        for region in spasm.regions:
            cell.regions[region] = max(0, cell.regions.get(region, 0) + by)
        if spasm.end is not None and (spasm.end - spasm.start).total_seconds() >= self._long_s:
            day.long = max(0, day.long + by)

    def between(self, first: date, last: date) -> list[tuple[date, Day]]:
        """Days with first ≤ day < last that were recorded, oldest first."""
        span = (last - first).days
        return [(day, self.days[day]) for day in (first + timedelta(n) for n in range(span)) if day in self.days]

    def forget_before(self, day: date) -> list[date]:
        """Drop old days; returns them."""
        old = [name for name in self.days if name < day]
        for name in old:
            del self.days[name]
        return old

    def _cell(self, name: date, hour: int, node: str) -> tuple[Day, Cell]:
        day = self.days.get(name)
        if day is None:
            day = self.days[name] = Day()
        self.touched.add(name)
        place = f"{hour // PART_HOURS}/{node}"
        cell = day.cells.get(place)
        if cell is None:
            cell = day.cells[place] = Cell()
        return day, cell

    def _not_yet_seen(self, minute: Minute) -> float:
        """Observed time is the union over cameras: a second view of the same minute adds only what is new."""
        start = minute.start
        others = sum(
            seconds
            for begin, node, seconds in self._minutes
            if node != minute.node and abs((begin - start).total_seconds()) < minute.seconds / 2
        )
        self._minutes.append((start, minute.node, minute.observed_s))
        while self._minutes and start - self._minutes[0][0] > OVERLAP:
            self._minutes.popleft()
        return max(0.0, minute.observed_s - others)

    def _seen_by_another(self, spasm: Spasm) -> bool:
        start, end, what = spasm.start, spasm.end or spasm.start, f"{spasm.kind}_{spasm.side}"
        twin = any(
            node != spasm.node and its == what and begin <= end and finish >= start
            for begin, finish, its, node in self._spasms
        )
        if not twin:
            self._spasms.append((start, end, what, spasm.node))
        while self._spasms and start - self._spasms[0][0] > OVERLAP:
            self._spasms.popleft()
        return twin
