"""The daily judgement of one person: worsening, watch, wearing off, improved, spread.

One test family: the total gets most of α, kinds × sides share the rest by Holm's procedure; when the total is
significant, its share passes on to them. So at most one false alarm is bought with one α a day.

After a botulinum injection the usual 56 days would straddle the cycle. Then "worse" means worse than before the
treatment began, and the return of spasms is judged as wearing off: against the plateau of the same cycle, and against
the equal weeks of the cycle before.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from spasmwatch.domain.alerting.lifecycle import Evidence, Finding, Key, Verdict
from spasmwatch.domain.alerting.parameters import Rules
from spasmwatch.domain.alerting.spread import judge_spread
from spasmwatch.domain.records import Side, SpasmKind
from spasmwatch.domain.trend.comparison import Comparison, cusum_step
from spasmwatch.domain.trend.daybook import Day, DayBook
from spasmwatch.domain.trend.family import judge_family
from spasmwatch.domain.trend.periods import Gates, Periods, detector_since

CALM_P, CALM_RATIO = 0.1, 1.15
"""Above this p-value and below this ratio an alert is over."""
PLATEAU_DAYS = 14
"""Observed days of the plateau, or of the cycle before, that a comparison needs."""
EQUAL_WEEKS = 10
"""Days of the previous cycle on either side that count as the same time in the cycle."""
FRESH_DAYS = 2
WATCH_CALM = 1.0
DETECTOR = "detector"
"""What a fault note about a changed detector is about."""


@dataclass(slots=True)
class Watch:
    """The CUSUM of one person and the day up to which it has gone."""

    level: float = 0.0
    day: date | None = None


class Judge:
    """Judges one person's day book on the morning of ``today``; days before it count."""

    def __init__(self, rules: Rules, person: str, book: DayBook, watch: Watch, injections: Iterable[date]) -> None:
        self._rules, self._person, self._book, self._watch = rules, person, book, watch
        self._injections = sorted(injections)
        worsening = rules.worsening
        self._gates = Gates(worsening.recent_minutes, worsening.recent_observed_days, worsening.baseline_observed_days)

    def judge(self, today: date) -> list[Verdict]:
        """All verdicts of the day; none without fresh data."""
        if not any(day.observed_s > 0 for _, day in self._book.between(today - timedelta(FRESH_DAYS), today)):
            return []
        injection = self.cycle(today)
        periods = self.periods(today)
        verdicts = [self._detector(today, known=periods is not None)]
        if periods is not None:
            total = periods.compare()
            if total is not None:
                verdicts += self._worsening(periods, total, injection)
                verdicts += self._improved(periods, total)
                verdicts += judge_spread(self._rules.spread, self._person, periods)
        verdicts += self._watching(today, injection)
        return verdicts + self._wearing_off(today, injection)

    def cycle(self, today: date) -> date | None:
        """Day of the injection of the present treatment cycle."""
        length = timedelta(self._rules.wearing_off.cycle_days)
        return next((day for day in reversed(self._injections) if day < today <= day + length), None)

    def _untreated_until(self, injection: date) -> date:
        """The first injection of the unbroken row of cycles that this one belongs to.

        The weeks before a later injection lie in the cycle before: part plateau, part return, good for no comparison.
        """
        length = timedelta(self._rules.wearing_off.cycle_days)
        first = injection
        for day in reversed(self._injections):
            if day < first <= day + length:
                first = day
        return first

    def periods(self, today: date) -> Periods | None:
        """The recent days and those they are judged against; None for "not enough data"."""
        recent_from = today - timedelta(self._rules.worsening.recent_days)
        injection = self.cycle(today)
        usual_to = min(recent_from, self._untreated_until(injection)) if injection else recent_from
        usual_from = usual_to - timedelta(self._rules.worsening.baseline_days)
        start = self._comparable_from(usual_from, today)
        usual = self._days(max(usual_from, start), usual_to)
        recent = self._days(max(recent_from, start), today)
        return None if self._gates.lacking(recent, usual) else Periods(recent, usual)

    def lacking(self, today: date) -> str | None:
        """What is missing for a judgement."""
        recent_from = today - timedelta(self._rules.worsening.recent_days)
        usual_from = recent_from - timedelta(self._rules.worsening.baseline_days)
        return self._gates.lacking(self._days(recent_from, today), self._days(usual_from, recent_from))

    def _comparable_from(self, first: date, today: date) -> date:
        """Days before a change of the detector cannot be compared with those after it."""
        return detector_since(self._book.between(first, today)) or first

    def _days(self, first: date, last: date) -> list[Day]:
        return [day for _, day in self._book.between(first, last)]

    def _detector(self, today: date, known: bool) -> Verdict:
        """A note while the detector in use has no usual level of its own: its floor of false findings may differ."""
        days = self._rules.worsening.recent_days + self._rules.worsening.baseline_days
        since = detector_since(self._book.between(today - timedelta(days), today))
        key = Key("fault", self._person, what=DETECTOR)
        if since is None or known:
            return key, "the usual level of this detector is known"
        text = f"the detector changed on {since}: its floor may differ, so trends start anew and need some weeks"
        return key, Finding(key, "info", text, {"cause": DETECTOR, "since": since.isoformat()})

    # Worsening and improved

    def _worsening(self, periods: Periods, total: Comparison, injection: date | None) -> list[Verdict]:
        settings = self._rules.worsening
        against = "before the treatment" if injection else f"in the {settings.baseline_days} days before"
        if not settings.enabled:
            return []
        key = Key("worsening", self._person)
        compared = {name: periods.compare(name) for name in periods.names()}
        cells = {name: comparison for name, comparison in compared.items() if comparison is not None}
        worse = judge_family(total, cells, settings.alpha, settings.ratio)
        if worse.total:
            led = f"; most of all {_pattern(*_cell(worse.cells[0]))}" if worse.cells else ""
            text = f"last {settings.recent_days} days {total.words()} {against}{led}"
            return [(key, Finding(key, "warning", text, total.evidence()))]
        verdicts: list[Verdict] = [(key, _calm(total))]
        for name, comparison in cells.items():
            kind, side = _cell(name)
            cell_key = Key("worsening", self._person, kind, side)
            text = f"{_pattern(kind, side)}: last {settings.recent_days} days {comparison.words()} {against}"
            finding = Finding(cell_key, "warning", text, comparison.evidence())
            verdicts.append((cell_key, finding if name in worse.cells else _calm(comparison)))
        return verdicts

    def _improved(self, periods: Periods, total: Comparison) -> list[Verdict]:
        settings = self._rules.improved
        key = Key("improved", self._person)
        recent_h = sum(day.observed_s for day in periods.recent) / self._rules.worsening.recent_days
        usual_h = sum(day.observed_s for day in periods.usual) / len(periods.usual)
        if not settings.enabled or recent_h < usual_h / 2:
            return [(key, None)]
        if total.ratio <= settings.ratio and total.p_fewer <= settings.alpha:
            text = f"last {self._rules.worsening.recent_days} days {total.words()} before"
            return [(key, Finding(key, "info", text, {**total.evidence(), "p": round(total.p_fewer, 4)}))]
        return [(key, "about as before again" if total.p_fewer > CALM_P else None)]

    # Watch

    def _watching(self, today: date, injection: date | None) -> list[Verdict]:
        """Yesterday's count against the same usual days, added up; quieter and quicker than the weekly comparison."""
        yesterday = today - timedelta(1)
        key = Key("watch", self._person)
        periods = self.periods(today)
        day = self._book.days.get(yesterday)
        if periods is None or day is None or day.observed_s <= 0 or self._watch.day == yesterday or injection:
            return []
        comparison = periods.compare()
        if comparison is None or not self._rules.worsening.enabled:
            return []
        self._watch.day = yesterday
        mean = comparison.usual * Periods([day], periods.usual).recent_hours()
        step = cusum_step(day.total, mean, comparison.dispersion)
        limit = self._rules.worsening.watch_limit
        self._watch.level = min(2 * limit, max(0.0, self._watch.level + step))
        if self._watch.level >= limit:
            text = f"rising for some days: {comparison.words()} before (sum {self._watch.level:.1f}, limit {limit:g})"
            return [(key, Finding(key, "info", text, {**comparison.evidence(), "cusum": self._watch.level}))]
        return [(key, "no longer rising" if self._watch.level < WATCH_CALM else None)]

    # Treatment cycle

    def _wearing_off(self, today: date, injection: date | None) -> list[Verdict]:
        settings = self._rules.wearing_off
        key = Key("wearing_off", self._person)
        if injection is None or not settings.enabled:
            return [(key, "the treatment cycle is over")]
        recent_from = today - timedelta(self._rules.worsening.recent_days)
        plateau_from = injection + timedelta(settings.plateau_from_day)
        if recent_from < plateau_from:
            return [(key, "a new treatment has begun")]
        weeks = (today - injection).days / 7
        plateau_to = min(recent_from, injection + timedelta(settings.plateau_to_day))
        against_plateau = self._against(today, plateau_from, plateau_to, PLATEAU_DAYS)
        against_cycle = self._against_last_cycle(today, injection)
        for comparison, what in ((against_plateau, "the plateau"), (against_cycle, "the same weeks of the last cycle")):
            if comparison and comparison.p_more <= settings.alpha and comparison.ratio >= settings.ratio:
                text = f"{weeks:.0f} weeks after the injection {comparison.words()} in {what}"
                evidence: Evidence = {**comparison.evidence(), "weeks": round(weeks, 1), "against": what}
                return [(key, Finding(key, "warning", text, evidence))]
        return [(key, _calm(against_plateau))]

    def _against(self, today: date, first: date, last: date, usual_days: int) -> Comparison | None:
        recent_from = today - timedelta(self._rules.worsening.recent_days)
        start = self._comparable_from(first, today)
        recent, usual = self._days(recent_from, today), self._days(max(first, start), last)
        gates = Gates(self._gates.minutes, self._gates.days, usual_days)
        return None if gates.lacking(recent, usual) else Periods(recent, usual).compare()

    def _against_last_cycle(self, today: date, injection: date) -> Comparison | None:
        before = [day for day in self._injections if day < injection]
        if not before:
            return None
        same_day = before[-1] + (today - injection)
        first = same_day - timedelta(self._rules.worsening.recent_days + EQUAL_WEEKS)
        last = min(same_day + timedelta(EQUAL_WEEKS), injection)
        return self._against(today, first, last, PLATEAU_DAYS)


def _calm(comparison: Comparison | None) -> str | None:
    if comparison is None or comparison.p_more <= CALM_P or comparison.ratio >= CALM_RATIO:
        return None
    return f"over: {comparison.words()}"


def _cell(name: str) -> tuple[SpasmKind, Side]:
    """Kind and side of a ``<kind>_<side>``."""
    kind, _, side = name.rpartition("_")
    return kind, side  # type: ignore[return-value]


def _pattern(kind: SpasmKind, side: Side) -> str:
    names = {
        "hemifacial": "one-sided pattern",
        "blepharospasm": "both-eyes pattern",
        "tic": "brief repeated movement",
        "unclassified": "other movement",
    }
    return f"{names[kind]} ({side})"
