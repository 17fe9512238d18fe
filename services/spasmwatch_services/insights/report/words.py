"""Words and figures of the report's tables and sentences."""

from typing import Final

from spasmwatch.domain.advice import Tier
from spasmwatch.domain.agreement import Share
from spasmwatch.domain.association import wording
from spasmwatch.domain.treatments import Cycle, Estimate
from spasmwatch_services.charts.words import number

RULES: Final = {
    "escalation": "sudden increase",
    "worsening": "worsening",
    "watch": "to be watched",
    "spread": "spread",
    "wearing_off": "wearing off",
    "red_flag": "red flag",
    "blind": "camera blind",
    "fault": "fault",
    "improved": "improvement",
}
ADVICE: Final[dict[Tier | None, str]] = {
    "emergency": "emergency",
    "doctor_today": "doctor today",
    "clinic": "tell the clinic",
}
STATES: Final = {
    "lasted": "wore off",
    "still_there": "not worn off",
    "no_clear_effect": "no clear change of the rate",
    "not_enough_data": "not enough observed",
}
CHANGES: Final = {
    "more": "more spasms after",
    "fewer": "fewer spasms after",
    "no_clear_change": "no clear change",
    "not_enough_data": "not enough observed",
}
REASONS: Final = {
    "absent": "nobody in view",
    "turned": "face turned away",
    "dark": "too dark",
    "blurred": "blurred",
    "small": "too far away",
    "slow": "too few pictures",
    "paused": "paused",
}


def percent(share: float) -> str:
    """A share with two figures: ``12%``, ``1.4%``, ``0.26%``."""
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}" if share >= 0.01 else f"{share:.2%}"


def part_of(share: Share) -> str:
    """A share with its numbers and interval: ``8 of 11 (39%–94%)``."""
    low, high = share.interval
    return f"{share.part} of {share.whole} ({low:.0%}–{high:.0%})"


def per_hour(n: int, hours: float) -> str:
    """A rate with the number it comes from: ``2.4 (310)``."""
    return f"{number(n / hours)} ({n})" if n and hours else "–"


def days(estimate: Estimate | None) -> str:
    """Days with their interval."""
    return f"{estimate.value:.0f} ({estimate.low:.0f}–{estimate.high:.0f})" if estimate else "–"


def times(estimate: Estimate | None) -> str:
    """A ratio with its interval."""
    return wording.interval(estimate.value, estimate.low, estimate.high) if estimate else "–"


def lasted(cycle: Cycle) -> str:
    """When a cycle wore off, or why that is not known."""
    if cycle.lasted is not None:
        weeks = [value / 7 for value in (cycle.lasted.value, cycle.lasted.low, cycle.lasted.high)]
        return f"after {weeks[0]:.0f} weeks ({weeks[1]:.0f}–{weeks[2]:.0f})"
    if cycle.state == "still_there":
        return f"not within {cycle.followed_d / 7:.0f} weeks"
    return STATES[cycle.state]


def wore_off(cycle: Cycle) -> str:
    """The same within a sentence."""
    return f"{'had not worn off' if cycle.lasted is None else 'wore off'} {lasted(cycle).removeprefix('not ')}"
