"""What happened when: spasms, triggers, diary and alerts in lanes on one time axis, observed time below."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spasmwatch_services.charts.chart import Chart
from spasmwatch_services.charts.svg import COLOURS
from spasmwatch_services.charts.times import days, time_axis
from spasmwatch_services.charts.words import count, duration

MANY = 300
"""More events than this in a lane are drawn as bars of their number."""

_MARKERS = ("o", "s", "D", "^", "v", "P", "X")


@dataclass(frozen=True, slots=True)
class Event:
    """Something at ``start``, lasting until ``end`` where it has a length; ``label`` is for the table."""

    start: datetime
    label: str
    end: datetime | None = None


@dataclass(frozen=True)
class Lane:
    """One row of the chart; ``role`` picks the colour (accent: spasms, mark: triggers and diary, alarm: alerts)."""

    name: str
    events: Sequence[Event]
    role: str = "accent"


@dataclass(frozen=True, slots=True)
class Observed:
    """How much of the time from ``start`` to ``end`` was observed, as a share 0–1."""

    start: datetime
    end: datetime
    share: float


def timeline_chart(
    lanes: Sequence[Lane],
    observed: Sequence[Observed],
    *,
    title: str,
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    now: datetime | None = None,
) -> Chart:
    """Lanes from top to bottom between ``start`` and ``end``; the table lists every event in order of time.

    After ``now`` nothing is hatched as unobserved, since it is yet to come.
    """
    rows = sorted(
        (event.start, f"{event.start.astimezone(zone):%a %d %b %H:%M:%S}", lane.name, event.label)
        for lane in lanes
        for event in lane.events
    )
    seen = sum(((item.end - item.start) * item.share for item in observed), timedelta())
    total = ", ".join(f"{lane.name}: {len(lane.events)}" for lane in lanes)
    return Chart(
        title=title,
        summary=f"{total or count(0, 'event')}; {duration(seen.total_seconds())} observed.",
        columns=("Time", "What", "Detail"),
        rows=tuple(row[1:] for row in rows),
        paint=_Drawing(lanes, observed, start, end, zone, min(now or end, end)).paint,
        height=lambda _width: 62 + 44 * (len(lanes) + 1),
    )


@dataclass(frozen=True)
class _Drawing:
    lanes: Sequence[Lane]
    observed: Sequence[Observed]
    start: datetime
    end: datetime
    zone: ZoneInfo
    now: datetime

    def paint(self, figure: Figure) -> None:
        width, height = figure.get_size_inches() * 72
        axes = figure.add_axes((22 / width, 26 / height, 1 - 44 / width, 1 - 34 / height))
        rows = len(self.lanes) + 1
        axes.set_ylim(rows - 0.02, -0.02)
        axes.set_xlim(days(self.start), days(self.end))
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        for row, lane in enumerate(self.lanes):
            self._name(axes, row, lane.name)
            self._lane(axes, row, lane, _MARKERS[row % len(_MARKERS)], narrow=width < 480)
        self._name(axes, rows - 1, "observed")
        self._coverage(axes, rows - 1)
        time_axis(axes, self.start, self.end, self.zone, ticks=4 if width < 480 else 8)
        axes.tick_params(length=3, labelsize=12)

    def _name(self, axes: Axes, row: int, name: str) -> None:
        axes.text(0, row + 0.27, name, transform=axes.get_yaxis_transform(), fontsize=12, color=COLOURS["soft"])
        axes.axhline(row + 0.98, color=COLOURS["grid"], linewidth=0.8)

    def _lane(self, axes: Axes, row: int, lane: Lane, marker: str, *, narrow: bool) -> None:
        colour = COLOURS[lane.role]
        middle = row + 0.64
        inside = [event for event in lane.events if event.start < self.end and (event.end or event.start) >= self.start]
        shortest = (self.end - self.start) / (150 if narrow else 300)
        long = [(event.start, event.end) for event in inside if event.end and event.end - event.start > shortest]
        short = [days(event.start) for event in inside if not event.end or event.end - event.start <= shortest]
        for begin, finish in ((days(start), days(end)) for start, end in long):
            axes.barh(middle, finish - begin, left=begin, height=0.3, color=colour, linewidth=0)
        if len(short) > MANY:
            self._bars(axes, row, np.array(short), colour, bins=90 if narrow else 180)
        elif lane.role == "accent":
            axes.vlines(short, row + 0.38, row + 0.9, color=colour, linewidth=1.3)
        else:
            axes.plot(short, [middle] * len(short), marker, color=colour, markersize=7, markeredgewidth=0)

    def _bars(self, axes: Axes, row: int, times: np.ndarray, colour: str, bins: int) -> None:
        numbers, edges = np.histogram(times, bins, (days(self.start), days(self.end)))
        heights = 0.56 * numbers / max(1, numbers.max())
        axes.bar(edges[:-1], -heights, bottom=row + 0.94, width=np.diff(edges), align="edge", color=colour, linewidth=0)

    def _coverage(self, axes: Axes, row: int) -> None:
        base = row + 0.94
        axes.barh(
            row + 0.66, max(0.0, days(self.now) - days(self.start)), left=days(self.start),
            height=0.56, facecolor="none", edgecolor=COLOURS["hatch"], hatch="///", linewidth=0,
        )  # fmt: skip
        seen = [item for item in self.observed if item.share > 0]
        axes.bar(
            [days(item.start) for item in seen], [-0.56 * min(1.0, item.share) for item in seen], bottom=base,
            width=[days(item.end) - days(item.start) for item in seen], align="edge", color=COLOURS["bar"], linewidth=0,
        )  # fmt: skip
