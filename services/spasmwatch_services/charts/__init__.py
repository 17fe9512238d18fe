"""Charts for the pages, the report and the documentation: SVG drawn on the server, each with its table.

Give facts, get a :class:`Chart`; ``chart.svg(width)`` draws it, ``chart.columns`` and ``chart.rows`` are the same
numbers for those who cannot see it. A rate never comes without its observed time and interval.
"""

from spasmwatch_services.charts.chart import Chart
from spasmwatch_services.charts.cycles import CycleLine, cycles_chart
from spasmwatch_services.charts.day_hours import day_hours_chart
from spasmwatch_services.charts.rates import Mark, Point, Usual, point, rates_chart, weekly
from spasmwatch_services.charts.ratios import ratio_strip
from spasmwatch_services.charts.timeline import Event, Lane, Observed, timeline_chart

__all__ = [
    "Chart",
    "CycleLine",
    "Event",
    "Lane",
    "Mark",
    "Observed",
    "Point",
    "Usual",
    "cycles_chart",
    "day_hours_chart",
    "point",
    "rates_chart",
    "ratio_strip",
    "timeline_chart",
    "weekly",
]
