"""Traffic of each system becomes what happened in that home, no more and no less.

The files in ``traffic/`` are put together after the public documentation and published payloads of these systems, with
made-up identifiers: at least three classes of devices each, and the traps of each system.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pytest

from spasmwatch import settings
from spasmwatch.domain.records import Diary, Record, Trigger
from spasmwatch.settings import Settings
from spasmwatch_services.triggers.recording import arrivals, replay
from spasmwatch_services.triggers.sources import Arrival

TRAFFIC = Path(__file__).parent / "traffic"
SOURCES = ("zigbee2mqtt", "tasmota", "esphome", "shelly_gen1", "shelly", "statestream")


@pytest.fixture(scope="module")
def home() -> Settings:
    return settings.load(TRAFFIC / "rules.toml")


def became(home: Settings, traffic: Iterable[Arrival]) -> list[Record]:
    return list(replay(traffic, home, run_on_s=3600))


def happened(records: Iterable[Record]) -> list[tuple[str, str, str]]:
    """Everything but readings: local time of day, rule or diary kind, form."""
    found = []
    for record in records:
        if isinstance(record, Diary):
            found.append((clock(record.at), record.kind, "diary"))
        elif isinstance(record, Trigger) and record.form != "reading":
            found.append((clock(record.time), str(record.rule), record.form))
    return found


def clock(time: datetime) -> str:
    return time.strftime("%H:%M:%S")


def test_zigbee2mqtt_with_its_cache_its_buttons_and_a_crash(home: Settings) -> None:
    records = became(home, arrivals(TRAFFIC / "zigbee2mqtt.jsonl"))
    assert happened(records) == [
        ("06:43:20", "box", "event"),
        ("06:45:00", "coffee", "event"),
        ("06:48:20", "caffeine", "diary"),
        ("06:51:40", "stress", "diary"),
    ]


def test_tasmota_with_doubles_fahrenheit_and_another_topic_order(home: Settings) -> None:
    records = became(home, arrivals(TRAFFIC / "tasmota.jsonl"))
    assert happened(records) == [
        ("06:31:00", "coffee", "event"),
        ("06:35:00", "lamp", "event"),
        ("06:50:00", "fatigue", "diary"),
    ]
    warm = [record for record in records if isinstance(record, Trigger) and record.kind == "temperature"]
    assert [(reading.value, reading.unit) for reading in warm] == [(20.5, "°C"), (22.5, "°C")]
    assert {record.time_source for record in records if isinstance(record, Trigger)} == {"arrival"}


def test_esphome_with_retained_states_and_a_lost_sensor(home: Settings) -> None:
    records = became(home, arrivals(TRAFFIC / "esphome.jsonl"))
    assert happened(records) == [("06:32:30", "loud", "span"), ("06:42:20", "fan", "span")]


def test_shelly_of_the_first_generation_with_repeated_counters(home: Settings) -> None:
    records = became(home, arrivals(TRAFFIC / "shelly_gen1.jsonl"))
    assert happened(records) == [
        ("06:30:31", "coffee_shelly", "event"),
        ("06:33:34", "stress", "diary"),
        ("06:36:40", "box_shelly", "event"),
        ("06:39:19", "motion", "event"),
    ]


def test_shelly_of_later_generations_with_deltas_and_a_clock_that_was_not_set(home: Settings) -> None:
    records = became(home, arrivals(TRAFFIC / "shelly.jsonl"))
    assert happened(records) == [
        ("06:31:00", "coffee_plug", "event"),
        ("06:35:00", "caffeine", "diary"),
        ("06:45:00", "bright", "span"),
    ]
    coffee = next(record for record in records if isinstance(record, Trigger))
    assert coffee.time_source == "device"


def test_statestream_with_times_that_follow_the_states(home: Settings) -> None:
    records = became(home, arrivals(TRAFFIC / "statestream.jsonl"))
    assert happened(records) == [
        ("06:31:40", "coffee_corner", "event"),
        ("06:35:00", "drawer", "event"),
        ("06:37:50", "bright_room", "span"),
        ("06:50:00", "television", "span"),
    ]
    sources = {record.time_source for record in records if isinstance(record, Trigger)}
    assert sources == {"device"}


@pytest.mark.parametrize("source", SOURCES)
def test_readings_are_in_common_units_and_concern_nobody(home: Settings, source: str) -> None:
    readings = [
        record
        for record in became(home, arrivals(TRAFFIC / f"{source}.jsonl"))
        if isinstance(record, Trigger) and record.form == "reading"
    ]
    assert readings
    assert {reading.unit for reading in readings} <= {"lx", "°C", "%", "ppm", "ppb", "µg/m³", "dB"}
    assert {reading.person for reading in readings} == {"home"}


@pytest.mark.parametrize("source", SOURCES)
def test_the_same_traffic_all_retained_becomes_nothing(home: Settings, source: str) -> None:
    retained = [
        Arrival(one.topic, one.payload, True, one.time, one.earliest) for one in arrivals(TRAFFIC / f"{source}.jsonl")
    ]
    assert became(home, retained) == []


@pytest.mark.parametrize("source", SOURCES)
def test_each_message_delivered_twice_changes_nothing_but_presses_without_a_mark(home: Settings, source: str) -> None:
    traffic = list(arrivals(TRAFFIC / f"{source}.jsonl"))
    twice = [one for arrival in traffic for one in (arrival, arrival)]
    once, again = became(home, traffic), became(home, twice)
    assert [entry for entry in happened(again) if entry[2] != "diary"] == [
        entry for entry in happened(once) if entry[2] != "diary"
    ]
