"""Treatment cycles laid over each other: the rate by weeks since each injection."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from spasmwatch_services.charts.chart import Chart
from spasmwatch_services.charts.svg import COLOURS
from spasmwatch_services.charts.words import number

_LOOKS = (("o", "-", "accent"), ("s", "--", "mark"), ("^", ":", "ink"), ("D", "-.", "soft"))
"""Marker, line and colour of each cycle: they differ in black and white too."""


@dataclass(frozen=True, slots=True)
class CycleLine:
    """One cycle: ``weeks`` since the injection (negative before it) and the rate an observed hour in each."""

    name: str
    weeks: tuple[int, ...]
    rates: tuple[float, ...]


def cycles_chart(lines: Sequence[CycleLine], *, title: str) -> Chart:
    """The last four of ``lines``, oldest first."""
    lines = lines[-len(_LOOKS) :]

    def paint(figure: Figure) -> None:
        width, height = figure.get_size_inches() * 72
        axes = figure.add_axes((30 / width, 50 / height, 1 - 38 / width, 1 - 66 / height))
        axes.grid(axis="y")
        axes.axvline(0, color=COLOURS["mark"], linewidth=1.2, linestyle=(0, (4, 2)))
        for line, (marker, style, role) in zip(lines, _LOOKS, strict=False):
            middles = [week + 0.5 for week in line.weeks]
            axes.plot(
                middles, line.rates, marker=marker, linestyle=style, color=COLOURS[role], label=line.name,
                markersize=4, linewidth=1.3, markeredgewidth=0,
            )  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_locator(MultipleLocator(4))
        axes.set_xlabel("weeks since the injection", fontsize=10, labelpad=3)
        axes.set_title("spasms per observed hour", loc="left", fontsize=10, color=COLOURS["soft"], pad=6)
        axes.tick_params(length=0, labelsize=10)
        if len(lines) > 1:
            figure.legend(frameon=False, fontsize=9, loc="lower center", ncols=len(lines), handlelength=2.2,
                          columnspacing=1, handletextpad=0.4, borderaxespad=0)  # fmt: skip

    return Chart(
        title=title,
        summary=f"{len(lines)} cycle{'' if len(lines) == 1 else 's'} by weeks since the injection.",
        columns=("Cycle", "Week", "Spasms per observed hour"),
        rows=tuple(
            (line.name, str(week), number(rate))
            for line in lines
            for week, rate in zip(line.weeks, line.rates, strict=True)
        ),
        paint=paint,
        height=lambda _width: 190,
    )
