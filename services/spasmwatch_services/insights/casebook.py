"""Everything recorded of one person in one period, ready for statistics and report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.association import Exposures, History, ObservedTime
from spasmwatch.domain.exposures import exposures, gaps
from spasmwatch.domain.records import HOME, Alert, Diary, Label, Spasm, Trigger
from spasmwatch.domain.rollups import count, midnight, seen_once
from spasmwatch.errors import UsageError
from spasmwatch.ports import Rate, Store
from spasmwatch_services.insights.reader import COLUMNS, Collected, Minutes, Reader, stretched
from spasmwatch_services.insights.reading import DIARY_FROM

Floats = NDArray[np.float64]

CERTAIN: Final = 0.5
"""A rule's guess below this is no exposure."""


@dataclass(slots=True)
class Casebook:
    """One person's period from ``start`` up to ``end`` (UTC), days in ``zone``.

    ``versions`` maps name and version of each detector to its first sight; ``earlier`` are days before the period, for
    treatments that reach into it.
    """

    person: str
    zone: ZoneInfo
    minutes: Minutes = field(default_factory=Minutes)
    spasms: list[Spasm] = field(default_factory=list)
    labels: dict[tuple[str, str], Label] = field(default_factory=dict)
    diary: list[Diary] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    versions: dict[tuple[str, str], datetime] = field(default_factory=dict)
    earlier: list[Rate] = field(default_factory=list)
    observed: ObservedTime = field(default_factory=lambda: ObservedTime.of([], [], []))

    def column(self, name: str) -> Floats:
        """One of COLUMNS: ``start`` in seconds since the epoch, ``node`` as a number."""
        return column(self.minutes, name)

    @property
    def first(self) -> datetime | None:
        """When observation began; None where there is none."""
        return datetime.fromtimestamp(float(self.observed.edges[0]), UTC) if self.observed.share.size else None

    @property
    def last(self) -> datetime | None:
        """When observation ended."""
        if not self.observed.share.size:
            return None
        return datetime.fromtimestamp(float(self.observed.edges[-1]), UTC) - timedelta(microseconds=1)

    @property
    def recorded(self) -> tuple[datetime, datetime] | None:
        """First and last moment observed; where nothing was, that of the camera's minutes, or of what was logged."""
        if self.first is not None and self.last is not None:
            return self.first, self.last
        span = self.minutes.alone
        if span is None:
            for moment in (*(entry.at for entry in self.diary), *(trigger.time for trigger in self.triggers)):
                span = stretched(span, moment)
        return span

    def rates(self, edges: Sequence[datetime]) -> list[Rate]:
        """Counts and observed time between neighbouring moments."""
        moments = np.array([edge.timestamp() for edge in edges])
        seconds = np.diff(self.observed.until(moments))
        blinks = np.histogram(self.column("start"), moments, weights=self.column("blinks"))[0]
        buckets: dict[int, list[Spasm]] = defaultdict(list)
        starts = np.array([spasm.start.timestamp() for spasm in self.spasms])
        for spasm, place in zip(self.spasms, np.searchsorted(moments, starts, side="right") - 1, strict=True):
            buckets[int(place)].append(spasm)
        return [
            Rate(
                start,
                float(seconds[place]),
                count(buckets[place]),
                sum(spasm.closed_s or 0.0 for spasm in buckets[place]),
                round(float(blinks[place])),
            )
            for place, start in enumerate(edges[:-1])
        ]

    def days(self) -> list[Rate]:
        """Every local day from the first to the last observed one."""
        if self.first is None or self.last is None:
            return []
        return self.rates(days_between(self.first, self.last, self.zone))

    def history(self) -> History:
        """What the statistics of triggers need."""
        kinds: dict[str, list[float]] = defaultdict(list)
        for spasm in self.spasms:
            kinds[spasm.kind or "unclassified"].append(spasm.start.timestamp())
        found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        sensed: set[str] = set()
        silent = np.array([(start.timestamp(), end.timestamp()) for start, end in gaps(self.triggers)]).reshape(-1, 2)
        for exposure in exposures([*self.triggers, *(entry for entry in self.diary if _is_exposure(entry))]):
            if exposure.certainty >= CERTAIN:
                dose = exposure.value
                if dose is None and exposure.kind == "sleep":
                    dose = (exposure.end - exposure.start) / timedelta(hours=1) or None
                if any(source != "diary" for source in exposure.sources):
                    sensed.add(exposure.kind)
                found[exposure.kind].append(
                    (exposure.start.timestamp(), exposure.end.timestamp(), np.nan if dose is None else dose)
                )
        return History(
            self.zone,
            self.observed,
            {kind: np.array(moments) for kind, moments in sorted(kinds.items())},
            {kind: columns(rows) for kind, rows in found.items()},
            np.array([entry.at.timestamp() for entry in self.injections()]),
            (silent[:, 0], silent[:, 1]),
            frozenset(sensed),
        )

    def injections(self) -> list[Diary]:
        """Botulinum treatments logged, oldest first."""
        return [entry for entry in self.diary if entry.kind == "treatment" and entry.subkind == "botulinum"]

    def remedies(self, plain: History) -> History:
        """``plain``, the person's :meth:`history`, with the remedies in place of the triggers."""
        found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
        for entry in self.diary:
            if entry.kind == "remedy":
                at = entry.at.timestamp()
                found[entry.subkind or "remedy"].append((at, at, np.nan))
        return History(plain.zone, plain.observed, plain.spasms, {name: columns(rows) for name, rows in found.items()})


def columns(rows: Sequence[tuple[float, float, float]]) -> Exposures:
    """Rows of start, end and dose as columns."""
    table = np.array(sorted(rows), dtype=float).reshape(-1, 3)
    return Exposures(table[:, 0], table[:, 1], table[:, 2])


def days_between(first: datetime, last: datetime, zone: ZoneInfo) -> list[datetime]:
    """The local midnights around every day from that of ``first`` to that of ``last``, one more than days."""
    day, final = first.astimezone(zone).date(), last.astimezone(zone).date()
    return [midnight(day + timedelta(days=number), zone) for number in range((final - day).days + 2)]


def _is_exposure(entry: Diary) -> bool:
    """Sleep quality is no length of sleep; starting or stopping a medicine is a treatment, not a dose taken."""
    if entry.kind == "sleep":
        return entry.subkind != "quality"
    return entry.kind != "medication" or entry.subkind in (None, "taken")


def column(minutes: Minutes, name: str) -> Floats:
    """One of COLUMNS of some minutes."""
    return np.array(minutes.rows).reshape(-1, len(COLUMNS))[:, COLUMNS.index(name)]


def casebook(reader: Reader, zone: ZoneInfo, home: str, person: str | None = None) -> Casebook:
    """The book of ``person``, or of the one observed most; of ``home`` where the records know it.

    Raises UsageError when the person is not in the records.
    """
    known = [key for key in reader.people if key[1] != HOME]
    here = [key for key in known if key[0] == home] or known
    if person is not None:
        here = [key for key in here if key[1] == person]
        if known and not here:
            raise UsageError(f"no records of {person!r}; known: {', '.join(sorted({key[1] for key in known}))}")
    if not here:
        return Casebook(person or HOME, zone)
    home, person = max(here, key=lambda key: (column(reader.people[key].minutes, "observed").sum(), key))
    mine, shared = reader.people[home, person], reader.people.get((home, HOME), Collected())
    book = _book(person, zone, mine, mine.labels)
    entries = [*mine.entries.values(), *shared.entries.values()]
    end = reader.period.end
    book.diary = sorted(
        (entry for entry in entries if not entry.deleted and (end is None or entry.at < end)),
        key=lambda entry: (entry.at, entry.entry_id),
    )
    book.triggers = [*mine.triggers, *shared.triggers]
    book.alerts = sorted([*mine.alerts, *shared.alerts], key=lambda alert: alert.time)
    if (home, person) in reader.earlier:
        book.earlier = _book(person, zone, reader.earlier[home, person], mine.labels).days()
    return book


def stored_casebook(reader: Reader, store: Store, zone: ZoneInfo, home: str, person: str) -> Casebook:
    """The book of ``person`` from the store; of the time before the period the store's own sums of days are taken."""
    book, period = casebook(reader, zone, home, person), reader.period
    if period.start and period.early and period.early > DIARY_FROM:
        book.earlier = store.rates(person, period.early, period.start, "day", zone.key)
    return book


def _book(person: str, zone: ZoneInfo, found: Collected, labels: dict[tuple[str, str], Label]) -> Casebook:
    minutes = found.minutes
    seen = ObservedTime.of(*(column(minutes, name) for name in ("start", "seconds", "observed", "node")))
    spasms = seen_once([_judged(spasm, labels) for spasm in found.spasms])
    return Casebook(person, zone, minutes, spasms, labels, versions=found.versions, observed=seen)


def _judged(spasm: Spasm, labels: dict[tuple[str, str], Label]) -> Spasm:
    label = labels.get((spasm.node, spasm.spasm_id))
    return spasm if label is None else spasm.model_copy(update={"verdict": label.verdict})
