"""Every query of every dashboard, on a real InfluxDB engine with thirteen months of known history."""

import itertools
import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy import history
from deploy.grafana import FILES, Query, defaults, queries
from spasmwatch.adapters.influx_store import InfluxStore
from spasmwatch.domain.rollups import Rollup
from support.influx import Engine, influxdb

# One worker seeds and asks.
pytestmark = pytest.mark.xdist_group("dashboards")

# What each query must bring: number of series, number of rows, and the values of the first and last row after its time.
OVERVIEW = {
    "Now": (1, 1, ["more"], ["more"]),
    "Last 7 days": (1, 1, [12], [12]),
    "Usual": (1, 1, [6], [6]),
    "Observed, last 7 days": (1, 1, [6 * 21600 + 12600], None),
    "Today": (1, 1, [12], [12]),
    "Spasms today": (1, 1, [7 * 6], None),
    "Observed today": (1, 1, [7 * 1800], None),
    "Last spasm": (1, 1, [6], None),
    "Spasms per observed hour, by day": (1, 30, [6], [12]),
    "Observed time, by day": (1, 30, [21600], [12600]),
    "Alerts": (
        1, 2, ["escalation", "warning", "acknowledged", "12 an hour instead of 6"],
        ["escalation", "warning", "firing", "12 an hour instead of 6"],
    ),
    "Programs and camera": (2, 2, ["running"], ["running"]),
    "annotation Treatments": (1, 1, ["botulinum"], None),
    "annotation Alerts": (1, 1, ["12 an hour instead of 6"], None),
}  # fmt: skip
# 90 days: 83 whole ones as usual (36 spasms in 6 observed hours), 6 whole worse ones, 7 hours of the last.
SPASMS_90, OBSERVED_90 = 83 * 36 + 6 * 72 + 42, 89 * 21600 + 12600
TRENDS = {
    "Rate in this period": (1, 1, [SPASMS_90 / OBSERVED_90 * 3600], None),
    "Observed in this period": (1, 1, [OBSERVED_90], None),
    "Eyes closed by spasm": (1, 1, [0.02], None),
    "Last comparison": (1, 1, [2], None),
    "Spasms per observed hour": (1, 90, [6], [12]),
    "Spasms per observed hour B": (1, 84, [6], [12]),
    "Observed time, by week": (1, 14, [4 * 21600], [21600 + 12600]),
    "By pattern, per observed hour and week": (1, 14, [4], [8]),
    "By pattern, per observed hour and week B": (1, 14, [0], [0]),
    "By pattern, per observed hour and week C": (1, 14, [2], [4]),
    "By pattern, per observed hour and week D": (1, 14, [0], [0]),
    "By side, per observed hour and week": (1, 14, [4], [8]),
    "By side, per observed hour and week B": (1, 14, [2], [4]),
    "By side, per observed hour and week C": (1, 14, [0], [0]),
    "Against the usual": (1, 90, [1], [2]),
    "Against the usual B": (1, 90, [0.8], [1.6]),
    "Against the usual C": (1, 90, [1.25], [2.5]),
    "Blinks per observed minute, by week": (1, 14, [20], [20]),
    "Treatments": (1, 1, ["botulinum", 1, None], None),
    "annotation Treatments": (1, 1, ["botulinum"], None),
    "annotation Alerts": (1, 1, ["12 an hour instead of 6"], None),
    "annotation Diary (kind only)": (1, 5, ["caffeine"], ["medication"]),
}
TRIGGERS = {
    "What was found": (1, 1, ["caffeine", "1-4", "all", "more", 1.8, 1.2, 2.7, 0.01, 20, 0], None),
    "Spasms per observed hour": (1, 84, [6], [12]),
    "Observed time, by hour": (1, 84, [1800], [1800]),
    "Events from the home and devices": (1, 2, [1], [1]),
    "Diary entries": (1, 1, [1], None),
    **{f"Diary entries {ref}": (1, 1, [1], None) for ref in "BCDE"},
    "Temperature": (1, 84, [21.5], [21.5]),
    "Humidity": (1, 84, [45], [45]),
    "Bright light": (1, 84, [300], [300]),
    "Noise": (1, 84, [40], [40]),
    "annotation Treatments": (0, 0, None, None),
    "annotation Diary (kind only)": (1, 5, ["caffeine"], ["medication"]),
}
SEEN = ["eye,cheek", 0.8, 2, 0.5, 0.9, 0.4, "resting", None, "cam1"]
# From 13 November, 15 o'clock: 5 hours as usual, 6 worse days, 7 hours today.
SPASMS_WEEK = 5 * 3 + 6 * 72 + 42
EXPLORER = {
    "Spasms of this choice": (1, 1, [SPASMS_WEEK], None),
    "Observed in this period": (1, 1, [84 * 1800], None),
    "Typical length": (1, 1, [0.8], None),
    "Intensity": (2, SPASMS_WEEK, [0.5], [0.5]),
    "Length": (2, SPASMS_WEEK, [0.8], [0.8]),
    "Spasms": (1, 300, ["tic", "right", *SEEN], ["hemifacial", "left", *SEEN]),
    "Spasms per observed hour": (1, 84, [6], [12]),
    "Observed time, by hour": (1, 84, [1800], [1800]),
    "annotation Treatments": (0, 0, None, None),
    "annotation Alerts": (1, 1, ["12 an hour instead of 6"], None),
}
HEALTH = {
    "Camera running, last hour": (1, 1, [1], None),
    "Frame rate": (1, 1, [25], None),
    "Records waiting": (1, 1, [3], None),
    "Dead letters": (1, 1, [1], None),
    "Running, face seen, observed": (1, 84, [3600], [3600]),
    "Running, face seen, observed B": (1, 84, [2160], [2160]),
    "Running, face seen, observed C": (1, 84, [1800], [1800]),
    "Pictures a second": (1, 84, [25], [25]),
    "Delay from camera to store": (2, 168, [0.1], [0.2]),
    "Records waiting for a receipt": (1, 84, [3], [3]),
    "Temperature": (1, 84, [55], [55]),
    "Free disk space": (1, 84, [20000], [20000]),
    "Light on the face": (1, 84, [120], [120]),
    "Dropped pictures": (1, 84, [2], [2]),
    "Last report of every program": (2, 2, ["running"], ["running"]),
}
VARIABLES = {"variable home": (1, 1, ["home"], None), "variable person": (1, 1, ["patient"], None)}
EXPECTED: dict[str, dict[str, tuple[int, int, list[Any] | None, list[Any] | None]]] = {
    "spasmwatch-overview": OVERVIEW | VARIABLES,
    "spasmwatch-trends": TRENDS | VARIABLES,
    "spasmwatch-triggers": TRIGGERS | VARIABLES,
    "spasmwatch-explorer": EXPLORER | VARIABLES,
    "spasmwatch-health": HEALTH | {"variable home": VARIABLES["variable home"]},
}
QUERIES = [query for file in FILES for query in queries(file, history.NOW, defaults(file))]


def _name(query: Query) -> str:
    return query.title if query.ref == "A" else f"{query.title} {query.ref}"


class Grafana:
    """Asks the engine as Grafana does."""

    def __init__(self, engine: Engine, store: InfluxStore) -> None:
        self.store, self._engine = store, engine

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series of one query. Fails with the engine's own words when it refuses."""
        arguments = urllib.parse.urlencode({"db": self._engine.settings.bucket, "q": query, "epoch": "s"})
        with urllib.request.urlopen(f"http://127.0.0.1:{self._engine.port}/query?{arguments}", timeout=60) as answer:
            result = json.load(answer)["results"][0]
        assert "error" not in result, f"{result['error']}: {query}"
        series: list[dict[str, Any]] = result.get("series", [])
        return series


@pytest.fixture(scope="module")
def grafana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grafana]:
    with influxdb(tmp_path_factory.mktemp("influxdb")) as engine:
        store = InfluxStore(engine.settings, home="home", timezone="UTC")
        found = history.records()
        while batch := list(itertools.islice(found, 5000)):
            store.write(batch)
        yield Grafana(engine, store)
        store.close()


def test_every_query_has_a_known_answer_and_no_answer_lacks_its_query() -> None:
    asked = {(query.dashboard, _name(query)) for query in QUERIES}
    known = {(uid, name) for uid, names in EXPECTED.items() for name in names}
    assert asked == known


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query.dashboard}: {_name(query)}")
def test_a_query_returns_the_known_numbers(grafana: Grafana, query: Query) -> None:
    series, rows, first, last = EXPECTED[query.dashboard][_name(query)]
    answer = grafana.ask(query.text)
    found = [row[1:] for one in answer for row in one["values"]]
    assert (len(answer), len(found)) == (series, rows)
    for row, expected in ((0, first), (-1, last)):
        if expected is not None:
            assert found[row] == [pytest.approx(value) if isinstance(value, float) else value for value in expected]


@pytest.mark.parametrize(
    ("kind", "side", "rate"),
    [("hemifacial", "left", 8), ("hemifacial", "all", 8), ("tic", "right", 4), ("all", "right", 4), ("tic", "left", 0)],
)
def test_pattern_and_side_choose_what_is_counted(grafana: Grafana, kind: str, side: str, rate: float) -> None:
    file = next(file for file in FILES if file.stem == "trends")
    chosen = queries(file, history.NOW, defaults(file) | {"kind": kind, "side": side})
    query = next(query for query in chosen if _name(query) == "Spasms per observed hour")
    assert grafana.ask(query.text)[0]["values"][-1][1] == pytest.approx(rate)


def test_an_unobserved_day_is_a_gap_and_never_a_rate_of_nought(grafana: Grafana) -> None:
    unobserved = {"home": "away", "person": "patient", "observed_s": 0.0, "counts": {}, "closed_s": 0.0, "blinks": 0}
    for bucket in ("hour", "day"):
        today = {"bucket": bucket, "start": history.NOW.replace(hour=0)}
        grafana.store.write([Rollup.model_validate(unobserved | today)])
    for query in QUERIES:
        if '/ "observed_s"' in query.text or '/ sum("observed_s")' in query.text:
            away = query.text.replace("'home'", "'away'")
            assert grafana.ask(away) == [], query.title


def test_a_home_or_person_that_is_not_there_gives_no_numbers(grafana: Grafana) -> None:
    for file in FILES:
        for query in queries(file, history.NOW, defaults(file) | {"home": "nowhere", "person": "nobody"}):
            if not query.title.startswith("variable home"):
                assert grafana.ask(query.text) == [], query.title


def test_what_people_judged_a_false_alarm_says_so_in_the_table(grafana: Grafana) -> None:
    query = next(query for query in QUERIES if query.title == "Spasms")
    (answer,) = grafana.ask(query.text)
    verdicts = {row[0]: row[answer["columns"].index("verdict")] for row in answer["values"]}
    assert verdicts[round(history.DISMISSED.timestamp())] == "false_alarm"


def test_hours_are_hours_wherever_the_home_is(grafana: Grafana) -> None:
    """Whole days of the engine are those of Greenwich: an evening there is the next day in Sydney."""
    assert not [query for query in QUERIES if "time(1d)" in query.text]
    query = next(query for query in QUERIES if query.title == "Diary entries")
    (answer,) = grafana.ask(query.text)
    assert answer["values"] == [[round(datetime(2026, 11, 19, 9, tzinfo=UTC).timestamp()), 1]]


def test_no_word_of_the_diary_can_be_had_from_the_dashboards_bucket(grafana: Grafana) -> None:
    assert "a private word" not in json.dumps(grafana.ask("SELECT * FROM /.*/ LIMIT 100"))
    fields = {row[0] for series in grafana.ask('SHOW FIELD KEYS FROM "diary"') for row in series["values"]}
    assert "entry_id" in fields
    assert "text" not in fields
