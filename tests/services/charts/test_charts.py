from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from spasmwatch.ports import Rate
from spasmwatch_services.charts import Event, Lane, Mark, Observed, point, rates_chart, timeline_chart, weekly

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 1, 23, tzinfo=UTC)


def day(number: int, spasms: int, hours: float) -> Rate:
    return Rate(START + timedelta(days=number), hours * 3600, {"all_all": spasms}, 0.0, 0)


def test_a_rate_has_the_exact_poisson_interval() -> None:
    item = point(day(0, spasms=10, hours=2))
    assert item.rate == 5
    # Garwood's interval for a count of 10 is 4.795 to 18.39.
    assert item.low == pytest.approx(4.795 / 2, abs=0.001)
    assert item.high == pytest.approx(18.390 / 2, abs=0.001)


def test_bouts_widen_the_interval() -> None:
    plain, wide = point(day(0, 10, 2)), point(day(0, 10, 2), dispersion=4)
    assert wide.high - 5 == pytest.approx(2 * (plain.high - 5))


def test_a_chart_without_any_point_still_draws() -> None:
    chart = rates_chart([], title="New", zone=ZONE, bucket="day", begin=START, end=START + timedelta(days=3), pooled=7)
    assert chart.svg(360).startswith("<svg")


def test_time_without_observation_has_no_rate() -> None:
    chart = rates_chart([point(day(0, 0, 0))], title="March", zone=ZONE, bucket="day")
    assert chart.rows[0][1] == "too little observed"
    assert chart.summary == "Nothing was observed in this time."


def test_the_table_tells_rate_interval_observed_time_and_treatments() -> None:
    chart = rates_chart(
        [point(day(0, 10, 2)), point(day(1, 3, 1.5))],
        title="March",
        zone=ZONE,
        bucket="day",
        marks=[Mark(START + timedelta(hours=30), "Botulinum, left")],
    )
    assert chart.rows[0] == ("Mon 02 Mar 2026", "5.0", "2.4 to 9.2", "2 h")
    assert chart.rows[2][1] == "A: Botulinum, left"
    assert chart.summary.startswith("13 spasms in 3 h 30 min observed, 3.7 an observed hour")


def test_a_drawing_is_fit_for_a_strict_content_policy_and_for_dark_mode() -> None:
    svg = rates_chart([point(day(n, n, 2)) for n in range(5)], title="March", zone=ZONE, bucket="day").svg(360)
    root = ET.fromstring(svg)
    assert not any("style" in element.attrib or element.tag.endswith("style") for element in root.iter())
    assert "fill-accent" in svg
    assert root.attrib["aria-label"].startswith("March.")


def test_two_drawings_on_one_page_share_no_ids() -> None:
    chart = timeline_chart(
        [Lane("spasms", [Event(START, "left eye")])],
        [Observed(START, START + timedelta(hours=1), 0.5)],
        title="Day",
        start=START,
        end=START + timedelta(days=1),
        zone=ZONE,
    )
    narrow, wide = (
        {element.attrib["id"] for element in ET.fromstring(chart.svg(width)).iter() if "id" in element.attrib}
        for width in (360, 760)
    )
    assert not narrow & wide


def test_weeks_begin_on_monday_and_sum_counts_and_observed_time() -> None:
    weeks = weekly([day(n, spasms=2, hours=1) for n in range(9)], ZONE)
    assert [(week.counts["all_all"], week.observed_s) for week in weeks] == [(14, 7 * 3600), (4, 2 * 3600)]


def test_the_timeline_lists_events_in_order_of_time() -> None:
    chart = timeline_chart(
        [
            Lane("diary", [Event(START + timedelta(hours=3), "coffee")], "mark"),
            Lane("alerts", [Event(START + timedelta(hours=1), "more spasms", START + timedelta(hours=2))], "alarm"),
        ],
        [],
        title="Day",
        start=START,
        end=START + timedelta(days=1),
        zone=ZONE,
    )
    assert [row[1] for row in chart.rows] == ["alerts", "diary"]
