"""Writes records together with the roll-ups of every hour and day that they touch, be they new, late or judged."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from spasmwatch.domain.records import Label, Observation, Record, Spasm
from spasmwatch.domain.rollups import (
    LONGEST_OBSERVATION,
    LONGEST_SPASM,
    OVERLAP_MARGIN,
    Rollup,
    Span,
    day_of,
    hours_between,
    reach,
    summarise_day,
    summarise_hour,
)
from spasmwatch.ports import Rate, Store

REMEMBERED_S = 30.0
"""How long what lies in an hour is remembered before the store is asked again."""
REMEMBERED = 5000
"""How many records are remembered: a backlog of months must not fill the memory."""
SETTLE_S = 5.0
"""Where several recorders write, an hour is summed up again after this time: two may have done so at once."""

Place = tuple[str, Span]
"""A person and an hour."""


@dataclass(slots=True)
class _Hour:
    """What lies in one hour or reaches into it, by id."""

    spasms: dict[str, Spasm] = field(default_factory=dict)
    observations: dict[str, Observation] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        if isinstance(record, Spasm):
            self.spasms.setdefault(record.id, record)
        elif isinstance(record, Observation):
            self.observations.setdefault(record.id, record)


class RollupKeeper:
    """The order and the number of arrivals do not matter: roll-ups are made from all that lies in an hour.

    One that writes ``alone`` remembers what lies in the hours of the last half minute, and so writes records and
    roll-ups in one go; reading back what was just written would cost more than writing it.
    """

    def __init__(self, store: Store, home: str, zone: ZoneInfo, *, alone: bool = True) -> None:
        self._store, self._home, self._zone, self._alone = store, home, zone, alone
        self._last: Span | None = None
        self._hours: dict[Place, _Hour] = {}
        self._days: dict[tuple[str, datetime], dict[datetime, Rollup]] = {}
        self._remembered_since = time.monotonic()
        self._remembered = 0
        self._unsettled: dict[Place, float] = {}
        self._labels: dict[tuple[str, str], Label] | None = None

    def write(self, records: Sequence[Record], not_before: datetime | None = None) -> None:
        """Store records and the roll-ups of what they touch. Raises StoreError, StoreRejected.

        Hours that begin before ``not_before`` stay: retention has taken their records.
        """
        placed = [(record, self._hours_of(record)) for record in records]
        touched = {
            (record.person, hour): isinstance(record, Label)
            for judging in (False, True)
            for record, hours in placed
            if isinstance(record, Label) == judging
            for hour in hours
            if not_before is None or hour[0] >= not_before
        }
        # A verdict is applied by the store: what it touches can be summed up only afterwards.
        later = {place for place, judged in touched.items() if judged or not self._alone}
        now = touched.keys() - later
        try:
            self._forget_old(len(records))
            self._read(now - self._hours.keys())
            for record, hours in placed:
                for hour in hours:
                    if (known := self._hours.get((record.person, hour))) is not None:
                        known.add(self._judged(record))
            self._store.write([*records, *self._rollups(now)])
            self._note(record for record in records if isinstance(record, Label))
            self._sum_up_again(later)
        except BaseException:
            # Whether the store has them is not known: ask it next time.
            self._forget()
            self._labels = None
            raise
        if not self._alone:
            self._unsettled.update(dict.fromkeys(touched, time.monotonic() + SETTLE_S))

    def _judged(self, record: Record) -> Record:
        """A spasm with its verdict: its label may have come first, even long ago."""
        if not isinstance(record, Spasm) or not self._alone:
            return record
        if self._labels is None:
            self._labels = {}
            self._note(label for label in self._store.everything("label") if isinstance(label, Label))
        label = self._labels.get((record.node, record.spasm_id))
        return record if label is None else record.model_copy(update={"verdict": label.verdict})

    def _note(self, labels: Iterable[Label]) -> None:
        """Remember the latest label of each spasm; people judge few."""
        if self._labels is not None:
            for label in labels:
                key = label.spasm_node, label.spasm_id
                known = self._labels.get(key)
                if known is None or (label.time, label.id) > (known.time, known.id):
                    self._labels[key] = label

    def settle(self) -> None:
        """Sum up again what another recorder may have summed up at the same time. Raises StoreError."""
        due = {place for place, when in self._unsettled.items() if when <= time.monotonic()}
        if due:
            self._sum_up_again(due)
            for place in due:
                del self._unsettled[place]

    def _sum_up_again(self, places: set[Place]) -> None:
        if places:
            for person, (start, _) in places:
                self._days.pop((person, day_of(start, self._zone)[0]), None)
            self._read(places)
            self._store.write(self._rollups(places))

    def _hours_of(self, record: Record) -> Sequence[Span]:
        span = reach(record)
        if span is None:
            return ()
        if self._last is None or span[0] < self._last[0] or span[1] >= self._last[1]:
            hours = list(hours_between(*span, self._zone))
            self._last = hours[-1]
            return hours
        return (self._last,)

    def _read(self, places: Iterable[Place]) -> None:
        """Ask the store what lies in these hours."""
        people: dict[str, list[Span]] = defaultdict(list)
        for person, hour in sorted(places):
            people[person].append(hour)
            self._hours[person, hour] = _Hour()
        for person, hours in people.items():
            for start, end in _runs(hours):
                self._place(person, self._store.read("spasm", person, start - LONGEST_SPASM, end + OVERLAP_MARGIN))
                self._place(person, self._store.read("observation", person, start - LONGEST_OBSERVATION, end))

    def _place(self, person: str, records: Iterable[Record]) -> None:
        for record in records:
            for hour in self._hours_of(record):
                if (known := self._hours.get((person, hour))) is not None:
                    known.add(record)

    def _rollups(self, places: Iterable[Place]) -> list[Rollup]:
        """The hours, and the days that they lie in."""
        hours = [
            summarise_hour(self._home, person, hour, known.spasms.values(), known.observations.values())
            for person, hour in sorted(places)
            if (known := self._hours[person, hour])
        ]
        days = {}
        for hour in hours:
            start, end = day_of(hour.start, self._zone)
            members = self._day(hour.person, start, end)
            members[hour.start] = hour
            days[hour.person, start] = members
        return [
            *hours,
            *(summarise_day(self._home, person, start, members.values()) for (person, start), members in days.items()),
        ]

    def _day(self, person: str, start: datetime, end: datetime) -> dict[datetime, Rollup]:
        """The hours of a day as far as they are known."""
        if (person, start) not in self._days:
            rates = self._store.rates(person, start, end, "hour", self._zone.key)
            self._days[person, start] = {rate.start: self._rollup(person, rate) for rate in rates}
        return self._days[person, start]

    def _rollup(self, person: str, rate: Rate) -> Rollup:
        return Rollup(
            bucket="hour",
            home=self._home,
            person=person,
            start=rate.start,
            observed_s=rate.observed_s,
            counts=rate.counts,
            closed_s=rate.closed_s,
            blinks=rate.blinks,
        )

    def _forget_old(self, coming: int) -> None:
        self._remembered += coming
        too_old = time.monotonic() - self._remembered_since > REMEMBERED_S
        if too_old or self._remembered > REMEMBERED or not self._alone:
            self._forget()
            self._remembered = coming

    def _forget(self) -> None:
        self._hours.clear()
        self._days.clear()
        self._remembered_since = time.monotonic()


def _runs(hours: Sequence[Span]) -> list[Span]:
    """Sorted hours put together where one begins as the other ends."""
    runs: list[Span] = []
    for start, end in hours:
        if runs and runs[-1][1] == start:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs
