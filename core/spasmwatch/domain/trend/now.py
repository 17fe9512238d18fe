"""Today against the usual, for the Now page, Home Assistant and Grafana; always with its uncertainty."""

from datetime import date, datetime, timedelta

from spasmwatch.domain.records import Trend
from spasmwatch.domain.trend.daybook import DayBook
from spasmwatch.domain.trend.periods import Gates, Periods

USUAL_DAYS = 56
LEAST = Gates(minutes=30.0, days=1, usual_days=7)
"""Less than this is "not enough data": a state of its own, never "fine"."""


def today_against_usual(book: DayBook, person: str, now: datetime, injections: list[date]) -> Trend:
    """The rate of this home day so far against that of the 56 days before, or of this treatment cycle if shorter.

    ``coverage`` is the observed share of the day so far. ``more`` and ``fewer`` need a 95 % interval beside 1.
    """
    today = book.local_day(now)
    first = max([today - timedelta(USUAL_DAYS), *(day for day in injections if day < today)])
    usual = [day for _, day in book.between(first, today)]
    recent = [day for _, day in book.between(today, today + timedelta(1))]
    local = now.astimezone(book.zone)
    elapsed = local.hour * 3600 + local.minute * 60 + local.second
    observed = sum(day.observed_s for day in recent)
    coverage = min(1.0, observed / elapsed) if elapsed else 0.0
    comparison = None if LEAST.lacking(recent, usual) else Periods(recent, usual).compare()
    if comparison is None:
        hours = observed / 3600
        rate = sum(day.total for day in recent) / hours if observed >= LEAST.minutes * 60 else None
        return Trend(person=person, time=now, rate=rate, coverage=coverage, state="not_enough_data")
    state = "more" if comparison.low > 1 else "fewer" if comparison.high < 1 else "usual"
    return Trend.model_validate(
        {
            "person": person,
            "time": now,
            "rate": comparison.rate,
            "usual": comparison.usual,
            "ratio": comparison.ratio,
            "low": comparison.low,
            "high": comparison.high,
            "coverage": coverage,
            "state": state,
        }
    )
