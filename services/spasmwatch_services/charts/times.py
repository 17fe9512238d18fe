"""The time axis of every chart, in the home's time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import matplotlib.dates as mdates
from matplotlib.axes import Axes


def days(time: datetime) -> float:
    """``time`` as matplotlib counts it: days since 1970 in UTC."""
    return time.timestamp() / 86400


def time_axis(axes: Axes, zone: ZoneInfo, *, ticks: int) -> None:
    """Local times below the axis, as few words as needed."""
    locator = mdates.AutoDateLocator(tz=zone, minticks=3, maxticks=ticks)  # type: ignore[no-untyped-call]
    formatter = mdates.ConciseDateFormatter(  # type: ignore[no-untyped-call]
        locator,
        tz=zone,
        formats=["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S"],
        zero_formats=["", "%Y", "%b", "%d %b", "%H:%M", "%H:%M"],
        show_offset=False,
    )
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)
