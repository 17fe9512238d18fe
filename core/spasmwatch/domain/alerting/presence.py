"""Silence: a camera that sends nothing (fault) and a camera that sees nobody (blind).

A camera reports every minute, also when nobody is there, so ten minutes without a report are a fault. Cameras that are
only switched on for a while each day are learnt: what is usual for this one, and a half more, is no fault.
"""

import statistics
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from spasmwatch.domain.alerting.lifecycle import Finding, Key
from spasmwatch.domain.alerting.parameters import Blind, Faults
from spasmwatch.domain.records import HOME
from spasmwatch.domain.trend.daybook import DayBook, Minute

LEARNT_DAYS = 14
CHECK_S = 600
"""How often, in seconds of looking, a missing face is judged."""
NOTE_FACTOR, WARN_FACTOR = 1.5, 3.3
"""Silences, as multiples of the usual one, that are a note and a push."""
OFTEN_OFF = timedelta(hours=1)
LEAST_OFF = timedelta(hours=66)
"""A camera that is usually off for longer than OFTEN_OFF each day pushes nobody before LEAST_OFF: two days away from
home are no alarm."""
NEW = timedelta(hours=36)
"""So young a camera has no usual gaps yet; its silence goes on the page but pushes nobody."""


@dataclass(slots=True)
class NodeMemory:
    """One camera: first and last report, and the longest silence that ended on each of the last days (seconds).

    ``interruptions`` counts the silences of the first day, on which nothing else is known about it.
    """

    first: datetime
    last: datetime
    interruptions: int = 0
    gaps: dict[date, float] = field(default_factory=dict)


class CameraSilence:
    """Whether one camera still reports."""

    def __init__(self, settings: Faults, node: str, memory: NodeMemory) -> None:
        self._settings, self._node, self.memory, self.piece = settings, node, memory, f"node/{node}"
        self.key = Key("fault", HOME, node=node, what="silent")
        self._usual: float | None = None
        self._after = timedelta(minutes=settings.after_minutes)

    def observation(self, minute: Minute, now: datetime) -> bool:
        """A report; True when it is fresh, i.e. shows that the camera is alive now."""
        day, memory = minute.day, self.memory
        # With a wrong clock only the arrival tells that it lives.
        end = minute.end if minute.clock_ok and minute.end < now else now
        before = memory.last
        if end > before:
            memory.last = end
        if day not in memory.gaps:
            self._usual = None
            memory.gaps[day] = 0.0
            _keep_latest(memory.gaps, LEARNT_DAYS)
        if minute.start > before:
            self._learn(day, minute.start - before)
        return now - end < self._after

    def _learn(self, day: date, gap: timedelta) -> None:
        gaps = self.memory.gaps
        if len(gaps) == 1 and gap > self._after:
            self.memory.interruptions += 1
        seconds = gap.total_seconds()
        # What is older than all that is remembered, delivered late, is not learnt from.
        if seconds > gaps.get(day, seconds):
            self._usual = None
            gaps[day] = seconds

    def paused(self, now: datetime) -> None:
        """It says that it is paused: no report is expected meanwhile."""
        self.memory.last = max(self.memory.last, now)

    def known(self, now: datetime) -> bool:
        """Whether it is no longer too young to have usual gaps."""
        return now - self.memory.first >= NEW

    def usual_gap(self) -> float:
        """Seconds of silence that are usual at least every other day; 0 for a camera that runs all the time."""
        if self._usual is None:
            days = [self.memory.gaps[day] for day in sorted(self.memory.gaps)]
            if len(days) > 1:
                # The first day began somewhere in its middle and tells little.
                self._usual = statistics.median(days[1:])
            else:
                self._usual = max(days, default=0.0) if self.memory.interruptions > 1 else 0.0
        return self._usual

    def _limits(self) -> tuple[timedelta, timedelta]:
        usual = timedelta(seconds=self.usual_gap())
        least = LEAST_OFF if usual > OFTEN_OFF else timedelta(minutes=self._settings.warn_after_minutes)
        return max(self._after, NOTE_FACTOR * usual), max(least, WARN_FACTOR * usual)

    def due(self, open_as: str | None) -> datetime | None:
        """When silence next matters, given the severity that is already open."""
        note, warn = self._limits()
        if open_as is None:
            return self.memory.last + note
        return max(self.memory.last + warn, self.memory.first + NEW) if open_as == "info" else None

    def check(self, now: datetime) -> Finding | None:
        """A fault, if it has been silent for too long."""
        note, warn = self._limits()
        silence = now - self.memory.last
        if silence < note:
            return None
        push = silence >= warn and self.known(now)
        text = f"camera {self._node}: no report for {_span(silence)} (limit {_span(note)})"
        evidence = {"silence_s": silence.total_seconds(), "limit_s": note.total_seconds()}
        return Finding(self.key, "warning" if push else "info", text, {**evidence, "cause": "silent"})


@dataclass(slots=True)
class FaceMemory:
    """When the person was last seen, since when the camera has looked, and face seconds by hour of the last days."""

    first: datetime | None = None
    last: datetime | None = None
    looked_s: float = 0.0
    paused: bool = False
    hours: dict[date, list[float]] = field(default_factory=dict)


class Blindness:
    """Whether the person is seen as usual, over all cameras."""

    def __init__(self, settings: Blind, person: str, book: DayBook, memory: FaceMemory) -> None:
        self._settings, self._book, self.memory = settings, book, memory
        self.key = Key("blind", person)
        self._profile_of: date | None = None
        self._profile: list[float] = []

    def observation(self, minute: Minute, now: datetime) -> Finding | None:
        """A minute has passed; a finding when the face has been missing for too long."""
        memory, day = self.memory, minute.day
        end = min(minute.end, now)
        face = max(minute.observed_s, minute.face_s)
        self._learn(day, minute.hour, face)
        if memory.first is None:
            memory.first = minute.start
        if memory.last is not None and end < memory.last:
            return None  # delivered late: it says nothing about now
        memory.paused = minute.paused_s > minute.seconds / 2
        if face > 0:
            memory.last, memory.looked_s = end, 0.0
            return None
        if memory.paused:
            return None
        before = memory.looked_s
        memory.looked_s += minute.seconds
        return self._check(end, day) if memory.looked_s // CHECK_S > before // CHECK_S else None

    def _learn(self, day: date, hour: int, face_s: float) -> None:
        hours = self.memory.hours
        if self._profile_of is not None and day < self._profile_of:
            self._profile_of = None
        if day not in hours:
            hours[day] = [0.0] * 24
            _keep_latest(hours, LEARNT_DAYS + 1)
        if day in hours:
            hours[day][hour] += face_s

    @property
    def seen(self) -> bool:
        """Whether the last minute showed a face."""
        return self.memory.last is not None and self.memory.looked_s == 0.0

    def _check(self, now: datetime, day: date) -> Finding | None:
        memory, settings = self.memory, self._settings
        since = memory.last or memory.first
        if since is None:
            return None
        missing = (now - since).total_seconds() / 3600
        if missing < settings.after_h or (memory.last is None and missing < 2 * settings.after_h):
            return None
        usual, expected = self._expected(since, now, day)
        if memory.last is not None and (usual <= 0 or expected < 0.9 * usual):
            return None
        push = missing >= settings.warn_after_h and (usual <= 0 or expected >= 1.9 * usual)
        text = f"no face seen for {_span(now - since)}; by now {expected / 60:.0f} minutes would be usual"
        evidence = {"missing_h": missing, "expected_s": expected, "usual_day_s": usual}
        return Finding(self.key, "warning" if push else "info", text, {**evidence})

    def _expected(self, since: datetime, now: datetime, day: date) -> tuple[float, float]:
        """Face seconds of a usual day, and those that would have been usual since then."""
        profile = self._usual_day(day)
        whole = sum(profile)
        if whole <= 0:
            return 0.0, 0.0
        days, rest = divmod((now - since).total_seconds() / 3600, 24)
        offset = since.astimezone(self._book.zone)
        start = offset.hour + offset.minute / 60
        return whole, days * whole + sum(profile[h % 24] * _part(h, start, start + rest) for h in range(48))

    def _usual_day(self, day: date) -> list[float]:
        """Face seconds by hour, averaged over the days before ``day`` that showed any; worked out once a day."""
        if self._profile_of != day:
            past = [hours for name, hours in self.memory.hours.items() if name < day and any(hours)]
            self._profile = [sum(hours[hour] for hours in past) / max(1, len(past)) for hour in range(24)]
            self._profile_of = day
        return self._profile


def _keep_latest(days: dict[date, Any], number: int) -> None:
    for old in sorted(days)[:-number]:
        del days[old]


def _part(hour: int, start: float, end: float) -> float:
    """Share of the hour from ``hour`` on that lies in [start, end)."""
    return max(0.0, min(hour + 1.0, end) - max(float(hour), start))


def _span(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60:.0f} hours" if minutes < 72 * 60 else f"{minutes / 1440:.0f} days"
