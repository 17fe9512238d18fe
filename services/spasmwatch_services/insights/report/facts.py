"""What the report says, as plain values: every number with its observed time, or the reason why there is none."""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from spasmwatch.domain.advice import Advice, Tier
from spasmwatch.domain.agreement import Share, agree
from spasmwatch.domain.association import Calendar, Finding, associations
from spasmwatch.domain.records import SIDES, Diary, Spasm
from spasmwatch.domain.rollups import midnight
from spasmwatch.domain.treatments import Change, Cycle, DailyCounts, before_and_after, cycles
from spasmwatch.domain.treatments.days import ratio_of
from spasmwatch.ports import Rate
from spasmwatch.settings import Settings
from spasmwatch_services.insights.casebook import Casebook
from spasmwatch_services.insights.report.course import Block, course
from spasmwatch_services.insights.report.texts import plain

ENOUGH_HOURS: Final = 2.0
ENOUGH_DAYS: Final = 4
"""Below these the report gives no rate at all: it says what is missing."""
CHECK_MINUTES: Final = 10
RECENT_D: Final = 28


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of spasm: counts by side and the share of spasms whose side is verified."""

    kind: str
    sides: dict[str, int]
    verified: float
    median_s: float
    long_share: float

    @property
    def count(self) -> int:
        """On all sides together."""
        return sum(self.sides.values())


@dataclass(frozen=True, slots=True)
class Symptom:
    """A symptom that a person logged, with its tier; ``tier`` None is one without fixed advice."""

    at: datetime
    name: str
    tier: Tier | None


@dataclass(frozen=True, slots=True)
class Medicine:
    """One medicine as logged: how often taken, and what changed when."""

    name: str
    taken: int
    last: datetime
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Treated:
    """A treatment other than an injection, or a change of medication, with before against after."""

    at: datetime
    name: str
    change: Change


@dataclass(frozen=True, slots=True)
class AtHome:
    """How the household judged what the camera counted, and how its ten-minute checks agree with the camera.

    ``seen``: of the spasms felt during checks those the camera counted; ``felt``: of those it counted the felt ones.
    """

    confirmed: int
    wrong: int
    checks: int
    seen: Share
    felt: Share


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert that fired."""

    since: datetime
    rule: str
    severity: str
    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything on the two pages."""

    person: str
    diagnosis: str | None
    first: date
    last: date
    days: list[Rate]
    earlier: list[Rate]
    dispersion: float
    recent: tuple[float, float, float] | None
    injected: bool
    patterns: list[Pattern]
    blocks: list[Block]
    cycles: list[Cycle]
    treated: list[Treated]
    hours: list[Rate]
    contexts: Counter[str]
    talking_share: float
    exposures: list[str]
    findings: list[Finding]
    remedies: list[Finding]
    symptoms: list[Symptom]
    medicines: list[Medicine]
    at_home: AtHome
    alerts: list[AlertLine]
    unobserved: dict[str, float]
    versions: list[tuple[str, datetime]]
    recorded: bool
    floor: float | None
    advice: Advice

    @property
    def observed_h(self) -> float:
        """Observed hours in the period."""
        return sum(day.observed_s for day in self.days) / 3600

    @property
    def observed_days(self) -> int:
        """Days with any observed time."""
        return sum(day.observed_s > 0 for day in self.days)

    @property
    def spasms(self) -> int:
        """Spasms counted in the period."""
        return sum(pattern.count for pattern in self.patterns)

    @property
    def enough(self) -> bool:
        """Whether there is enough observed time for any rate."""
        return self.observed_h >= ENOUGH_HOURS and self.observed_days >= ENOUGH_DAYS

    @property
    def length_d(self) -> int:
        """Days of the period."""
        return (self.last - self.first).days + 1


def gather(book: Casebook, settings: Settings, first: date | None, last: date | None) -> Facts:
    """All facts of a period; without dates it is the one that was observed, or else recorded."""
    today = datetime.now(UTC).astimezone(book.zone).date()
    begun, ended = (moment.astimezone(book.zone).date() for moment in book.recorded) if book.recorded else (None, None)
    last = last or ended or first or today
    first = first or min(begun or last, last)
    days = book.rates([midnight(first + timedelta(days=n), book.zone) for n in range((last - first).days + 2)])
    counts, longer = daily(days, book), daily([*book.earlier, *days], book)
    injections = [entry.at.astimezone(book.zone).date().toordinal() for entry in book.injections()]
    inside = [entry for entry in book.diary if first <= entry.at.astimezone(book.zone).date() <= last]
    advice, history = settings.advice.read(), book.history()
    return Facts(
        person=plain(settings.insights.name, 100, book.person),
        diagnosis=plain(settings.insights.diagnosis, 200) or None,
        first=first,
        last=last,
        days=days,
        earlier=book.earlier,
        dispersion=_dispersion(counts),
        recent=_recent(counts),
        injected=any(last.toordinal() - 2 * RECENT_D < day <= last.toordinal() for day in injections),
        patterns=_patterns(book.spasms),
        blocks=course(days, inside, book.spasms, book.zone),
        cycles=[cycle for cycle in cycles(longer, injections) if cycle.day + cycle.followed_d >= first.toordinal()],
        treated=_treated(inside, longer, injections, book),
        hours=_by_hour(book),
        contexts=Counter(context for spasm in book.spasms for context in spasm.context),
        talking_share=_share(float(book.column("talking").sum()), float(book.column("observed").sum())),
        exposures=[trigger for trigger, columns in sorted(history.exposures.items()) if columns.start.size],
        findings=associations(history),
        remedies=associations(book.remedies(history)),
        symptoms=_symptoms(inside, advice),
        medicines=_medicines(inside, book.zone),
        at_home=_at_home(book, inside),
        alerts=_alerts(book),
        unobserved={reason: math.fsum(seconds) for reason, seconds in book.minutes.unobserved.items()},
        versions=sorted(
            ((plain(" ".join(name), 40), when) for name, when in book.versions.items()), key=lambda pair: pair[::-1]
        ),
        recorded=book.recorded is not None,
        floor=settings.diary.show_floor,
        advice=advice,
    )


def daily(days: Sequence[Rate], book: Casebook) -> DailyCounts:
    """Days with observed time, for the statistics of treatments."""
    seen = [day for day in days if day.observed_s > 0]
    return DailyCounts(
        np.array([day.start.astimezone(book.zone).date().toordinal() for day in seen], dtype=np.int64),
        np.array([day.counts.get("all_all", 0) for day in seen], dtype=float),
        np.array([day.observed_s for day in seen], dtype=float),
    )


def _dispersion(counts: DailyCounts) -> float:
    """Day-to-day variation beyond chance, four weeks at a time so that a slow change does not count as one."""
    if counts.day.size == 0:
        return 1.0
    starts = range(int(counts.day[0]), int(counts.day[-1]) + 1, RECENT_D)
    parts = [counts.between(start, start + RECENT_D) for start in starts]
    weighted = [(part.dispersion(), part.day.size) for part in parts if part.day.size > 2]
    return sum(value * size for value, size in weighted) / sum(size for _, size in weighted) if weighted else 1.0


def _recent(counts: DailyCounts) -> tuple[float, float, float] | None:
    """The last four weeks against the four before, where both were observed well enough."""
    if counts.day.size == 0:
        return None
    end = int(counts.day[-1]) + 1
    late, early = counts.between(end - RECENT_D, end), counts.between(end - 2 * RECENT_D, end - RECENT_D)
    if min(late.day.size, early.day.size) < ENOUGH_DAYS or min(late.observed.sum(), early.observed.sum()) < 7200:
        return None
    return ratio_of(late, early)


def _patterns(spasms: Sequence[Spasm]) -> list[Pattern]:
    kinds: dict[str, list[Spasm]] = defaultdict(list)
    for spasm in spasms:
        kinds[spasm.kind or "unclassified"].append(spasm)
    found = []
    for kind, members in kinds.items():
        lengths = [(spasm.end - spasm.start).total_seconds() for spasm in members if spasm.end]
        sides = Counter(spasm.side for spasm in members)
        found.append(
            Pattern(
                kind,
                {side: sides[side] for side in SIDES},
                _share(sum(spasm.side_verified for spasm in members), len(members)),
                statistics.median(lengths),
                _share(sum(length > 1 for length in lengths), len(lengths)),
            )
        )
    return sorted(found, key=lambda pattern: -pattern.count)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _by_hour(book: Casebook) -> list[Rate]:
    """Counts and observed time of each hour of the local day, all days together; 24 of them."""
    if book.first is None or book.last is None:
        return []
    calendar = Calendar.of(book.first.timestamp(), book.last.timestamp(), book.zone)
    hour = calendar.hour.astype(int)
    observed = np.bincount(hour, np.diff(book.observed.until(calendar.edges)), 24)
    starts = np.array([spasm.start.timestamp() for spasm in book.spasms])
    counts = np.bincount(hour[calendar.place(starts)], minlength=24)
    return [Rate(book.first, float(observed[each]), {"all_all": int(counts[each])}, 0.0, 0) for each in range(24)]


def _symptoms(entries: Sequence[Diary], advice: Advice) -> list[Symptom]:
    return [
        Symptom(entry.at, advice.name(entry.subkind or "symptom"), advice.tier(entry.subkind))
        for entry in entries
        if entry.kind == "symptom" and entry.subkind not in ("felt_spasm", "help")
    ]


def _medicines(entries: Sequence[Diary], zone: ZoneInfo) -> list[Medicine]:
    named: dict[str, list[Diary]] = defaultdict(list)
    for entry in entries:
        if entry.kind == "medication":
            named[plain(entry.text, 60, "unnamed")].append(entry)
    return [
        Medicine(
            name,
            sum(entry.subkind in (None, "taken") for entry in members),
            members[-1].at,
            tuple(_change(entry, zone) for entry in members if entry.subkind not in (None, "taken")),
        )
        for name, members in sorted(named.items())
    ]


def _change(entry: Diary, zone: ZoneInfo) -> str:
    dose = f" {entry.value:g} {plain(entry.unit, 16)}".rstrip() if entry.value is not None else ""
    return f"{(entry.subkind or '').replace('_', ' ')}{dose} {entry.at.astimezone(zone):%d %b %y}"


def _treated(entries: Sequence[Diary], counts: DailyCounts, injections: Sequence[int], book: Casebook) -> list[Treated]:
    """Other treatments and starts, stops and changes of medication."""
    found = []
    for entry in entries:
        changed = entry.kind == "medication" and entry.subkind not in (None, "taken")
        if not changed and (entry.kind != "treatment" or entry.subkind == "botulinum"):
            continue
        name = (entry.subkind or entry.kind).replace("_", " ")
        if changed:
            name = f"{plain(entry.text, 40, 'medication')} {name}"
        day = entry.at.astimezone(book.zone).date().toordinal()
        found.append(Treated(entry.at, name, before_and_after(counts, day, tuple(injections))))
    return found


def _at_home(book: Casebook, entries: Sequence[Diary]) -> AtHome:
    verdicts = Counter(label.verdict for label in book.labels.values())
    presses = [entry.at for entry in entries if (entry.kind, entry.subkind) == ("symptom", "felt_spasm")]
    ends = [entry for entry in entries if (entry.kind, entry.subkind) == ("note", "check")]
    starts = [spasm.start for spasm in book.spasms]
    checks = []
    for end in ends:
        start = end.at - timedelta(minutes=end.value or CHECK_MINUTES)
        checks.append(
            agree(
                [press for press in presses if start <= press <= end.at],
                book.spasms[bisect_left(starts, start) : bisect_right(starts, end.at)],
                float(np.diff(book.observed.until([start.timestamp(), end.at.timestamp()]))[0]),
            )
        )
    return AtHome(
        verdicts["confirmed"],
        verdicts["false_alarm"] + verdicts["voluntary"],
        len(checks),
        Share(sum(check.seen.part for check in checks), sum(check.seen.whole for check in checks)),
        Share(sum(check.felt.part for check in checks), sum(check.felt.whole for check in checks)),
    )


def _alerts(book: Casebook) -> list[AlertLine]:
    """Every alert once, at its first firing, oldest first."""
    fired: dict[str, AlertLine] = {}
    for alert in book.alerts:
        if alert.state == "firing" and alert.alert_id not in fired:
            fired[alert.alert_id] = AlertLine(alert.since, alert.rule, alert.severity, plain(alert.reason, 110))
    return sorted(fired.values(), key=lambda line: line.since)
