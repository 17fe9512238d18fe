"""Spread: a side or a region that was not affected before, beyond what the detector's own errors explain."""

from dataclasses import dataclass
from typing import get_args

from spasmwatch.domain.alerting.lifecycle import Evidence, Finding, Key, Verdict
from spasmwatch.domain.alerting.parameters import Spread
from spasmwatch.domain.records import Region, Side
from spasmwatch.domain.trend.comparison import binomial_tail
from spasmwatch.domain.trend.daybook import Day
from spasmwatch.domain.trend.periods import Periods

LEAST_USUAL_SPASMS = 20
"""With fewer spasms before, nobody can say what is new."""
CALM_P = 0.1


@dataclass(frozen=True, slots=True)
class _Place:
    """A side or region: daily counts in the recent and in the usual days, and the share that errors explain."""

    words: str
    recent: list[int]
    usual: list[int]
    error: float


def judge_spread(settings: Spread, person: str, periods: Periods) -> list[Verdict]:
    """A verdict for every side and region."""
    if not settings.enabled or sum(day.total for day in periods.usual) < LEAST_USUAL_SPASMS:
        return []
    verdicts: list[Verdict] = []
    for side in get_args(Side):
        key = Key("spread", person, side=side)
        recent, usual = ([_on_side(day, side) for day in days] for days in (periods.recent, periods.usual))
        name = "both sides" if side == "both" else f"{side} side"
        verdicts.append((key, _judge(settings, key, periods, _Place(name, recent, usual, settings.side_error))))
    for region in get_args(Region):
        key = Key("spread", person, what=region)
        recent, usual = ([_in_region(day, region) for day in days] for days in (periods.recent, periods.usual))
        place = _Place(f"the {region}", recent, usual, settings.region_error)
        verdicts.append((key, _judge(settings, key, periods, place)))
    return verdicts


def _judge(settings: Spread, key: Key, periods: Periods, place: _Place) -> Finding | str | None:
    of, of_usual = (sum(day.total for day in days) for days in (periods.recent, periods.usual))
    if of == 0:
        return None
    if sum(place.usual) > place.error * of_usual:
        return "it belongs to the usual places now"
    count, days = sum(place.recent), sum(number > 0 for number in place.recent)
    p = binomial_tail(count, of, place.error)
    if count < settings.count or days < settings.days or p > settings.alpha:
        return "no longer more than the detector's errors explain" if p > CALM_P else None
    text = (
        f"{place.words}: {count} of {of} spasms on {days} days, before {sum(place.usual)} of {of_usual}"
        f" (errors explain about {place.error:.0%})"
    )
    evidence: Evidence = {"count": count, "of": of, "days": days, "usual": sum(place.usual), "p": p}
    return Finding(key, "warning", text, evidence)


def _on_side(day: Day, side: Side) -> int:
    return sum(count for cell in day.cells.values() for name, count in cell.counts.items() if name.endswith(f"_{side}"))


def _in_region(day: Day, region: Region) -> int:
    return sum(cell.regions.get(region, 0) for cell in day.cells.values())
