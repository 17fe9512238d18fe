"""Whatever comes over the wire: no traceback, no record that is not one."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import Record, Trigger
from spasmwatch.settings import Settings
from spasmwatch.settings.triggers import Triggers
from spasmwatch_services.triggers.discover import Discovery
from spasmwatch_services.triggers.interpreter import Interpreter
from spasmwatch_services.triggers.recording import replay
from spasmwatch_services.triggers.sources import Arrival

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
EVERYTHING = Settings(
    triggers=Triggers.model_validate(
        {
            "rules": {
                "power": {"device": "*", "property": "power", "above": 1, "kind": "caffeine"},
                "state": {"device": "*", "property": "state", "equals": True, "kind": "other", "form": "span"},
                "text": {"device": "*", "property": "state", "equals": "x", "kind": "other"},
            },
            "buttons": [{"device": "*", "action": "single", "kind": "caffeine"}],
            "readings": {"all": {"device": "*", "property": "value", "kind": "other"}},
        }
    )
)

levels = st.sampled_from(
    [
        "zigbee2mqtt", "stat", "tele", "tasmota", "shellies", "homeassistant", "node", "shellyplus1-1", "bridge",
        "state", "status", "availability", "action", "set", "get", "relay", "0", "power", "sensor", "events", "rpc",
        "RESULT", "SENSOR", "STATE", "POWER", "LWT", "STATUS10", "last_changed", "unit_of_measurement", "input_event",
        "switch:0", "online", "temperature", "", "é", "\x00", "a" * 300, "$SYS", "light",
    ]
)  # fmt: skip
topics = st.one_of(st.lists(levels, min_size=1, max_size=6).map("/".join), st.text(max_size=80))
odd = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30),
    st.sampled_from(["ON", "off", "nan", "inf", "1e999", "-Infinity", "single", "", "unknown", "\ud800", "9" * 400]),
)  # fmt: skip
names = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "action", "power", "state", "illuminance", "last_seen", "POWER", "ENERGY", "Power", "params", "ts",
            "events", "method", "switch:0", "output", "apower", "event", "event_cnt", "motion", "StatusSNS",
            "Temperature", "TempUnit", "Button1", "Action", "component", "temperature:0", "tC", "lux", "timestamp",
        ]
    ),
)  # fmt: skip
structures = st.recursive(odd, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6))
payloads = st.one_of(
    st.binary(max_size=200),
    structures.map(lambda value: json.dumps(value).encode()),
    odd.map(lambda value: str(value).encode(errors="replace")),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(topics, payloads, st.booleans(), st.integers(0, 5000)), max_size=25))
def test_junk_neither_crashes_nor_becomes_an_invalid_record(messages: list[tuple[str, bytes, bool, int]]) -> None:
    traffic = [
        Arrival(topic, payload, retained, START + timedelta(seconds=at), START)
        for topic, payload, retained, at in sorted(messages, key=lambda message: message[3])
    ]
    for record in replay(iter(traffic), EVERYTHING, run_on_s=5):
        assert isinstance(parse(record.payload()), Record)
    discovery = Discovery(EVERYTHING.triggers.sources)
    for arrival in traffic:
        discovery.add(arrival)
    assert discovery.proposal()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_a_payload_that_is_no_value_becomes_nothing(payload: bytes) -> None:
    topics = ("zigbee2mqtt/lamp", "tele/lamp/SENSOR", "shellyplus1-1/events/rpc", "homeassistant/sensor/x/last_changed")
    try:
        usable = isinstance(json.loads(payload), dict)
    except (ValueError, RecursionError):
        usable = False
    if not usable:
        traffic = [Arrival(topic, payload, False, START, START) for topic in topics for _ in range(2)]
        assert list(replay(iter(traffic), EVERYTHING, run_on_s=5)) == []


def test_not_a_number_and_infinity_are_refused_and_their_neighbours_kept() -> None:
    payloads = (
        b'{"temperature": 20, "humidity": 40}',
        b'{"temperature": NaN, "humidity": Infinity, "power": -Infinity}',
        b'{"temperature": "nan", "humidity": 60, "power": "inf"}',
        b'{"temperature": 1e999, "humidity": 60}',
    )
    traffic = [
        Arrival(
            "zigbee2mqtt/room", payload, False, START + timedelta(minutes=number), START + timedelta(minutes=number)
        )
        for number, payload in enumerate(payloads)
    ]
    records = [record for record in replay(iter(traffic), Settings(), run_on_s=5) if isinstance(record, Trigger)]
    assert [(record.kind, record.value) for record in records] == [
        ("temperature", 20),
        ("humidity", 40),
        ("humidity", 60),
    ]


def test_deep_large_and_endless_payloads_are_left_alone() -> None:
    for payload in (b"[" * 100_000, b'{"a":' * 50_000, b'{"power":' + b"9" * 100_000 + b"}", b"\xff" * 1000):
        traffic = [Arrival("zigbee2mqtt/room", payload, False, START, START)] * 2
        assert list(replay(iter(traffic), EVERYTHING, run_on_s=1)) == []


def test_made_up_topics_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spasmwatch_services.triggers.interpreter.MOST_PROPERTIES", 200)
    interpreter = Interpreter(Triggers(), "patient", UTC)
    for number in range(300):
        interpreter.read(Arrival(f"zigbee2mqtt/{number}", b'{"temperature": 20}', False, START, START))
    assert interpreter.dropped == 100
