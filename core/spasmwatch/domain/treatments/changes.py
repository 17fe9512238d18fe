"""Before against after a change of medication or the start of a treatment; other things change at the same time too."""

from dataclasses import dataclass
from typing import Final, Literal

from spasmwatch.domain.treatments.days import DailyCounts, ratio_of

SPAN_D: Final = 28
MIN_DAYS: Final = 5
MIN_OBSERVED_S: Final = 2 * 3600.0


@dataclass(frozen=True, slots=True)
class Change:
    """Rate of the up to four weeks after ``day`` over that of the four before, with its 95 % interval."""

    day: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: Literal["more", "fewer", "no_clear_change", "not_enough_data"] = "not_enough_data"


def before_and_after(counts: DailyCounts, day: int, others: tuple[int, ...] = ()) -> Change:
    """What changed at ``day`` (ordinal). ``others`` are days of other treatments: neither side reaches past one."""
    begin = max([day - SPAN_D, *(each for each in others if each < day)])
    end = min([day + 1 + SPAN_D, *(each for each in others if each > day)])
    before, after = counts.between(begin, day), counts.between(day + 1, end)
    if (
        min(before.day.size, after.day.size) < MIN_DAYS
        or min(before.observed.sum(), after.observed.sum()) < MIN_OBSERVED_S
    ):
        return Change(day)
    estimate = ratio_of(after, before)
    if estimate is None:
        return Change(day)
    ratio, low, high = estimate
    return Change(day, ratio, low, high, "more" if low > 1 else "fewer" if high < 1 else "no_clear_change")
