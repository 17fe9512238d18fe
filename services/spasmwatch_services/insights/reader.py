"""Sorts what was recorded by home and person in one pass: minutes as columns, events whole.

Imported by every process that reads a part: it needs the records and nothing else.
"""

from __future__ import annotations  # array is generic for type checkers only

from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from spasmwatch.domain.records import Alert, Diary, Label, Observation, Record, Spasm, Trigger

COLUMNS: Final = ("start", "seconds", "observed", "blinks", "talking", "node")
"""What is kept of an observation."""


@dataclass(frozen=True, slots=True)
class Period:
    """What counts: from ``start`` up to ``end`` (UTC); of minutes and spasms also what came from ``early`` on."""

    start: datetime | None = None
    end: datetime | None = None
    early: datetime | None = None

    def holds(self, time: datetime) -> bool:
        """Whether a time lies in the period."""
        if self.start is None and self.end is None:
            return True
        # Times of one and the same zone are compared in a tenth of the time.
        time = time.astimezone(UTC)
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)

    def begins_soon_after(self, time: datetime) -> bool:
        """Whether a time lies shortly before the period."""
        return self.start is not None and self.early is not None and self.early <= time < self.start


def _numbers() -> array[float]:
    return array("d")


@dataclass(slots=True)
class Minutes:
    """Observations as rows of COLUMNS, one after the other: half a million a year."""

    rows: array[float] = field(default_factory=_numbers)
    nodes: dict[str, int] = field(default_factory=dict)
    unobserved: dict[str, array[float]] = field(default_factory=lambda: defaultdict(_numbers))
    """Seconds of each minute by reason, not their sum: that would depend on where the records were cut."""
    alone: tuple[datetime, datetime] | None = None
    """First and last minute without the person, until one with the person comes."""

    def add(self, record: Observation) -> None:
        """Keep the figures of one observation; of a minute without the person only why there was none."""
        for reason, seconds in record.unobserved.items():
            self.unobserved[reason].append(seconds)
        if record.observed_s:
            node = self.nodes.setdefault(record.node, len(self.nodes))
            start = record.start.timestamp()
            self.rows.extend((start, record.seconds, record.observed_s, record.blinks, record.talking_s, node))
            self.alone = None
        elif not self.rows:
            self.alone = stretched(self.alone, record.start)

    def merge(self, later: Minutes) -> None:
        """Add what was read after this."""
        for reason, seconds in later.unobserved.items():
            self.unobserved[reason].extend(seconds)
        rows, width = later.rows, len(COLUMNS)
        numbers = [self.nodes.setdefault(node, len(self.nodes)) for node in later.nodes]
        for place in range(width - 1, len(rows), width):
            rows[place] = numbers[int(rows[place])]
        self.rows.extend(rows)
        for moment in later.alone or ():
            self.alone = stretched(self.alone, moment)
        if self.rows:
            self.alone = None


def stretched(span: tuple[datetime, datetime] | None, moment: datetime) -> tuple[datetime, datetime]:
    """``span`` with ``moment`` inside."""
    return (moment, moment) if span is None else (min(span[0], moment), max(span[1], moment))


@dataclass(slots=True)
class Collected:
    """What was recorded of one person, by kind.

    ``versions`` maps name and version of each detector to its first sight; ``labels`` are the latest of each spasm, by
    its node and id; ``entries`` the highest revisions of the diary.
    """

    minutes: Minutes = field(default_factory=Minutes)
    spasms: list[Spasm] = field(default_factory=list)
    labels: dict[tuple[str, str], Label] = field(default_factory=dict)
    entries: dict[str, Diary] = field(default_factory=dict)
    triggers: list[Trigger] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    versions: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def observe(self, record: Observation) -> None:
        """Sort in one minute."""
        if record.clock_ok:
            self.minutes.add(record)
        if record.observed_s:
            self._note_version(record)

    def take(self, record: Record) -> None:
        """Sort in what is no minute."""
        if isinstance(record, Spasm):
            if record.phase == "end":
                self.spasms.append(record)
                self._note_version(record)
        elif isinstance(record, Diary):
            self._enter(record)
        elif isinstance(record, Label):
            self._judge(record)
        elif isinstance(record, Trigger):
            if record.form != "reading":
                self.triggers.append(record)
        elif isinstance(record, Alert):
            self.alerts.append(record)

    def merge(self, later: Collected) -> None:
        """Add what was read after this."""
        self.minutes.merge(later.minutes)
        self.spasms += later.spasms
        self.triggers += later.triggers
        self.alerts += later.alerts
        for label in later.labels.values():
            self._judge(label)
        for entry in later.entries.values():
            self._enter(entry)
        for version, seen in later.versions.items():
            self._see(version, seen)

    def _enter(self, entry: Diary) -> None:
        known = self.entries.get(entry.entry_id)
        if known is None or entry.revision > known.revision:
            self.entries[entry.entry_id] = entry

    def _judge(self, label: Label) -> None:
        known = self.labels.get((label.spasm_node, label.spasm_id))
        if known is None or (label.time, label.id) > (known.time, known.id):
            self.labels[label.spasm_node, label.spasm_id] = label

    def _note_version(self, record: Observation | Spasm) -> None:
        if record.detector is not None:
            self._see((record.detector.name, record.detector.version), record.start)

    def _see(self, version: tuple[str, str], moment: datetime) -> None:
        seen = self.versions.get(version)
        if seen is None or moment < seen:
            self.versions[version] = moment


Person = tuple[str, str]
"""Home and name: several people may share a file."""


@dataclass(slots=True)
class Reader:
    """Everything of a period by person; ``earlier`` are minutes and spasms from shortly before it."""

    period: Period = field(default_factory=Period)
    people: dict[Person, Collected] = field(default_factory=lambda: defaultdict(Collected))
    earlier: dict[Person, Collected] = field(default_factory=lambda: defaultdict(Collected))

    def take(self, records: Iterable[Record]) -> None:
        """Sort in what counts in the period: of diary and labels everything, later ones may correct what lies in it."""
        people, holds = self.people, self.period.holds
        for record in records:
            known = people[record.home, record.person]
            # Most are observations, and asking whether a record is anything else takes longer (pydantic).
            if isinstance(record, Observation):
                if holds(record.start):
                    known.observe(record)
                elif self.period.begins_soon_after(record.start):
                    self.earlier[record.home, record.person].observe(record)
            elif isinstance(record, Diary | Label) or holds(record.when):
                known.take(record)
            elif isinstance(record, Spasm) and self.period.begins_soon_after(record.start):
                self.earlier[record.home, record.person].take(record)

    def merge(self, later: Reader) -> None:
        """Add what was read after this: the outcome is that of one reader for all."""
        for person, found in later.people.items():
            self.people[person].merge(found)
        for person, found in later.earlier.items():
            self.earlier[person].merge(found)
