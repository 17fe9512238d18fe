"""What the person was exposed to and when: rules' triggers and diary entries, each real event once.

The coffee that the plug saw and that somebody logged minutes later is one exposure. Readings are no exposures.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from spasmwatch.domain.records import Diary, Record, Trigger, TriggerKind

GAP_RULE: Final = "gap"
"""Rule name of the span in which the triggers service heard nothing from the home: neither exposure nor its absence."""

DIARY_KINDS: Final[dict[str, TriggerKind]] = {
    "caffeine": "caffeine",
    "stress": "stress",
    "fatigue": "fatigue",
    "sleep": "sleep",
    "medication": "medication",
}
"""The diary's kinds that are exposures, as trigger kinds."""

SAME_WITHIN: Final = timedelta(minutes=15)
"""Two reports of one kind from different sources this close are one exposure (an engineering choice)."""

LONGEST: Final = timedelta(days=2)
"""How far back an exposure may begin and still touch another."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """One exposure, from ``start`` to ``end`` (the same for a moment).

    ``sources`` are ``<source>:<device>`` of triggers and ``diary``; ``certainty`` is 0–1 and grows with each source;
    ``value`` and ``unit`` are the diary's where a person gave one.
    """

    kind: TriggerKind
    start: datetime
    end: datetime
    sources: tuple[str, ...]
    certainty: float
    value: float | None = None
    unit: str | None = None


def exposures(records: Iterable[Record], same_within: timedelta = SAME_WITHIN) -> list[Exposure]:
    """Exposures in the records of one person and home, by start.

    Diary entries and triggers of one kind are paired within ``same_within``: as many as can be, and of all such
    pairings the closest. Two different devices this close to each other are one as well; one device twice is two. Only
    the highest revision of a diary entry counts, whatever the order; deleted entries are left out.
    """
    sensed: list[Exposure] = []
    entries: dict[str, Diary] = {}
    for record in records:
        if isinstance(record, Trigger) and record.form != "reading" and record.rule != GAP_RULE:
            sensed.append(_from_trigger(record))
        elif isinstance(record, Diary):
            known = entries.get(record.entry_id)
            if known is None or record.revision > known.revision:
                entries[record.entry_id] = record
    logged = [_from_diary(entry) for entry in entries.values() if not entry.deleted and entry.kind in DIARY_KINDS]
    merged: dict[TriggerKind, list[Exposure]] = {}
    for exposure in sorted(sensed, key=_start):
        _join(merged.setdefault(exposure.kind, []), exposure, same_within)
    for exposure in logged:
        merged.setdefault(exposure.kind, []).append(exposure)
    found = (
        exposure
        for kind in merged.values()
        for cluster in _clusters(sorted(kind, key=_start), same_within)
        for exposure in _paired(cluster, same_within)
    )
    return sorted(found, key=_start)


def gaps(records: Iterable[Record]) -> list[tuple[datetime, datetime]]:
    """When the triggers service heard nothing from the home, by start: there the absence of a trigger says nothing."""
    return sorted(
        (record.time, record.end)
        for record in records
        if isinstance(record, Trigger) and record.rule == GAP_RULE and record.end is not None
    )


def _start(exposure: Exposure) -> datetime:
    return exposure.start


def _from_trigger(record: Trigger) -> Exposure:
    return Exposure(
        kind=record.kind,
        start=record.time,
        end=record.end or record.time,
        sources=(f"{record.source}:{record.device}",),
        certainty=record.certainty,
        value=record.value,
        unit=record.unit,
    )


def _from_diary(entry: Diary) -> Exposure:
    # Sleep is logged in hours on waking: the span lies before the entry.
    hours = entry.value if entry.kind == "sleep" and entry.unit in (None, "h") and entry.value else 0.0
    start = entry.at - timedelta(hours=min(max(hours, 0.0), 24.0))
    return Exposure(DIARY_KINDS[entry.kind], start, entry.at, ("diary",), 1.0, entry.value, entry.unit)


def _join(others: list[Exposure], exposure: Exposure, same_within: timedelta) -> None:
    """Put ``exposure`` among the ``others`` of its kind, by start; or let it confirm one that another device saw."""
    first = bisect_left(others, exposure.start - LONGEST, key=_start)
    last = bisect_right(others, exposure.end + same_within, key=_start)
    near = [
        (_distance(others[index], exposure), index)
        for index in range(first, last)
        if not set(others[index].sources) & set(exposure.sources)
    ]
    distance, index = min(near, default=(None, 0))
    if distance is not None and distance <= same_within:
        exposure = _both(others.pop(index), exposure)
    insort(others, exposure, key=_start)


def _clusters(ordered: Iterable[Exposure], same_within: timedelta) -> Iterator[list[Exposure]]:
    """Runs of exposures within ``same_within`` of each other; no pair reaches beyond its own."""
    cluster: list[Exposure] = []
    end = None
    for exposure in ordered:
        if end is not None and exposure.start - end > same_within:
            yield cluster
            cluster, end = [], None
        cluster.append(exposure)
        end = exposure.end if end is None else max(end, exposure.end)
    if cluster:
        yield cluster


def _paired(cluster: list[Exposure], same_within: timedelta) -> list[Exposure]:
    """The triggers and diary entries of one cluster, each with its counterpart where it has one.

    Dynamic programming over both in the order of time, in which pairs do not cross: who drinks first logs first.
    """
    sensed = [one for one in cluster if "diary" not in one.sources]
    logged = [one for one in cluster if "diary" in one.sources]
    # Pairs and minus their seconds apart, of the first so many triggers and entries.
    best = [[(0, 0.0)] * (len(logged) + 1) for _ in range(len(sensed) + 1)]
    for row, trigger in enumerate(sensed, start=1):
        for column, entry in enumerate(logged, start=1):
            best[row][column] = max(best[row - 1][column], best[row][column - 1])
            apart = _distance(trigger, entry)
            if apart <= same_within:
                pairs, closeness = best[row - 1][column - 1]
                best[row][column] = max(best[row][column], (pairs + 1, closeness - apart.total_seconds()))
    found: list[Exposure] = []
    row, column = len(sensed), len(logged)
    while row and column:
        if best[row][column] == best[row - 1][column]:
            row -= 1
            found.append(sensed[row])
        elif best[row][column] == best[row][column - 1]:
            column -= 1
            found.append(logged[column])
        else:
            row, column = row - 1, column - 1
            found.append(_both(sensed[row], logged[column]))
    return [*found, *sensed[:row], *logged[:column]]


def _distance(first: Exposure, second: Exposure) -> timedelta:
    """Time between two exposures; none where they overlap."""
    return max(second.start - first.end, first.start - second.end, timedelta(0))


def _both(first: Exposure, second: Exposure) -> Exposure:
    said = second if second.value is not None and "diary" in second.sources else first
    return replace(
        first,
        start=min(first.start, second.start),
        end=max(first.end, second.end),
        sources=tuple(sorted({*first.sources, *second.sources})),
        certainty=1 - (1 - first.certainty) * (1 - second.certainty),
        value=said.value,
        unit=said.unit,
    )
