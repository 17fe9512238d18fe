"""The fixed words for findings: patterns and associations, never causes, never advice."""

from typing import Final

from spasmwatch.domain.association.findings import Finding
from spasmwatch.domain.association.windows import BEFORE, DAY_LEVEL, NEXT_DAY
from spasmwatch.domain.records import Insight

KINDS: Final = {
    "all": "all spasms",
    "hemifacial": "one-sided pattern",
    "blepharospasm": "both-eyes pattern",
    "tic": "brief repeated movement",
    "unclassified": "other spasms",
}
"""What people read for a kind: a pattern, not a diagnosis."""

TRIGGERS: Final = {
    "bright_light": "bright light",
    "screen": "screen time",
    "air": "poor air",
    "warm_compress": "a warm compress",
}
WINDOWS: Final = {
    "0-1h": "during and up to 1 h after",
    "1-4h": "1 to 4 h after",
    "4-12h": "4 to 12 h after",
    "before": "in the hour before",
    "same_day": "on the same day",
    "next_day": "on the next day",
}
STEPS: Final = {"sleep": "2 h more sleep", "fatigue": "3 points more fatigue"}
DOSES: Final = {"caffeine": "each further cup", "stress": "each further point", "medication": "each further unit"}
VERDICTS: Final = {
    "more": "more spasms",
    "fewer": "fewer spasms",
    "none": "no association",
    "reverse": "spasms came first",
    "not_enough_data": "not enough data",
}


def trigger(name: str) -> str:
    """A trigger in words."""
    return TRIGGERS.get(name, name.replace("_", " "))


def window(finding: Finding | Insight) -> str:
    """A window in words."""
    return WINDOWS.get(finding.window, finding.window)


def interval(ratio: float | None, low: float | None, high: float | None) -> str:
    """``1.8 (1.3–2.5)``, or a dash."""
    if ratio is None or low is None or high is None:
        return "–"
    return f"{short(ratio)} ({short(low)}–{short(high)})"


def short(value: float) -> str:
    """A ratio with two figures below ten: ``0.62``, ``1.8``, ``12``; very large and small ones as bounds."""
    if value >= 100:
        return ">99"
    if value < 0.01:
        return "<0.01"
    if value >= 9.95:
        return f"{value:.0f}"
    return f"{value:.2f}" if value < 0.995 else f"{value:.1f}"


def sentence(finding: Finding | Insight) -> str:
    """What may be said about a finding, in one fixed sentence; the same for its record."""
    name, figures = trigger(finding.trigger), interval(finding.ratio, finding.low, finding.high)
    if finding.trigger in DAY_LEVEL:
        return _day_sentence(finding, name, figures)
    if finding.verdict == "reverse":
        return f"Around {name}: spasms were already more frequent in the hour before, so they came first."
    if finding.verdict == "not_enough_data":
        return f"{name.capitalize()}: not enough data{_needed(finding)}."
    if finding.verdict == "none":
        by_clock = isinstance(finding, Finding) and finding.by_clock
        why = "; the same clock times on other days show the same" if by_clock else ""
        return f"No association with {name} ({figures} times{why})."
    when = f"{WINDOWS[BEFORE.name]} {name}" if finding.window == BEFORE.name else f"{window(finding)} {name}"
    return f"{when[0].upper()}{when[1:]} {figures} times as many spasms per observed hour{_together(finding)}."


def _together(finding: Finding | Insight) -> str:
    """What a trigger cannot be told from, for it nearly always comes at the same time."""
    if not isinstance(finding, Finding) or not finding.together:
        return ""
    return f", nearly always together with {' and '.join(trigger(each) for each in finding.together)}"


def _day_sentence(finding: Finding | Insight, name: str, figures: str) -> str:
    when = " on the next day" if finding.window == NEXT_DAY else ""
    if finding.verdict == "not_enough_data":
        return f"{name.capitalize()}: not enough data{_needed(finding)}."
    if finding.verdict == "none":
        return f"No association with {name} ({figures} times for {STEPS[finding.trigger]})."
    return f"With {STEPS[finding.trigger]} {figures} times as many spasms per observed hour{when}."


def _needed(finding: Finding | Insight) -> str:
    if not finding.needed:
        return ""
    what = "day" if finding.trigger in DAY_LEVEL else "occasion"
    many = f"{finding.needed}" if finding.needed < 999 else "hundreds of"
    return f" (about {many} more {what}{'' if finding.needed == 1 else 's'})"
