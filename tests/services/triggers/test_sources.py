"""What each system says in words of its own, one trap a test."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from spasmwatch.domain.records import Diary, Record, Trigger
from spasmwatch.settings import Settings
from spasmwatch_services.triggers.recording import replay
from spasmwatch_services.triggers.sources import Arrival

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOUSE = Settings.model_validate(
    {
        "triggers": {
            "rules": {
                "coffee": {"preset": "coffee_machine", "device": "*"},
                "on": {"device": "*", "property": "state", "equals": True, "kind": "other"},
                "remote": {"device": "remote", "property": "action", "equals": "on", "kind": "bright_light"},
            },
            "buttons": [{"device": "*", "action": "single", "kind": "caffeine"}],
        }
    }
)

Message = tuple[float, str, object]
"""Seconds from the start, topic, and payload as text or as what becomes JSON."""


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def became(messages: Sequence[Message], *, run_on_s: float = 60) -> list[Record]:
    traffic = [
        Arrival(topic, (said if isinstance(said, str) else json.dumps(said)).encode(), False, at(when), at(when))
        for when, topic, said in messages
    ]
    return list(replay(traffic, HOUSE, run_on_s))


def triggers(records: list[Record], form: str) -> list[Trigger]:
    return [record for record in records if isinstance(record, Trigger) and record.form == form]


def readings(messages: Sequence[Message]) -> list[tuple[str | None, float | None, str | None]]:
    return [(one.text, one.value, one.unit) for one in triggers(became(messages), "reading")]


def notification(when: float, device: str, **status: Any) -> Message:
    said = {"src": "shellyplugsg3-1", "method": "NotifyStatus", "params": {"ts": at(when).timestamp(), **status}}
    return when, f"{device}/events/rpc", said


def test_what_a_device_says_first_is_a_reading_though_no_event() -> None:
    said = {"Time": "2026-03-02T09:00:00", "SI7021": {"Temperature": 21.5}, "TempUnit": "C", "POWER": "ON"}
    records = became([(0, "tele/desk/SENSOR", said), (1, "tele/desk/STATE", {"POWER": "ON"})])
    assert [(one.text, one.value) for one in triggers(records, "reading")] == [("temperature", 21.5)]
    assert triggers(records, "event") == []


def test_zigbee2mqtts_cache_is_neither_reading_nor_press_but_what_follows_is() -> None:
    cached = {"temperature": 20.0, "action": "single"}
    messages: list[Message] = [
        (0, "zigbee2mqtt/bridge/state", {"state": "online"}),
        (1, "zigbee2mqtt/room", cached),
        (1, "zigbee2mqtt/room/action", "single"),
        (9, "zigbee2mqtt/room", cached | {"temperature": 20.1}),
        (60, "zigbee2mqtt/other", {"temperature": 18.0, "action": "single"}),
    ]
    records = became(messages)
    assert [(one.device, one.value) for one in triggers(records, "reading")] == [("room", 20.1), ("other", 18.0)]
    assert [record.at for record in records if isinstance(record, Diary)] == [at(9), at(60)]


def test_a_remotes_on_is_an_action_for_a_rule_each_time() -> None:
    messages: list[Message] = [
        (when, "zigbee2mqtt/remote", {"action": word}) for when, word in ((0, "on"), (5, "off"), (10, ""), (15, "on"))
    ]
    assert [one.time for one in triggers(became(messages), "event")] == [at(0), at(15)]


def test_a_count_is_no_power_whatever_its_name_begins_with() -> None:
    assert readings([(0, "zigbee2mqtt/plug", {"power_outage_count": 3, "temperature_2": 20})]) == [
        ("temperature_2", 20, "°C")
    ]


def test_tasmotas_time_counts_where_it_has_a_zone_and_all_its_topic_orders_are_heard() -> None:
    for order in ("tele/lamp", "lamp/tele", "tasmota/lamp/tele"):
        off = {"Time": "2026-03-02T09:00:00+01:00", "POWER": "OFF"}
        on = {"Time": "2026-03-02T09:00:08+01:00", "POWER": "ON"}
        (event,) = triggers(became([(0, f"{order}/STATE", off), (10, f"{order}/STATE", on)]), "event")
        assert (event.device, event.time, event.time_source) == ("lamp", at(8), "device")


def test_a_shelly_under_a_name_of_the_households_own_is_known_by_what_it_calls_itself() -> None:
    messages = [
        notification(0, "kitchen-plug", **{"switch:0": {"apower": 1.0}}),
        (5, "kitchen-plug/status/switch:0", {"id": 0, "apower": 1500.0}),
        notification(40, "kitchen-plug", **{"switch:0": {"apower": 2.0}}),
        (50, "somebody/events/rpc", {"src": "x", "method": "NotifyStatus", "params": {"switch:0": {"output": True}}}),
    ]
    assert [(one.device, one.time) for one in triggers(became(messages), "event")] == [("kitchen-plug", at(5))]


def test_home_assistants_first_state_waits_for_its_unit_and_quoted_states_are_read() -> None:
    sensor, drawer = "homeassistant/sensor/kitchen_temperature", "homeassistant/binary_sensor/drawer"
    messages: list[Message] = [
        (0, f"{sensor}/state", "68"),
        (0, f"{sensor}/unit_of_measurement", '"°F"'),
        (0, f"{drawer}/state", '"off"'),
        (60, f"{sensor}/state", '"77"'),
        (60, f"{drawer}/state", '"on"'),
    ]
    records = became(messages)
    assert [(one.value, one.unit) for one in triggers(records, "reading")] == [(25, "°C")]
    assert [one.time for one in triggers(records, "event")] == [at(60)]


def test_a_device_whose_clock_is_slow_makes_no_coffee_of_a_short_peak() -> None:
    def said(when: float, watts: float) -> Message:
        return when, "zigbee2mqtt/coffee", {"power": watts, "last_seen": at(when - 600).isoformat()}

    assert triggers(became([said(0, 1), said(10, 1300), said(15, 1)]), "event") == []
    (coffee,) = triggers(became([said(0, 1), said(10, 1300)]), "event")
    assert (coffee.time, coffee.time_source) == (at(-590), "device")
