"""Keeps the roll-ups true: rewrites every hour and day that new, late or judged records touch."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from spasmwatch.domain.records import Observation, Record, Spasm
from spasmwatch.domain.rollups import (
    LONGEST_OBSERVATION,
    OVERLAP_MARGIN,
    Rollup,
    Span,
    day_of,
    summarise_day,
    summarise_hour,
    touched_hours,
)
from spasmwatch.ports import Rate, Store


class RollupKeeper:
    """Reads what is stored, so that it does not matter in which order or how often records come."""

    def __init__(self, store: Store, home: str, zone: ZoneInfo) -> None:
        self._store, self._home, self._zone = store, home, zone

    def update(self, records: Iterable[Record], not_before: datetime | None = None) -> None:
        """Rewrite what these stored records touch. Raises StoreError.

        Hours that begin before ``not_before`` stay: retention has taken their records.
        """
        people: dict[str, list[Span]] = defaultdict(list)
        for person, start, end in sorted(touched_hours(records, self._zone)):
            if not_before is None or start >= not_before:
                people[person].append((start, end))
        for person, hours in people.items():
            for run in _runs(hours):
                self._store.write(self._hours(person, run))
            days = dict.fromkeys(day_of(start, self._zone) for start, _ in hours)
            for run in _runs(list(days)):
                self._store.write(self._days(person, run))

    def _hours(self, person: str, run: Sequence[Span]) -> list[Rollup]:
        """The roll-ups of hours that follow each other, from one read of what lies in them."""
        start, end = run[0][0], run[-1][1]
        spasms = [
            record
            for record in self._store.read("spasm", person, start - OVERLAP_MARGIN, end + OVERLAP_MARGIN)
            if isinstance(record, Spasm)
        ]
        observations = [
            record
            for record in self._store.read("observation", person, start - LONGEST_OBSERVATION, end)
            if isinstance(record, Observation)
        ]
        return [
            summarise_hour(
                self._home,
                person,
                hour,
                [item for item in spasms if hour[0] - OVERLAP_MARGIN <= item.start < hour[1] + OVERLAP_MARGIN],
                [item for item in observations if item.start < hour[1] and hour[0] < _end(item)],
            )
            for hour in run
        ]

    def _days(self, person: str, run: Sequence[Span]) -> list[Rollup]:
        hours = self._store.rates(person, run[0][0], run[-1][1], "hour", self._zone.key)
        members: dict[datetime, list[Rollup]] = {start: [] for start, _ in run}
        for hour in hours:
            members[day_of(hour.start, self._zone)[0]].append(self._rollup(person, hour))
        return [summarise_day(self._home, person, start, day) for start, day in members.items()]

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


def _end(item: Observation) -> datetime:
    return item.start + timedelta(seconds=item.seconds)


def _runs(spans: Sequence[Span]) -> list[list[Span]]:
    """Sorted spans grouped where one begins as the other ends."""
    runs: list[list[Span]] = []
    for span in spans:
        if runs and runs[-1][-1][1] == span[0]:
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs
