"""The summary at the head of the report, in plain sentences."""

from datetime import date
from typing import Final

from spasmwatch.domain.association import wording
from spasmwatch_services.charts.words import count, number
from spasmwatch_services.insights.report.facts import ENOUGH_DAYS, ENOUGH_HOURS, Facts
from spasmwatch_services.insights.report.words import STATES, times, wore_off

MOST_SENTENCES: Final = 4
"""On triggers in the summary, which is read in half a minute."""


def summary(facts: Facts) -> list[str]:
    """What a doctor should know after half a minute."""
    if not facts.enough:
        return [_missing(facts), *_flags(facts)]
    rate = facts.spasms / facts.observed_h
    lines = [f"{count(facts.spasms, 'spasm')} in {facts.observed_h:,.0f} observed hours: {number(rate)} an hour."]
    if facts.patterns:
        lines.append(_mainly(facts))
    lines += [_recent(facts), *_treatments(facts), *_triggers(facts), *_flags(facts)]
    return [line for line in lines if line]


def _missing(facts: Facts) -> str:
    seen = f"{facts.observed_h:.1f} hours on {count(facts.observed_days, 'day')}"
    if not facts.recorded:
        seen = "nothing is recorded, neither time of a camera nor an entry in the diary"
    return (
        f"Not enough was observed to give rates: {seen}. "
        f"It takes at least {ENOUGH_HOURS:.0f} hours on at least {ENOUGH_DAYS} days. "
        "A day without observation is no day without spasms."
    )


def _mainly(facts: Facts) -> str:
    first = facts.patterns[0]
    side = max(first.sides, key=first.sides.__getitem__)
    text = f"{first.count / facts.spasms:.0%} were of the {wording.KINDS[first.kind]}"
    if first.kind != "blepharospasm" and first.count:
        text += f", {first.sides[side] / first.count:.0%} of these on {'the ' if side != 'both' else ''}{_side(side)}"
        text += _unverified(first.verified)
    return text + "."


def _unverified(share: float) -> str:
    if share > 0.99:
        return ""
    return f" (side verified in {share:.0%} only)" if share >= 0.005 else " (side not verified)"


def _side(side: str) -> str:
    return "both sides" if side == "both" else f"patient's {side}"


def _recent(facts: Facts) -> str:
    if facts.recent is None:
        return "The last four weeks cannot be compared with the four before: too little was observed in one of them."
    ratio, low, high = facts.recent
    figures = wording.interval(ratio, low, high)
    what = "no clear change" if low <= 1 <= high else "more" if ratio > 1 else "fewer"
    note = " (with an injection in these weeks)" if facts.injected else ""
    return f"Last four weeks against the four before: {what}, {figures} times as many{note}."


def _treatments(facts: Facts) -> list[str]:
    lines = []
    for cycle in facts.cycles[-2:]:
        name = f"Injection of {date.fromordinal(cycle.day):%d %b %Y}"
        if cycle.state in ("lasted", "still_there"):
            lines.append(f"{name}: {times(cycle.plateau)} times the rate before it; {wore_off(cycle)}.")
        else:
            lines.append(f"{name}: {STATES[cycle.state]}.")
    return lines


def _triggers(facts: Facts) -> list[str]:
    primary = [each for each in facts.findings if each.primary and each.kind == "all"]
    lines = [wording.sentence(each) for each in primary if each.verdict in ("more", "fewer", "reverse")]
    none = [wording.trigger(each.trigger) for each in primary if each.verdict == "none"]
    if len(lines) > MOST_SENTENCES:
        lines[MOST_SENTENCES:] = [f"{len(lines) - MOST_SENTENCES} more associations are on page 2."]
    if none:
        lines.append(f"No association with {', '.join(none)}.")
    return lines


def _flags(facts: Facts) -> list[str]:
    pressing = [each for each in facts.symptoms if each.tier in ("emergency", "doctor_today")]
    if not pressing:
        return ["No red flag was logged."]
    names = sorted({each.name.lower() for each in pressing})
    return [f"Red flags logged: {', '.join(names)} (page 2)."]
