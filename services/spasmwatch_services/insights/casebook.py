"""Everything recorded of one person in one period, read in one pass: minutes as columns, events whole."""

from __future__ import annotations  # array is generic for type checkers only

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.association import Exposures, History, ObservedTime
from spasmwatch.domain.exposures import exposures, gaps
from spasmwatch.domain.records import HOME, Alert, Diary, Label, Observation, Record, Spasm, Trigger
from spasmwatch.domain.rollups import count, seen_once
from spasmwatch.domain.treatments.cycles import BASELINE_D, LONGEST_D
from spasmwatch.errors import UsageError
from spasmwatch.ports import Rate, Store

Floats = NDArray[np.float64]

WHATS: Final = ("observation", "spasm", "label", "diary", "trigger", "alert")
CERTAIN: Final = 0.5
"""A rule's guess below this is no exposure."""
DIARY_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Treatments and medication from before the period still matter in it."""
EARLIER: Final = timedelta(days=BASELINE_D + LONGEST_D)
"""How far before a period the days reach by which a treatment in it is judged."""


COLUMNS: Final = ("start", "seconds", "observed", "blinks", "talking", "node")
"""What is kept of an observation."""


@dataclass(slots=True)
class Minutes:
    """Observations as rows of COLUMNS, one after the other: half a million a year."""

    rows: array[float] = field(default_factory=lambda: array("d"))
    nodes: dict[str, int] = field(default_factory=dict)
    unobserved: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    closed: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    alone: tuple[datetime, datetime] | None = None
    """First and last minute without the person."""

    def add(self, record: Observation) -> None:
        """Keep the figures of one observation; of a minute without the person only why there was none."""
        for reason, seconds in record.unobserved.items():
            self.unobserved[reason] += seconds
        if record.observed_s == 0:
            self.alone = _stretched(self.alone, record.start)
            return
        node = self.nodes.setdefault(record.node, len(self.nodes))
        self.rows.extend(
            (record.start.timestamp(), record.seconds, record.observed_s, record.blinks, record.talking_s, node)
        )
        closed = self.closed
        closed["spasm"] += record.spasm_closed_s
        closed["rest"] += record.rest_closed_s
        closed["unclear"] += record.unclear_closed_s

    def column(self, name: str) -> Floats:
        """One of COLUMNS: ``start`` in seconds since the epoch, ``node`` as a number."""
        return np.array(self.rows).reshape(-1, len(COLUMNS))[:, COLUMNS.index(name)]


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
                span = _stretched(span, moment)
        return span

    def rates(self, edges: Sequence[datetime]) -> list[Rate]:
        """Counts and observed time between neighbouring moments."""
        moments = np.array([edge.timestamp() for edge in edges])
        seconds = np.diff(self.observed.until(moments))
        blinks = np.histogram(self.minutes.column("start"), moments, weights=self.minutes.column("blinks"))[0]
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


def _stretched(span: tuple[datetime, datetime] | None, moment: datetime) -> tuple[datetime, datetime]:
    return (moment, moment) if span is None else (min(span[0], moment), max(span[1], moment))


def columns(rows: Sequence[tuple[float, float, float]]) -> Exposures:
    """Rows of start, end and dose as columns."""
    table = np.array(sorted(rows), dtype=float).reshape(-1, 3)
    return Exposures(table[:, 0], table[:, 1], table[:, 2])


def days_between(first: datetime, last: datetime, zone: ZoneInfo) -> list[datetime]:
    """The local midnights around every day from that of ``first`` to that of ``last``, one more than days."""
    day, final = first.astimezone(zone).date(), last.astimezone(zone).date()
    return [midnight(day + timedelta(days=number), zone) for number in range((final - day).days + 2)]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _is_exposure(entry: Diary) -> bool:
    """Sleep quality is no length of sleep; starting or stopping a medicine is a treatment, not a dose taken."""
    if entry.kind == "sleep":
        return entry.subkind != "quality"
    return entry.kind != "medication" or entry.subkind in (None, "taken")


class Reader:
    """Sorts records by home and person as they come; several people may share a file."""

    def __init__(self, zone: ZoneInfo, start: datetime | None = None, end: datetime | None = None) -> None:
        self._zone, self._start, self._end = zone, start, end
        self._books: dict[tuple[str, str], Casebook] = {}
        self._earlier: dict[tuple[str, str], Casebook] = {}
        self._entries: dict[tuple[str, str], dict[str, Diary]] = defaultdict(dict)

    def take(self, records: Iterable[Record]) -> None:
        """Sort in what counts in the period."""
        for record in records:
            key = record.home, record.person
            book = self._books.get(key) or _book(self._books, record, self._zone)
            if isinstance(record, Observation) and self._inside(record.start):
                _observe(book, record)
            elif isinstance(record, Diary):
                known = self._entries[key].get(record.entry_id)
                if known is None or record.revision > known.revision:
                    self._entries[key][record.entry_id] = record
            elif isinstance(record, Label):
                known_label = book.labels.get((record.spasm_node, record.spasm_id))
                if known_label is None or (record.time, record.id) > (known_label.time, known_label.id):
                    book.labels[record.spasm_node, record.spasm_id] = record
            elif self._inside(record.when):
                _sort_in(book, record)
            elif isinstance(record, Observation | Spasm) and self._shortly_before(record.start):
                _sort_in(_book(self._earlier, record, self._zone), record)

    def _inside(self, time: datetime) -> bool:
        return (self._start is None or time >= self._start) and (self._end is None or time < self._end)

    def _shortly_before(self, time: datetime) -> bool:
        return self._start is not None and self._start - EARLIER <= time < self._start

    def casebook(self, home: str, person: str | None) -> Casebook:
        """The book of ``person``, or of the one observed most; of ``home`` where the records know it.

        Raises UsageError when the person is not in the records.
        """
        keys = [key for key in self._books if key[1] != HOME]
        here = [key for key in keys if key[0] == home] or keys
        if person is not None:
            here = [key for key in here if key[1] == person]
            if keys and not here:
                raise UsageError(f"no records of {person!r}; known: {', '.join(sorted({key[1] for key in keys}))}")
        if not here:
            return Casebook(person or HOME, self._zone)
        key = max(here, key=lambda key: (self._books[key].minutes.column("observed").sum(), key))
        return self._finished(key)

    def _finished(self, key: tuple[str, str]) -> Casebook:
        book, shared = self._books[key], self._books.get((key[0], HOME))
        entries = [*self._entries[key].values(), *self._entries[key[0], HOME].values()]
        book.diary = sorted(
            (entry for entry in entries if not entry.deleted and (self._end is None or entry.at < self._end)),
            key=lambda entry: (entry.at, entry.entry_id),
        )
        if shared is not None:
            book.triggers += shared.triggers
            book.alerts = sorted([*book.alerts, *shared.alerts], key=lambda alert: alert.time)
        _complete(book, book.labels)
        if key in self._earlier:
            _complete(self._earlier[key], book.labels)
            book.earlier = self._earlier[key].days()
        return book


def _book(books: dict[tuple[str, str], Casebook], record: Record, zone: ZoneInfo) -> Casebook:
    key = record.home, record.person
    book = books.get(key)
    if book is None:
        book = books[key] = Casebook(record.person, zone)
    return book


def _complete(book: Casebook, labels: dict[tuple[str, str], Label]) -> None:
    column = book.minutes.column
    book.observed = ObservedTime.of(column("start"), column("seconds"), column("observed"), column("node"))
    book.spasms = seen_once([_judged(spasm, labels) for spasm in book.spasms])


def _observe(book: Casebook, record: Observation) -> None:
    if record.clock_ok:
        book.minutes.add(record)
    if record.observed_s:
        _note_version(book, record)


def _sort_in(book: Casebook, record: Record) -> None:
    if isinstance(record, Observation):
        _observe(book, record)
    elif isinstance(record, Spasm):
        if record.phase == "end":
            book.spasms.append(record)
            _note_version(book, record)
    elif isinstance(record, Trigger):
        if record.form != "reading":
            book.triggers.append(record)
    elif isinstance(record, Alert):
        book.alerts.append(record)


def _note_version(book: Casebook, record: Observation | Spasm) -> None:
    if record.detector is not None:
        version = record.detector.name, record.detector.version
        seen = book.versions.get(version)
        if seen is None or record.start < seen:
            book.versions[version] = record.start


def _judged(spasm: Spasm, labels: dict[tuple[str, str], Label]) -> Spasm:
    label = labels.get((spasm.node, spasm.spasm_id))
    return spasm if label is None else spasm.model_copy(update={"verdict": label.verdict})


def from_records(
    records: Iterable[Record],
    zone: ZoneInfo,
    home: str,
    person: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Casebook:
    """The casebook of one person from records in any order."""
    reader = Reader(zone, start, end)
    reader.take(records)
    return reader.casebook(home, person)


def from_store(store: Store, zone: ZoneInfo, home: str, person: str, start: datetime, end: datetime) -> Casebook:
    """The casebook of one person from the store, which is asked for the period only.

    Of the time before it the diary is read, and the store's own sums of days.
    """
    reader = Reader(zone, start, end)
    for what in WHATS:
        for whose in (person, HOME):
            reader.take(store.read(what, whose, DIARY_FROM if what == "diary" else start, end))
    book = reader.casebook(home, person)
    if start - EARLIER > DIARY_FROM:
        book.earlier = store.rates(person, start - EARLIER, start, "day", zone.key)
    return book
