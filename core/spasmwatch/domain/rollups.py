"""Counts and observed time of an hour or a local day, side by side: what every rate is read from.

Hours are counted from the home's local midnight, so they tile each local day exactly, also where a zone is half an
hour off or a day has 23 or 25 hours; a day is the sum of its hours.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, PlainSerializer

from spasmwatch.domain.records import (
    SIDES,
    SPASM_KINDS,
    Label,
    Name,
    Observation,
    Part,
    Record,
    Spasm,
    rfc3339,
)

COUNTS: Final[tuple[str, ...]] = tuple(f"{kind}_{side}" for kind in (*SPASM_KINDS, "all") for side in (*SIDES, "all"))
"""The names of all counts: ``<kind>_<side>``, ``<kind>_all``, ``all_<side>``, ``all_all``."""

RAW: Final = ("spasm", "observation", "trigger", "label", "health", "trend", "insight")
"""What a set retention removes from a store; diary, alerts and roll-ups stay."""

HOUR: Final = timedelta(hours=1)
LONGEST_OBSERVATION: Final = HOUR
OVERLAP_MARGIN: Final = timedelta(minutes=1)
"""How far over the edge of an hour spasms of two cameras may hang together."""
LONGEST_SPASM: Final = HOUR
"""How far back spasms are looked for that reach into an hour."""


class Rollup(Part):
    """One bucket of one person.

    ``counts`` maps ``<kind>_<side>``, ``<kind>_all``, ``all_<side>`` and ``all_all`` to numbers of spasms;
    zero counts may be left out. ``closed_s`` is the time with an eye shut by a spasm.
    """

    bucket: Literal["hour", "day"]
    home: Name
    person: Name
    # No ``Time``: the hour of the earliest time that a record may have begins before it.
    start: Annotated[AwareDatetime, PlainSerializer(rfc3339, return_type=str)]
    observed_s: Annotated[float, Field(ge=0)]
    counts: dict[str, Annotated[int, Field(ge=0)]]
    closed_s: Annotated[float, Field(ge=0)]
    blinks: Annotated[int, Field(ge=0)]

    @property
    def when(self) -> datetime:
        """The start of the bucket, by which it is stored."""
        return self.start


Span = tuple[datetime, datetime]
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def day_of(time: datetime, zone: ZoneInfo) -> Span:
    """The local day that holds ``time``: its first instant and that of the next day, in UTC."""
    day = time.astimezone(zone).date()
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def hour_of(time: datetime, zone: ZoneInfo) -> Span:
    """The hour, counted from local midnight, that holds ``time``: its first instant and the next hour's, in UTC."""
    first, following = day_of(time, zone)
    start = first + (time - first) // HOUR * HOUR
    return start, min(start + HOUR, following)


def hours_between(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Span]:
    """The hours that touch [start, end], oldest first; at least the one that holds ``start``."""
    hour = hour_of(start, zone)
    yield hour
    while hour[1] <= end:
        hour = hour_of(hour[1], zone)
        yield hour


def reach(record: Record) -> Span | None:
    """First and last moment whose hours' roll-ups a record may change; None for a kind that is not counted."""
    if isinstance(record, Observation):
        return record.start, record.end - timedelta(microseconds=1)
    if isinstance(record, Spasm) and record.end is not None:
        return record.start - OVERLAP_MARGIN, record.end + OVERLAP_MARGIN
    if isinstance(record, Label):
        return record.start - OVERLAP_MARGIN, record.start + OVERLAP_MARGIN
    return None


def summarise_hour(
    home: str, person: str, hour: Span, spasms: Iterable[Spasm], observations: Iterable[Observation]
) -> Rollup:
    """The roll-up of one hour.

    ``spasms`` and ``observations`` are those whose :func:`reach` touches it, so that neighbouring hours share out what
    lies across their edge.
    """
    start, end = hour
    seen = [spasm for spasm in seen_once(spasms) if start <= spasm.start < end]
    observed_s, blinks = _observed(observations, start, end)
    return Rollup(
        bucket="hour",
        home=home,
        person=person,
        start=start,
        observed_s=observed_s,
        counts=count(seen),
        closed_s=round(sum(spasm.closed_s or 0.0 for spasm in seen), 6),
        blinks=blinks,
    )


def summarise_day(home: str, person: str, start: datetime, hours: Iterable[Rollup]) -> Rollup:
    """The roll-up of the local day that begins at ``start``, from its hours."""
    counts: Counter[str] = Counter()
    observed_s = closed_s = 0.0
    blinks = 0
    for hour in hours:
        counts.update(hour.counts)
        observed_s += hour.observed_s
        closed_s += hour.closed_s
        blinks += hour.blinks
    return Rollup(
        bucket="day",
        home=home,
        person=person,
        start=start,
        observed_s=round(observed_s, 6),
        counts=dict(counts),
        closed_s=round(closed_s, 6),
        blinks=blinks,
    )


def end_of_days(end: datetime, zone: ZoneInfo) -> datetime:
    """Up to when hours are needed to sum up the days that start before ``end``."""
    return day_of(end - timedelta(microseconds=1), zone)[1]


def days_in(hours: Iterable[Rollup], zone: ZoneInfo, start: datetime, end: datetime) -> list[Rollup]:
    """Hours summed up to the days of any zone that start in [start, end), for a reader in another zone than the home.

    ``hours`` are those from ``start`` to :func:`end_of_days`.
    """
    days: dict[datetime, list[Rollup]] = defaultdict(list)
    for hour in hours:
        days[day_of(hour.start, zone)[0]].append(hour)
    return [
        summarise_day(members[0].home, members[0].person, first, members)
        for first, members in days.items()
        if start <= first < end
    ]


def count(spasms: Iterable[Spasm]) -> dict[str, int]:
    """Number of spasms by kind and side and their sums; zero counts are left out."""
    counts: Counter[str] = Counter()
    for spasm in spasms:
        for kind in (spasm.kind, "all"):
            for side in (spasm.side, "all"):
                counts[f"{kind}_{side}"] += 1
    return dict(counts)


def seen_once(spasms: Iterable[Spasm]) -> list[Spasm]:
    """The spasms that count, by start; where cameras saw the same ones, those of the camera that saw most.

    Spasms of one kind and side that overlap in time hang together; within such a cluster one camera speaks for all.
    """
    series: dict[tuple[str | None, str | None], list[Spasm]] = defaultdict(list)
    for spasm in spasms:
        if spasm.counts:
            series[spasm.kind, spasm.side].append(spasm)
    chosen = [spasm for members in series.values() for cluster in _clusters(members) for spasm in _spokesman(cluster)]
    return sorted(chosen, key=lambda spasm: (spasm.start, spasm.id))


def _clusters(spasms: list[Spasm]) -> Iterator[list[Spasm]]:
    cluster: list[Spasm] = []
    reach = _NEVER
    for spasm in sorted(spasms, key=lambda spasm: (spasm.start, spasm.id)):
        if cluster and spasm.start > reach:
            yield cluster
            cluster = []
        cluster.append(spasm)
        reach = max(reach, spasm.end or spasm.start)
    if cluster:
        yield cluster


def _spokesman(cluster: list[Spasm]) -> list[Spasm]:
    nodes = Counter(spasm.node for spasm in cluster)
    most = min(nodes, key=lambda node: (-nodes[node], node))
    return [spasm for spasm in cluster if spasm.node == most]


def _observed(observations: Iterable[Observation], start: datetime, end: datetime) -> tuple[float, int]:
    """Observed seconds and blinks within [start, end): the union over cameras.

    Where several observations cover the same moments, the one that saw the larger share of them counts.
    """
    spans = []
    for item in observations:
        begin, finish = max(item.start, start), min(item.end, end)
        if item.clock_ok and begin < finish:
            spans.append((begin, finish, min(1.0, item.observed_s / item.seconds), item.blinks / item.seconds))
    spans.sort()
    if all(span[1] <= following[0] for span, following in pairwise(spans)):
        # One camera, the usual case: nothing to share out, and less work.
        pieces = [((finish - begin).total_seconds(), share, blink_rate) for begin, finish, share, blink_rate in spans]
    else:
        pieces = _pieces(spans)
    observed_s = sum(length * share for length, share, _ in pieces)
    blinks = sum(length * blink_rate for length, _, blink_rate in pieces)
    return round(observed_s, 6), round(blinks)


def _pieces(spans: Sequence[tuple[datetime, datetime, float, float]]) -> list[tuple[float, float, float]]:
    """(seconds, share observed, blinks a second) between all beginnings and ends: the best of those that overlap."""
    edges = sorted({edge for begin, finish, _, _ in spans for edge in (begin, finish)})
    best = [(0.0, 0.0)] * max(0, len(edges) - 1)
    for begin, finish, share, blink_rate in spans:
        for index in range(bisect_left(edges, begin), bisect_left(edges, finish)):
            best[index] = max(best[index], (share, blink_rate))
    lengths = [(after - before).total_seconds() for before, after in pairwise(edges)]
    return [(length, *both) for length, both in zip(lengths, best, strict=True)]
