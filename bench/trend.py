"""False alarms and detection of the worsening rule on simulated histories, against EARS C1–C3 and a plain threshold.

Run: ``python bench/trend.py [--histories 500]``. Prints the table of ``docs/alerts.md``.

A history has 60 observed minutes a day on average (lognormal, CV .4), 10 % missing days, spasms with a lognormal
day-to-day variation of the given CV and autocorrelation, in three kinds × sides (75, 15 and 10 %). Each rule looks
every day, as the service does. False alarms: alerts that begin within 30 days without any change. Detection: an alert
that begins within 14 days after the change (28 for the ramp, which takes 28 days to the double).
"""

import argparse
import itertools
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spasmwatch.domain.alerting.parameters import Worsening
from spasmwatch.domain.trend.comparison import Comparison, compare, cusum_step
from spasmwatch.domain.trend.family import judge_family

SETTINGS = Worsening()
SHARES = (0.75, 0.15, 0.10)
CHANGE = 63 + 14
"""Day of the change: a full baseline and two weeks in which a false alarm may already be open."""
Floats = NDArray[np.float64]


class History:
    """Daily counts (3 kinds × sides, days) and observed hours (days,)."""

    def __init__(self, random: np.random.Generator, rate: float, variation: float, correlation: float, effect: Floats):
        days = len(effect)
        sigma = np.sqrt(np.log1p(variation**2))
        noise = random.standard_normal(days)
        for day in range(1, days):
            noise[day] = correlation * noise[day - 1] + np.sqrt(1 - correlation**2) * noise[day]
        level = rate * np.exp(sigma * noise - sigma**2 / 2) * effect
        self.hours = np.exp(0.385 * random.standard_normal(days) - 0.074)
        self.hours[random.random(days) < 0.1] = 0.0
        self.cells = random.poisson(np.outer(SHARES, level * self.hours)).astype(float)
        self.counts = self.cells.sum(axis=0)

    def periods(self, today: int) -> tuple[slice, slice]:
        """Recent and usual days before ``today``."""
        recent_from = today - SETTINGS.recent_days
        return slice(recent_from, today), slice(recent_from - SETTINGS.baseline_days, recent_from)


Alarm = Callable[[History, int], bool]


def family(history: History, today: int) -> bool:
    """The service's own rule: gates, total and kinds × sides."""
    recent, usual = history.periods(today)
    hours, usual_hours = history.hours[recent], history.hours[usual]
    if hours.sum() * 60 < SETTINGS.recent_minutes or (hours > 0).sum() < SETTINGS.recent_observed_days:
        return False

    def compared(counts: Floats) -> Comparison:
        found = compare(
            counts[recent][hours > 0], hours[hours > 0], counts[usual][usual_hours > 0], usual_hours[usual_hours > 0]
        )
        assert found is not None
        return found

    cells = {str(number): compared(cell) for number, cell in enumerate(history.cells)}
    return judge_family(compared(history.counts), cells, SETTINGS.alpha, SETTINGS.ratio).any


class Cusum:
    """The ``watch`` rule: NB-CUSUM over the days."""

    def __init__(self, limit: float) -> None:
        self._limit, self._level = limit, 0.0

    def __call__(self, history: History, today: int) -> bool:
        recent, usual = history.periods(today)
        hours, usual_hours = history.hours[recent], history.hours[usual]
        seen = history.hours[today - 1]
        if seen > 0 and hours.sum() > 0:
            found = compare(history.counts[recent], hours, history.counts[usual], usual_hours)
            assert found is not None
            step = cusum_step(int(history.counts[today - 1]), found.usual * seen, found.dispersion)
            self._level = min(2 * self._limit, max(0.0, self._level + step))
        return self._level >= self._limit


def ears(lag: int, rates: bool = False, three: bool = False) -> Alarm:
    """EARS C1 (lag 0), C2 (lag 2) and C3 (sum of three C2 excesses) on daily counts or rates, 7 days, 3 SD."""

    def excess(history: History, day: int) -> float:
        with np.errstate(divide="ignore", invalid="ignore"):
            values = history.counts / history.hours if rates else history.counts
        before = values[day - lag - 7 : day - lag]
        if not np.isfinite(values[day]) or np.isfinite(before).sum() < 3:
            return 0.0
        return float((values[day] - np.nanmean(before)) / max(np.nanstd(before, ddof=1), 0.2))

    def alarm(history: History, today: int) -> bool:
        day = today - 1
        if three:
            return sum(max(0.0, excess(history, one) - 1) for one in (day - 2, day - 1, day)) > 2
        return excess(history, day) > 3

    return alarm


def threshold(history: History, today: int) -> bool:
    """Yesterday's rate more than twice the usual one."""
    _, usual = history.periods(today)
    seen = history.hours[today - 1]
    usual_rate = history.counts[usual].sum() / max(history.hours[usual].sum(), 1e-9)
    return bool(seen > 0.25 and history.counts[today - 1] / seen > 2 * usual_rate)


RULES: dict[str, Callable[[], Alarm]] = {
    "7 against 56 days, family": lambda: family,
    "watch (CUSUM, h = 6)": lambda: Cusum(SETTINGS.watch_limit),
    "EARS C1, counts": lambda: ears(0),
    "EARS C2, counts": lambda: ears(2),
    "EARS C2, rates": lambda: ears(2, rates=True),
    "EARS C3, counts": lambda: ears(2, three=True),
    "twice the usual rate": lambda: threshold,
}


def begins(alarm: Alarm, history: History, first: int, last: int) -> list[int]:
    """Days in (first, last] on which an alert begins; it ends after three quiet days."""
    days: list[int] = []
    quiet = 3
    for today in range(64, last + 1):
        if alarm(history, today):
            if quiet >= 3 and today > first:
                days.append(today)
            quiet = 0
        else:
            quiet += 1
    return days


def measure(make: Callable[[], Alarm], random: np.random.Generator, number: int, *scene: float) -> list[float]:
    """False alarms in 30 days; share caught of steps of 1.5, 2, 3 and of the ramp; median delay of the tripling."""
    flat = np.ones(CHANGE + 30)
    alarms = sum(len(begins(make(), History(random, *scene, flat), CHANGE, CHANGE + 30)) for _ in range(number))
    row = [alarms / number]
    for factor in (1.5, 2.0, 3.0):
        effect = np.where(np.arange(CHANGE + 14) >= CHANGE, factor, 1.0)
        caught = [begins(make(), History(random, *scene, effect), CHANGE, CHANGE + 14) for _ in range(number)]
        row.append(sum(map(bool, caught)) / number)
        delays = [days[0] - CHANGE if days else 99 for days in caught]
    ramp = 1 + np.clip((np.arange(CHANGE + 28) - CHANGE) / 28, 0, 1)
    caught = [begins(make(), History(random, *scene, ramp), CHANGE, CHANGE + 28) for _ in range(number)]
    return [*row, sum(map(bool, caught)) / number, float(np.median(delays))]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=500, help="simulated histories of each kind (default 500)")
    parser.add_argument("--rules", default="", help="only rules whose name contains this")
    options = parser.parse_args()
    start = time.perf_counter()
    print(
        "| rule | spasms an hour | day CV | day correlation | false alarms in 30 days"
        " | 1.5× | 2× | 3× | slow ramp | days to 3× |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for (name, make), rate, variation, correlation in itertools.product(
        RULES.items(), (6.0, 1.5), (0.3, 0.45, 0.6), (0.0, 0.3, 0.6)
    ):
        if options.rules not in name or (name != next(iter(RULES)) and (variation == 0.45 or correlation == 0.6)):
            continue
        random = np.random.default_rng([round(rate * 10), round(variation * 100), round(correlation * 10)])
        false, *caught, delay = measure(make, random, options.histories, rate, variation, correlation)
        shares = " | ".join(f"{share:.2f}" for share in caught)
        delay_text = f"{delay:.0f}" if delay < 99 else "–"
        print(
            f"| {name} | {rate:g} | {variation:g} | {correlation:g} | {false:.2f} | {shares} | {delay_text} |",
            flush=True,
        )
    print(f"\n{options.histories} histories of each kind, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
