"""The course over the period in at most six blocks of weeks: rate, eyes closed, a JRS-like frequency, function."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import fmean
from typing import Final
from zoneinfo import ZoneInfo

from spasmwatch.domain.records import Diary, Spasm
from spasmwatch.ports import Rate

MOST_BLOCKS: Final = 6
FUNCTIONS: Final = ("reading", "driving", "going_out")
RAISED_BLINKS: Final = 27.0
"""Blinks a minute at rest above which blinking counts as raised (a published cut-off for blepharospasm)."""
LONG_S: Final = 1.0
ENOUGH_S: Final = 7200.0


@dataclass(frozen=True, slots=True)
class Block:
    """Some weeks: ``jrs`` is 0–4 or None where too little was observed; ``function`` maps to mean scores 0–4."""

    first: date
    last: date
    rate: Rate
    long: int
    jrs: int | None
    function: dict[str, float]

    @property
    def closed_share(self) -> float | None:
        """Share of observed time with an eye closed by a spasm."""
        return self.rate.closed_s / self.rate.observed_s if self.rate.observed_s >= ENOUGH_S else None


def course(days: Sequence[Rate], entries: Sequence[Diary], spasms: Sequence[Spasm], zone: ZoneInfo) -> list[Block]:
    """The period cut into whole weeks, as few as needed for six blocks; the last one may be shorter."""
    if not days:
        return []
    weeks = -(-len(days) // (7 * MOST_BLOCKS))
    size = 7 * weeks
    lengths = _lengths(spasms, zone)
    scores = _scores(entries, zone)
    return [_block(days[begin : begin + size], lengths, scores, zone) for begin in range(0, len(days), size)]


def _lengths(spasms: Sequence[Spasm], zone: ZoneInfo) -> dict[date, list[float]]:
    found: dict[date, list[float]] = defaultdict(list)
    for spasm in spasms:
        if spasm.end is not None:
            found[spasm.start.astimezone(zone).date()].append((spasm.end - spasm.start).total_seconds())
    return found


def _scores(entries: Sequence[Diary], zone: ZoneInfo) -> dict[date, list[tuple[str, float]]]:
    found: dict[date, list[tuple[str, float]]] = defaultdict(list)
    for entry in entries:
        if entry.kind == "function" and entry.value is not None:
            found[entry.at.astimezone(zone).date()].append((entry.subkind or "function", entry.value))
    return found


def _block(
    days: Sequence[Rate], lengths: dict[date, list[float]], scores: dict[date, list[tuple[str, float]]], zone: ZoneInfo
) -> Block:
    dates = [_date(day.start, zone) for day in days]
    counts: Counter[str] = Counter()
    for day in days:
        counts.update(day.counts)
    rate = Rate(
        days[0].start,
        sum(day.observed_s for day in days),
        dict(counts),
        sum(day.closed_s for day in days),
        sum(day.blinks for day in days),
    )
    long = sum(length > LONG_S for each in dates for length in lengths.get(each, ()))
    values: dict[str, list[float]] = defaultdict(list)
    for each in dates:
        for name, value in scores.get(each, ()):
            values[name].append(value)
    return Block(
        dates[0], dates[-1], rate, long, jrs_like(rate, long), {name: fmean(all_) for name, all_ in values.items()}
    )


def jrs_like(rate: Rate, long: int) -> int | None:
    """The frequency item of the Jankovic scale as a camera sees it: 0 none to 4 eyes closed most of the time.

    1: blinking raised; 2: flutter, spasms shorter than a second; 3: spasms longer than a second, eyes open more than
    half of the time; 4: closed more than half. Uncalibrated against raters; None where less than two hours were seen.
    """
    if rate.observed_s < ENOUGH_S:
        return None
    if rate.closed_s > rate.observed_s / 2:
        return 4
    if long:
        return 3
    if rate.counts.get("all_all", 0):
        return 2
    return 1 if rate.blinks / (rate.observed_s / 60) > RAISED_BLINKS else 0


def _date(start: datetime, zone: ZoneInfo) -> date:
    return start.astimezone(zone).date()
