"""Spasms per observed hour over time, with intervals, the observed time below, and marks for treatments."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.special import gammaincinv

from spasmwatch.ports import Rate
from spasmwatch_services.charts.chart import Chart
from spasmwatch_services.charts.svg import COLOURS
from spasmwatch_services.charts.times import days, time_axis
from spasmwatch_services.charts.words import count, duration, number

Bucket = Literal["hour", "day", "week"]

STEP: dict[Bucket, timedelta] = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}

ENOUGH_S: dict[Bucket, float] = {"hour": 600.0, "day": 1800.0, "week": 7200.0}
"""Observed seconds below which a bucket shows its observed time but no rate: the interval would say nothing."""


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket: ``count`` spasms in ``observed_s`` observed seconds; ``low``/``high`` bound the rate an hour."""

    start: datetime
    observed_s: float
    count: int
    low: float
    high: float

    @property
    def rate(self) -> float | None:
        """Spasms per observed hour; None where nothing was observed."""
        return self.count / (self.observed_s / 3600) if self.observed_s > 0 else None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that changed: a treatment, a medication, a new detector version."""

    time: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual rate per observed hour and the band it lies in."""

    rate: float
    low: float
    high: float


def point(rate: Rate, series: str = "all_all", dispersion: float = 1.0) -> Point:
    """A store's bucket as a point with its 95 % interval.

    Exact Poisson (Garwood) on the count, widened by the square root of ``dispersion`` (variance over mean; spasms
    come in bouts) around the rate.
    """
    n = rate.counts.get(series, 0)
    hours = rate.observed_s / 3600
    if hours <= 0:
        return Point(rate.start, 0.0, n, 0.0, 0.0)
    low = float(gammaincinv(n, 0.025)) if n else 0.0
    high = float(gammaincinv(n + 1, 0.975))
    wide = max(1.0, dispersion) ** 0.5
    return Point(
        rate.start, rate.observed_s, n, max(0.0, n - wide * (n - low)) / hours, (n + wide * (high - n)) / hours
    )


def rates_chart(
    points: Sequence[Point],
    *,
    title: str,
    zone: ZoneInfo,
    bucket: Bucket,
    begin: datetime | None = None,
    end: datetime | None = None,
    now: datetime | None = None,
    marks: Sequence[Mark] = (),
    usual: Usual | None = None,
    floor: float | None = None,
    pooled: int = 0,
    enough_s: float | None = None,
) -> Chart:
    """Rates per observed hour of hour, day or week buckets, oldest first; buckets left out count as not observed.

    The axis goes from ``begin`` on to ``end``; after ``now`` nothing is hatched as unobserved, since it is yet to come.
    ``marks`` become lettered lines explained below the table; ``usual`` a band; ``floor`` the rate at which this
    detector reports spasms where there are none; ``pooled`` draws a line through the last that many buckets together.
    Buckets with less than ``enough_s`` observed seconds (default :data:`ENOUGH_S`) show no rate.
    """
    enough = ENOUGH_S[bucket] if enough_s is None else enough_s
    step = STEP[bucket]
    begin = begin or (points[0].start if points else (end or datetime.now(zone)) - step)
    finish = max(end or begin, points[-1].start + step if points else begin)
    marks = sorted((mark for mark in marks if begin <= mark.time <= finish), key=lambda mark: mark.time)
    drawing = _Drawing(
        points, zone, bucket, begin, finish, min(now or finish, finish), marks, usual, floor, pooled, enough
    )
    rows = [_row(item, zone, bucket, enough) for item in points]
    rows += [(_when(mark.time, zone, "hour"), f"{_letter(i)}: {mark.label}", "", "") for i, mark in enumerate(marks)]
    return Chart(
        title=title,
        summary=_summary(points, usual, enough),
        columns=("Time", "Spasms per observed hour", "95 % interval", "Observed"),
        rows=tuple(rows),
        paint=drawing.paint,
        height=lambda width: 250 if width < 480 else 300,
    )


def weekly(rates: Sequence[Rate], zone: ZoneInfo) -> list[Rate]:
    """Day buckets summed by calendar week (from Monday in ``zone``)."""
    weeks: dict[datetime, list[Rate]] = {}
    for rate in rates:
        day = rate.start.astimezone(zone)
        monday = (day - timedelta(days=day.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
        weeks.setdefault(monday, []).append(rate)
    return [
        Rate(
            start=monday,
            observed_s=sum(day.observed_s for day in days),
            counts=dict(sum((Counter(day.counts) for day in days), Counter())),
            closed_s=sum(day.closed_s for day in days),
            blinks=sum(day.blinks for day in days),
        )
        for monday, days in sorted(weeks.items())
    ]


def _summary(points: Sequence[Point], usual: Usual | None, enough_s: float) -> str:
    total, observed = sum(item.count for item in points), sum(item.observed_s for item in points)
    if observed <= 0:
        return "Nothing was observed in this time."
    if observed < enough_s:
        return f"{count(total, 'spasm')} in {duration(observed)} observed, too little for a rate."
    text = (
        f"{count(total, 'spasm')} in {duration(observed)} observed, {number(total / observed * 3600)} an observed hour"
    )
    return f"{text}; usual is {number(usual.low)} to {number(usual.high)}." if usual else f"{text}."


def _row(item: Point, zone: ZoneInfo, bucket: Bucket, enough_s: float) -> tuple[str, str, str, str]:
    when = _when(item.start, zone, bucket)
    if item.rate is None or item.observed_s < enough_s:
        return when, "too little observed", "", duration(item.observed_s)
    return when, number(item.rate), f"{number(item.low)} to {number(item.high)}", duration(item.observed_s)


def _when(time: datetime, zone: ZoneInfo, bucket: Bucket) -> str:
    return f"{time.astimezone(zone):%a %d %b %H:%M}" if bucket == "hour" else f"{time.astimezone(zone):%a %d %b %Y}"


def _letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else str(index + 1)


@dataclass(frozen=True)
class _Drawing:
    points: Sequence[Point]
    zone: ZoneInfo
    bucket: Bucket
    begin: datetime
    end: datetime
    now: datetime
    marks: Sequence[Mark]
    usual: Usual | None
    floor: float | None
    pooled: int
    enough_s: float

    @property
    def step(self) -> timedelta:
        """Length of one bucket."""
        return STEP[self.bucket]

    def paint(self, figure: Figure) -> None:
        width, height = figure.get_size_inches() * 72
        top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3.4, 1], "hspace": 0.28})
        figure.subplots_adjust(left=34 / width, right=1 - 22 / width, top=1 - 34 / height, bottom=30 / height)
        self._rates(top, narrow=width < 480)
        self._observed(bottom)
        time_axis(bottom, self.begin, self.end, self.zone, ticks=4 if width < 480 else 8)
        top.tick_params(labelbottom=False)
        unit = "minutes" if self.bucket == "hour" else "hours"
        for axes, text in ((top, "spasms per observed hour"), (bottom, f"{unit} observed per {self.bucket}")):
            # A plain text, because a title is laid out anew at every step of drawing.
            up = 20 if axes is top else 5
            axes.annotate(text, (0, 1), xytext=(0, up), xycoords="axes fraction", textcoords="offset points",
                          fontsize=12, color=COLOURS["soft"])  # fmt: skip
            axes.tick_params(length=0, labelsize=12)
        bottom.tick_params(axis="x", pad=8)  # clear of the 0 beside it

    def _rates(self, axes: Axes, *, narrow: bool) -> None:
        enough = [item for item in self.points if item.observed_s >= self.enough_s]
        rates = np.array([item.rate or 0.0 for item in enough])
        ceiling = self._ceiling(enough, rates)
        axes.set_ylim(0, ceiling)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.grid(axis="y")
        self._unseen(axes)
        if self.usual:
            axes.axhspan(self.usual.low, self.usual.high, color=COLOURS["band"], linewidth=0, zorder=0.5)
            axes.axhline(self.usual.rate, color=COLOURS["soft"], linewidth=1, linestyle=(0, (5, 3)), zorder=0.6)
        if self.floor:
            axes.axhline(self.floor, color=COLOURS["mark"], linewidth=1, linestyle=(0, (1, 2)), zorder=0.6)
        if enough:
            middles = np.array([days(item.start + self.step / 2) for item in enough])
            lows = np.array([item.low for item in enough])
            highs = np.minimum(np.array([item.high for item in enough]), ceiling)
            crowded = len(enough) > (45 if narrow else 100)
            colour = COLOURS["bar"] if self.pooled and crowded else COLOURS["accent"]
            axes.vlines(middles, lows, highs, color=COLOURS["bar"], linewidth=0.7 if crowded else 1.4, zorder=2)
            # An arrowhead where an interval goes on beyond the axis.
            beyond = middles[[item.high > ceiling for item in enough]]
            axes.plot(beyond, np.full(beyond.size, ceiling), "^", color=COLOURS["bar"], markersize=3 if crowded else 5,
                      markeredgewidth=0, clip_on=False)  # fmt: skip
            axes.plot(middles, rates, "o", color=colour, markersize=2 if crowded else 5, markeredgewidth=0, zorder=3)
        if self.pooled and self.points:
            self._pooled_line(axes)
        self._mark_lines(axes, ceiling)

    def _ceiling(self, enough: Sequence[Point], rates: NDArray[np.float64]) -> float:
        """Top of the axis: all rates and most intervals fit; a single wild interval is cut."""
        if not len(rates):
            return 1.0
        highs = np.array([item.high for item in enough])
        top = max(float(rates.max()) * 1.15, min(float(np.quantile(highs, 0.9)), float(rates.max()) * 2.5))
        return max(1.0, top, self.usual.high * 1.1 if self.usual else 0.0)

    def _unseen(self, axes: Axes) -> None:
        """Hatching where nothing was observed: it must never read as no spasm."""
        edge = self.begin
        for item in [*self.points, None]:
            start = item.start if item else self.now
            if item is not None and item.observed_s <= 0:
                continue
            if start > edge:
                axes.axvspan(
                    days(edge), days(start), facecolor="none", edgecolor=COLOURS["hatch"],
                    hatch="///", linewidth=0, zorder=0.4,
                )  # fmt: skip
            edge = max(edge, start + self.step)

    def _pooled_line(self, axes: Axes) -> None:
        observed = np.array([item.observed_s for item in self.points])
        counts = np.array([item.count for item in self.points], dtype=float)
        window = np.ones(self.pooled)
        total = np.convolve(observed, window)[: len(observed)]
        summed = np.convolve(counts, window)[: len(counts)]
        line = np.full(len(observed), np.nan)
        enough = total >= 4 * self.enough_s
        line[enough] = summed[enough] / total[enough] * 3600
        times = [days(item.start + self.step) for item in self.points]
        axes.plot(times, line, color=COLOURS["ink"], linewidth=1.8, zorder=4)

    def _mark_lines(self, axes: Axes, ceiling: float) -> None:
        for index, mark in enumerate(self.marks):
            at = days(mark.time)
            axes.axvline(at, color=COLOURS["mark"], linewidth=1.2, linestyle=(0, (4, 2)), zorder=1)
            axes.text(at, ceiling * 1.015, _letter(index), color=COLOURS["mark"], ha="center", va="bottom",
                      fontsize=12, fontweight="bold")  # fmt: skip

    def _observed(self, axes: Axes) -> None:
        unit = 60.0 if self.bucket == "hour" else 3600.0
        starts = [days(item.start) for item in self.points]
        values = [item.observed_s / unit for item in self.points]
        width = self.step / timedelta(days=1)
        axes.bar(starts, values, width=width * 0.92, align="edge", color=COLOURS["bar"], linewidth=0)
        axes.set_ylim(0, 60 if self.bucket == "hour" else max([4.0, *values]) * 1.05)
        axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        axes.spines["left"].set_visible(False)
