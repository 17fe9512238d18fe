"""The facts as charts, tables and plain sentences, ready for the template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from spasmwatch import __version__
from spasmwatch.domain.advice import TIERS
from spasmwatch.domain.association import Finding, wording
from spasmwatch.domain.treatments import Cycle
from spasmwatch.ports import Rate
from spasmwatch_services.charts import (
    Chart,
    CycleLine,
    Mark,
    cycles_chart,
    day_hours_chart,
    point,
    rates_chart,
    ratio_strip,
    weekly,
)
from spasmwatch_services.charts.words import count, number
from spasmwatch_services.insights.report.course import FUNCTIONS, Block
from spasmwatch_services.insights.report.facts import ENOUGH_HOURS, Facts
from spasmwatch_services.insights.report.summary import summary
from spasmwatch_services.insights.report.texts import breakable
from spasmwatch_services.insights.report.words import (
    ADVICE,
    CHANGES,
    REASONS,
    RULES,
    days,
    lasted,
    part_of,
    per_hour,
    percent,
    times,
)

SHOWN: Final = 12
"""Rows of a list before it is cut with a note, so that the report stays on two pages."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; ``strip`` is a small picture of an interval, ``strong`` sets it off."""

    cells: tuple[str, ...]
    strip: Chart | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Pages:
    """What the template fills in."""

    facts: Facts
    zone: ZoneInfo
    title: str
    period: str
    seen: str
    version: str

    def summary(self) -> list[str]:
        """What a doctor should know after half a minute."""
        return summary(self.facts)

    def rates(self) -> Chart:
        """Spasms per observed hour by week, or by day in a short period."""
        facts = self.facts
        short = facts.length_d <= 21
        rates = facts.days if short else weekly(facts.days, self.zone)
        return rates_chart(
            [point(rate, dispersion=facts.dispersion) for rate in rates],
            title="Spasms per observed hour",
            zone=self.zone,
            bucket="day" if short else "week",
            begin=rates[0].start,
            marks=self._marks(),
            floor=facts.floor,
        )

    def _marks(self) -> list[Mark]:
        facts = self.facts
        marks = [Mark(_noon(cycle.day, self.zone), "botulinum injection") for cycle in facts.cycles]
        marks += [Mark(when, f"detector {name}") for name, when in facts.versions[1:]]
        marks += [Mark(each.at, each.name) for each in facts.treated]
        begin = facts.days[0].start if facts.days else None
        inside = [mark for mark in marks if begin is None or mark.time >= begin]
        # Injections come first in the list and are never left out for the rest.
        return sorted(inside[:SHOWN], key=lambda mark: mark.time)

    def marks(self) -> list[str]:
        """What the lettered lines of the chart mean."""
        chart = self.rates()
        names = [row[1] for row in chart.rows if row[1][1:2] == ":"]
        return [f"{breakable(name)}, {self.day(mark.time)}" for name, mark in zip(names, self._marks(), strict=False)]

    def patterns(self) -> list[Row]:
        """Pattern by side, each with its rate."""
        hours = self.facts.observed_h
        return [
            Row(
                (
                    wording.KINDS[pattern.kind],
                    *(per_hour(pattern.sides[side], hours) for side in ("left", "right", "both")),
                    per_hour(pattern.count, hours),
                    f"{pattern.median_s:.1f} s",
                    f"{pattern.long_share:.0%}",
                    "yes" if pattern.verified > 0.99 else "no" if pattern.verified == 0 else f"{pattern.verified:.0%}",
                )
            )
            for pattern in self.facts.patterns
        ]

    def course(self) -> list[Row]:
        """Blocks of weeks."""
        return [Row(_block(block, self.facts)) for block in self.facts.blocks]

    def functions(self) -> list[str]:
        """The function scores anybody logged."""
        return [name for name in FUNCTIONS if any(name in block.function for block in self.facts.blocks)]

    def cycles(self) -> list[Row]:
        """The latest treatment cycles in words."""
        return [
            Row(
                (
                    f"{date.fromordinal(cycle.day):%d %b %y}",
                    days(cycle.onset),
                    times(cycle.plateau),
                    lasted(cycle),
                )
            )
            for cycle in self.facts.cycles[-6:]
        ]

    def cycle_chart(self) -> Chart | None:
        """Cycles laid over each other, where there are two weeks of one."""
        days = [*self.facts.earlier, *self.facts.days]
        lines = [line for line in (_cycle_line(cycle, days, self.zone) for cycle in self.facts.cycles) if line]
        return cycles_chart(lines, title="Treatment cycles") if lines else None

    def hours(self) -> Chart | None:
        """The time of day."""
        if not self.facts.hours:
            return None
        points = [point(rate, dispersion=self.facts.dispersion) for rate in self.facts.hours]
        return day_hours_chart(points, title="Time of day")

    def contexts(self) -> str:
        """What the person was doing."""
        facts = self.facts
        if not facts.contexts:
            return ""
        shares = ", ".join(f"{name} {n / facts.spasms:.0%}" for name, n in facts.contexts.most_common())
        return f"During spasms: {shares}. Talking in {facts.talking_share:.0%} of the observed time."

    def triggers(self) -> list[Row]:
        """The declared window of every trigger for all spasms together, then what other windows found."""
        chosen = [each for each in self.facts.findings if each.kind == "all" and each.primary]
        chosen += [each for each in self.facts.findings if not each.primary and each.verdict in ("more", "fewer")]
        return [_finding(each) for each in chosen[:SHOWN]]

    def exposures(self) -> str:
        """What was logged or sensed and may matter, in words."""
        return ", ".join(wording.trigger(each) for each in self.facts.exposures)

    def remedies(self) -> list[Row]:
        """What followed remedies within the hour."""
        return [_finding(each) for each in self.facts.remedies if each.kind == "all" and each.primary][:6]

    def tests(self) -> int:
        """How many comparisons the adjustment covers."""
        return sum(each.p is not None for each in self.facts.findings)

    def symptoms(self) -> list[Row]:
        """Red flags and other symptoms, the pressing ones first, the latest of each tier first."""
        order = {"emergency": 0, "doctor_today": 1, "clinic": 2, None: 3}
        found = sorted(self.facts.symptoms, key=lambda each: (order[each.tier], -each.at.timestamp()))
        return [
            Row((self.day(each.at), each.name, ADVICE.get(each.tier, "–")), strong=order[each.tier] < 2)
            for each in found[:6]
        ]

    def advice(self) -> list[str]:
        """What the diary told the person for the symptoms logged, each tier once."""
        tiers = {each.tier for each in self.facts.symptoms if each.tier}
        return [f"{ADVICE[tier].capitalize()}: {self.facts.advice.text(tier)}" for tier in TIERS if tier in tiers]

    def medicines(self) -> list[Row]:
        """Medication with its changes."""
        return [
            Row(
                (
                    breakable(each.name),
                    str(each.taken),
                    self.day(each.last),
                    breakable("; ".join(each.changes[-4:])) or "–",
                )
            )
            for each in self.facts.medicines[:8]
        ]

    def treated(self) -> list[Row]:
        """Other treatments and changes, before against after."""
        return [
            Row(
                (
                    self.day(each.at),
                    breakable(each.name),
                    wording.interval(each.change.ratio, each.change.low, each.change.high),
                    CHANGES[each.change.verdict],
                )
            )
            for each in self.facts.treated[-6:]
        ]

    def agreement(self) -> str:
        """The home's own check of the camera."""
        home, lines = self.facts.at_home, []
        judged = home.confirmed + home.wrong
        if judged:
            lines.append(f"The household judged {judged} counted spasms: {home.confirmed} confirmed, {home.wrong} not.")
        if home.checks and home.seen.whole:
            lines.append(
                f"In {count(home.checks, 'ten-minute check')} the camera saw {part_of(home.seen)} spasms felt;"
            )
            lines.append(f"{part_of(home.felt)} it counted were felt.")
        return " ".join(lines) or "Nobody has checked the camera against what is felt yet: agreement is unknown."

    def alerts(self) -> list[Row]:
        """The latest alerts."""
        return [
            Row((self.day(each.since), RULES.get(each.rule, each.rule), breakable(each.reason)))
            for each in self.facts.alerts[-5:]
        ]

    def unobserved(self) -> str:
        """Why time was not observed."""
        total = sum(self.facts.unobserved.values())
        if not total:
            return ""
        ranked = sorted(self.facts.unobserved.items(), key=lambda pair: -pair[1])
        return "Time not observed: " + ", ".join(f"{REASONS[why]} {s / total:.0%}" for why, s in ranked if s > 0) + "."

    def versions(self) -> str:
        """Detectors and since when: a change is a breakpoint."""
        return (
            "; ".join(f"{breakable(name)} from {self.day(when)}" for name, when in self.facts.versions[-6:])
            or "none seen"
        )

    def floor(self) -> str:
        """The rate the detector reports where there are no spasms."""
        floor = self.facts.floor
        if floor is None:
            return "What this detector reports where there are no spasms is not measured: low rates say little."
        return f"This detector reports about {number(floor)} an hour where there are no spasms (dotted line)."

    def day(self, when: datetime) -> str:
        """A date at home."""
        return f"{when.astimezone(self.zone):%d %b %Y}"


def pages(facts: Facts, zone: ZoneInfo) -> Pages:
    """The two pages of a report."""
    if not facts.recorded:
        return Pages(facts, zone, f"Facial spasms at home: {facts.person}", _period(facts), "no records", __version__)
    unseen = facts.length_d - facts.observed_days
    hours = f"{facts.observed_h:,.{0 if facts.observed_h >= 10 else 1}f}"
    seen = f"{hours} h observed on {facts.observed_days} of {count(facts.length_d, 'day')}"
    if facts.observed_days:
        seen += f", {facts.observed_h / facts.observed_days:.1f} h a day"
    return Pages(
        facts,
        zone,
        f"Facial spasms at home: {facts.person}",
        _period(facts),
        f"{seen}; {count(unseen, 'day')} without" if unseen else seen,
        __version__,
    )


def _period(facts: Facts) -> str:
    first, last = f"{facts.first:%d %b %Y}", f"{facts.last:%d %b %Y}"
    return first if first == last else f"{first} to {last}"


def _block(block: Block, facts: Facts) -> tuple[str, ...]:
    this = point(block.rate, dispersion=facts.dispersion)
    day = "%d %b %y" if facts.length_d > 366 else "%d %b"
    enough = block.closed_share is not None
    functions = [name for name in FUNCTIONS if any(name in each.function for each in facts.blocks)]
    return (
        f"{block.first:{day}} – {block.last:{day}}",
        f"{block.rate.observed_s / 3600:.0f} h",
        f"{number(this.rate or 0)} ({number(this.low)}–{number(this.high)})" if enough else "too little observed",
        percent(block.closed_share) if block.closed_share is not None else "–",
        f"{block.rate.blinks / (block.rate.observed_s / 60):.0f}" if enough and block.rate.blinks else "–",
        str(block.jrs) if block.jrs is not None else "–",
        *(f"{block.function[name]:.1f}" if name in block.function else "–" for name in functions),
    )


def _noon(day: int, zone: ZoneInfo) -> datetime:
    each = date.fromordinal(day)
    return datetime(each.year, each.month, each.day, 12, tzinfo=zone)


def _cycle_line(cycle: Cycle, days: Sequence[Rate], zone: ZoneInfo) -> CycleLine | None:
    weeks: dict[int, list[Rate]] = {}
    for rate in days:
        since = rate.start.astimezone(zone).date().toordinal() - cycle.day
        if -28 <= since < cycle.followed_d and rate.observed_s:
            weeks.setdefault(since // 7, []).append(rate)
    seen = {
        week: (sum(rate.counts.get("all_all", 0) for rate in rates), sum(rate.observed_s for rate in rates) / 3600)
        for week, rates in sorted(weeks.items())
    }
    enough = {week: n / hours for week, (n, hours) in seen.items() if hours >= ENOUGH_HOURS}
    if sum(week >= 0 for week in enough) < 2:
        return None
    return CycleLine(f"{date.fromordinal(cycle.day):%d %b %y}", tuple(enough), tuple(enough.values()))


def _finding(each: Finding) -> Row:
    strip = None
    found = each.verdict in ("more", "fewer")
    if each.ratio is not None and each.low is not None and each.high is not None:
        name = f"{each.trigger} {each.window} {each.kind}"
        strip = ratio_strip(each.ratio, each.low, each.high, filled=found, name=name)
    verdict = wording.VERDICTS[each.verdict]
    if each.needed:
        verdict += f", about {each.needed} more" if each.needed < 999 else ""
    if each.by_clock:
        verdict += " (same clock times on other days too)"
    what = wording.trigger(each.trigger) + ("" if each.kind == "all" else f", {wording.KINDS[each.kind]}")
    window = wording.STEPS.get(each.trigger, wording.window(each))
    if each.dose_ratio is not None and found:
        dose = wording.interval(each.dose_ratio, each.dose_low, each.dose_high)
        window += f"; {wording.DOSES.get(each.trigger, 'each further unit')} {dose}"
    figures = wording.interval(each.ratio, each.low, each.high)
    return Row((what, window, str(each.exposures), figures, verdict), strip, strong=found)
