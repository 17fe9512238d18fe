"""What Grafana does with a dashboard before it asks the store: time ranges, variables, one query after another."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "dashboards"
FILES = sorted((FOLDER / "dashboards").glob("*.json"))
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def dashboard(file: Path) -> dict[str, Any]:
    """One dashboard file."""
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


@dataclass(frozen=True)
class Query:
    """One query as it reaches the store, and where it comes from."""

    dashboard: str
    title: str
    ref: str
    text: str


def queries(file: Path, now: datetime, choice: dict[str, str], whole: str | None = None) -> Iterator[Query]:
    """All queries of panels, annotations and variables with ``choice`` of the variables.

    ``whole`` is the period chosen at the top of the page, e.g. ``now-90d``; None: as the page is opened.
    """
    board = dashboard(file)
    uid = board["uid"]
    period = _range(whole or board["time"]["from"], None, now)
    for panel in board["panels"]:
        span = _range(panel.get("timeFrom"), panel.get("timeShift"), now) if "timeFrom" in panel else period
        for target in panel["targets"]:
            text = target["query"].replace("$__interval", _interval(span, panel.get("interval", "1m")))
            yield Query(uid, panel["title"], target["refId"], fill(text, span, choice))
    for annotation in board["annotations"]["list"]:
        yield Query(uid, f"annotation {annotation['name']}", "A", fill(annotation["target"]["query"], period, choice))
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield Query(uid, f"variable {variable['name']}", "A", fill(variable["query"], period, choice))


def defaults(file: Path) -> dict[str, str]:
    """What the variables are when the page is opened; the queried ones take their first value."""
    values = {"home": "home", "person": "patient"}
    for variable in dashboard(file)["templating"]["list"]:
        if variable["type"] == "custom":
            values[variable["name"]] = variable["current"]["value"]
    return values


def fill(query: str, span: tuple[datetime, datetime], choice: dict[str, str]) -> str:
    """The query with Grafana's macros and the variables replaced. Fails on a variable that nobody defines."""
    start, end = (round(time.timestamp() * 1000) for time in span)
    query = query.replace("$timeFilter", f"time >= {start}ms and time <= {end}ms")

    def value(match: re.Match[str]) -> str:
        return choice[match[1] or match[2]]

    return re.sub(r"\$(?:\{(\w+)\}|(?!/)(\w+))", value, query)


def _range(start: str | None, shift: str | None, now: datetime) -> tuple[datetime, datetime]:
    text = (start or "now-6h").removeprefix("now").removeprefix("-")
    if text == "/d":
        begin = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    else:
        begin = now - _length(text)
    back = _length(shift) if shift else timedelta()
    return begin - back, now - back


def _interval(span: tuple[datetime, datetime], shortest: str) -> str:
    """A point for each pixel of a panel about a thousand wide, but none shorter than the panel's own least interval."""
    return f"{round(max((span[1] - span[0]) / 1000, _length(shortest)).total_seconds())}s"


def _length(text: str) -> timedelta:
    if text.endswith("M"):
        return timedelta(days=round(30.44 * int(text[:-1])))
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])})
