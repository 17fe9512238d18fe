"""One ratio with its interval on a logarithmic strip, for a row of a table: 1 is in the middle."""

import math

from matplotlib.figure import Figure

from spasmwatch_services.charts.chart import Chart
from spasmwatch_services.charts.svg import COLOURS

REACH = math.log(4)


def ratio_strip(ratio: float, low: float, high: float, *, filled: bool, name: str) -> Chart:
    """From a quarter to four times; an interval that goes further ends in an arrow. ``filled``: it was found."""

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(-REACH * 1.06, REACH * 1.06)
        axes.set_ylim(0, 1)
        for tick in (-math.log(2), math.log(2)):
            axes.axvline(tick, color=COLOURS["grid"], linewidth=0.8)
        axes.axvline(0, color=COLOURS["soft"], linewidth=1)
        ends = [max(math.log(max(low, 1e-6)), -REACH), min(math.log(max(high, 1e-6)), REACH)]
        axes.hlines(0.5, ends[0], ends[1], color=COLOURS["ink"], linewidth=1.4)
        for end, bound, arrow in ((ends[0], -REACH, "<"), (ends[1], REACH, ">")):
            if end == bound:
                axes.plot([end], [0.5], arrow, color=COLOURS["ink"], markersize=5, markeredgewidth=0)
        place = min(max(math.log(ratio), -REACH), REACH)
        face = COLOURS["accent"] if filled else COLOURS["paper"]
        axes.plot([place], [0.5], "s", markersize=6, markerfacecolor=face, markeredgecolor=COLOURS["accent"])

    text = f"{ratio:.2g} times, {low:.2g} to {high:.2g}"
    return Chart(f"{name}", text, ("Ratio", "Low", "High"), ((f"{ratio:.2g}", f"{low:.2g}", f"{high:.2g}"),), paint,
                 lambda _width: 16)  # fmt: skip
