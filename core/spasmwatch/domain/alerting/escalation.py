"""Escalation: a burst, a very long spasm, or eyes shut by spasms most of the time, right now."""

import math
from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from spasmwatch.domain.alerting.lifecycle import Evidence, Finding, Key
from spasmwatch.domain.alerting.parameters import Escalation
from spasmwatch.domain.records import Spasm
from spasmwatch.domain.trend.daybook import Day, DayBook, Minute

USUAL_DAYS = 56
SPREAD_OF_RATES = 0.8
"""Coefficient of variation of the rate between five-minute spells of one person [E]; spasms come in bouts."""
CHANCE = 1e-5
"""Chance that a usual spell shows as many; about 400 spells a month are looked at."""
USUAL_LONG_SPASMS = 2
"""As many very long spasms in the last 28 days make a further one no news."""


@dataclass(slots=True)
class EscalationMemory:
    """The last minutes: sorted (start, spasm id) of spasms, (end, seconds, closed seconds) of observed minutes."""

    spasms: deque[tuple[datetime, str]] = field(default_factory=deque)
    minutes: deque[tuple[datetime, float, float]] = field(default_factory=deque)
    calm_s: float = 0.0


class EscalationRule:
    """Fed with the spasms and observations of one person in the order of arrival."""

    def __init__(self, parameters: Escalation, person: str, book: DayBook, memory: EscalationMemory) -> None:
        self._settings, self._book, self.memory = parameters, book, memory
        self.key = Key("escalation", person)
        self._usual_of: date | None = None
        self._past = (0, 0.0, 0.0, 0)

    def spasm(self, spasm: Spasm, now: datetime) -> Finding | None:
        """A spasm that counts has just been added to the day book."""
        end = spasm.end or spasm.start
        if now - end > timedelta(minutes=self._settings.late_minutes):
            return None  # old news, delivered late: it belongs to the trend only
        # A weak spasm is told after the clear one that it waited for.
        insort(self.memory.spasms, (spasm.start, spasm.spasm_id))
        finding = self._burst(max(end, self.memory.spasms[-1][0])) or self._long(spasm, end)
        if finding is not None:
            self.memory.calm_s = 0.0
        return finding

    def take_back(self, spasm_id: str) -> None:
        """A person said that this was no spasm."""
        self.memory.spasms = deque(entry for entry in self.memory.spasms if entry[1] != spasm_id)

    def observation(self, minute: Minute, now: datetime) -> Finding | None:
        """A minute has passed."""
        end = minute.end
        if minute.observed_s <= 0 or now - end > timedelta(minutes=self._settings.late_minutes):
            return None
        minutes = self.memory.minutes
        minutes.append((end, minute.observed_s, minute.spasm_closed_s))
        while minutes and end - minutes[0][0] >= timedelta(minutes=self._settings.closed_minutes):
            minutes.popleft()
        self.memory.calm_s += minute.observed_s
        finding = self._closed()
        if finding is not None or 2 * self._recent(end) > self._settings.burst_count:
            self.memory.calm_s = 0.0
        return finding

    def calm(self) -> str | None:
        """Why it is over, once enough observed time has passed without it."""
        wanted = self._settings.calm_minutes
        if self.memory.calm_s < wanted * 60:
            return None
        return f"no escalation in the last {wanted:.0f} observed minutes"

    def _recent(self, end: datetime) -> int:
        window = timedelta(minutes=self._settings.burst_minutes)
        spasms = self.memory.spasms
        while spasms and end - spasms[0][0] > window:
            spasms.popleft()
        return len(spasms)

    def _burst(self, end: datetime) -> Finding | None:
        settings = self._settings
        count = self._recent(end)
        if count < settings.burst_count:
            return None
        minutes = settings.burst_minutes
        text = f"{count} spasms within {minutes:g} minutes"
        evidence: Evidence = {"count": count, "minutes": minutes, "rate": count * 60 / minutes}
        past_count, past_s = self._usual(end, count)
        if past_s < settings.usual_minutes * 60:
            text += f"; no usual level yet (fewer than {settings.usual_minutes:g} observed minutes)"
            return Finding(self.key, "warning", text, {**evidence, "coverage_h": past_s / 3600})
        usual = (past_count + 0.5) / past_s * minutes * 60
        if count <= settings.burst_ratio * usual or at_least(count, usual, SPREAD_OF_RATES) > CHANCE:
            return None
        text += f"; usual are {usual:.1f} ({usual * 60 / minutes:.1f} an observed hour, over {past_s / 3600:.0f} h)"
        evidence |= {"baseline": usual * 60 / minutes, "ratio": count / usual, "coverage_h": past_s / 3600}
        return Finding(self.key, "warning", text, evidence)

    def _long(self, spasm: Spasm, end: datetime) -> Finding | None:
        seconds = (end - spasm.start).total_seconds()
        today = self._book.local_day(end)
        if seconds < self._settings.long_s:
            return None
        known = sum(day.long for _, day in self._book.between(today - timedelta(28), today + timedelta(1)))
        if known > USUAL_LONG_SPASMS:
            return None
        text = f"one spasm lasted {seconds:.0f} seconds (limit {self._settings.long_s:g})"
        return Finding(self.key, "warning", text, {"seconds": seconds, "limit": self._settings.long_s})

    def _closed(self) -> Finding | None:
        settings = self._settings
        observed = sum(seconds for _, seconds, _ in self.memory.minutes)
        closed = sum(shut for _, _, shut in self.memory.minutes)
        if observed < settings.closed_minutes * 30 or closed < settings.closed_share * observed:
            return None
        share = closed / observed
        _, past_s, past_closed, _ = self._totals(self.memory.minutes[-1][0])
        usual = past_closed / past_s if past_s >= settings.usual_minutes * 60 else 0.0
        if share < 2 * usual:
            return None
        text = (
            f"eyes shut by spasms {share:.0%} of {observed / 60:.0f} observed minutes"
            f" (limit {settings.closed_share:.0%}, usual {usual:.0%})"
        )
        return Finding(self.key, "warning", text, {"closed_share": share, "baseline": usual, "observed_s": observed})

    def _usual(self, now: datetime, count: int) -> tuple[int, float]:
        """Spasms and observed seconds of the past weeks and of today, without the spell that is being judged."""
        past_count, past_s, _, _ = self._totals(now)
        today = self._book.days.get(self._book.local_day(now), Day())
        spell = self._settings.burst_minutes * 60
        return past_count + max(0, today.total - count), past_s + max(0.0, today.observed_s - spell)

    def _totals(self, now: datetime) -> tuple[int, float, float, int]:
        """Sums over the USUAL_DAYS before today, taken once a day."""
        today = self._book.local_day(now)
        if self._usual_of != today:
            days = [day for _, day in self._book.between(today - timedelta(USUAL_DAYS), today)]
            self._past = (
                sum(day.total for day in days),
                sum(day.observed_s for day in days),
                sum(day.closed_s for day in days),
                sum(day.long for day in days),
            )
            self._usual_of = today
        return self._past


def at_least(count: int, mean: float, variation: float) -> float:
    """P(N ≥ count) for a negative binomial with this mean and coefficient of variation of its rate."""
    if mean <= 0:
        return 0.0 if count > 0 else 1.0
    size = 1 / variation**2
    share = mean / (mean + size)
    term = math.exp(size * math.log1p(-share))
    below = 0.0
    for number in range(count):
        below += term
        term *= (number + size) / (number + 1) * share
    return max(0.0, 1.0 - below)
