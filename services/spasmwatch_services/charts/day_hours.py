"""Spasms per observed hour by time of day, with the observed time of each hour below."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from spasmwatch_services.charts.chart import Chart
from spasmwatch_services.charts.rates import Point
from spasmwatch_services.charts.svg import COLOURS
from spasmwatch_services.charts.words import duration, number

ENOUGH_S = 3600.0
"""Observed seconds below which an hour of the day shows no rate."""


def day_hours_chart(points: Sequence[Point], *, title: str) -> Chart:
    """``points`` are the 24 hours of the local day, each summed over all days."""
    enough = [(hour, point) for hour, point in enumerate(points) if point.observed_s >= ENOUGH_S]

    def paint(figure: Figure) -> None:
        width, height = figure.get_size_inches() * 72
        top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 1], "hspace": 0.32})
        figure.subplots_adjust(left=30 / width, right=1 - 16 / width, top=1 - 22 / height, bottom=26 / height)
        top.grid(axis="y")
        if enough:
            hours = np.array([hour + 0.5 for hour, _ in enough])
            rates = np.array([point.rate or 0.0 for _, point in enough])
            highs = np.array([point.high for _, point in enough])
            ceiling = max(1.0, float(rates.max()) * 1.2, min(float(highs.max()), float(rates.max()) * 2))
            top.vlines(hours, [point.low for _, point in enough], np.minimum(highs, ceiling), color=COLOURS["bar"])
            beyond = hours[highs > ceiling]
            top.plot(beyond, np.full(beyond.size, ceiling), "^", color=COLOURS["bar"], markersize=4, markeredgewidth=0,
                     clip_on=False)  # fmt: skip
            top.plot(hours, rates, "o", color=COLOURS["accent"], markersize=4.5, markeredgewidth=0)
            top.set_ylim(0, ceiling)
        top.yaxis.set_major_locator(MaxNLocator(4))
        hours_observed = [point.observed_s / 3600 for point in points]
        bottom.bar(np.arange(len(points)) + 0.5, hours_observed, width=0.9, color=COLOURS["bar"], linewidth=0)
        bottom.set_ylim(0, max([1.0, *hours_observed]) * 1.05)
        bottom.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        bottom.set_xlim(0, 24)
        bottom.set_xticks([0, 6, 12, 18, 24], ["0:00", "6:00", "12:00", "18:00", "24:00"])
        for axes, text in ((top, "spasms per observed hour"), (bottom, "hours observed")):
            axes.set_title(text, loc="left", fontsize=10, color=COLOURS["soft"], pad=4)
            axes.tick_params(length=0, labelsize=10)
        bottom.tick_params(axis="x", pad=8)  # clear of the 0 beside it

    return Chart(
        title=title,
        summary=_summary(enough),
        columns=("Hour", "Spasms per observed hour", "95 % interval", "Observed"),
        rows=tuple(_row(hour, point) for hour, point in enumerate(points) if point.observed_s > 0),
        paint=paint,
        height=lambda _width: 231,
    )


def _summary(enough: Sequence[tuple[int, Point]]) -> str:
    if len(enough) < 2:
        return "Too few hours of the day were observed to compare them."
    most = max(enough, key=lambda pair: pair[1].rate or 0.0)
    least = min(enough, key=lambda pair: pair[1].rate or 0.0)
    return (
        f"Most around {most[0]}:00 ({number(most[1].rate or 0)} an observed hour), "
        f"fewest around {least[0]}:00 ({number(least[1].rate or 0)})."
    )


def _row(hour: int, point: Point) -> tuple[str, str, str, str]:
    when = f"{hour}:00"
    if point.rate is None or point.observed_s < ENOUGH_S:
        return when, "too little observed", "", duration(point.observed_s)
    return when, number(point.rate), f"{number(point.low)} to {number(point.high)}", duration(point.observed_s)
