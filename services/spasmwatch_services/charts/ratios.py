"""One ratio with its interval on a logarithmic strip, for a row of a table: 1 is in the middle."""

import math
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from spasmwatch_services.charts.chart import Chart
from spasmwatch_services.charts.svg import COLOURS

FARTHEST = 4.0
MARGIN = 1.06
"""How much wider the strip is than its scale, so that an arrow at its end is not cut off."""


def ratio_strip(ratio: float, low: float, high: float, *, filled: bool, name: str) -> Chart:
    """From a quarter to four times; an interval that goes further ends in an arrow. ``filled``: it was found."""

    def paint(figure: Figure) -> None:
        for tick in (0.5, 2):
            _line(figure, [tick, tick], [0, 1], color=COLOURS["grid"], linewidth=0.8)
        _line(figure, [1, 1], [0, 1], color=COLOURS["soft"], linewidth=1)
        _line(figure, [low, high], [0.5, 0.5], color=COLOURS["ink"], linewidth=1.4)
        for beyond, end, arrow in ((low <= 1 / FARTHEST, low, "<"), (high >= FARTHEST, high, ">")):
            if beyond:
                _line(figure, [end], [0.5], color=COLOURS["ink"], marker=arrow, markersize=5, markeredgewidth=0)
        face = COLOURS["accent"] if filled else COLOURS["paper"]
        _line(figure, [ratio], [0.5], marker="s", markersize=6, markerfacecolor=face, markeredgecolor=COLOURS["accent"])

    text = f"{ratio:.2g} times, {low:.2g} to {high:.2g}"
    return Chart(f"{name}", text, ("Ratio", "Low", "High"), ((f"{ratio:.2g}", f"{low:.2g}", f"{high:.2g}"),), paint,
                 lambda _width: 16)  # fmt: skip


def _line(figure: Figure, ratios: list[float], heights: list[float], **look: Any) -> None:
    """A line on the bare figure: axes with their ticks would take most of the time of a page full of strips."""
    within = (min(max(ratio, 1 / FARTHEST), FARTHEST) for ratio in ratios)
    places = [0.5 + math.log(ratio) / math.log(FARTHEST) / 2 / MARGIN for ratio in within]
    figure.add_artist(Line2D(places, heights, **look))
